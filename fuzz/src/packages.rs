//! Workbooks in zip files, whose parts an input may replace.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::Sections;

/// A kind of package: its parts, with what stands in them until an input says otherwise.
pub struct Kind(pub &'static [(&'static str, &'static [u8])]);

/// .xlsx, and .xlsm with the last part.
pub const XLSX: Kind = Kind(&[
    ("xl/worksheets/sheet1.xml", b"<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\"><v>0.4</v></c><c r=\"C1\"><f>B1*2</f><v>0.8</v></c></row></sheetData><mergeCells count=\"1\"><mergeCell ref=\"A2:B2\"/></mergeCells></worksheet>"),
    ("xl/sharedStrings.xml", b"<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><si><t>a</t></si><si><r><t>b</t></r></si></sst>"),
    ("xl/styles.xml", b"<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;x&quot;m\"/></numFmts><fonts count=\"1\"><font/></fonts><fills count=\"2\"><fill/><fill/></fills><borders count=\"1\"><border/></borders><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"10\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>"),
    ("xl/workbook.xml", b"<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"b\" sheetId=\"2\" state=\"hidden\" r:id=\"rId2\"/></sheets></workbook>"),
    ("xl/_rels/workbook.xml.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet2.xml\"/><Relationship Id=\"rId3\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/><Relationship Id=\"rId4\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>"),
    ("_rels/.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"),
    ("[Content_Types].xml", b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/></Types>"),
    ("xl/worksheets/sheet2.xml", b"<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData/></worksheet>"),
    ("docProps/custom.xml", b""),
    ("docProps/core.xml", b""),
    ("xl/worksheets/_rels/sheet1.xml.rels", b""),
    ("xl/comments1.xml", b""),
    ("xl/drawings/vmlDrawing1.vml", b""),
    ("xl/vbaProject.bin", b""),
]);

/// .xlsb; what binary parts say until an input replaces them is in the seeds.
pub const XLSB: Kind = Kind(&[
    ("xl/worksheets/sheet1.bin", b""),
    ("xl/sharedStrings.bin", b"\x13\x0B\x00\x03\x00\x00\x00a\x00b\x00c\x00"),
    ("xl/styles.bin", b""),
    ("xl/workbook.bin", b"\x9C\x01\x1A\x00\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00r\x00I\x00d\x001\x00\x01\x00\x00\x00a\x00"),
    ("xl/_rels/workbook.bin.rels", b"<Relationships><Relationship Id='rId1' Type='x/worksheet' Target='worksheets/sheet1.bin'/></Relationships>"),
    ("_rels/.rels", b"<Relationships><Relationship Id='rId1' Type='x/officeDocument' Target='xl/workbook.bin'/></Relationships>"),
    ("docProps/custom.xml", b""),
    ("docProps/core.xml", b""),
]);

/// .ods.
pub const ODS: Kind = Kind(&[
    ("content.xml", b"<office:document-content><office:body><office:spreadsheet/></office:body></office:document-content>"),
    ("styles.xml", b""),
    ("meta.xml", b""),
    ("META-INF/manifest.xml", b""),
    ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
]);

impl Kind {
    /// The package that an input makes. Parts with nothing in them are left out.
    pub fn file(&self, data: &[u8]) -> Vec<u8> {
        let sections = Sections::of(data);
        let mut parts: Vec<(&str, &[u8])> = self.0.to_vec();
        for (idx, content) in sections.selected(parts.len()) {
            parts[idx].1 = content;
        }
        zipped(&parts, sections.packed())
    }

    /// The input that makes a package with these parts, as far as it can.
    pub fn input(&self, parts: &[(String, Vec<u8>)]) -> Vec<u8> {
        let content = |name: &str| {
            let part = parts.iter().find(|(part, _)| part == name);
            part.map_or(&b""[..], |(_, content)| content)
        };
        let names = self.0.iter().enumerate();
        let sections: Vec<(usize, &[u8])> =
            names.map(|(idx, (name, _))| (idx, content(name))).collect();
        crate::joined(&sections)
    }
}

/// A zip file of parts.
pub fn zipped(parts: &[(&str, &[u8])], packed: bool) -> Vec<u8> {
    let method = match packed {
        true => CompressionMethod::Deflated,
        false => CompressionMethod::Stored,
    };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts.iter().filter(|(_, content)| !content.is_empty()) {
        zip.start_file(*name, options).expect("a new part");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

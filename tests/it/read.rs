//! Workbooks of all formats, whole, odd, broken and hostile.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use hebiao::model::{CellValue, FileKind, Quantity, Unreadable, Workbook};
use hebiao::read::{Limits, decrypted, read};
use zip::write::SimpleFileOptions;

use super::compare;

const FORM: &str = "
附件3 A1:F1 A5:A6
A1 造林绿化任务表
A2 单位：亩
A3 单位
B3 2023年度
C3 2024年度
D3 合计
E3 完成率
F3 日期
A4 轮\u{3000}台 镇
B4 10.5 .1
C4 20 .0
D4 30.5 .2 =B4+C4
E4 0.4 % .2
F4 date 2024-05-31
A5 策达雅乡|（备注）
B5 65282200012345678901
C5 7
D5 #DIV/0! =1/0
E5 轮\u{3000}台 镇! =A4&\"!\"
F5 date 2016-06
(代码)
B2 -3
";

#[test]
fn one_form_reads_the_same_from_every_format() {
    for name in ["libreoffice.xlsx", "libreoffice.ods", "libreoffice.xls"] {
        assert_eq!(show(&fixture(name)), FORM, "{name}");
    }
}

#[test]
fn formulas_without_a_saved_value_are_not_calculated() {
    let shown = show(&fixture("openpyxl.xlsx"));
    assert!(shown.contains("\nD4 not calculated .2 =B4+C4\n"), "{shown}");
    assert!(shown.contains("\nD5 not calculated =1/0\n"), "{shown}");
    assert_eq!(
        show(&fixture("xlwt.xls")),
        "
附件3 A1:F1
A1 造林绿化任务表
A2 0.4 % .2
B2 not calculated =A2*2
C2 65282200012345678901
D2 date 2024-05-31
"
    );
}

#[test]
fn what_rust_xlsxwriter_writes_is_read() {
    use rust_xlsxwriter::{Chart, ChartType, DocProperties, Format, Formula, Workbook as Book};
    let mut book = Book::new();
    let percent = Format::new().set_num_format("0.0%");
    let sheet = book.add_worksheet().set_name("表 1").expect("a name");
    sheet
        .write_with_format(0, 0, 0.125, &percent)
        .expect("a cell");
    sheet
        .write_formula(1, 1, Formula::new("A1*2").set_result("0.25"))
        .expect("a cell");
    sheet.write(2, 26, " 前后 ").expect("a cell");
    let mut chart = Chart::new(ChartType::Column);
    chart.add_series().set_values("'表 1'!$A$1:$A$2");
    let charts = book.add_chartsheet().set_name("图").expect("a name");
    charts.insert_chart(0, 0, &chart).expect("a chart");
    book.set_properties(&DocProperties::new().set_custom_property("表号", "附件3&7"));
    let workbook = read_ok(&book.save_to_buffer().expect("a workbook"));
    assert_eq!(
        show(&workbook),
        "
表 1
A1 0.125 % .1
B2 0.25 =A1*2
AA3  前后 
"
    );
    assert_eq!(
        workbook.properties,
        [("表号".to_owned(), "附件3&7".to_owned())]
    );
}

#[test]
fn cells_may_leave_out_where_they_are() {
    let workbook = read_ok(&xlsx(
        "<row><c><v>1</v></c><c r='D1'><v>2</v></c><c><v>3</v></c></row><row/><row><c><v>4</v></c></row>\
         <row r='9'><c/><c><v>5</v></c></row>",
        "",
    ));
    assert_eq!(show(&workbook), "\n表\nA1 1\nD1 2\nE1 3\nA3 4\nB9 5\n");
}

#[test]
fn values_of_every_kind_are_read() {
    let workbook = read_ok(&xlsx(
        "<row r='1'>\
         <c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c><c r='C1' t='s'><v>2</v></c>\
         <c r='D1' t='inlineStr'><is><t>a</t><r><t xml:space='preserve'> b</t></r><rPh><t>c</t></rPh></is></c>\
         <c r='E1' t='str'><f>T(\"\")</f><v></v></c><c r='F1'><f>1+1</f><v/></c>\
         <c r='G1' t='b'><v>1</v></c><c r='H1' t='e'><v>#N/A</v></c><c r='I1' t='d'><v>2024-05-31T00:00:00</v></c>\
         <c r='J1'><v>1.5E3</v></c><c r='K1' s='1'/><c r='L1'><v>inf</v></c><c r='M1' t='s'><v>3</v></c>\
         </row>",
        "",
    ));
    assert_eq!(
        show(&workbook),
        "
表
A1 多行|文字
B1 轮台
C1 A_x0041_
D1 a b
E1  =T(\"\")
F1 not calculated =1+1
G1 true
H1 #N/A
I1 date 2024-05-31
J1 1500
L1 inf
"
    );
}

#[test]
fn shared_formulas_are_written_out() {
    let workbook = read_ok(&xlsx(
        "<row r='1'><c r='C1'><f t='shared' ref='C1:C3' si='0'>SUM(A1:$B1)&amp;\"A1\"</f><v>1</v></c></row>\
         <row r='2'><c r='C2'><f t='shared' si='0'/><v>2</v></c></row>\
         <row r='3'><c r='C3'><f t='shared' si='7'/><v>3</v></c></row>",
        "",
    ));
    assert_eq!(
        show(&workbook),
        "\n表\nC1 1 =SUM(A1:$B1)&\"A1\"\nC2 2 =SUM(A2:$B2)&\"A1\"\nC3 3 =\n"
    );
}

#[test]
fn merged_regions_may_be_whole_columns() {
    let merges = "<mergeCells><mergeCell ref='A1:B2'/><mergeCell ref='D4'/><mergeCell ref='F:G'/></mergeCells>";
    let workbook = read_ok(&xlsx("", merges));
    assert_eq!(show(&workbook), "\n表 A1:B2 F1:G1048576\n");
}

#[test]
fn strict_prefixed_and_oddly_placed_parts_are_found() {
    let workbook = package(&[
        (
            "_rels/.rels",
            "<p:Relationships xmlns:p='x'><p:Relationship Id='rId1' Target='/book/main.xml' \
             Type='http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument'/></p:Relationships>",
        ),
        (
            "book\\MAIN.xml",
            "<x:workbook><x:workbookPr date1904='true'/><x:sheets>\
             <x:sheet name='甲 &amp; 乙' sheetId='1' rel:id='a'/>\
             <x:sheet name='丙' sheetId='2' state='veryHidden' rel:id='b'/>\
             <x:sheet name='宏' sheetId='3' rel:id='c'/></x:sheets></x:workbook>",
        ),
        (
            "book/_rels/main.xml.rels",
            "<Relationships><Relationship Id='a' Type='x/worksheet' Target='/data/s1.xml'/>\
             <Relationship Id='b' Type='x/worksheet' Target='../data/s2.xml'/>\
             <Relationship Id='c' Type='x/xlMacrosheet' Target='../data/s3.xml'/>\
             <Relationship Id='d' Type='x/styles' Target='st.xml'/></Relationships>",
        ),
        (
            "book/st.xml",
            "<x:styleSheet><x:cellStyleXfs><x:xf numFmtId='9'/></x:cellStyleXfs>\
             <x:cellXfs><x:xf/><x:xf numFmtId='14'><x:alignment/></x:xf></x:cellXfs></x:styleSheet>",
        ),
        (
            "data/s1.xml",
            "<x:worksheet><x:sheetData><x:row r='1'><x:c r='A1' s='1'><x:v>43981</x:v></x:c></x:row>\
             </x:sheetData></x:worksheet>",
        ),
        ("data/s2.xml", "\u{FEFF}<worksheet><sheetData/></worksheet>"),
        ("data/s3.xml", "<xm:macrosheet/>"),
    ]);
    assert_eq!(
        show(&read_ok(&workbook)),
        "\n甲 & 乙\nA1 date 2024-05-31\n(丙)\n"
    );
}

/// A comment before the first row is nothing to calamine, and unusual enough that it has to read the sheet.
#[test]
fn sheets_read_straight_off_are_what_calamine_reads() {
    let mut n_cells = 0;
    for path in workbooks(&["inbox", "tests/data"]) {
        let bytes = std::fs::read(&path).expect("a file");
        let Ok(workbook) = read(&bytes, &Limits::default()) else {
            continue;
        };
        let bytes = decrypted(&bytes).unwrap_or(bytes);
        let mut parts = parts_of(&bytes);
        for (_, content) in &mut parts {
            let start = b"<sheetData>";
            let found = content
                .windows(start.len())
                .position(|window| window == start);
            if let Some(at) = found.map(|at| at + start.len()) {
                content.splice(at..at, *b"<!-- -->");
            }
        }
        let by_calamine = read_ok(&package_of_bytes(&parts));
        assert_eq!(show(&workbook), show(&by_calamine), "{}", path.display());
        n_cells += workbook
            .sheets
            .iter()
            .map(|sheet| sheet.cells().len())
            .sum::<usize>();
    }
    assert!(n_cells > 3_000, "{n_cells}");
}

#[test]
fn every_cell_of_the_project_s_workbooks_is_what_calamine_reads() {
    let (mut n_files, mut n_cells) = (0, 0);
    for path in files(&["inbox", "tests/data"], &["xlsx", "xls", "ods"]) {
        let bytes = std::fs::read(&path).expect("a file");
        let Ok(workbook) = read(&bytes, &Limits::default()) else {
            continue;
        };
        let Some(differences) = compare::differences(&workbook, &bytes) else {
            continue;
        };
        assert_eq!(differences, [""; 0], "{}", path.display());
        let counts = workbook.sheets.iter().map(|sheet| sheet.cells().len());
        n_cells += counts.sum::<usize>();
        n_files += 1;
    }
    assert!(n_files > 20 && n_cells > 4_000, "{n_files} {n_cells}");
}

/// Rows of 60 bytes, so many that their part is expanded piece by piece.
fn many_rows(inside: &str) -> String {
    let row = |row: usize| {
        format!(
            "<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>{}</v></c><c r=\"B{row}\"><v>{row}.5</v></c></row>",
            row % 2
        )
    };
    (1..=130_000).map(row).collect::<String>() + inside
}

const TWO_STRINGS: &str = "<sst><si><t>轮台镇</t></si><si><t>阳霞镇</t></si></sst>";

#[test]
fn a_large_sheet_is_read_in_pieces_as_it_is_whole() {
    let merges = "<mergeCells><mergeCell ref='C1:D2'/></mergeCells>";
    let plain = xlsx_with(&[("表", &many_rows(""))], merges, TWO_STRINGS);
    let workbook = read_ok(&plain);
    let sheet = &workbook.sheets[0];
    assert_eq!(sheet.cells().len(), 260_000);
    assert_eq!(sheet.merges.len(), 1);
    for row in [0, 1, 77_777, 129_999] {
        let cells: Vec<_> = sheet
            .row(row)
            .iter()
            .map(|cell| cell.value.clone())
            .collect();
        let name = ["阳霞镇", "轮台镇"][row as usize % 2];
        let number = f64::from(row) + 1.5;
        assert_eq!(
            cells,
            [CellValue::Text(name.into()), CellValue::Number(number)]
        );
    }
    // What is not plain in its last row is left to calamine as a whole.
    let odd = "<row r='130001'><c r='A130001'><v>7</v></c></row>";
    let left = xlsx_with(&[("表", &many_rows(odd))], merges, TWO_STRINGS);
    let left = read_ok(&left);
    assert_eq!(left.sheets[0].cells().len(), 260_001);
    let same = sheet.cells().iter().zip(left.sheets[0].cells());
    assert!(
        same.into_iter()
            .all(|(a, b)| a.at == b.at && a.value == b.value)
    );
    // A part that ends too early is damaged, however far it has been read.
    let parts =
        parts_of(&plain)
            .into_iter()
            .map(|(name, content)| match name.ends_with("s0.xml") {
                true => (name, content[..9_000_000.min(content.len() - 300)].to_vec()),
                false => (name, content),
            });
    let cut = package_of_bytes(&parts.collect::<Vec<_>>());
    assert!(read(&cut, &Limits::default()).is_err());
}

#[test]
fn one_giant_text_is_refused_where_it_begins() {
    let giant = "长".repeat(3_000_000);
    let refused = Unreadable::TooLarge {
        what: Quantity::OneTextBytes,
        limit: 1 << 20,
    };
    let shared = format!("<sst><si><t>{giant}</t></si></sst>");
    let inline = format!("<row><c t='inlineStr'><is><t>{giant}</t></is></c></row>");
    let table = format!(
        "<office:document-content><office:body><office:spreadsheet><table:table><table:table-row>\
         <table:table-cell office:value-type='string'><text:p>{giant}</text:p></table:table-cell>\
         </table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    );
    for bytes in [
        xlsx_with(&[("表", "<row><c t='s'><v>0</v></c></row>")], "", &shared),
        xlsx(&inline, ""),
        package(&[("content.xml", &table)]),
    ] {
        assert_eq!(read_err(&bytes), refused);
    }
}

#[test]
fn what_would_be_held_at_once_is_refused_before_it_is() {
    let limits = Limits {
        held_bytes: 1 << 20,
        ..Limits::default()
    };
    let refused = Unreadable::TooLarge {
        what: Quantity::HeldBytes,
        limit: 1 << 20,
    };
    let cells = "<row>".to_owned() + &"<c><v>1</v></c>".repeat(20_000) + "</row>";
    let text = format!("<row><c t='str'><v>{}</v></c></row>", "长".repeat(400_000));
    for bytes in [xlsx(&cells, ""), xlsx(&text, ""), vec![b'x'; 1 << 21]] {
        assert_eq!(read(&bytes, &limits).map(|_| ()), Err(refused.clone()));
    }
}

/// The .xlsx files below some folders of the project.
fn workbooks(folders: &[&str]) -> Vec<PathBuf> {
    files(folders, &["xlsx"])
}

/// The files with one of some extensions below some folders of the project.
fn files(folders: &[&str], extensions: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.extension() {
                _ if path.is_dir() => open.push(path),
                Some(extension) if extensions.iter().any(|known| extension == *known) => {
                    files.push(path);
                }
                _ => {}
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_broken_sheet_does_not_lose_the_others() {
    let sheets = [
        ("good", "<row><c><v>1</v></c></row>"),
        ("bad", "<row><c r='?'><v>1</v></c></row>"),
    ];
    let bytes = xlsx_of(&sheets, "");
    let workbook = read_ok(&bytes);
    assert_eq!(show(&workbook), "\ngood\nA1 1\n");
    let detail = "Expecting alphanumeric character, got 3F".to_owned();
    let reason = Unreadable::Damaged { detail };
    assert_eq!(
        workbook.unreadable_sheets,
        [("bad".to_owned(), reason.clone())]
    );
    // Where nothing is left, the workbook is unreadable for the same reason.
    assert_eq!(read_err(&xlsx_of(&sheets[1..], "")), reason);
}

#[test]
fn a_binary_workbook_is_read() {
    assert_eq!(
        show(&read_ok(&xlsb())),
        "
表 A1:B1
A1 轮台镇
B1 0.25 % .2
C1 0.07
A2 7 =
B2 #N/A
C2 true =
"
    );
}

#[test]
fn a_flat_spreadsheet_is_read() {
    let text = "<?xml version='1.0'?><office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' \
        office:mimetype='application/vnd.oasis.opendocument.spreadsheet'><office:automatic-styles>\
        <number:percentage-style style:name='N1'><number:number number:decimal-places='1'/></number:percentage-style>\
        <style:style style:name='c1' style:family='table-cell' style:data-style-name='N1'/>\
        <style:style style:name='t1' style:family='table'><style:table-properties table:display='false'/></style:style>\
        </office:automatic-styles><office:body><office:spreadsheet>\
        <table:table table:name='表' table:style-name='t1'><table:table-column table:number-columns-repeated='2'/>\
        <table:table-column table:default-cell-style-name='c1'/><table:table-header-rows>\
        <table:table-row table:number-rows-repeated='2'><table:table-cell/>\
        <table:table-cell office:value-type='percentage' office:value='0.5'><text:p>50%</text:p></table:table-cell>\
        <table:table-cell table:number-columns-repeated='2' table:style-name='c1' office:value-type='percentage' \
        office:value='0.5'/></table:table-row></table:table-header-rows>\
        <table:table-row><table:table-cell table:number-columns-spanned='2' office:value-type='string'>\
        <office:annotation><text:p>note</text:p></office:annotation>\
        <text:p>  a  <text:span>b</text:span><text:s text:c='2'/></text:p><text:p>c</text:p></table:table-cell>\
        <table:covered-table-cell/><table:table-cell table:formula='of:=[.A1]*2'/></table:table-row>\
        <table:table-row table:number-rows-repeated='1048573'><table:table-cell table:number-columns-repeated='16384'/>\
        </table:table-row></table:table></office:spreadsheet></office:body></office:document>";
    assert_eq!(
        show(&read_ok(text.as_bytes())),
        "
(表) A3:B3
B1 0.5 %
C1 0.5 % .1
D1 0.5 % .1
B2 0.5 %
C2 0.5 % .1
D2 0.5 % .1
A3 a b  |c
C3 not calculated .1 =A1*2
"
    );
}

/// The same spreadsheet, its namespaces under other prefixes.
#[test]
fn a_document_may_name_its_namespaces_as_it_likes() {
    let whole = show(&fixture("libreoffice.ods"));
    let parts = parts_of(&bytes_of("libreoffice.ods"));
    let renamed = |prefixes: &[(&str, &str)]| {
        let mut parts = parts.clone();
        for (_, content) in parts.iter_mut().filter(|(name, _)| name.ends_with(".xml")) {
            let mut text = String::from_utf8(content.clone()).expect("UTF-8");
            for (old, new) in prefixes {
                let names = ["<", "</", " "].map(|before| (before, format!("{before}{old}:")));
                for (before, name) in names {
                    text = text.replace(&name, &format!("{before}{new}:"));
                }
                text = text.replace(&format!("xmlns:{old}="), &format!("xmlns:{new}="));
            }
            *content = text.into_bytes();
        }
        show(&read_ok(&package_of_bytes(&parts)))
    };
    assert_eq!(renamed(&[("table", "tb")]), whole);
    assert_eq!(renamed(&[("office", "o")]), whole);
    let all = [
        "table", "office", "text", "style", "number", "meta", "dc", "calcext",
    ];
    let other = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let all: Vec<(&str, &str)> = all.into_iter().zip(other).collect();
    assert_eq!(renamed(&all), whole);
    // Each has what is usual for the other.
    let swapped = [("table", "x"), ("office", "table"), ("x", "office")];
    assert_eq!(renamed(&swapped), whole);
}

/// Nobody knows where the cells after it stand.
#[test]
fn a_sheet_that_repeats_something_no_number_of_times_is_damaged() {
    let sheet = |name: &str, column: &str, row: &str, cell: &str| {
        format!(
            "<table:table table:name='{name}'><table:table-column {column}/><table:table-row {row}>\
             <table:table-cell {cell}/><table:table-cell office:value-type='float' office:value='1'/>\
             </table:table-row></table:table>"
        )
    };
    let read = |sheets: &[String]| {
        read_ok(&package(&[(
            "content.xml",
            &format!(
                "<office:document-content><office:body><office:spreadsheet>{}\
                 </office:spreadsheet></office:body></office:document-content>",
                sheets.concat()
            ),
        )]))
    };
    let sound = sheet("表", "", "", "table:number-columns-repeated='2'");
    for count in ["-1", "0", "x", "", "1.5", "99999999999999999999"] {
        for name in ["columns-repeated", "columns-spanned", "rows-spanned"] {
            let cell = format!("table:number-{name}='{count}'");
            let workbook = read(&[sheet("坏", "", "", &cell), sound.clone()]);
            assert_eq!(show(&workbook), "\n表\nC1 1\n", "{cell}");
            assert_eq!(workbook.unreadable_sheets[0].0, "坏");
        }
        let row = format!("table:number-rows-repeated='{count}'");
        let workbook = read(&[sheet("坏", "", &row, ""), sound.clone()]);
        assert_eq!(show(&workbook), "\n表\nC1 1\n", "{row}");
        let column = format!("table:number-columns-repeated='{count}'");
        let workbook = read(&[sheet("坏", &column, "", ""), sound.clone()]);
        assert_eq!(show(&workbook), "\n表\nC1 1\n", "{column}");
    }
}

#[test]
fn names_of_other_namespaces_are_not_those_of_cells() {
    let text = "<document xmlns='urn:oasis:names:tc:opendocument:xmlns:office:1.0' \
        xmlns:o='urn:oasis:names:tc:opendocument:xmlns:office:1.0' \
        o:mimetype='application/vnd.oasis.opendocument.spreadsheet'><body><spreadsheet>\
        <table xmlns='urn:oasis:names:tc:opendocument:xmlns:table:1.0' \
        xmlns:t='urn:oasis:names:tc:opendocument:xmlns:table:1.0' xmlns:table='urn:other' \
        t:name='表' table:name='不是表'><table-row><!-- a row -->\
        <table:table-cell o:value-type='float' o:value='1'/>\
        <e:table-cell xmlns:e='urn:other'/>\
        <t:table-cell t:number-columns-repeated='2' table:number-columns-repeated='9'/>\
        <table-cell o:value-type='float' o:value='854.8'><q xmlns='urn:other'><p>1</p></q>\
        <p xmlns='urn:oasis:names:tc:opendocument:xmlns:text:1.0'>855</p></table-cell>\
        <table-cell o:value-type='string' \
        xmlns:p='urn:oasis:names:tc:opendocument:xmlns:text:1.0'><p:p>a&amp;<![CDATA[<b]]></p:p>\
        </table-cell></table-row></table></spreadsheet></body></document>";
    assert_eq!(show(&read_ok(text.as_bytes())), "\n表\nC1 854.8\nD1 a&<b\n");
    // Where every prefix is the usual one, too.
    let text = "<office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' \
        xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0' xmlns:e='urn:other'>\
        <office:body><office:spreadsheet><table:table table:name='表'><e:table-row/>\
        <table:table-row><e:table-cell/><table:table-cell office:value-type='float' \
        office:value='1'/></table:table-row></table:table></office:spreadsheet></office:body>\
        </office:document>";
    assert_eq!(show(&read_ok(text.as_bytes())), "\n表\nA1 1\n");
}

#[test]
fn files_that_are_no_workbooks_say_what_they_are() {
    let encrypted = ole2("EncryptedPackage", &[0; 100]);
    let stream = |record: &[u8]| [BOF, record, &[0x0A, 0, 0, 0]].concat();
    let xls_with_password = ole2("Workbook", &stream(&[0x2F, 0, 2, 0, 0, 0]));
    let old_in_new = ole2("Book", &[9, 4, 6, 0, 0, 0, 16, 0, 0, 0]);
    let no_sheet = ole2("Workbook", &stream(&[]));
    let word = |folder: &str| package(&[("_rels/.rels", "<Relationships/>"), (folder, "")]);
    let word_as_main = package(&[("xl/workbook.xml", "<w:document/>")]);
    let odt = package(&[(
        "content.xml",
        "<office:document-content><office:body><office:text/></office:body></office:document-content>",
    )]);
    let locked_ods = package(&[
        ("content.xml", "?"),
        ("META-INF/manifest.xml", "<manifest:encryption-data/>"),
    ]);
    use Unreadable::*;
    for bytes in [
        package(&[("content.xml", "\n")]),
        ole2("EncryptionInfo", &[0; 100]),
    ] {
        let reason = read_err(&bytes);
        assert!(matches!(reason, Damaged { .. }), "{reason}");
    }
    for (bytes, reason) in [
        (Vec::new(), Empty),
        (encrypted, PasswordProtected),
        (xls_with_password, PasswordProtected),
        (locked_ods, PasswordProtected),
        (old_in_new, OldFormat { name: "Excel 4" }),
        (no_sheet, NoWorksheet),
        (
            ole2("WordDocument", b""),
            NotASpreadsheet(FileKind::TextDocument),
        ),
        (
            ole2("__properties_version1.0", b""),
            NotASpreadsheet(FileKind::OtherOffice),
        ),
        (
            word("word/document.xml"),
            NotASpreadsheet(FileKind::TextDocument),
        ),
        (
            word("ppt/presentation.xml"),
            NotASpreadsheet(FileKind::Presentation),
        ),
        (
            word("Index/Document.iwa"),
            NotASpreadsheet(FileKind::Numbers),
        ),
        (word("index.xml"), NotASpreadsheet(FileKind::Numbers)),
        (word("index.apxl"), NotASpreadsheet(FileKind::Numbers)),
        (
            package(&[("uof.xml", ""), ("content.xml", "<a/>")]),
            NotASpreadsheet(FileKind::OtherOffice),
        ),
        (word("报表.xlsx"), NotASpreadsheet(FileKind::Archive)),
        (word_as_main, NotASpreadsheet(FileKind::TextDocument)),
        (odt, NotASpreadsheet(FileKind::TextDocument)),
        (b"<html><body><table>".to_vec(), HtmlPage),
        ("乡镇,合计\n轮台镇,35\n".into(), TextTable),
    ] {
        assert_eq!(read_err(&bytes), reason);
    }
}

#[test]
fn a_file_cut_short_is_known_as_such() {
    for name in ["libreoffice.xlsx", "libreoffice.ods", "libreoffice.xls"] {
        let bytes = bytes_of(name);
        for length in [bytes.len() / 4, bytes.len() / 2, bytes.len() - 1600] {
            let reason = read_err(&bytes[..length]);
            assert!(
                matches!(reason, Unreadable::Truncated { .. }),
                "{name} {length}: {reason}"
            );
        }
    }
}

#[test]
fn what_a_file_declares_costs_nothing() {
    let far = read_ok(&xlsx(
        "<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c r='XFD1048576'><v>2</v></c></row>",
        "<mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells>",
    ));
    assert_eq!(show(&far), "\n表 A1:XFD1048576\nA1 1\nXFD1048576 2\n");

    let lie = package(&[
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", WORKBOOK_RELS),
        (
            "xl/sharedStrings.xml",
            "<sst count='4000000000' uniqueCount='4000000000'><si><t>a</t></si></sst>",
        ),
        (
            "xl/worksheets/sheet1.xml",
            "<worksheet><dimension ref='A1:XFD1048576'/><sheetData><row><c t='s'><v>0</v></c></row></sheetData></worksheet>",
        ),
    ]);
    assert_eq!(show(&read_ok(&lie)), "\n表\nA1 a\n");
}

/// Each of these once made a search run to the end of the file from every place in it.
#[test]
fn a_file_is_walked_through_once_whatever_it_repeats() {
    let n = 300_000;
    let rows = "<row>".to_owned() + &"<c><v>1</v></c>".repeat(10_000) + "</row>";
    assert_eq!(
        read_ok(&xlsx(&rows.repeat(30), "")).sheets[0].cells().len(),
        n
    );
    for odd in ["<", "<c ", "<c a", "<c s=", "<c s='"] {
        let _ = read(&xlsx(&odd.repeat(n), ""), &Limits::default());
    }
    let styles = |text: String| {
        package(&[
            ("xl/workbook.xml", WORKBOOK),
            ("xl/_rels/workbook.xml.rels", WORKBOOK_RELS),
            ("xl/styles.xml", &text),
            (
                "xl/worksheets/sheet1.xml",
                "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>",
            ),
        ])
    };
    assert_eq!(show(&read_ok(&styles("cellXfs".repeat(n)))), "\n表\nA1 1\n");
}

#[test]
fn what_is_too_large_is_refused() {
    let too_large = |what, limit| Unreadable::TooLarge { what, limit };
    let limits = Limits {
        file_bytes: 100_000,
        entries: 50,
        expanded_bytes: 1_000_000,
        sheets: 3,
        shared_strings: 10,
        rows: 1_000,
        columns: 100,
        cells: 500,
        merges: 20,
        text_bytes: 10_000,
        shared_text_bytes: 10_000,
        formula_bytes: 200,
        one_text_bytes: 1 << 20,
        held_bytes: 64 << 20,
    };
    let bomb = format!("<row><c><v>{}1</v></c></row>", " ".repeat(2_000_000));
    let cells = |count: usize| format!("<row>{}</row>", "<c><v>1</v></c>".repeat(count));
    let rows = "<row><c><v>1</v></c></row>".repeat(501);
    let merges: String = (1..=21)
        .map(|row| format!("<mergeCell ref='A{row}:B{row}'/>"))
        .collect();
    let texts = format!("<row>{}</row>", "<c t='s'><v>0</v></c>".repeat(99)).repeat(20);
    let formula = format!("<row><c><f>{}</f><v>1</v></c></row>", "1+".repeat(101));
    let many_parts: Vec<(String, &str)> = (0..51).map(|idx| (format!("part{idx}"), "")).collect();
    let many_parts: Vec<(&str, &str)> = many_parts.iter().map(|(n, t)| (n.as_str(), *t)).collect();
    let si = format!("<sst>{}</sst>", "<si><t>a</t></si>".repeat(11));
    let ods = |row: &str| {
        package(&[(
            "content.xml",
            &format!(
                "<office:document-content><office:body><office:spreadsheet><table:table>{row}</table:table>\
                 </office:spreadsheet></office:body></office:document-content>"
            ),
        )])
    };
    for (bytes, reason) in [
        (vec![b' '; 100_001], too_large(Quantity::FileBytes, 100_000)),
        (package(&many_parts), too_large(Quantity::Entries, 50)),
        (
            xlsx(&bomb, ""),
            too_large(Quantity::ExpandedBytes, 1_000_000),
        ),
        (xlsx_of(&[("a", ""); 4], ""), too_large(Quantity::Sheets, 3)),
        (
            xlsx("<row r='1001'><c><v>1</v></c></row>", ""),
            too_large(Quantity::Rows, 1_000),
        ),
        (xlsx(&cells(101), ""), too_large(Quantity::Columns, 100)),
        (xlsx(&rows, ""), too_large(Quantity::Cells, 500)),
        (
            xlsx("", &format!("<mergeCells>{merges}</mergeCells>")),
            too_large(Quantity::Merges, 20),
        ),
        (
            xlsx_with(
                &[("表", &texts)],
                "",
                &format!("<sst><si><t>{}</t></si></sst>", "长".repeat(40)),
            ),
            too_large(Quantity::TextBytes, 10_000),
        ),
        (xlsx(&formula, ""), too_large(Quantity::FormulaBytes, 200)),
        (
            xlsx_with(&[("表", "")], "", &si),
            too_large(Quantity::SharedStrings, 10),
        ),
        (
            ods(
                "<table:table-row table:number-rows-repeated='900'><table:table-cell table:number-columns-repeated='90' \
                 office:value-type='float' office:value='1'/></table:table-row>",
            ),
            too_large(Quantity::Cells, 500),
        ),
    ] {
        assert_eq!(read(&bytes, &limits).map(|_| ()), Err(reason));
    }
}

/// Bytes of small workbooks, changed at random but always in the same way: whatever comes of it, it
/// must come back.
#[test]
fn changed_bytes_neither_panic_nor_abort() {
    let rounds: u32 =
        std::env::var("HEBIAO_MUTATIONS").map_or(300, |n| n.parse().expect("a number"));
    let limits = Limits {
        cells: 100_000,
        ..Limits::default()
    };
    let mut chance = Chance(7);
    let check = |name: &str, bytes: &[u8]| {
        if let Err(reason @ Unreadable::ParserPanicked { .. }) = read(bytes, &limits) {
            let path = std::env::temp_dir().join("hebiao-panicked");
            std::fs::write(&path, bytes).expect("a file");
            panic!("{name}: {reason}; kept as {}", path.display());
        }
    };
    for name in [
        "libreoffice.xls",
        "xlwt.xls",
        "protected-rc4.xls",
        "protected-cryptoapi-128.xls",
        "protected-xor.xls",
        "libreoffice.xlsx",
        "libreoffice.ods",
    ] {
        let bytes = bytes_of(name);
        for _ in 0..rounds {
            check(name, &chance.changed(&bytes));
        }
        // Parts are changed inside as well, where no checksum stands before them.
        let parts = if name.ends_with(".xls") {
            Vec::new()
        } else {
            parts_of(&bytes)
        };
        for _ in 0..if parts.is_empty() { 0 } else { rounds } {
            let mut parts = parts.clone();
            let idx = chance.below(parts.len());
            parts[idx].1 = chance.changed(&parts[idx].1);
            check(name, &package_of_bytes(&parts));
        }
    }
    let parts = parts_of(&xlsb());
    for _ in 0..rounds {
        let mut parts = parts.clone();
        let idx = chance.below(parts.len());
        parts[idx].1 = chance.changed(&parts[idx].1);
        check("xlsb", &package_of_bytes(&parts));
    }
}

/// A record of a workbook stream.
fn biff_record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("a short record");
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

#[test]
fn sheets_that_claim_the_same_records_are_read_as_far_as_the_limits_go() {
    let sheet = [
        &biff_record(0x0809, &[0, 6, 0x10, 0, 0, 0, 0, 0])[..],
        &biff_record(0x0001, &[]).repeat(10_000),
        &biff_record(0x000A, &[]),
    ]
    .concat();
    let entry = |start: usize| {
        let start = (start as u32).to_le_bytes();
        biff_record(0x0085, &[&start[..], &[0, 0, 1, 0, b'A']].concat())
    };
    const N_SHEETS: usize = 900;
    let start = BOF.len() + N_SHEETS * entry(0).len() + 4;
    let stream = [
        BOF,
        &entry(start).repeat(N_SHEETS),
        &biff_record(0x000A, &[]),
        &sheet,
    ]
    .concat();
    let limits = Limits {
        expanded_bytes: stream.len() + 3 * sheet.len(),
        ..Limits::default()
    };
    let workbook = read(&stream, &limits).expect("some sheets");
    assert_eq!(workbook.sheets.len(), 3);
    let (_, reason) = workbook.unreadable_sheets.last().expect("the others");
    let expanded = Quantity::ExpandedBytes;
    assert!(matches!(reason, Unreadable::TooLarge { what, .. } if *what == expanded));
}

#[test]
fn cell_formats_are_found_among_any_number_of_format_codes() {
    // Looked for one after the other, these would take minutes.
    const N: u16 = 60_000;
    let codes = (0..N).flat_map(|id| {
        let id = (200 + id).to_le_bytes();
        biff_record(0x041E, &[&id[..], &[2, 0, 0, b'0', b'%']].concat())
    });
    let first = biff_record(0x00E0, &[&[0, 0, 200, 0][..], &[0; 16]].concat());
    let formats = first.repeat(usize::from(N));
    let globals = [BOF, &codes.collect::<Vec<u8>>(), &formats].concat();
    let start = globals.len() + biff_record(0x0085, &[0; 9]).len() + 4;
    let start = (start as u32).to_le_bytes();
    let stream = [
        &globals[..],
        &biff_record(0x0085, &[&start[..], &[0, 0, 1, 0, b'A']].concat()),
        &biff_record(0x000A, &[]),
        &biff_record(0x0809, &[0, 6, 0x10, 0, 0, 0, 0, 0]),
        &biff_record(0x0203, &[&[0; 6][..], &0.4f64.to_le_bytes()].concat()),
        &biff_record(0x000A, &[]),
    ]
    .concat();
    assert_eq!(show(&read_ok(&stream)), "\nA\nA1 0.4 % .0\n");
}

/// A generator of numbers (xorshift), so that every run tries the same.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    pub(crate) fn changed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(8) {
            if bytes.is_empty() {
                break;
            }
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes[at] = 0,
                1 => bytes[at] = 0xFF,
                2 => bytes[at] ^= 1 << self.below(8),
                3 => bytes[at] = b"<>&\"'/0129AZ:.-"[self.below(15)],
                4 => bytes.truncate(at.max(bytes.len() - bytes.len().min(40))),
                _ => {
                    let end = (at + self.below(60)).min(bytes.len());
                    let doubled = bytes[at..end].to_vec();
                    bytes.splice(at..at, doubled);
                }
            }
        }
        bytes
    }
}

// What the tests say of a workbook.

/// A line per sheet (in brackets if hidden, with its merged regions) and a line per cell: address,
/// value, `%` and decimals of its format, formula.
pub(crate) fn show(workbook: &Workbook) -> String {
    let mut shown = "\n".to_owned();
    for sheet in &workbook.sheets {
        let name = &sheet.name;
        shown += &if sheet.visible {
            name.clone()
        } else {
            format!("({name})")
        };
        for merge in &sheet.merges {
            write!(shown, " {merge}").expect("text");
        }
        shown.push('\n');
        for cell in sheet.cells() {
            write!(shown, "{} ", cell.at).expect("text");
            shown += &match &cell.value {
                CellValue::Number(number) => number.to_string(),
                CellValue::Text(text) => text.replace('\n', "|"),
                CellValue::Date(date) => format!("date {date}"),
                CellValue::Bool(value) => value.to_string(),
                CellValue::Error(name) => (*name).to_owned(),
                CellValue::NotCalculated => "not calculated".to_owned(),
            };
            if cell.format.percent {
                shown += " %";
            }
            if let Some(decimals) = cell.format.decimals {
                write!(shown, " .{decimals}").expect("text");
            }
            if let Some(formula) = &cell.formula {
                write!(shown, " ={formula}").expect("text");
            }
            shown.push('\n');
        }
    }
    shown
}

pub(crate) fn read_ok(bytes: &[u8]) -> Workbook {
    read(bytes, &Limits::default()).expect("a workbook")
}

pub(crate) fn read_err(bytes: &[u8]) -> Unreadable {
    read(bytes, &Limits::default())
        .map(|w| show(&w))
        .expect_err("no workbook")
}

pub(crate) fn bytes_of(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/read/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect(name)
}

pub(crate) fn fixture(name: &str) -> Workbook {
    read_ok(&bytes_of(name))
}

// Workbooks made by hand.

const WORKBOOK: &str =
    "<workbook><sheets><sheet name='表' sheetId='1' r:id='rId1'/></sheets></workbook>";
const WORKBOOK_RELS: &str = "<Relationships><Relationship Id='rId1' Type='x/worksheet' \
     Target='worksheets/sheet1.xml'/></Relationships>";

/// A workbook of one sheet: its rows, and what follows them.
fn xlsx(rows: &str, after: &str) -> Vec<u8> {
    let strings = "<sst><si><t>\u{591A}行\r\n文字 </t></si>\
         <si><r><t>轮</t></r><r><rPr/><t>台</t></r><rPh><t>lun</t></rPh></si>\
         <si><t>_x0041__x005F_x0041_</t></si><si><t/></si></sst>";
    xlsx_with(&[("表", rows)], after, strings)
}

pub(crate) fn xlsx_of(sheets: &[(&str, &str)], after: &str) -> Vec<u8> {
    xlsx_with(sheets, after, "<sst/>")
}

pub(crate) fn xlsx_with(sheets: &[(&str, &str)], after: &str, strings: &str) -> Vec<u8> {
    let mut entries = String::new();
    let mut links = String::new();
    let mut parts = Vec::new();
    for (idx, (name, rows)) in sheets.iter().enumerate() {
        write!(
            entries,
            "<sheet name='{name}' sheetId='{idx}' r:id='r{idx}'/>"
        )
        .expect("text");
        write!(
            links,
            "<Relationship Id='r{idx}' Type='x/worksheet' Target='worksheets/s{idx}.xml'/>"
        )
        .expect("text");
        let sheet = format!("<worksheet><sheetData>{rows}</sheetData>{after}</worksheet>");
        parts.push((format!("xl/worksheets/s{idx}.xml"), sheet));
    }
    let workbook = format!("<workbook><sheets>{entries}</sheets></workbook>");
    parts.push(("xl/workbook.xml".to_owned(), workbook));
    let links = format!("<Relationships>{links}</Relationships>");
    parts.push(("xl/_rels/workbook.xml.rels".to_owned(), links));
    parts.push(("xl/sharedStrings.xml".to_owned(), strings.to_owned()));
    let parts: Vec<(&str, &str)> = parts
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    package(&parts)
}

pub(crate) fn package(parts: &[(&str, &str)]) -> Vec<u8> {
    let parts: Vec<(String, Vec<u8>)> = parts
        .iter()
        .map(|&(name, text)| (name.to_owned(), text.into()))
        .collect();
    package_of_bytes(&parts)
}

pub(crate) fn package_of_bytes(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default())
            .expect("a part");
        zip.write_all(content).expect("a part");
    }
    zip.finish().expect("a package").into_inner()
}

pub(crate) fn parts_of(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a package");
    (0..zip.len())
        .map(|idx| {
            let mut part = zip.by_index(idx).expect("a part");
            let name = part.name().expect("a name").into_owned();
            let mut content = Vec::new();
            std::io::copy(&mut part, &mut content).expect("a part");
            (name, content)
        })
        .collect()
}

/// The beginning of a workbook stream.
pub(crate) const BOF: &[u8] = &[9, 8, 8, 0, 0, 6, 5, 0, 0, 0, 0, 0];

pub(crate) fn ole2(stream: &str, content: &[u8]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("a file");
    file.create_stream(stream)
        .and_then(|mut opened| opened.write_all(content))
        .expect("a stream");
    file.into_inner().into_inner()
}

/// A workbook in binary parts.
pub(crate) fn xlsb() -> Vec<u8> {
    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let mut bytes = if kind < 128 {
            vec![kind as u8]
        } else {
            vec![kind as u8 | 0x80, (kind >> 7) as u8]
        };
        bytes.push(data.len() as u8);
        bytes.extend(data);
        bytes
    }
    fn text(text: &str) -> Vec<u8> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut bytes = (units.len() as u32).to_le_bytes().to_vec();
        bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        bytes
    }
    let number = |number: u32| number.to_le_bytes().to_vec();
    let cell = |kind: u16, col: u32, style: u32, value: &[u8]| {
        record(kind, &[&number(col), &number(style), value].concat())
    };
    let workbook = [
        record(153, &number(0)),
        record(
            156,
            &[number(0), number(1), text("rId1"), text("表")].concat(),
        ),
        record(144, &[]),
    ];
    let styles = [
        record(44, &[vec![164, 0], text("0.00%")].concat()),
        record(617, &number(2)),
        record(47, &[0; 16]),
        record(47, &[vec![0, 0, 164, 0], vec![0; 12]].concat()),
        record(618, &[]),
    ];
    let sheet = [
        record(0, &number(0)),
        cell(7, 0, 0, &number(0)),
        cell(5, 1, 1, &0.25f64.to_le_bytes()),
        cell(2, 2, 0, &number(7 << 2 | 3)),
        record(0, &number(1)),
        cell(9, 0, 0, &[&7f64.to_le_bytes()[..], &[0; 6]].concat()),
        cell(3, 1, 0, &[0x2A]),
        cell(10, 2, 0, &[1, 0, 0, 0, 0, 0, 0]),
        record(146, &[]),
        record(176, &[number(0), number(0), number(0), number(1)].concat()),
    ];
    let strings = record(19, &[vec![0], text("轮台镇")].concat());
    let rels = |kind: &str, target: &str| {
        format!("<Relationships><Relationship Id='rId1' Type='x/{kind}' Target='{target}'/></Relationships>")
            .into_bytes()
    };
    let part = |name: &str, content: Vec<u8>| (name.to_owned(), content);
    package_of_bytes(&[
        part("_rels/.rels", rels("officeDocument", "xl/workbook.bin")),
        part("xl/workbook.bin", workbook.concat()),
        part(
            "xl/_rels/workbook.bin.rels",
            rels("worksheet", "worksheets/sheet1.bin"),
        ),
        part("xl/styles.bin", styles.concat()),
        part("xl/sharedStrings.bin", strings),
        part("xl/worksheets/sheet1.bin", sheet.concat()),
    ])
}

#[test]
fn a_value_that_is_no_number_and_that_no_text_shows_is_still_there() {
    let cells: String = [
        "float' office:value='1,234",
        "float' office:value='NaN",
        "percentage' office:value='五",
    ]
    .iter()
    .map(|cell| format!("<table:table-cell office:value-type='{cell}'/>"))
    .collect();
    let workbook = read_ok(&package(&[(
        "content.xml",
        &format!(
            "<office:document-content><office:body><office:spreadsheet><table:table table:name='表'>\
             <table:table-row>{cells}</table:table-row></table:table></office:spreadsheet>\
             </office:body></office:document-content>"
        ),
    )]));
    let held: Vec<&str> = workbook.sheets[0]
        .cells()
        .iter()
        .filter_map(|cell| cell.text())
        .collect();
    assert_eq!(held, ["1,234", "NaN", "五"]);
}

/// What a part is packed by stands in its own header and in the directory.
#[test]
fn a_package_that_is_packed_in_an_unusual_way_is_not_called_damaged() {
    let whole = xlsx("<row><c><v>1</v></c></row>", "");
    read_ok(&whole);
    for (method, is_known) in [(12_u8, true), (14, true), (93, true), (250, false)] {
        let mut bytes = whole.clone();
        for (mark, at) in [(*b"PK\x03\x04", 8), (*b"PK\x01\x02", 10)] {
            for start in memchr_all(&whole, &mark) {
                bytes[start + at] = method;
            }
        }
        let why = read_err(&bytes);
        assert_eq!(
            why == Unreadable::UnusualPacking,
            is_known,
            "{method} {why:?}"
        );
    }
}

fn memchr_all(bytes: &[u8], mark: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(mark.len()).enumerate();
    windows
        .filter(|(_, window)| *window == mark)
        .map(|(at, _)| at)
        .collect()
}

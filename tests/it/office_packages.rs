//! Marked copies as packages that any office program accepts: what ECMA-376 asks of a workbook's parts (part 1,
//! SpreadsheetML; part 2, Open Packaging Conventions), held against copies of all sample workbooks.
//!
//! `HEBIAO_CORPUS` names more folders of workbooks, between colons, whose copies are looked through as well.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::parts::{Parts, parts, text, zipped};
use hebiao::model::{CellRange, CellRef, Detail, Finding, Kind, Level, Place, Workbook};
use hebiao::read::{Limits, read};
use hebiao::report::Lang;
use hebiao::report::annotate::annotate;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use zip::ZipArchive;

#[test]
fn copies_of_all_sample_workbooks_are_lawful_packages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("inbox"), root.join("tests/data")];
    let more = std::env::var("HEBIAO_CORPUS").unwrap_or_default();
    folders.extend(
        more.split(':')
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from),
    );
    let mut wrong = Vec::new();
    let mut n_copies = 0;
    for path in files(folders) {
        let bytes = std::fs::read(&path).expect("a file");
        n_copies += usize::from(copies_are_lawful(
            &path.display().to_string(),
            &bytes,
            &mut wrong,
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(n_copies > 30, "{n_copies}");
}

/// Whatever a file leaves out or says in another way, what a copy adds is declared.
#[test]
fn what_a_copy_adds_is_declared_whatever_the_file_declares() {
    let original = parts(&plain());
    let types = text(&original, "[Content_Types].xml");
    let rels = "application/vnd.openxmlformats-package.relationships+xml";
    let workbook = "/xl/workbook.xml";
    let overrides: String = original
        .keys()
        .filter(|part| part.ends_with(".rels"))
        .map(|part| format!("<Override PartName=\"/{part}\" ContentType=\"{rels}\"/>"))
        .collect();
    let without_rels = types.replace(
        &format!("<Default Extension=\"rels\" ContentType=\"{rels}\"/>"),
        "",
    );
    assert_ne!(types, without_rels);
    let with = |extra: &str| types.replace("</Types>", &format!("{extra}</Types>"));
    let vml = "application/vnd.openxmlformats-officedocument.vmlDrawing";
    for (what, types) in [
        (
            "no default for rels",
            without_rels.replace("</Types>", &format!("{overrides}</Types>")),
        ),
        ("no default for rels at all", without_rels.clone()),
        (
            "in capitals",
            types.replace("Extension=\"rels\"", "Extension=\"RELS\""),
        ),
        (
            "vml for something else",
            with("<Default Extension=\"vml\" ContentType=\"application/x\"/>"),
        ),
        (
            "VML in capitals",
            with(&format!(
                "<Default Extension=\"VML\" ContentType=\"{vml}\"/>"
            )),
        ),
        (
            "left over from a part that is gone",
            with("<Override PartName=\"/xl/comments1.xml\" ContentType=\"application/x\"/>"),
        ),
        (
            "said twice",
            with(&format!(
                "<Override PartName=\"{workbook}\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>"
            )),
        ),
        (
            "said twice with an end tag",
            with(&format!(
                "<Default Extension=\"Rels\" ContentType=\"{rels}\"></Default>"
            )),
        ),
        (
            "prefixed",
            types
                .replace("<Default", "<ct:Default")
                .replace("<Override", "<ct:Override")
                .replace("Types>", "ct:Types>")
                .replace("<Types xmlns=", "<ct:Types xmlns:ct="),
        ),
    ] {
        let mut parts = original.clone();
        parts.insert("[Content_Types].xml".into(), types.into_bytes());
        let copy = marked(&zipped(&parts));
        let faults: Vec<String> = faults(&copy).into_iter().collect();
        // A part of the original that was not declared is still as it was.
        let faults: Vec<&String> = (faults.iter())
            .filter(|fault| {
                what != "left over from a part that is gone" || !fault.contains("is gone")
            })
            .collect();
        assert!(faults.is_empty(), "{what}: {faults:?}");
        assert!(
            self::parts(&copy).contains_key("xl/comments1.xml"),
            "{what}"
        );
    }
}

/// What is looked for in copies is found in a package that has it.
#[test]
fn what_is_no_lawful_package_is_known() {
    let lawful = parts(&marked(&plain()));
    assert_eq!(faults(&zipped(&lawful)), BTreeSet::new());
    let sheet = "xl/worksheets/sheet1.xml";
    let comments = "xl/comments1.xml";
    for (part, from, to, fault) in [
        (
            "[Content_Types].xml",
            "Extension=\"rels\"",
            "Extension=\"x\"",
            "has no content type",
        ),
        (
            "[Content_Types].xml",
            "PartName=\"/xl/comments1.xml\"",
            "PartName=\"/a.xml\"",
            "is declared and is gone",
        ),
        (
            "[Content_Types].xml",
            "</Types>",
            "<Default Extension=\"XML\" ContentType=\"a/b\"/></Types>",
            "is declared twice",
        ),
        (
            "[Content_Types].xml",
            "spreadsheetml.comments+xml",
            "x",
            "is declared as",
        ),
        (
            "xl/worksheets/_rels/sheet1.xml.rels",
            "/xl/comments1.xml",
            "/xl/comments7.xml",
            "is linked and is gone",
        ),
        (
            "xl/worksheets/_rels/sheet1.xml.rels",
            "Id=\"rId1\"",
            "Id=\"rId2\"",
            "stands twice",
        ),
        (
            sheet,
            "<sheetData>",
            "<mergeCells/><sheetData>",
            "out of order",
        ),
        (
            sheet,
            "<row r=\"2\"",
            "<row r=\"1\"",
            "row 1 is out of order",
        ),
        (
            sheet,
            "<c r=\"A2\" s=\"",
            "<c r=\"A2\" s=\"9",
            "beyond the last",
        ),
        (
            sheet,
            "<legacyDrawing r:id=\"",
            "<legacyDrawing r:id=\"x",
            "legacyDrawing leads nowhere",
        ),
        (sheet, "</sheetData>", "</sheetdata>", "is not well-formed"),
        (
            sheet,
            "<sheetData>",
            "<y:a/><sheetData>",
            "a prefix is not bound",
        ),
        (
            comments,
            "authorId=\"0\"",
            "authorId=\"1\"",
            "a note has no author",
        ),
        (comments, "ref=\"A1\"", "ref=\"A2\"", "two notes at A2"),
        (
            comments,
            "ref=\"A1\"",
            "ref=\"C1\"",
            "the note at C1 has no box",
        ),
        (
            "xl/styles.xml",
            "fillId=\"0\"",
            "fillId=\"99\"",
            "fillId of",
        ),
        (
            "xl/styles.xml",
            "<fills count=\"",
            "<fills count=\"9",
            "has another count",
        ),
        (
            "xl/workbook.xml",
            "sheetId=\"1\"",
            "sheetId=\"2\"",
            "is no number of a sheet",
        ),
        (
            "xl/workbook.xml",
            "name=\"表\"",
            "name=\"审核说明\"",
            "is no name of a sheet",
        ),
        (
            "xl/workbook.xml",
            "localSheetId=\"1\"",
            "localSheetId=\"2\"",
            "names a sheet that is not there",
        ),
    ] {
        let mut parts = lawful.clone();
        let before = text(&parts, part);
        let after = before.replacen(from, to, 1);
        assert_ne!(before, after, "{part}: {from}: {before}");
        parts.insert(part.into(), after.into_bytes());
        let found = faults(&zipped(&parts));
        assert!(
            found.iter().any(|found| found.contains(fault)),
            "{from}: {found:?}"
        );
    }
}

#[test]
fn names_with_backslashes_are_written_as_the_standard_asks() {
    let parts: BTreeMap<String, Vec<u8>> = parts(&plain())
        .into_iter()
        .map(|(name, content)| (name.replace('/', "\\"), content))
        .collect();
    let copy = marked(&zipped(&parts));
    assert_eq!(faults(&copy), BTreeSet::new());
}

/// Where sheets were deleted by a program that leaves their names, the new sheet must not have one twice.
#[test]
fn a_name_left_over_from_a_deleted_sheet_is_not_given_twice() {
    let mut parts = parts(&plain());
    let workbook = text(&parts, "xl/workbook.xml");
    let n_sheets = workbook.matches("<sheet ").count();
    let names = format!(
        "</sheets><definedNames><definedName name=\"_xlnm.Print_Titles\" localSheetId=\"{n_sheets}\">#REF!</definedName></definedNames>"
    );
    parts.insert(
        "xl/workbook.xml".into(),
        workbook.replace("</sheets>", &names).into(),
    );
    let copy = marked(&zipped(&parts));
    assert_eq!(faults(&copy), BTreeSet::new());
}

#[test]
fn a_format_that_is_not_there_is_none_of_those_that_a_copy_adds() {
    let mut book = rust_xlsxwriter::Workbook::new();
    for name in ["好", "坏"] {
        let sheet = book.add_worksheet().set_name(name).expect("a name");
        sheet.write(0, 0, 3.23).expect("a cell");
    }
    let mut parts = parts(&book.save_to_buffer().expect("a workbook"));
    let sheet = text(&parts, "xl/worksheets/sheet2.xml");
    // The second time behind what is no XML.
    for (format, before) in [("1", ""), ("2", "<cols></sheetP<c>"), ("3", ""), ("9", "")] {
        let cell = format!("<c r=\"A1\" s=\"{format}\"");
        let changed = sheet.replace("<c r=\"A1\"", &cell);
        let changed = changed.replace("<sheetData>", &format!("{before}<sheetData>"));
        assert_ne!(changed, sheet);
        parts.insert("xl/worksheets/sheet2.xml".into(), changed.into_bytes());
        let original = zipped(&parts);
        let before = read(&original, &Limits::default()).expect("a workbook");
        assert_eq!(before.unreadable_sheets[0].0, "坏");
        let copy = read(&marked(&original), &Limits::default()).expect("a copy");
        let names: Vec<&str> = copy.sheets.iter().map(|sheet| &*sheet.name).collect();
        assert_eq!(names[0], "好");
        assert!(!names.contains(&"坏"), "{names:?}");
    }
}

/// What is added to a part of something else no reader finds, and the marked sheets would be lost with it.
#[test]
fn a_part_of_formats_that_is_something_else_is_not_added_to() {
    let mut parts = parts(&plain());
    let core = "<cp:coreProperties xmlns:cp=\"x\"><a/></cp:coreProperties>";
    for styles in [core, "9<!-- --><html><body/></html>"] {
        parts.insert("xl/styles.xml".into(), styles.into());
        let original = zipped(&parts);
        let before = read(&original, &Limits::default()).expect("a workbook");
        let copy = read(&marked(&original), &Limits::default()).expect("a copy");
        assert_eq!(copy.sheets[0].cells().len(), before.sheets[0].cells().len());
        assert_eq!(copy.sheets.len(), before.sheets.len() + 1, "{styles}");
    }
}

/// Of two parts whose names differ in case alone, the one that is named is marked.
#[test]
fn parts_that_differ_in_case_alone_are_told_apart() {
    let mut parts = parts(&plain());
    let sheet = parts
        .keys()
        .find(|part| part.ends_with("/sheet1.xml"))
        .expect("a sheet")
        .clone();
    let other = sheet.replace("sheet1", "SHEET1");
    parts.insert(other.clone(), b"<worksheet/>".to_vec());
    let copy = self::parts(&marked(&zipped(&parts)));
    assert_eq!(copy[&other], b"<worksheet/>");
    assert_ne!(copy[&sheet], parts[&sheet]);
}

/// What the reader finds under a name, the copy marks: the first, where none has exactly that name.
#[test]
fn of_parts_that_differ_in_case_the_one_that_was_read_is_marked() {
    let mut parts = parts(&plain());
    let sheet = "xl/worksheets/sheet1.xml".to_owned();
    let first = "xl/worksheets/SHEET1.xml".to_owned();
    let content = parts.insert(sheet.clone(), b"<worksheet/>".to_vec());
    parts.insert(first.clone(), content.expect("a sheet"));
    let links = "xl/_rels/workbook.xml.rels";
    let text = String::from_utf8(parts[links].clone()).expect("text");
    let renamed = text.replace("worksheets/sheet1.xml", "worksheets/Sheet1.xml");
    assert_ne!(renamed, text);
    parts.insert(links.to_owned(), renamed.into_bytes());
    let copy = self::parts(&marked(&zipped(&parts)));
    assert_eq!(copy[&sheet], b"<worksheet/>");
    assert_ne!(copy[&first], parts[&first]);
}

/// Names of parts may be written with codes for their characters, and links without, or the other way round.
#[test]
fn a_part_whose_name_is_written_in_codes_is_marked_where_it_is() {
    let coded = "xl/worksheets/%E8%A1%A8.xml".to_owned();
    for link in [
        "worksheets/表.xml",
        "worksheets/%E8%A1%A8.xml",
        "worksheets/%e8%a1%a8.xml",
    ] {
        let mut parts = parts(&plain());
        let content = parts.remove("xl/worksheets/sheet1.xml").expect("a sheet");
        parts.insert(coded.clone(), content);
        for (part, old, new) in [
            ("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", link),
            ("[Content_Types].xml", "xl/worksheets/sheet1.xml", &coded),
        ] {
            let text = String::from_utf8(parts[part].clone()).expect("text");
            assert!(text.contains(old), "{text}");
            parts.insert(part.to_owned(), text.replace(old, new).into_bytes());
        }
        let bytes = marked(&zipped(&parts));
        let copy = self::parts(&bytes);
        assert_ne!(copy[&coded], parts[&coded], "{link}");
        // The copy was not made anew from what was read: its notes hang on this very part.
        let links = "xl/worksheets/_rels/%E8%A1%A8.xml.rels";
        assert!(copy.contains_key(links), "{:?}", copy.keys());
    }
}

#[test]
fn many_marked_cells_are_all_recorded_within_what_a_cell_may_hold() {
    use rust_xlsxwriter::{Color, Format, Workbook as Writer};
    let mut book = Writer::new();
    let sheet = book
        .add_worksheet()
        .set_name("一张名字很长的工作表")
        .expect("a name");
    let green = Format::new().set_background_color(Color::RGB(0x00E2_EFDA));
    for row in 0..2_000 {
        sheet
            .write_with_format(row, 0, f64::from(row), &green)
            .expect("a cell");
    }
    let original = book.save_to_buffer().expect("a workbook");
    let place = |row| {
        Place::sheet(
            &FILE.into(),
            &"一张名字很长的工作表".into(),
            Some(CellRef::new(row, 0)),
        )
    };
    let mut finding = finding("一张名字很长的工作表", CellRef::new(0, 0), Level::Hint);
    finding.kind = Kind::ReadAs;
    finding.detail = Detail::ReadAs(hebiao::model::ReadAs::TextNumber);
    finding.cells = (1..2_000).map(place).collect();
    let copy = annotate(&original, &[&finding], Lang::Zh)
        .expect("a copy")
        .bytes;
    assert_eq!(faults(&copy), BTreeSet::new());
    // With nothing wrong any more, every cell has its fill again.
    let clean = annotate(&copy, &[], Lang::Zh).expect("a copy").bytes;
    let sheet = |bytes: &[u8]| text(&parts(bytes), "xl/worksheets/sheet1.xml");
    assert_eq!(sheet(&original), sheet(&clean));
}

const FILE: &str = "a.xlsx";

fn files(mut open: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => open.push(path),
                false => files.push(path),
            }
        }
    }
    files.sort();
    files
}

/// A workbook without notes or drawings, so that a copy adds parts of every kind.
fn plain() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("表").expect("a name");
    for row in 0..3 {
        sheet.write(row, 0, f64::from(row)).expect("a cell");
    }
    book.save_to_buffer().expect("a workbook")
}

fn finding(sheet: &str, at: CellRef, level: Level) -> Finding {
    let file: Arc<str> = FILE.into();
    let detail = Detail::Range {
        min: Some("0".into()),
        max: Some("9".into()),
    };
    Finding::new(Kind::Range, level, detail)
        .at(Place::sheet(&file, &sheet.into(), Some(at)))
        .given("53")
}

/// A finding of each level in each sheet: on its first cell, its last, one between, a blank one and one far away.
fn findings(workbook: &Workbook) -> Vec<Finding> {
    let mut found = Vec::new();
    for sheet in &workbook.sheets {
        let cells = sheet.cells();
        let known = [cells.first(), cells.get(cells.len() / 2), cells.last()];
        let mut places: Vec<CellRef> = known.into_iter().flatten().map(|cell| cell.at).collect();
        let last = places.last().copied().unwrap_or(CellRef::new(0, 0));
        places.push(CellRef::new(last.row, last.col + 1));
        places.push(CellRef::new(last.row + 9, 2));
        for (at, level) in places.into_iter().zip(Level::ALL.into_iter().cycle()) {
            found.push(finding(&sheet.name, at, level));
        }
    }
    found
}

fn marked(original: &[u8]) -> Vec<u8> {
    let workbook = read(original, &Limits::default()).expect("a workbook");
    let found = findings(&workbook);
    let found: Vec<&Finding> = found.iter().collect();
    annotate(original, &found, Lang::Zh).expect("a copy").bytes
}

/// Makes a copy, and one of the copy, and says what is wrong with them that was not wrong with the original.
fn copies_are_lawful(name: &str, original: &[u8], wrong: &mut Vec<String>) -> bool {
    let Ok(workbook) = read(original, &Limits::default()) else {
        return false;
    };
    let found = findings(&workbook);
    let found: Vec<&Finding> = found.iter().collect();
    let known = faults(original);
    let copy = match annotate(original, &found, Lang::Zh) {
        Ok(copy) => copy.bytes,
        Err(error) => {
            wrong.push(format!("{name}: no copy: {error}"));
            return true;
        }
    };
    let again = annotate(&copy, &found[..found.len().min(2)], Lang::Zh);
    let copies = [
        ("copy", Some(copy)),
        ("copy of the copy", again.ok().map(|copy| copy.bytes)),
    ];
    for (what, copy) in copies {
        let Some(copy) = copy else {
            wrong.push(format!("{name}: no {what}"));
            continue;
        };
        for fault in faults(&copy).difference(&known) {
            wrong.push(format!("{name}: {what}: {fault}"));
        }
    }
    true
}

// What ECMA-376 asks of a workbook.

/// What is not as the standard asks, in words that are the same for original and copy.
fn faults(bytes: &[u8]) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    let Ok(mut zip) = ZipArchive::new(Cursor::new(bytes)) else {
        return faults;
    };
    let declared = usize::from(bytes[bytes.len() - 12]) | usize::from(bytes[bytes.len() - 11]) << 8;
    if zip.len() < 65_535 && declared != zip.len() && zip.comment().is_empty() {
        faults.insert("a name stands twice in the zip file".to_owned());
    }
    let mut parts = Parts::new();
    for idx in 0..zip.len() {
        let Ok(mut part) = zip.by_index(idx) else {
            continue;
        };
        let Ok(name) = part.name().map(|name| name.into_owned()) else {
            continue;
        };
        let mut content = Vec::new();
        if name.ends_with('/') || part.read_to_end(&mut content).is_err() {
            continue;
        }
        if name.contains('\\') || name.starts_with('/') {
            faults.insert(format!("{name} is no name of a part"));
        }
        parts.insert(name, content);
    }
    let mut package = Faults {
        parts: &parts,
        faults,
    };
    let lower: BTreeSet<String> = parts.keys().map(|name| name.to_lowercase()).collect();
    if lower.len() != parts.len() {
        package.say("names differ in case alone");
    }
    let types = package.content_types();
    for name in parts.keys() {
        if is_xml(name) {
            package.well_formed(name);
        }
        if name.ends_with(".rels") {
            package.relationships(name, &types);
        }
    }
    package.workbook(&types);
    package.faults
}

fn is_xml(name: &str) -> bool {
    [".xml", ".rels", ".vml"]
        .iter()
        .any(|end| name.to_lowercase().ends_with(end))
}

struct Faults<'p> {
    parts: &'p Parts,
    faults: BTreeSet<String>,
}

/// An element without its prefix: name, attributes, children, text.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: HashMap<String, String>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.trim().parse().ok()
    }

    fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Elements of this name at any depth.
    fn below<'e>(&'e self, name: &str, found: &mut Vec<&'e Element>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.below(name, found);
        }
    }

    fn whole_text(&self) -> String {
        let inner: String = self.children.iter().map(Element::whole_text).collect();
        format!("{}{inner}", self.text)
    }
}

/// The document, or what is wrong with it: tags that do not fit, names given twice, prefixes that nobody bound.
fn tree(bytes: &[u8]) -> Result<Element, String> {
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| "not in UTF-8".to_owned())?;
    let text = text.trim_start_matches('\u{FEFF}');
    let mut reader = NsReader::from_str(text);
    let mut open = vec![Element::default()];
    let wrong = |error: &dyn std::fmt::Display| error.to_string();
    loop {
        let (namespace, event) = reader
            .read_resolved_event()
            .map_err(|error| wrong(&error))?;
        if let ResolveResult::Unknown(_) = namespace {
            return Err("a prefix is not bound".to_owned());
        }
        let start = |tag: &quick_xml::events::BytesStart| -> Result<Element, String> {
            let mut element = Element {
                name: tag.local_name().as_ref().to_owned(),
                ..Element::default()
            };
            for attribute in tag.attributes() {
                let attribute = attribute.map_err(|error| wrong(&error))?;
                let name = attribute.key.as_ref();
                if let Some((prefix, _)) = name.split_once(':')
                    && !matches!(prefix, "xmlns" | "xml")
                {
                    let (namespace, _) = reader.resolver().resolve_attribute(attribute.key);
                    if let ResolveResult::Unknown(_) = namespace {
                        return Err("a prefix of an attribute is not bound".to_owned());
                    }
                }
                let local = match name.starts_with("xmlns") {
                    true => name,
                    false => name.rsplit(':').next().unwrap_or(name),
                };
                let value = quick_xml::escape::unescape(&attribute.value);
                let value = value.map_err(|error| wrong(&error))?.into_owned();
                element.attributes.insert(local.to_owned(), value);
            }
            Ok(element)
        };
        match event {
            Event::Start(tag) => {
                let element = start(&tag)?;
                open.push(element);
            }
            Event::Empty(tag) => {
                let element = start(&tag)?;
                open.last_mut()
                    .expect("the document")
                    .children
                    .push(element);
            }
            Event::End(_) => {
                let element = open.pop().expect("an element");
                let parent = open.last_mut().ok_or("an end without a start")?;
                parent.children.push(element);
            }
            Event::Text(text) => {
                open.last_mut().expect("the document").text.push_str(&text);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let mut document = open
        .pop()
        .filter(|_| open.is_empty())
        .ok_or("an element does not end")?;
    match (document.children.len(), document.text.trim().is_empty()) {
        (1, true) => Ok(document.children.remove(0)),
        _ => Err("not one root".to_owned()),
    }
}

impl Faults<'_> {
    fn say(&mut self, fault: impl Into<String>) {
        self.faults.insert(fault.into());
    }

    fn tree(&self, name: &str) -> Option<Element> {
        tree(self.parts.get(name)?).ok()
    }

    fn well_formed(&mut self, name: &str) {
        if let Err(what) = tree(&self.parts[name]) {
            self.say(format!("{name} is not well-formed: {what}"));
        }
    }

    /// The content type of each part (part 2, 10.1.2).
    fn content_types(&mut self) -> HashMap<String, String> {
        let Some(types) = self.tree("[Content_Types].xml") else {
            self.say("no content types");
            return HashMap::new();
        };
        let (mut defaults, mut own) = (HashMap::new(), HashMap::new());
        for child in &types.children {
            let kind = child.get("ContentType").unwrap_or_default().to_owned();
            if kind.split('/').filter(|part| !part.is_empty()).count() != 2 {
                self.say(format!("{kind} is no content type"));
            }
            let (known, about) = match child.name.as_str() {
                "Default" => (&mut defaults, child.get("Extension").unwrap_or_default()),
                "Override" => (&mut own, child.get("PartName").unwrap_or_default()),
                other => {
                    self.say(format!("{other} among the content types"));
                    continue;
                }
            };
            if known.insert(about.to_lowercase(), kind).is_some() {
                self.say(format!("{about} is declared twice"));
            }
        }
        for name in own.keys() {
            let found = self
                .parts
                .keys()
                .any(|part| format!("/{}", part.to_lowercase()) == *name);
            if !found {
                self.say(format!("{name} is declared and is gone"));
            }
        }
        let mut types = HashMap::new();
        for part in self
            .parts
            .keys()
            .filter(|part| *part != "[Content_Types].xml")
        {
            let extension = part.rsplit('.').next().unwrap_or_default().to_lowercase();
            let kind = own.get(&format!("/{}", part.to_lowercase()));
            match kind.or_else(|| defaults.get(&extension)) {
                Some(kind) => drop(types.insert(part.clone(), kind.clone())),
                None => drop(self.faults.insert(format!("{part} has no content type"))),
            }
        }
        types
    }

    /// The links of a part (part 2, 9.3).
    fn relationships(&mut self, name: &str, types: &HashMap<String, String>) {
        const KINDS: [(&str, &str); 5] = [
            ("/worksheet", "spreadsheetml.worksheet+xml"),
            ("/styles", "spreadsheetml.styles+xml"),
            ("/comments", "spreadsheetml.comments+xml"),
            ("/vmlDrawing", "officedocument.vmlDrawing"),
            ("/officeDocument", "main+xml"),
        ];
        if types
            .get(name)
            .is_some_and(|kind| !kind.ends_with("package.relationships+xml"))
        {
            self.say(format!("{name} is declared as something else"));
        }
        let mut ids = BTreeSet::new();
        for (link, target) in links(self.parts, name) {
            let id = link.get("Id").unwrap_or_default();
            if id.is_empty() || !ids.insert(id.to_owned()) {
                self.say(format!("{name}: {id} is no id, or stands twice"));
            }
            let Some(target) = target else { continue };
            if !self.parts.contains_key(&target) {
                self.say(format!("{name}: {target} is linked and is gone"));
                continue;
            }
            let kind = link.get("Type").unwrap_or_default();
            let expected = KINDS.iter().find(|(end, _)| kind.ends_with(end));
            if let Some((_, expected)) = expected
                && types
                    .get(&target)
                    .is_none_or(|kind| !kind.ends_with(expected))
            {
                self.say(format!("{target} is declared as {:?}", types.get(&target)));
            }
        }
    }

    fn workbook(&mut self, types: &HashMap<String, String>) {
        let main = links(self.parts, "_rels/.rels")
            .into_iter()
            .find(|(link, _)| {
                link.get("Type")
                    .is_some_and(|kind| kind.ends_with("/officeDocument"))
            });
        let Some(main) = main.and_then(|(_, target)| target) else {
            return self.say("no workbook");
        };
        let Some(workbook) = self.tree(&main) else {
            return;
        };
        if !types.contains_key(&main) {
            self.say("the workbook is not declared");
        }
        let links = links(self.parts, &rels_of(&main));
        let formats = self.styles(&links);
        let sheets: Vec<&Element> = workbook
            .child("sheets")
            .into_iter()
            .flat_map(|s| &s.children)
            .collect();
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for sheet in &sheets {
            let name = sheet.get("name").unwrap_or_default();
            if !names.insert(name.to_lowercase())
                || name.encode_utf16().count() > 31
                || name.is_empty()
            {
                self.say(format!("{name} is no name of a sheet, or stands twice"));
            }
            let id = sheet.number("sheetId").unwrap_or(0);
            if !ids.insert(id) || id == 0 || id > 65_534 {
                self.say(format!("{id} is no number of a sheet, or stands twice"));
            }
            let link = links
                .iter()
                .find(|(link, _)| link.get("Id") == sheet.get("id"));
            match link.and_then(|(_, target)| target.clone()) {
                Some(target) => self.sheet(&target, formats),
                None => self.say(format!("the sheet {name} has no part")),
            }
        }
        let mut names = BTreeSet::new();
        for name in workbook
            .child("definedNames")
            .into_iter()
            .flat_map(|names| &names.children)
        {
            let key = (
                name.get("name").unwrap_or_default().to_lowercase(),
                name.number("localSheetId"),
            );
            if key.1.is_some_and(|sheet| sheet >= sheets.len()) {
                self.say(format!("{key:?} names a sheet that is not there"));
            }
            let shown = format!("the name {key:?} stands twice");
            if !names.insert(key) {
                self.say(shown);
            }
        }
    }

    /// Counts and indices of styles (18.8); returns how many formats there are.
    fn styles(&mut self, links: &[(Element, Option<String>)]) -> usize {
        const ORDER: [&str; 11] = [
            "numFmts",
            "fonts",
            "fills",
            "borders",
            "cellStyleXfs",
            "cellXfs",
            "cellStyles",
            "dxfs",
            "tableStyles",
            "colors",
            "extLst",
        ];
        let link = links.iter().find(|(link, _)| {
            link.get("Type")
                .is_some_and(|kind| kind.ends_with("/styles"))
        });
        let Some(name) = link.and_then(|(_, target)| target.clone()) else {
            return 1;
        };
        let Some(styles) = self.tree(&name) else {
            return usize::MAX;
        };
        self.in_order(&name, &styles, &ORDER, &[]);
        let count = |section: &str| {
            styles
                .child(section)
                .map_or(0, |section| section.children.len())
        };
        for section in &styles.children {
            if section
                .number("count")
                .is_some_and(|n| n != section.children.len())
            {
                self.say(format!("{name}: {} has another count", section.name));
            }
        }
        for section in ["cellStyleXfs", "cellXfs"] {
            for format in styles
                .child(section)
                .into_iter()
                .flat_map(|section| &section.children)
            {
                let limits = [
                    ("fontId", count("fonts")),
                    ("fillId", count("fills")),
                    ("borderId", count("borders")),
                    ("xfId", count("cellStyleXfs")),
                ];
                for (attribute, limit) in limits {
                    if format.number(attribute).is_some_and(|id| id >= limit) {
                        self.say(format!(
                            "{name}: {attribute} of {section} is beyond the last"
                        ));
                    }
                }
            }
        }
        count("cellXfs").max(1)
    }

    /// A sheet, its notes and their drawing (18.3.1.99, 18.7).
    fn sheet(&mut self, name: &str, n_formats: usize) {
        const ORDER: [&str; 38] = [
            "sheetPr",
            "dimension",
            "sheetViews",
            "sheetFormatPr",
            "cols",
            "sheetData",
            "sheetCalcPr",
            "sheetProtection",
            "protectedRanges",
            "scenarios",
            "autoFilter",
            "sortState",
            "dataConsolidate",
            "customSheetViews",
            "mergeCells",
            "phoneticPr",
            "conditionalFormatting",
            "dataValidations",
            "hyperlinks",
            "printOptions",
            "pageMargins",
            "pageSetup",
            "headerFooter",
            "rowBreaks",
            "colBreaks",
            "customProperties",
            "cellWatches",
            "ignoredErrors",
            "smartTags",
            "drawing",
            "legacyDrawing",
            "legacyDrawingHF",
            "drawingHF",
            "picture",
            "oleObjects",
            "controls",
            "webPublishItems",
            "tableParts",
        ];
        let Some(sheet) = self.tree(name) else { return };
        if sheet.name != "worksheet" {
            return;
        }
        let mut order = ORDER.to_vec();
        order.push("extLst");
        self.in_order(name, &sheet, &order, &["conditionalFormatting"]);
        self.cells(name, &sheet, n_formats);
        let mut merges: Vec<CellRange> = Vec::new();
        for merge in sheet
            .child("mergeCells")
            .into_iter()
            .flat_map(|merges| &merges.children)
        {
            merges.extend(
                merge
                    .get("ref")
                    .and_then(|range| range.parse::<CellRange>().ok()),
            );
        }
        let n_links = sheet
            .child("hyperlinks")
            .map_or(0, |links| links.children.len());
        if n_links > 65_530 {
            self.say(format!("{name}: more links than Excel takes"));
        }
        let links = links(self.parts, &rels_of(name));
        let target = |end: &str, id: Option<&str>| {
            let mut of_kind = links
                .iter()
                .filter(|(link, _)| link.get("Type").is_some_and(|kind| kind.ends_with(end)));
            let found = of_kind.find(|(link, _)| id.is_none_or(|id| link.get("Id") == Some(id)));
            found.and_then(|(_, target)| target.clone())
        };
        let drawing = sheet
            .child("legacyDrawing")
            .map(|legacy| target("/vmlDrawing", legacy.get("id")));
        if drawing == Some(None) {
            self.say(format!("{name}: legacyDrawing leads nowhere"));
        }
        if let Some(comments) = target("/comments", None) {
            self.comments(&comments, drawing.flatten().as_deref());
        }
    }

    fn comments(&mut self, name: &str, drawing: Option<&str>) {
        let Some(comments) = self.tree(name) else {
            return;
        };
        self.in_order(name, &comments, &["authors", "commentList", "extLst"], &[]);
        let n_authors = comments
            .child("authors")
            .map_or(0, |authors| authors.children.len());
        let boxes = drawing
            .and_then(|drawing| self.tree(drawing))
            .map(|drawing| {
                let mut found = Vec::new();
                drawing.below("ClientData", &mut found);
                let number = |data: &Element, name: &str| {
                    data.child(name).and_then(|n| n.text.trim().parse().ok())
                };
                let notes = found
                    .iter()
                    .filter(|data| data.get("ObjectType") == Some("Note"));
                let at = |data: &&Element| {
                    Some(CellRef::new(number(data, "Row")?, number(data, "Column")?))
                };
                notes.filter_map(at).collect::<BTreeSet<CellRef>>()
            });
        if drawing.is_none() {
            self.say(format!("{name} has no drawing"));
        }
        let mut cells = BTreeSet::new();
        for comment in comments
            .child("commentList")
            .into_iter()
            .flat_map(|list| &list.children)
        {
            if comment
                .number("authorId")
                .is_none_or(|author| author >= n_authors)
            {
                self.say(format!("{name}: a note has no author"));
            }
            let Some(at) = comment.get("ref").and_then(|at| at.parse::<CellRef>().ok()) else {
                self.say(format!("{name}: a note stands nowhere"));
                continue;
            };
            if !cells.insert(at) {
                self.say(format!("{name}: two notes at {at}"));
            }
            if boxes.as_ref().is_some_and(|boxes| !boxes.contains(&at)) {
                self.say(format!("{name}: the note at {at} has no box"));
            }
            if comment.whole_text().encode_utf16().count() > 32_767 {
                self.say(format!("{name}: the note at {at} is too long"));
            }
        }
    }

    fn cells(&mut self, name: &str, sheet: &Element, n_formats: usize) {
        let mut last_row = 0;
        for row in sheet
            .child("sheetData")
            .into_iter()
            .flat_map(|data| &data.children)
        {
            let number = row.number("r").unwrap_or(last_row + 1);
            if number <= last_row || number > 1 << 20 {
                self.say(format!("{name}: row {number} is out of order"));
            }
            last_row = number;
            if row.number("s").is_some_and(|style| style >= n_formats) {
                self.say(format!(
                    "{name}: the style of row {number} is beyond the last"
                ));
            }
            let mut last_col = None;
            for cell in row.all("c") {
                let at = match cell.get("r").map(str::parse::<CellRef>) {
                    Some(Ok(at)) => at,
                    Some(Err(())) => {
                        self.say(format!("{name}: a cell of row {number} stands nowhere"));
                        continue;
                    }
                    None => CellRef::new(number as u32 - 1, last_col.map_or(0, |col| col + 1)),
                };
                if at.row as usize + 1 != number
                    || last_col.is_some_and(|col| at.col <= col)
                    || at.col >= 1 << 14
                {
                    self.say(format!("{name}: {at} is out of order"));
                }
                last_col = Some(at.col);
                if cell.number("s").is_some_and(|style| style >= n_formats) {
                    self.say(format!("{name}: the style of {at} is beyond the last"));
                }
                let kind = cell.get("t").unwrap_or("n");
                if !["b", "d", "e", "inlineStr", "n", "s", "str"].contains(&kind) {
                    self.say(format!("{name}: {at} is of no known type"));
                }
                let inline = cell
                    .child("is")
                    .map_or(0, |text| text.whole_text().encode_utf16().count());
                if inline > 32_767 {
                    self.say(format!("{name}: the text of {at} is too long"));
                }
            }
        }
    }

    /// Children in the order of a schema's sequence, each once unless it may come again.
    fn in_order(&mut self, name: &str, parent: &Element, order: &[&str], repeated: &[&str]) {
        let mut last = None;
        for child in &parent.children {
            if child.name == "AlternateContent" {
                continue;
            }
            let rank = order.iter().position(|known| *known == child.name);
            let Some(rank) = rank else {
                self.say(format!("{name}: {} in {}", child.name, parent.name));
                continue;
            };
            let again = last == Some(rank) && repeated.contains(&child.name.as_str());
            if last.is_some_and(|last| last >= rank) && !again {
                self.say(format!("{name}: {} is out of order", child.name));
            }
            last = Some(rank);
        }
    }
}

fn rels_of(part: &str) -> String {
    match part.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/_rels/{name}.rels"),
        None => format!("_rels/{part}.rels"),
    }
}

/// The links in a part of links, with the part that each means inside the package.
fn links(parts: &Parts, name: &str) -> Vec<(Element, Option<String>)> {
    let found = parts.keys().find(|part| part.eq_ignore_ascii_case(name));
    let Some(Ok(links)) = found.map(|found| tree(&parts[found])) else {
        return Vec::new();
    };
    let folder = name.split("_rels/").next().unwrap_or_default().to_owned();
    let resolved = links.children.into_iter().map(|link| {
        if link.get("TargetMode") == Some("External") {
            return (link, None);
        }
        let target = link.get("Target").unwrap_or_default().to_owned();
        let base = if target.starts_with('/') { "" } else { &folder };
        let mut path: Vec<&str> = Vec::new();
        for step in base.split('/').chain(target.split(['/', '\\'])) {
            match step {
                "" | "." => {}
                ".." => drop(path.pop()),
                step => path.push(step),
            }
        }
        let path = path.join("/");
        let known = parts
            .keys()
            .find(|part| part.eq_ignore_ascii_case(&path))
            .cloned();
        (
            link,
            Some(
                parts
                    .get_key_value(&path)
                    .map(|(name, _)| name.clone())
                    .or(known)
                    .unwrap_or(path),
            ),
        )
    });
    resolved.collect()
}

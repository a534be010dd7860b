//! Blank forms: made for everyone, filled in with the plan's own figures and read back, they say what
//! the plan says.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use hebiao::check::check_county;
use hebiao::inbox;
use hebiao::model::{
    CellRef, Date, Detail, Finding, Kind, Level, Period, ReporterSource, RowKind, Sheet, Stamp,
    Table, Value,
};
use hebiao::pipeline::{FormFile, FormReader};
use hebiao::read::{Limits, read};
use hebiao::recognise::Recogniser;
use hebiao::report::workbook::form::Form;
use hebiao::scheme::Scheme;
use zip::write::SimpleFileOptions;

use crate::desk::luntai;

/// What is typed into a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Typed {
    Number(String),
    Text(String),
    /// A formula came to this when the file was saved.
    Result(String),
    /// The program that saved the file does not calculate.
    NotCalculated,
}

/// What is typed into a workbook: by sheet and cell.
pub(crate) type Filling = BTreeMap<(String, CellRef), Typed>;

/// The workbook with cells filled in, as a spreadsheet would write it.
pub(crate) fn filled(form: &[u8], filling: &Filling) -> Vec<u8> {
    let names: Vec<String> = sheets(form).into_iter().map(|sheet| sheet.name).collect();
    let mut old = zip::ZipArchive::new(Cursor::new(form)).expect("a workbook");
    let mut new = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for idx in 0..old.len() {
        let mut part = old.by_index(idx).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).expect("the part");
        let sheet = (1..=names.len()).find(|n| name == format!("xl/worksheets/sheet{n}.xml"));
        if let Some(sheet) = sheet {
            let mut xml = String::from_utf8(bytes).expect("UTF-8");
            for ((_, cell), typed) in filling
                .iter()
                .filter(|((name, _), _)| *name == names[sheet - 1])
            {
                xml = with_cell(&xml, *cell, typed);
            }
            bytes = xml.into_bytes();
        }
        new.start_file(name, SimpleFileOptions::default())
            .expect("a part");
        new.write_all(&bytes).expect("the part");
    }
    new.finish().expect("a workbook").into_inner()
}

fn with_cell(xml: &str, at: CellRef, typed: &Typed) -> String {
    let start = xml
        .find(&format!("<c r=\"{at}\""))
        .unwrap_or_else(|| panic!("{at} is not in the form"));
    let tag_end = start + xml[start..].find('>').expect("a tag") + 1;
    let tag = &xml[start..tag_end];
    let end = match tag.ends_with("/>") {
        true => tag_end,
        false => tag_end + xml[tag_end..].find("</c>").expect("a cell") + 4,
    };
    let style = tag
        .split(" s=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let style = style.map_or(String::new(), |style| format!(" s=\"{style}\""));
    let formula = || {
        let cell = &xml[start..end];
        let (from, to) = (cell.find("<f>"), cell.find("</f>"));
        cell[from.expect("a formula")..to.expect("a formula") + 4].to_owned()
    };
    let cell = match typed {
        Typed::Number(number) => format!("<c r=\"{at}\"{style}><v>{number}</v></c>"),
        Typed::Text(text) => {
            format!("<c r=\"{at}\"{style} t=\"inlineStr\"><is><t>{text}</t></is></c>")
        }
        Typed::Result(result) => format!("<c r=\"{at}\"{style}>{}<v>{result}</v></c>", formula()),
        Typed::NotCalculated => format!("<c r=\"{at}\"{style}>{}</c>", formula()),
    };
    format!("{}{cell}{}", &xml[..start], &xml[end..])
}

fn sheets(form: &[u8]) -> Vec<Sheet> {
    read(form, &Limits::default()).expect("a workbook").sheets
}

/// Where the cells of a form's annex are.
struct Places {
    sheet: Sheet,
    columns: Vec<Option<u32>>,
    /// Fixed row → sheet row.
    rows: BTreeMap<usize, u32>,
    first_row: u32,
    total_row: Option<u32>,
}

impl Places {
    fn of(scheme: &Scheme, annex: usize, sheet: Sheet) -> Self {
        let described = &scheme.annexes[annex];
        let (mut layouts, _) = Recogniser::new(scheme).recognise(&"表.xlsx".into(), &sheet);
        assert_eq!(layouts.len(), 1, "{}", sheet.name);
        let layout = layouts.remove(0);
        assert_eq!(layout.annex, annex);
        let body = layout.header_row + described.depth as u32;
        let label = described.total.as_ref().map(|total| {
            let words: Vec<&str> = total.label.split("{count}").collect();
            words[0].to_owned()
        });
        let total_row = label.and_then(|label| {
            let starts = |text: &str| text.starts_with(&label);
            let mut cells = sheet.cells().iter().filter(|cell| cell.at.row >= body);
            let found = cells.find(|cell| cell.text().is_some_and(starts));
            found.map(|cell| cell.at.row)
        });
        let rows = layout.rows.iter();
        Self {
            columns: layout.columns,
            rows: rows
                .filter_map(|row| Some((row.spec?, row.sheet_row)))
                .collect(),
            first_row: body + u32::from(total_row == Some(body)),
            total_row,
            sheet,
        }
    }

    fn formulas(&self) -> impl Iterator<Item = CellRef> {
        let cells = self.sheet.cells().iter();
        cells
            .filter(|cell| cell.formula.is_some())
            .map(|cell| cell.at)
    }
}

/// The plan as its offices returned it.
fn plan(scheme: &Scheme) -> Vec<FormFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("inbox/plan");
    let reader = FormReader::new(scheme, Period::Plan);
    let files = inbox::list(&folder).expect("the sample inbox");
    files
        .iter()
        .map(|file| reader.file(&file.path, &fs::read(&file.source).expect("a file")))
        .collect()
}

/// Everyone who fills in any form.
fn forms(scheme: &Scheme) -> Vec<(usize, Form<'_>)> {
    (0..scheme.reporters.len())
        .filter_map(|reporter| Some((reporter, Form::of(scheme, reporter)?)))
        .collect()
}

/// What is filled in for the plan.
fn plan_forms(scheme: &Scheme) -> Vec<(usize, Form<'_>)> {
    let forms = forms(scheme).into_iter();
    forms
        .filter_map(|(reporter, form)| Some((reporter, form.period(Some(Period::Plan))?)))
        .collect()
}

/// The plan's figures in a reporter's form, without those that formulas work out.
fn filling(scheme: &Scheme, form: &Form<'_>, reporter: usize, plan: &[Table]) -> Filling {
    let bytes = form.write().expect("a form");
    let mut filling = Filling::new();
    for (sheet, &annex) in sheets(&bytes).into_iter().zip(form.annexes()) {
        let described = &scheme.annexes[annex];
        for (label, name) in [
            ("填表人：", "王芳"),
            ("审核人：", "李强"),
            ("填表日期：", "2024-05-31"),
        ] {
            let mut cells = sheet.cells().iter();
            let cell = cells.find(|cell| cell.text() == Some(label));
            if let Some(cell) = cell {
                let signed = Typed::Text(format!("{label}{name}"));
                filling.insert((sheet.name.clone(), cell.at), signed);
            }
        }
        let places = Places::of(scheme, annex, sheet);
        let own = plan.iter();
        let own = own.filter(|table| table.annex == annex && table.reporter == Some(reporter));
        let mut n_registered = 0;
        for row in own.flat_map(|table| &table.rows) {
            let at = match (row.kind, row.spec) {
                // A township may have added a total of its own where the form needs none.
                (RowKind::Total, _) => match places.total_row {
                    Some(row) => row,
                    None => continue,
                },
                (RowKind::Data, Some(spec)) => places.rows[&spec],
                (RowKind::Data, None) => {
                    n_registered += 1;
                    places.first_row + n_registered - 1
                }
            };
            for (leaf, entry) in row.entries.iter().enumerate() {
                let is_key = described.is_key(described.leaves[leaf].column);
                if is_key && (row.spec.is_some() || row.kind == RowKind::Total) {
                    continue;
                }
                let cell = CellRef::new(at, places.columns[leaf].expect("a column"));
                let typed = match &entry.value {
                    Value::Missing => continue,
                    // Where the form shows a percent sign, 40 is kept as 0.4.
                    Value::Amount(amount) if *described.number == *"附件4" => {
                        let hundredth = hebiao::model::Amount::last_digit(2);
                        let share = amount.checked_mul(hundredth).expect("a share");
                        Typed::Number(share.to_string())
                    }
                    Value::Amount(amount) => Typed::Number(amount.to_string()),
                    Value::Date(date) => date_typed(*date),
                    value => Typed::Text(value.to_string()),
                };
                if places.formulas().all(|formula| formula != cell) {
                    filling.insert((places.sheet.name.clone(), cell), typed);
                }
            }
        }
    }
    filling
}

/// As a spreadsheet keeps a date; a month without a day is text.
fn date_typed(date: Date) -> Typed {
    let (Some(month), Some(day)) = (date.month, date.day) else {
        let month = date.month.map(|month| format!("{month}月"));
        return Typed::Text(format!("{}年{}", date.year, month.unwrap_or_default()));
    };
    // Days since 1899-12-30, by the civil calendar.
    let (year, month) = match month {
        1 | 2 => (i64::from(date.year) - 1, i64::from(month) + 12),
        _ => (i64::from(date.year), i64::from(month)),
    };
    let days = 365 * year + year / 4 - year / 100
        + year / 400
        + (153 * (month - 3) + 2) / 5
        + i64::from(day);
    Typed::Number((days - 693_900).to_string())
}

fn read_back(scheme: &Scheme, name: &str, bytes: &[u8]) -> FormFile {
    FormReader::new(scheme, None::<Period>).file(&Arc::from(name), bytes)
}

/// What tables say: by annex, row and column. A reporter's own total is left out where the plan has none.
fn observations(scheme: &Scheme, tables: &[Table], with_totals: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for table in tables {
        let annex = &scheme.annexes[table.annex];
        let has_data = table.rows.iter().any(|row| row.kind == RowKind::Data);
        for row in &table.rows {
            if row.kind == RowKind::Total && has_data && !with_totals {
                continue;
            }
            for (leaf, entry) in row.entries.iter().enumerate() {
                let value = match &entry.value {
                    Value::Missing => continue,
                    Value::Amount(amount) => amount.normalised().to_string(),
                    value => value.to_string(),
                };
                lines.push(format!(
                    "{} {:?} {:?} {} {:?} {:?} {} = {value}",
                    annex.number,
                    table.reporter,
                    row.kind,
                    row.name(),
                    row.year,
                    row.reporter,
                    annex.leaves[leaf].path.join("/").replace('\n', ""),
                ));
            }
        }
    }
    lines.sort();
    lines
}

/// What is said of the figures themselves, wherever they stand.
fn said(findings: &[Finding]) -> Vec<String> {
    let mut lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            format!(
                "{} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                finding.level,
                finding.kind,
                finding.rule,
                finding.annex,
                finding.reporter,
                finding.row,
                finding.year,
                finding.given.as_deref().map(normalised),
                finding.expected.as_deref().map(normalised),
            )
        })
        .collect();
    lines.sort();
    lines
}

fn normalised(figure: &str) -> String {
    let amount: Result<hebiao::model::Amount, ()> = figure.parse();
    amount.map_or(figure.to_owned(), |amount| amount.normalised().to_string())
}

/// Text numbers and the like: how forms were filled in, not what they say.
fn is_habit(finding: &Finding) -> bool {
    matches!(
        finding.kind,
        Kind::ReadAs | Kind::UnexpectedColumn | Kind::Alias
    )
}

#[test]
fn the_plan_goes_through_blank_forms_unchanged() {
    let scheme = luntai();
    let plan = plan(scheme);
    let plan_tables: Vec<Table> = plan.iter().flat_map(|file| file.tables.clone()).collect();
    let (mut typed_in, mut by_program) = (Vec::new(), Vec::new());
    for (reporter, form) in plan_forms(scheme) {
        let name = &scheme.reporters[reporter].name;
        let file = format!("{name}.xlsx");
        let blank = form.write().expect("a form");
        let mut figures = filling(scheme, &form, reporter, &plan_tables);
        let formulas: Vec<(String, CellRef)> = sheets(&blank)
            .iter()
            .flat_map(|sheet| {
                let cells = sheet.cells().iter().filter(|cell| cell.formula.is_some());
                cells.map(|cell| (sheet.name.clone(), cell.at))
            })
            .collect();
        // What a program leaves that fills in cells and does not calculate, and what each formula comes to.
        let mut uncalculated = figures.clone();
        let not = formulas.iter().cloned();
        uncalculated.extend(not.map(|cell| (cell, Typed::NotCalculated)));
        let computed = read_back(scheme, &file, &filled(&blank, &uncalculated));
        // What Excel or WPS leaves: the same, with what each formula came to.
        for cell in &formulas {
            if let Some(came_to) = value_at(&computed.tables, cell) {
                figures.insert(cell.clone(), Typed::Result(came_to));
            }
        }
        typed_in.push(read_back(scheme, &file, &filled(&blank, &figures)));
        by_program.push(computed);
    }
    let tables = |files: &[FormFile]| -> Vec<Table> {
        files.iter().flat_map(|file| file.tables.clone()).collect()
    };
    let wanted = observations(scheme, &plan_tables, false);
    assert_eq!(observations(scheme, &tables(&typed_in), false), wanted);
    assert_eq!(observations(scheme, &tables(&by_program), false), wanted);

    let findings = |files: &[FormFile]| -> Vec<Finding> {
        let own = files.iter().flat_map(|file| {
            let checked = file.checked.iter().flat_map(|one| &one.findings);
            file.findings.iter().chain(checked).cloned()
        });
        let own: Vec<Finding> = own.collect();
        let county = check_county(scheme, &tables(files)).findings;
        own.into_iter().chain(county).collect()
    };
    let of_the_plan: Vec<Finding> = findings(&plan)
        .into_iter()
        .filter(|finding| !is_habit(finding))
        .collect();
    assert!(!of_the_plan.is_empty());
    assert_eq!(said(&findings(&typed_in)), said(&of_the_plan));
    // Sums that were added up here are said, as hints, and nothing else is.
    let (added_up, others): (Vec<Finding>, Vec<Finding>) = findings(&by_program)
        .into_iter()
        .partition(|finding| finding.kind == Kind::FormulaError);
    assert_eq!(said(&others), said(&of_the_plan));
    assert!(added_up.iter().all(|finding| finding.level == Level::Hint));
}

/// What a cell was read as.
fn value_at(tables: &[Table], (sheet, cell): &(String, CellRef)) -> Option<String> {
    let tables = tables.iter().filter(|table| *table.sheet == **sheet);
    tables
        .flat_map(|table| table.rows.iter().map(move |row| (table, row)))
        .find_map(|(table, row)| {
            let leaf = (0..row.entries.len()).find(|&leaf| table.cell(row, leaf) == Some(*cell))?;
            row.entries[leaf]
                .value
                .amount()
                .map(|amount| amount.normalised().to_string())
        })
}

#[test]
fn a_form_returned_blank_is_said_to_be_blank_and_nothing_else() {
    let scheme = luntai();
    for (reporter, form) in forms(scheme) {
        let name = &scheme.reporters[reporter].name;
        let bytes = form.write().expect("a form");
        let formulas: Filling = sheets(&bytes)
            .iter()
            .flat_map(|sheet| {
                let cells = sheet.cells().iter().filter(|cell| cell.formula.is_some());
                cells.map(|cell| ((sheet.name.clone(), cell.at), Typed::NotCalculated))
            })
            .collect();
        for bytes in [&bytes, &filled(&bytes, &formulas)] {
            let read = read_back(scheme, "1.xlsx", bytes);
            let found: Vec<(&str, Level)> = read
                .findings
                .iter()
                .chain(read.checked.iter().flat_map(|one| &one.findings))
                .map(|finding| {
                    assert_eq!(finding.detail, Detail::BlankForm, "{name}: {finding:?}");
                    assert_eq!(finding.reporter.as_ref(), Some(name));
                    (finding.annex.as_deref().expect("an annex"), finding.level)
                })
                .collect();
            let wanted: Vec<(&str, Level)> = form
                .annexes()
                .iter()
                .map(|&annex| {
                    let annex = &scheme.annexes[annex];
                    // Nobody must have something to tell of a task every month.
                    let owes = !annex.rows.fixed().is_empty()
                        && &*annex.number != "台账"
                        && scheme.reporters_of(annex).contains(&reporter);
                    let level = if owes {
                        Level::Mandatory
                    } else {
                        Level::Verification
                    };
                    (&*annex.number, level)
                })
                .collect();
            assert_eq!(found, wanted, "{name}");
        }
    }
}

#[test]
fn every_annex_and_every_row_is_in_some_form() {
    let scheme = luntai();
    let mut seen = vec![Vec::new(); scheme.annexes.len()];
    for (_, form) in forms(scheme) {
        let sheets = sheets(&form.write().expect("a form"));
        assert_eq!(sheets.len(), form.annexes().len() + 1);
        assert_eq!(sheets[sheets.len() - 1].name, "填表说明");
        for (sheet, &annex) in sheets.into_iter().zip(form.annexes()) {
            seen[annex].extend(Places::of(scheme, annex, sheet).rows.into_keys());
        }
    }
    for (annex, seen) in scheme.annexes.iter().zip(&mut seen) {
        seen.sort_unstable();
        // A task with two lead offices is in the forms of both.
        let n_shared = annex
            .rows
            .fixed()
            .iter()
            .filter(|row| row.reporters.len() == 2);
        let n_shared = n_shared.count();
        assert_eq!(n_shared, if &*annex.number == "台账" { 2 } else { 0 });
        let n_seen = seen.len();
        seen.dedup();
        assert_eq!(seen.len() + n_shared, n_seen);
        let all: Vec<usize> = (0..annex.rows.fixed().len()).collect();
        assert_eq!(*seen, all, "{}", annex.number);
    }
}

fn form_of<'s>(scheme: &'s Scheme, name: &str) -> Form<'s> {
    let reporter = scheme.roster.find(name).expect(name).reporter;
    Form::of(scheme, reporter).expect("forms")
}

#[test]
fn a_row_left_blank_beside_others_is_named() {
    let scheme = luntai();
    let form = form_of(scheme, "县住建局").only(&[scheme.annex("附件2.1").expect("附件2.1")]);
    let bytes = form.expect("附件2.1").write().expect("a form");
    let filling: Filling = [("B5", "1"), ("C5", "2"), ("D5", "3"), ("E5", "4")]
        .into_iter()
        .map(|(cell, figure)| {
            let cell = cell.parse().expect("an address");
            (
                ("附件2.1".to_owned(), cell),
                Typed::Number(figure.to_owned()),
            )
        })
        .collect();
    let read = read_back(scheme, "1.xlsx", &filled(&bytes, &filling));
    let found: Vec<(Option<&str>, &Detail)> = read
        .findings
        .iter()
        .filter(|finding| finding.kind == Kind::MissingRow)
        .map(|finding| (finding.row.as_deref(), &finding.detail))
        .collect();
    let blank = |label: &str| Detail::BlankRow {
        label: label.to_owned(),
    };
    assert_eq!(
        found,
        [
            (Some("2024年"), &blank("2024年")),
            (Some("2025年"), &blank("2025年"))
        ]
    );
    // The blank that the totals came to before is not believed where there is something to add up.
    let total = value_at(
        &read.tables,
        &("附件2.1".to_owned(), "F5".parse().expect("F5")),
    );
    assert_eq!(total.as_deref(), Some("10"));
}

#[test]
fn the_stamp_tells_an_old_form_and_whom_it_was_made_for() {
    let scheme = luntai();
    let bytes = form_of(scheme, "轮台镇")
        .period(Period::parse("2023-05"))
        .expect("forms for a month")
        .write()
        .expect("a form");
    let properties = read(&bytes, &Limits::default()).expect("a form").properties;
    let stamp = Stamp::of_properties(&properties).expect("a stamp");
    assert_eq!(stamp.scheme, "luntai-2023-2025");
    assert_eq!(stamp.fingerprint, scheme.fingerprint);
    let numbers: Vec<&str> = stamp.annexes.iter().map(|(number, _)| &**number).collect();
    assert_eq!(numbers, ["附件3", "附件6.2", "附件7"]);
    assert_eq!(stamp.period.as_deref(), Some("2023-05"));
    assert_eq!(stamp.version, env!("CARGO_PKG_VERSION"));
    let code = &scheme.reporters[scheme.roster.find("轮台镇").expect("轮台镇").reporter].code;
    assert_eq!(stamp.reporter, **code);

    // A rule that was changed makes no form useless; a header that was changed does.
    let mut later = scheme.clone();
    later.fingerprint = "f".repeat(64);
    let old_in = |scheme: &Scheme| -> Vec<Finding> {
        let read = read_back(scheme, "1.xlsx", &bytes);
        let of_kind = |finding: &Finding| finding.kind == Kind::OldForm;
        read.findings.into_iter().filter(of_kind).collect()
    };
    assert_eq!(old_in(&later), []);
    let annex = later.annex("附件6.2").expect("an annex");
    let leaf = later.annexes[annex].leaves.last_mut().expect("a column");
    leaf.path = vec!["说明".to_owned()];
    let old = old_in(&later);
    let [old] = &old[..] else { panic!("{old:?}") };
    assert_eq!(old.level, Level::Hint);
    assert_eq!(old.annex.as_deref(), Some("附件6.2"));
    assert_eq!(old.given.as_deref(), Some(&*stamp.annexes[1].1));
    assert_ne!(old.given, old.expected);

    // The line that says who fills it in was emptied, and nothing else tells.
    let mut filling = Filling::new();
    for (sheet, cell) in [("附件3", "A4"), ("附件6.2", "A4"), ("附件7", "A4")] {
        let cell = cell.parse().expect("an address");
        filling.insert(
            (sheet.to_owned(), cell),
            Typed::Text("填报单位：".to_owned()),
        );
    }
    let read = read_back(scheme, "1.xlsx", &filled(&bytes, &filling));
    let found: Vec<Option<ReporterSource>> = read
        .record
        .tables
        .iter()
        .map(|table| table.found_by)
        .collect();
    assert_eq!(found, [Some(ReporterSource::Stamp); 3]);
    // 填报单位 on the form is believed before the stamp, which nobody sees.
    for typed in filling.values_mut() {
        *typed = Typed::Text("填报单位：轮南镇".to_owned());
    }
    let read = read_back(scheme, "1.xlsx", &filled(&bytes, &filling));
    assert_eq!(read.record.tables[0].found_by, Some(ReporterSource::Form));
    assert!(
        read.findings.iter().all(
            |finding| finding.kind == Kind::MissingRow || finding.kind == Kind::UnknownReporter
        ),
        "{:?}",
        read.findings
    );
}

#[test]
fn a_form_asks_while_it_is_filled_in_and_keeps_the_rest_as_it_is() {
    let scheme = luntai();
    let form = form_of(scheme, "巴州生态环境局轮台县分局");
    let bytes = form.write().expect("a form");
    assert!(
        bytes == form.write().expect("a form"),
        "made twice, it differs"
    );
    let xml = |n: usize| part(&bytes, &format!("xl/worksheets/sheet{n}.xml"));
    for n in 1..=6 {
        assert!(xml(n).contains("<sheetProtection sheet=\"1\""), "{n}");
        assert!(!xml(n).contains("password"), "{n}");
    }
    // 附件1: shares between 0 and 100, concentrations not negative; － fits everywhere.
    let air = xml(1);
    for part in [
        "<dataValidation type=\"custom\" allowBlank=\"1\" showInputMessage=\"1\" showErrorMessage=\"1\" errorTitle=\"请改正\"",
        "<formula1>OR(AND(ISNUMBER(B6),B6&gt;=0,B6&lt;=100),B6=\"－\",B6=\"—\",B6=\"-\",B6=\"/\")</formula1>",
        "<formula1>OR(AND(ISNUMBER(E6),E6&gt;=0),E6=\"－\",E6=\"—\",E6=\"-\",E6=\"/\")</formula1>",
        "prompt=\"单位：%，取整数。&#xA;优良率、重污染天数比例是百分数，应在0到100之间。&#xA;没有数的填 0，不适用的填“－”。\"",
        "error=\"浓度不能是负数。此处只填数字；不适用的填“－”。\"",
    ] {
        assert!(air.contains(part), "{part}\n{air}");
    }
    // 附件6: a list; dates of the plan's years are questioned, not refused, for a month may be all that is known.
    let boilers = xml(3);
    for part in [
        "<formula1>\"是,否\"</formula1>",
        "type=\"date\" errorStyle=\"warning\"",
    ] {
        assert!(boilers.contains(part), "{part}\n{boilers}");
    }
    // 附件6.1: twenty digits, kept as text.
    assert!(xml(4).contains("type=\"textLength\" operator=\"equal\""));
}

#[test]
fn the_guide_says_what_will_be_asked_of_the_figures() {
    let scheme = luntai();
    let sheets = sheets(&form_of(scheme, "县林草局").write().expect("a form"));
    let guide = &sheets[sheets.len() - 1];
    let texts: Vec<&str> = guide
        .cells()
        .iter()
        .filter_map(|cell| cell.text())
        .collect();
    for line in [
        "轮台县2023-2025年造林绿化任务指导性计划表（填“全县合计”一行，单位：亩）",
        "三年合计应等于2023、2024、2025年度之和。（A3-01）",
        "有面积就应有投资金额，有投资金额就应有面积。（A5-02）",
    ] {
        assert!(texts.contains(&line), "{line}\n{texts:#?}");
    }
    let asked = |form: Form<'_>| -> String {
        let sheets = crate::blank_form::sheets(&form.write().expect("a form"));
        let cells = sheets[sheets.len() - 1].cells();
        cells.iter().filter_map(|cell| cell.text()).collect()
    };
    let of = |period: &str| {
        let period = Period::parse(period).expect("a period");
        asked(
            form_of(scheme, "轮台镇")
                .period(Some(period))
                .expect("forms"),
        )
    };
    // What is held against earlier months is no matter of the plan's forms, and the county's row no township's.
    assert!(of("2024-05").contains("A3-04") && !of("plan").contains("A3-04"));
    assert!(!of("2024-05").contains("A3-06") && !of("2024-05").contains("A7-09"));
    let county = asked(form_of(scheme, "县林草局"));
    assert!(county.contains("A3-06"), "{county}");
    // A township is not told what is asked of the county.
    let sheets = crate::blank_form::sheets(&form_of(scheme, "轮台镇").write().expect("a form"));
    let guide = &sheets[sheets.len() - 1];
    let county =
        |text: &str| text.contains("A3-02") || text.contains("A7-06") || text.contains("X-01");
    assert!(
        !guide
            .cells()
            .iter()
            .filter_map(|cell| cell.text())
            .any(county)
    );
}

fn part(workbook: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).expect("a workbook");
    let mut text = String::new();
    let mut part = archive.by_name(name).expect(name);
    part.read_to_string(&mut text).expect("UTF-8");
    text
}

/// A folder of its own, gone when the test ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn hebiao_form(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, Vec<String>) {
    let output = Command::new(env!("CARGO_BIN_EXE_hebiao"))
        .arg("form")
        .args(arguments)
        .arg("-o")
        .arg(&folder.0)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    let mut files: Vec<String> = fs::read_dir(&folder.0)
        .into_iter()
        .flatten()
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
    (output.status.code(), said, files)
}

#[cfg(target_os = "linux")]
#[test]
fn more_forms_are_made_than_files_may_be_open() {
    let folder = std::env::temp_dir().join(format!("hebiao-open-files-{}", std::process::id()));
    let folder = Folder(folder);
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 20; exec \"$0\" form -o \"$1\""])
        .arg(env!("CARGO_BIN_EXE_hebiao"))
        .arg(&folder.0)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let made = fs::read_dir(&folder.0).expect("the forms").count();
    assert_eq!(made, forms(luntai()).len());
    assert!(made > 20, "{made}");
}

#[test]
fn forms_are_made_for_those_asked_for_and_never_replaced_unasked() {
    let folder = std::env::temp_dir().join(format!("hebiao-forms-{}", std::process::id()));
    let folder = Folder(folder);
    let (code, said, files) = hebiao_form(
        &folder,
        &["3", "--reporter", "轮台镇", "--reporter", "县林草局"],
    );
    assert_eq!((code, files.len()), (Some(0), 2), "{said}");
    assert_eq!(files, ["县林草局-附件3.xlsx", "轮台镇-附件3.xlsx"]);
    let before = fs::read(folder.0.join("轮台镇-附件3.xlsx")).expect("a form");
    let (code, said, _) = hebiao_form(&folder, &["附件3", "--period", "2024-06"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("已有，没有覆盖（要覆盖请加 --force）"),
        "{said}"
    );
    assert_eq!(
        fs::read(folder.0.join("轮台镇-附件3.xlsx")).expect("a form"),
        before
    );
    let (code, _, files) = hebiao_form(&folder, &["附件3", "--period", "2024-06", "--force"]);
    assert_eq!((code, files.len()), (Some(0), 12));
    assert_ne!(
        fs::read(folder.0.join("轮台镇-附件3.xlsx")).expect("a form"),
        before
    );
    let (code, _, files) = hebiao_form(&folder, &[]);
    assert_eq!((code, files.len()), (Some(0), 12 + 22), "{files:?}");
    for (arguments, wanted) in [
        (
            ["附件9", "--reporter", "轮台镇"],
            "没有“附件9”，有的是附件1、附件1.1",
        ),
        (["附件3", "--reporter", "东河镇"], "名册中没有“东河镇”"),
        (["附件1", "--reporter", "轮台镇"], "轮台镇不填报这些附件"),
        (
            ["附件1", "--period", "五月"],
            "报告期应为 plan 或月份（如 2024-05），写的是“五月”",
        ),
    ] {
        let (code, said, _) = hebiao_form(&folder, &arguments);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(wanted), "{said}");
    }
}

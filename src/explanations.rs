//! What reporters wrote about findings: read back from the sheet 审核说明 of an annotated copy.
//!
//! The sheet is known by a marker in its header, not by its name, so it is found after it was renamed
//! or moved, and no other sheet is taken for it. Each finding has a key of what it is about, not of
//! where it stands: rule or kind, annex, row, column and year. So an explanation still finds its
//! finding after rows were inserted, and in the next file that the reporter sends. A cause has the keys of all that
//! fails because of it as well: it may be told as that tomorrow, or may have been yesterday. The period is written beside
//! the key: a form is often made from last month's, and the reasons that were given then stand in it still.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::{
    CellRef, Detail, Finding, Kind, Level, Period, Place, Sheet, Workbook, is_explanation,
};

/// Heads the hidden column of keys.
pub(crate) const KEY_HEADER: &str = "hebiao:key";
/// Heads the hidden column of what marked cells looked like before.
pub(crate) const MARK_HEADER: &str = "hebiao:mark";
/// Stands before the key of a finding that is gone.
pub(crate) const RETIRED: &str = "gone:";

/// Rule or kind, annex, row, column and year.
const KEY_PARTS: usize = 5;

/// How far down the header may have been moved.
const LAST_HEADER_ROW: u32 = 40;

/// One explanation, as a reporter wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The keys of its finding, and of what that explains; see [`keys`].
    pub keys: Vec<String>,
    /// The period of its finding, where that was known.
    pub period: Option<Period>,
    /// The text.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// What the sheet says that it is about.
    pub about: String,
    /// Its finding was gone already when the sheet was written.
    pub is_retired: bool,
}

impl Explanation {
    /// Whether it is about a period. Where either is not known, nothing speaks against it.
    pub(crate) fn is_of(&self, period: Option<Period>) -> bool {
        self.period.is_none() || period.is_none() || self.period == period
    }
}

/// Keys as they stand in the sheet, a line each, with their period.
pub(crate) fn written(keys: &[String], period: Option<Period>) -> String {
    let period = period.map_or(String::new(), |period| period.to_string());
    let lines = keys.iter().map(|key| format!("{key}|{period}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The other way round; copies made by earlier versions have no period.
fn read_key(written: &str) -> (&str, Option<Period>) {
    match written.rsplit_once('|') {
        Some((key, period)) if key.matches('|').count() >= KEY_PARTS - 1 => {
            (key, Period::parse(period))
        }
        _ => (written, None),
    }
}

/// Where the columns of a sheet 审核说明 stand.
pub(crate) struct Columns {
    pub(crate) header_row: u32,
    pub(crate) key: u32,
    pub(crate) mark: Option<u32>,
    text: Option<u32>,
    about: Vec<u32>,
}

impl Columns {
    /// The columns, if the sheet is one of ours.
    pub(crate) fn find(sheet: &Sheet) -> Option<Self> {
        let rows = sheet.rows().take_while(|(row, _)| *row <= LAST_HEADER_ROW);
        for (header_row, cells) in rows {
            let headed = |names: &[&str]| {
                let headed = |text: &str| names.contains(&text.trim());
                let cell = cells.iter().find(|cell| cell.text().is_some_and(headed));
                cell.map(|cell| cell.at.col)
            };
            let Some(key) = headed(&[KEY_HEADER]) else {
                continue;
            };
            return Some(Self {
                header_row,
                key,
                mark: headed(&[MARK_HEADER]),
                text: headed(&["说明", "Explanation"]),
                about: [headed(&["位置", "Place"]), headed(&["问题", "Finding"])]
                    .into_iter()
                    .flatten()
                    .collect(),
            });
        }
        None
    }
}

/// Whether a sheet is our own 审核说明, and so no form.
pub fn is_ours(sheet: &Sheet) -> bool {
    Columns::find(sheet).is_some()
}

/// Everything that a reporter wrote into the sheets 审核说明 of a workbook. `file` is its path.
pub fn explanations(workbook: &Workbook, file: &Arc<str>) -> Vec<Explanation> {
    let mut found = Vec::new();
    for sheet in &workbook.sheets {
        let Some(columns) = Columns::find(sheet) else {
            continue;
        };
        let name: Arc<str> = sheet.name.as_str().into();
        let Some(text_column) = columns.text else {
            continue;
        };
        for (row, _) in sheet.rows() {
            let text_of = |col| text_at(sheet, CellRef::new(row, col));
            let at = CellRef::new(row, text_column);
            if row <= columns.header_row {
                continue;
            }
            let (Some(key), Some(text)) = (text_of(columns.key), text_at(sheet, at)) else {
                continue;
            };
            let about: Vec<String> = columns
                .about
                .iter()
                .filter_map(|col| text_of(*col))
                .collect();
            let bare = key.strip_prefix(RETIRED);
            let lines = bare.unwrap_or(&key).lines().map(read_key);
            let (keys, periods): (Vec<&str>, Vec<Option<Period>>) = lines.unzip();
            let period = periods.first().copied().flatten();
            found.push(Explanation {
                keys: keys.into_iter().map(str::to_owned).collect(),
                period,
                text,
                place: Place::sheet(file, &name, Some(at)),
                about: about.join("，"),
                is_retired: bare.is_some(),
            });
        }
    }
    found
}

fn text_at(sheet: &Sheet, at: CellRef) -> Option<String> {
    use crate::model::CellValue;
    let text = match &sheet.get(at)?.value {
        CellValue::Text(text) => text.trim().to_owned(),
        CellValue::Number(number) => number.to_string(),
        CellValue::Date(date) => date.to_string(),
        CellValue::Bool(_) | CellValue::Error(_) | CellValue::NotCalculated => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The keys of findings, in their order: `A7-02|附件7|迪那河灌区·轮台镇|用水总量|2023`. Of several with one
/// key in a file, the second has `#2` behind it. Each has its own first, then those of what fails because of it.
pub fn keys<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Vec<String>> {
    let mut seen: HashMap<(Option<&str>, String), usize> = HashMap::new();
    let mut keys = Vec::new();
    for finding in findings {
        let file = finding.place.as_ref().map(|place| &*place.file);
        let all = std::iter::once(finding).chain(finding.explains());
        let all = all.map(|finding| {
            let key = key(finding);
            let count = seen.entry((file, key.clone())).or_default();
            *count += 1;
            match *count {
                1 => key,
                n => format!("{key}#{n}"),
            }
        });
        keys.push(all.collect());
    }
    keys
}

fn key(finding: &Finding) -> String {
    let cell = || {
        let place = finding.place.as_ref()?;
        Some(format!("@{}", place.cell?))
    };
    let row = finding.row.as_deref().map(str::to_owned);
    let parts: [Option<String>; KEY_PARTS] = [
        Some(
            finding
                .rule
                .as_deref()
                .unwrap_or(finding.kind.name())
                .to_owned(),
        ),
        finding.annex.as_deref().map(str::to_owned),
        // What is about no row and no column is known by its cell.
        match (&row, &finding.column) {
            (None, None) => cell(),
            _ => row,
        },
        finding.column.as_deref().map(str::to_owned),
        finding.year.map(|year| year.to_string()),
    ];
    let parts = parts.map(|part| {
        let part = part.unwrap_or_default();
        let words: Vec<&str> = part.split_whitespace().collect();
        words.join(" ").replace('|', "/")
    });
    parts.join("|")
}

/// Explanations by the file and the keys that they are about.
pub(crate) struct ByKey<'e> {
    by_file: HashMap<Arc<str>, HashMap<&'e str, Vec<&'e Explanation>>>,
    /// Those that were taken, by their places.
    taken: HashSet<&'e Place>,
    all: &'e [Explanation],
}

impl<'e> ByKey<'e> {
    pub(crate) fn of(explanations: &'e [Explanation]) -> Self {
        let mut by_file: HashMap<Arc<str>, HashMap<&str, Vec<_>>> = HashMap::new();
        for explanation in explanations {
            let by_key = by_file.entry(explanation.place.file.clone()).or_default();
            for key in &explanation.keys {
                by_key.entry(key).or_default().push(explanation);
            }
        }
        Self {
            by_file,
            taken: HashSet::new(),
            all: explanations,
        }
    }

    /// Takes out what was written about a finding of a period: about itself, else about what fails because of it. What
    /// stands with a finding goes before what is kept of one that was gone.
    pub(crate) fn take(
        &mut self,
        file: &str,
        keys: &[String],
        period: Option<Period>,
    ) -> Vec<&'e Explanation> {
        let Some(by_key) = self.by_file.get_mut(file) else {
            return Vec::new();
        };
        let mut all: Vec<&Explanation> = Vec::new();
        for key in keys {
            let Some(written) = by_key.get_mut(&**key) else {
                continue;
            };
            let fitting = written.iter().filter(|one| one.is_of(period));
            let taken = fitting.min_by_key(|one| one.is_retired).copied();
            let of_period = written.extract_if(.., |one| one.is_of(period));
            self.taken.extend(of_period.map(|one| &one.place));
            // Two relations of one cause were often explained in the same words.
            all.extend(taken.filter(|one| all.iter().all(|known| known.text != one.text)));
        }
        all
    }

    /// What was not taken, in order.
    pub(crate) fn left(self) -> impl Iterator<Item = &'e Explanation> {
        let taken = self.taken;
        let all = self.all.iter();
        all.filter(move |one| !taken.contains(&one.place))
    }
}

/// What was written about one finding, in one text.
pub(crate) fn text_of(written: &[&Explanation]) -> Option<String> {
    let texts: Vec<&str> = written.iter().map(|one| &*one.text).collect();
    (!texts.is_empty()).then(|| texts.join("；"))
}

/// Gives findings the explanations that were written about them, and returns what is to be said of the
/// explanations themselves: hints, since a finding that lacks one is open anyway.
pub fn apply_explanations(findings: &mut [Finding], explanations: &[Explanation]) -> Vec<Finding> {
    let keys = keys(findings.iter());
    let mut written = ByKey::of(explanations);
    let mut noticed = Vec::new();
    let mut used: HashMap<Arc<str>, Vec<&Explanation>> = HashMap::new();
    let mut found: HashSet<(Arc<str>, &str)> = HashSet::new();
    for (finding, keys) in findings.iter_mut().zip(&keys) {
        let Some(file) = finding.place.as_ref().map(|place| place.file.clone()) else {
            continue;
        };
        found.extend(keys.iter().map(|key| (file.clone(), &**key)));
        let taken = written.take(&file, keys, finding.period);
        let (Some(&first), Some(text)) = (taken.first(), text_of(&taken)) else {
            continue;
        };
        if finding.level < Level::Hint {
            if !is_explanation(&text) {
                noticed.push(about(first, Detail::TooShort));
            }
            let used = used.entry(file).or_default();
            if used.iter().all(|known| known.place != first.place) {
                used.push(first);
            }
        }
        finding.explanation = Some(text);
    }
    for explanation in written.left().filter(|one| !one.is_retired) {
        let said = explanation.about.clone();
        let file = &explanation.place.file;
        let mut keys = explanation.keys.iter();
        let still_found = keys.any(|key| found.contains(&(file.clone(), &**key)));
        let detail = match explanation.period.filter(|_| still_found) {
            Some(period) => Detail::OfOtherPeriod {
                period,
                about: said,
            },
            None => Detail::NoLongerNeeded { about: said },
        };
        noticed.push(about(explanation, detail));
    }
    for written in used.into_values() {
        // Two findings often have one reason; a whole form seldom has.
        const FROM: usize = 3;
        let first = written[0];
        if written.len() >= FROM && written.iter().all(|one| one.text == first.text) {
            let detail = Detail::RepeatedText {
                n_findings: written.len(),
            };
            noticed.push(about(first, detail));
        }
    }
    noticed.sort_by(|a, b| a.place.cmp(&b.place).then(order(a).cmp(&order(b))));
    noticed
}

fn order(finding: &Finding) -> bool {
    matches!(finding.detail, Detail::RepeatedText { .. })
}

fn about(explanation: &Explanation, detail: Detail) -> Finding {
    Finding::new(Kind::Explanation, Level::Hint, detail)
        .at(explanation.place.clone())
        .given(&*explanation.text)
}

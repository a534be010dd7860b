//! Anything told to the user about the data, from any stage.
//!
//! A finding carries facts; the words are chosen in `report`.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Amount, CellRef, Cells, Detail, Kind, Period, Proof, Suspect, is_unseen};

/// One thing to tell the user about the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's id, where a rule found it.
    pub rule: Option<Arc<str>>,
    /// What kind of fault it is.
    pub kind: Kind,
    /// How serious it is.
    pub level: Level,
    /// Number of the annex: 附件7.
    pub annex: Option<Arc<str>>,
    /// Name of the reporter.
    pub reporter: Option<Arc<str>>,
    /// Row by its key, or the label of the total row.
    pub row: Option<Box<str>>,
    /// Name of the column.
    pub column: Option<Box<str>>,
    /// Year of the figure.
    pub year: Option<u16>,
    /// The period that its return is about, where that is known: what was written about an earlier period's
    /// finding does not explain it.
    pub period: Option<Period>,
    /// Where it is; `None` for what is nowhere, such as a form not returned.
    pub place: Option<Place>,
    /// The other cells concerned.
    pub cells: Cells,
    /// What stands there.
    pub given: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// `given − expected`.
    pub difference: Option<Amount>,
    /// How far off rounding alone could put it.
    pub tolerance: Option<Amount>,
    /// The unit that the four above are in, where they are figures with one.
    pub unit: Option<Arc<str>>,
    /// What the words are made of.
    pub detail: Detail,
    /// Cells that would explain it if they were wrong, the likeliest first.
    pub suspects: Vec<Suspect>,
    /// What shows that what was expected, or read, is meant.
    pub proofs: Vec<Proof>,
    /// What the reporter wrote about it.
    pub explanation: Option<String>,
}

/// A place in a return.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Path relative to the inbox.
    pub file: Arc<str>,
    /// Sheet, where the file has any.
    pub sheet: Option<Arc<str>>,
    /// Cell, where it is about one.
    pub cell: Option<CellRef>,
}

/// 审核级别, the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// 强制: must be put right.
    Mandatory,
    /// 准强制: passes with an explanation that the county accepts.
    QuasiMandatory,
    /// 核实: needs an explanation.
    Verification,
    /// 提示: worth knowing.
    Hint,
}

/// Who has to do something about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// Correct it, or explain it.
    Reporter,
    /// Accept what the reporter wrote about it.
    County,
}

/// What is to become of a return, by its findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// 可以报送.
    Acceptable,
    /// 需说明: something has to be put right or explained.
    ToExplain,
    /// 须改正: something has to be put right.
    ToCorrect,
}

impl Finding {
    /// A finding with nothing but its kind, level and facts.
    pub fn new(kind: Kind, level: Level, detail: Detail) -> Self {
        Self {
            rule: None,
            kind,
            level,
            annex: None,
            reporter: None,
            row: None,
            column: None,
            year: None,
            period: None,
            place: None,
            cells: Cells::new(),
            given: None,
            expected: None,
            difference: None,
            tolerance: None,
            unit: None,
            detail,
            suspects: Vec::new(),
            proofs: Vec::new(),
            explanation: None,
        }
    }

    /// The same, at `place`.
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same, saying what stands there.
    pub fn given(mut self, given: impl Into<String>) -> Self {
        self.given = Some(given.into());
        self
    }

    /// The same, saying what was expected.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// What fails because of it and is not told by itself.
    pub fn explains(&self) -> &[Self] {
        match &self.detail {
            Detail::Miswritten { explains }
            | Detail::UnitSlip { explains, .. }
            | Detail::Shifted { explains, .. } => explains,
            Detail::Guard(guard) => guard.explains(),
            _ => &[],
        }
    }

    /// The cells one of which is wrong, where nothing tells which. A promise of the plan that is not kept makes no
    /// figure wrong.
    pub fn candidates(&self) -> impl Iterator<Item = &Suspect> {
        let asks = self.kind != Kind::Target;
        let is_candidate = move |suspect: &&Suspect| asks && suspect.is_tied();
        self.suspects.iter().filter(is_candidate)
    }

    /// Whether one of several cells is wrong and nothing tells which.
    pub fn is_tie(&self) -> bool {
        self.candidates().next().is_some()
    }

    /// Findings by the file that they are in, those of no file left out.
    pub fn by_file(findings: &[Self]) -> HashMap<&str, Vec<&Self>> {
        let mut by_file: HashMap<&str, Vec<&Self>> = HashMap::new();
        for finding in findings {
            if let Some(place) = &finding.place {
                by_file.entry(&place.file).or_default().push(finding);
            }
        }
        by_file
    }

    /// Lets `change` see every place that it names: its own, those of its figures and of its suspects.
    pub fn change_places(&mut self, change: &mut dyn FnMut(&mut Place)) {
        self.place.iter_mut().for_each(&mut *change);
        self.cells.change_places(change);
        self.detail.change_places(change);
        for suspect in &mut self.suspects {
            suspect.change_places(change);
        }
        let proofs = self.proofs.iter_mut().filter_map(|it| it.place.as_mut());
        proofs.for_each(change);
    }

    /// Cuts what it quotes of a return to what a sentence takes: a cell may hold a whole page. Of many cells it makes
    /// ranges.
    pub fn shorten(&mut self) {
        self.cells.join();
        let quoted = self.given.iter_mut().chain(&mut self.expected);
        quoted.for_each(shorten);
        if let Some(row) = &mut self.row
            && (row.len() > QUOTED || row.contains(is_unseen))
        {
            let mut name = row.to_string();
            shorten(&mut name);
            *row = name.into();
        }
        self.detail.change_quotations(&mut shorten);
        if let Detail::Miswritten { explains }
        | Detail::UnitSlip { explains, .. }
        | Detail::Shifted { explains, .. } = &mut self.detail
        {
            explains.iter_mut().for_each(Self::shorten);
        }
        self.suspects
            .iter_mut()
            .for_each(|suspect| shorten(&mut suspect.given));
    }

    /// Whether the reporter has explained it in so many words as an explanation needs.
    pub fn is_explained(&self) -> bool {
        self.explanation.as_deref().is_some_and(is_explanation)
    }

    /// Who has to do something about it. A `verification` is closed by an explanation; a `quasi-mandatory` one
    /// is then for the county to accept; a hint asks for nothing.
    pub fn awaits(&self) -> Option<Awaits> {
        match self.level {
            Level::Mandatory => Some(Awaits::Reporter),
            Level::QuasiMandatory if self.is_explained() => Some(Awaits::County),
            Level::Verification if self.is_explained() => None,
            Level::QuasiMandatory | Level::Verification => Some(Awaits::Reporter),
            Level::Hint => None,
        }
    }

    /// Whether something is still to be done about it.
    pub fn is_open(&self) -> bool {
        self.awaits().is_some()
    }

    /// Whether the reporter has to do something about it before the return is taken.
    pub fn is_for_reporter(&self) -> bool {
        self.awaits() == Some(Awaits::Reporter)
    }

    /// Whether an explanation is all that it takes of its reporter, and has been given.
    pub fn is_answered(&self) -> bool {
        self.level > Level::Mandatory && self.level < Level::Hint && self.is_explained()
    }
}

/// Characters that are quoted of one text.
const QUOTED: usize = 200;

/// Cuts a text to what is quoted of it, without what nobody sees: two texts that look alike would be set against each
/// other.
fn shorten(text: &mut String) {
    if !text.is_ascii() {
        text.retain(|c| !is_unseen(c));
    }
    // No character has fewer bytes than one.
    if text.len() <= QUOTED {
        return;
    }
    if let Some((end, _)) = text.char_indices().nth(QUOTED) {
        text.truncate(end);
        text.push('…');
    }
}

/// Fewer characters than this explain nothing.
pub const LEAST_EXPLANATION: usize = 6;

/// Whether a text is long enough to explain something; blanks and punctuation do not count.
pub fn is_explanation(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST_EXPLANATION
}

impl Verdict {
    /// The worst that some findings ask for.
    pub fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Self {
        let verdict = |finding: &Finding| match finding.level {
            _ if !finding.is_for_reporter() => Self::Acceptable,
            Level::Mandatory => Self::ToCorrect,
            _ => Self::ToExplain,
        };
        let all = findings.into_iter().map(verdict);
        all.max().unwrap_or(Self::Acceptable)
    }
}

impl Place {
    /// A whole file.
    pub fn file(file: &Arc<str>) -> Self {
        Self {
            file: file.clone(),
            sheet: None,
            cell: None,
        }
    }

    /// A sheet, or one of its cells.
    pub fn sheet(file: &Arc<str>, sheet: &Arc<str>, cell: Option<CellRef>) -> Self {
        Self {
            file: file.clone(),
            sheet: Some(sheet.clone()),
            cell,
        }
    }
}

impl Awaits {
    /// The name used in findings.json.
    pub fn name(self) -> &'static str {
        match self {
            Awaits::Reporter => "reporter",
            Awaits::County => "county",
        }
    }
}

impl Level {
    /// All, the most serious first.
    pub const ALL: [Self; 4] = [
        Self::Mandatory,
        Self::QuasiMandatory,
        Self::Verification,
        Self::Hint,
    ];

    /// The name used in schemes and in findings.json.
    pub fn name(self) -> &'static str {
        match self {
            Level::Mandatory => "mandatory",
            Level::QuasiMandatory => "quasi-mandatory",
            Level::Verification => "verification",
            Level::Hint => "hint",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

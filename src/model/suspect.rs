//! 嫌疑单元格: cells that may be the wrong ones, and why they are thought of.

use std::sync::Arc;

use super::{Amount, Operand, Place};

/// A cell that, if wrong, explains a finding, with the value that would be right. Advice only.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// The cell.
    pub place: Place,
    /// What stands there.
    pub given: String,
    /// What would be right; `None` where not the figure but what it covers is in question.
    pub likely: Option<String>,
    /// Why it is suspected, the strongest reason first.
    pub why: Vec<Reason>,
}

/// One reason to suspect a cell; the words are chosen in `report`.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Changing it alone satisfies several relations at once.
    Satisfies {
        /// How many of those that fail.
        n_relations: usize,
    },
    /// It explains the finding only together with other cells.
    Together {
        /// The others, each with the value that would be right.
        with: Vec<(Place, String)>,
    },
    /// Nothing tells several explanations apart.
    Tied {
        /// How many there are.
        n_others: usize,
    },
    /// The sign is the other way round.
    Sign,
    /// The decimal point is misplaced.
    PointMoved {
        /// How many places too far to the right; negative: to the left.
        places: i32,
    },
    /// It was filled in in another unit.
    Unit(Slip),
    /// One digit differs.
    DigitChanged,
    /// A digit was left out.
    DigitMissing,
    /// A digit was typed that should not be there.
    DigitExtra,
    /// Two neighbouring digits changed places.
    DigitsSwapped,
    /// Two edits of this kind.
    TwoDigits,
    /// Two cells changed places.
    Exchanged {
        /// The other cell.
        with: Place,
    },
    /// The likely value is the one of the plan, or of last month.
    AsBefore,
    /// The likely value is near those of the plan or last month, and the given one is not.
    NearBefore,
    /// The likely value is near those of the row's other years, and the given one is not.
    NearOtherYears,
    /// 漏加: the total leaves a part out.
    LeftOut {
        /// The part.
        part: Operand,
    },
    /// 重复加: the total counts a part twice.
    CountedTwice {
        /// The part.
        part: Operand,
    },
    /// 误加其中: the total counts an 其中 item beside its whole.
    OfWhichCounted {
        /// The item.
        item: Operand,
    },
    /// The total is the double: it was added into itself.
    AddedToItself,
    /// The total is still the one of last month.
    Stale,
    /// Nothing stands there, and relations say what should.
    Blank {
        /// How many say so.
        n_relations: usize,
    },
    /// A figure was typed where the cells around it have formulas.
    TypedOver,
    /// The result of its formula is not what the cells that it adds up come to now.
    OutOfDate,
    /// Its formula ends too early, or skips a row or column.
    FormulaLeavesOut {
        /// What it leaves out.
        parts: Vec<Operand>,
    },
    /// Its formula adds up cells besides.
    FormulaAdds {
        /// Those cells.
        cells: Vec<Operand>,
    },
    /// Its formula adds up other cells than the form's.
    FormulaDiffers,
    /// Its formula passes over a figure that is stored as a text.
    TextSkipped {
        /// The figure.
        part: Operand,
    },
    /// Its formula takes its figure from another workbook.
    OtherWorkbook {
        /// Its name; empty where the file does not give it.
        name: Box<str>,
    },
    /// 口径不同: the difference equals another figure of the row.
    DifferenceEquals {
        /// That figure.
        cell: Operand,
        /// Whether it does so to the digit, not only within rounding.
        exact: bool,
    },
    /// The difference is near another figure of the row, which it equals in other years.
    DifferenceNear {
        /// That figure.
        cell: Operand,
        /// The difference, with its unit.
        difference: String,
        /// How far it is from the figure, with its unit.
        short_by: String,
        /// The years in which it fits.
        fits_in: Vec<u16>,
    },
    /// 错位: two rows of one reporter are off by the same amount in opposite directions.
    Misplaced {
        /// The row's name.
        row: String,
        /// The corresponding cell of the other row, and what would be right there.
        other: (Place, String),
        /// Σ parts − total of this row.
        here: Amount,
        /// The same of the other row, of the opposite sign.
        there: Amount,
        /// What is left of both together.
        left: Amount,
        /// The unit of the three.
        unit: Arc<str>,
    },
}

/// Figures filled in in another unit than the annex's.
#[derive(Clone, Debug, PartialEq)]
pub struct Slip {
    /// The unit that they seem to be in; `None` where no unit of the scheme fits and the
    /// conversion was done the wrong way round.
    pub unit: Option<Arc<str>>,
    /// The annex's unit.
    pub declared: Arc<str>,
    /// How many times too large or too small they are.
    pub factor: Amount,
    /// Whether they are too large.
    pub too_large: bool,
}

/// How much of a form a fault extends over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extent {
    /// One cell.
    Cell,
    /// The figures of one row.
    Row,
    /// The figures of one column.
    Column,
    /// All figures of the form.
    Form,
}

/// What a slip was concluded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// So many relations that fail would hold.
    Relations(usize),
    /// The plan, or last month's figures.
    Before,
    /// The other rows of the same columns.
    OtherRows,
    /// The same indicator's other years.
    OtherYears,
    /// They are all below one, with decimals that the form does not ask for.
    Decimals,
    /// One of them exceeds what the plan sets as a limit many times, and keeps it in the other unit.
    Limit {
        /// What it would be.
        right: Amount,
        /// The limit, in the same unit.
        limit: Amount,
    },
}

impl Suspect {
    /// Whether nothing tells it from others.
    pub fn is_tied(&self) -> bool {
        let is_tied = |reason: &Reason| matches!(reason, Reason::Tied { .. });
        self.why.iter().any(is_tied)
    }

    pub(super) fn change_places(&mut self, change: &mut dyn FnMut(&mut Place)) {
        change(&mut self.place);
        for reason in &mut self.why {
            match reason {
                Reason::Together { with } => with.iter_mut().for_each(|(place, _)| change(place)),
                Reason::Exchanged { with } => change(with),
                Reason::Misplaced { other, .. } => change(&mut other.0),
                Reason::FormulaLeavesOut { parts: operands }
                | Reason::FormulaAdds { cells: operands } => {
                    let places = operands.iter_mut().filter_map(|it| it.place.as_mut());
                    places.for_each(&mut *change);
                }
                Reason::LeftOut { part: operand }
                | Reason::TextSkipped { part: operand }
                | Reason::CountedTwice { part: operand }
                | Reason::OfWhichCounted { item: operand }
                | Reason::DifferenceEquals { cell: operand, .. }
                | Reason::DifferenceNear { cell: operand, .. } => {
                    operand.place.iter_mut().for_each(&mut *change);
                }
                _ => {}
            }
        }
    }
}

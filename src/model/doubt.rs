//! Figures and dates that cannot be taken as they were typed: why, what they may mean, and what proves it.

use std::sync::Arc;

use super::{Amount, Period, Place};

/// A cell that cannot be taken as it was typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// What it may mean, in the annex's unit, the likeliest first.
    pub readings: Vec<Amount>,
    /// Whether the readings are rounded, as what another unit comes to.
    pub is_about: bool,
    /// Whether a reading is worth telling only where a relation shows that it is meant.
    pub only_if_proven: bool,
}

impl Doubt {
    /// With readings that are worth telling.
    pub fn of(readings: Vec<Amount>) -> Self {
        Self {
            readings,
            is_about: false,
            only_if_proven: false,
        }
    }

    /// With none.
    pub fn without_reading() -> Self {
        Self::of(Vec::new())
    }
}

/// Why something cannot be taken as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Letters, or signs, that look like digits: 3O2.1.
    Letters,
    /// A note mark behind it: 971①, 971², 971*.
    Footnote,
    /// ▲295.5, by which accounts mean a negative figure.
    Triangle,
    /// A word for minus before it: 负295.5.
    MinusWord,
    /// The minus stands behind it: 331.6-.
    MinusBehind,
    /// A remark in the same cell: 929.2（三年）.
    Remark,
    /// Commas where no thousands are: 331,6.
    Commas,
    /// Blanks inside it, but not between thousands.
    Blanks,
    /// Another mark, or several, where the decimal point should be: 331·6, 331..6.
    Point,
    /// A punctuation mark before or behind it: 331.6。
    Punctuation,
    /// Quotation marks around it.
    Quotes,
    /// Another currency's sign before it.
    Currency,
    /// Scientific notation: 3.316E2.
    Exponent,
    /// Written in words, or in other digits than 0 to 9: 三百三十一.
    Words,
    /// A short word for how many times: 3千, 3w, or 万 where the unit is 万 already.
    Times,
    /// 331.6% where no percentage is asked for.
    PercentSign,
    /// A fraction: 1/2, ½.
    Fraction,
    /// A reckoning without a formula: 331.6+2.
    Reckoning,
    /// About: 约331, 331左右.
    About,
    /// A bound: >100, 100以上.
    Bound,
    /// A range: 10-20.
    Range,
    /// Several figures in one cell.
    Several,
    /// The same as elsewhere: 同上.
    Ditto,
    /// A formula that was typed as text: =SUM(C5:E5).
    FormulaText,
    /// A date, by the cell's format or as text.
    Date,
    /// A time of day.
    Time,
    /// A figure in a cell that shows percentages.
    PercentFormat,
    /// Crossed out as a whole.
    Struck,
    /// Crossed out in part.
    StruckPart,
    /// A day that no calendar has.
    NoSuchDay,
    /// The number by which a spreadsheet keeps a date.
    DateNumber,
}

/// What shows that a reading is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The rule whose relation holds; `None` where it is an earlier figure.
    pub rule: Option<Arc<str>>,
    /// What the rule is called: 三年合计.
    pub label: String,
    /// The cell that it agrees with.
    pub place: Option<Place>,
    /// The earlier period whose figure it is.
    pub period: Option<Period>,
    /// Whether it holds to the digit, not only within rounding.
    pub is_exact: bool,
}

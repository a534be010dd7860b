//! Exact figures in frames: whole numbers of one fixed scale, and what does not fit beside them.
//!
//! polars neither rounds nor stops where a sum has more digits than a column: it wraps around. So a column takes
//! only figures of which ten million add up within its digits. All others keep a path of their own, here and
//! nowhere else: they are added to the sum of the column one by one, as amounts, which refuse what they cannot hold.

use polars::prelude::*;
use rust_decimal::Decimal;

use crate::model::Amount;

/// Decimals of every value column.
///
/// One scale for all, because polars rounds silently where two scales meet. A cell holds at most 15
/// significant digits, so 18 decimals keep even a computed share such as 0.00333333333333333 whole,
/// and leave 20 digits before the point. What does not fit is never rounded to fit: it stays an
/// [`Amount`] beside the frame.
pub(super) const SCALE: u32 = 18;

/// Digits of every value column.
pub(super) const PRECISION: usize = 38;

const LIMIT: i128 = 10i128.pow(PRECISION as u32);

/// Below this, ten million figures add up within the digits of a column.
const ADDEND_LIMIT: i128 = 10i128.pow(PRECISION as u32 - 7);

/// Powers of ten, up to the scale: every figure is multiplied by one of them.
const POWERS: [i128; SCALE as usize + 1] = {
    let mut powers = [1; SCALE as usize + 1];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// The figure as a whole number of 10⁻¹⁸; `None` where that would take rounding or more than 38 digits.
pub(super) fn to_scaled(amount: Amount) -> Option<i128> {
    let (mantissa, scale) = if u32::from(amount.decimals()) <= SCALE {
        (amount.0.mantissa(), amount.0.scale())
    } else {
        let shortest = amount.normalised();
        (shortest.0.mantissa(), shortest.0.scale())
    };
    mantissa
        .checked_mul(POWERS[SCALE.checked_sub(scale)? as usize])
        .filter(|scaled| scaled.abs() < LIMIT)
}

/// The figure with so many decimals; `None` where it has more decimals or digits than an amount can have.
pub(super) fn from_scaled(scaled: i128, decimals: u32) -> Option<Amount> {
    let mantissa = match SCALE.checked_sub(decimals) {
        Some(fewer) => {
            let factor = 10i128.pow(fewer);
            (scaled % factor == 0).then_some(scaled / factor)?
        }
        // Noughts behind the last decimal that the scale has.
        None => scaled.checked_mul(10i128.checked_pow(decimals - SCALE)?)?,
    };
    let amount = Decimal::try_from_i128_with_scale(mantissa, decimals).ok()?;
    Some(Amount(amount))
}

/// The type of every column of figures.
pub(super) fn figure_type() -> DataType {
    DataType::Decimal(PRECISION, SCALE as usize)
}

/// Figures of some rows, with an exact column for each leaf. What is missing is null.
pub(super) struct Figures {
    frame: DataFrame,
    /// One for each column, in their order.
    beside: Vec<Beside>,
}

/// What a column does not tell of its figures.
struct Beside {
    leaf: usize,
    /// The most decimals that any of them has.
    decimals: u32,
    /// Those that are too long for it.
    long: Vec<Amount>,
}

/// Figures on their way into columns, row by row.
pub(super) struct FiguresBuilder {
    columns: Vec<PrimitiveChunkedBuilder<Int128Type>>,
    beside: Vec<Beside>,
}

/// A sum has more digits than an amount can have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl FiguresBuilder {
    pub(super) fn new(leaves: &[usize], n_rows: usize) -> Self {
        let column = |leaf: &usize| {
            let name = PlSmallStr::from_string(leaf.to_string());
            PrimitiveChunkedBuilder::new(name, n_rows)
        };
        let beside = |&leaf: &usize| Beside {
            leaf,
            decimals: 0,
            long: Vec::new(),
        };
        Self {
            columns: leaves.iter().map(column).collect(),
            beside: leaves.iter().map(beside).collect(),
        }
    }

    /// Adds the next figure of a column.
    pub(super) fn push(&mut self, column: usize, amount: Option<Amount>) {
        let fits = |scaled: &i128| scaled.abs() < ADDEND_LIMIT;
        let scaled = amount.and_then(to_scaled).filter(fits);
        self.columns[column].append_option(scaled);
        let beside = &mut self.beside[column];
        match (amount, scaled) {
            (Some(amount), Some(_)) => {
                beside.decimals = u32::from(amount.decimals()).min(SCALE).max(beside.decimals);
            }
            (Some(amount), None) => beside.long.push(amount),
            (None, _) => {}
        }
    }

    pub(super) fn finish(self) -> PolarsResult<Figures> {
        let columns = self.columns.into_iter().map(|column| {
            let whole = column.finish();
            let figures = whole.into_decimal_unchecked(PRECISION, SCALE as usize);
            figures.into_column()
        });
        Ok(Figures {
            frame: DataFrame::new_infer_height(columns.collect())?,
            beside: self.beside,
        })
    }
}

impl Figures {
    /// For each leaf, what its figures add up to; nothing where it has none.
    pub(super) fn sums(
        &self,
    ) -> impl Iterator<Item = (usize, PolarsResult<Option<Result<Amount, TooLong>>>)> {
        let columns = self.frame.columns().iter().zip(&self.beside);
        columns.map(|(column, beside)| {
            let sum = sum_of(column).map(|sum| {
                let sum = sum.map(|sum| from_scaled(sum, beside.decimals));
                match (sum, &beside.long[..]) {
                    (None, []) => None,
                    (sum, long) => {
                        let start = sum.unwrap_or(Some(Amount::ZERO));
                        let all = start.and_then(|start| {
                            let mut long = long.iter();
                            long.try_fold(start, |sum, one| sum.checked_add(*one))
                        });
                        Some(all.ok_or(TooLong))
                    }
                }
            });
            (beside.leaf, sum)
        })
    }
}

/// The sum of a column; null where all is null, because missing is not 0.
fn sum_of(column: &Column) -> PolarsResult<Option<i128>> {
    if column.null_count() == column.len() {
        return Ok(None);
    }
    match column.sum_reduce()?.into_value() {
        AnyValue::Decimal(sum, ..) => Ok(Some(sum)),
        other => polars_bail!(SchemaMismatch: "the sum of figures is {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The sum of a column of these figures; what is empty is missing.
    fn sum(figures: &[&str]) -> Option<Result<String, TooLong>> {
        let mut column = FiguresBuilder::new(&[7], figures.len());
        for figure in figures {
            let amount = (!figure.is_empty()).then(|| figure.parse().expect("a figure"));
            column.push(0, amount);
        }
        let figures = column.finish().expect("one column");
        let mut sums = figures.sums();
        let (leaf, sum) = sums.next().expect("one column");
        assert_eq!(leaf, 7);
        let sum = sum.expect("figures add up");
        sum.map(|sum| sum.map(|sum| sum.to_string()))
    }

    #[test]
    fn missing_is_not_zero_and_zero_is_not_missing() {
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&["", "", ""]), None);
        assert_eq!(sum(&["", "0.0", ""]), Some(Ok("0.0".into())));
        assert_eq!(sum(&["", "1.5", "-1.50"]), Some(Ok("0.00".into())));
    }

    #[test]
    fn sums_are_exact_to_the_last_decimal_of_a_column_and_beyond_it() {
        for (figures, expected) in [
            (&["0.1", "0.20", "40"][..], "40.30"),
            // The eighteenth decimal.
            (
                &["0.000000000000000001", "0.000000000000000001"],
                "0.000000000000000002",
            ),
            // The nineteenth has no place in a column.
            (
                &["0.0000000000000000001", "0.000000000000000001"],
                "0.0000000000000000011",
            ),
            // The last that a column takes, and the first that it does not.
            (
                &["9999999999999.999", "0.001", "9999999999999.999"],
                "19999999999999.999",
            ),
            (&["10000000000000", "0.5", "-10000000000000"], "0.5"),
            (&["10000000000000", ""], "10000000000000"),
            // 29 digits before the point.
            (
                &["79228162514264337593543950334", "1"],
                "79228162514264337593543950335",
            ),
        ] {
            assert_eq!(sum(figures), Some(Ok(expected.into())), "{figures:?}");
        }
    }

    #[test]
    fn a_sum_of_more_digits_than_an_amount_has_is_refused() {
        // 13 digits before the point and 18 behind it.
        let within = ["1000000000000", "0.000000000000000001"];
        assert_eq!(sum(&within), Some(Err(TooLong)));
        let beside = ["79228162514264337593543950335", "1"];
        assert_eq!(sum(&beside), Some(Err(TooLong)));
    }

    #[test]
    fn ten_million_figures_stay_within_the_digits_of_a_column() {
        let most = (ADDEND_LIMIT - 1).checked_mul(10_000_000);
        assert!(most.is_some_and(|sum| sum < LIMIT));
    }

    #[test]
    fn a_figure_is_scaled_exactly_or_not_at_all() {
        for (text, scaled) in [
            ("40.0", Some(40 * 10i128.pow(18))),
            ("-0.45", Some(-45 * 10i128.pow(16))),
            ("0.00333333333333333", Some(3_333_333_333_333_330)),
            ("0.0000000000000000010", Some(1)),
            ("0.0000000000000000001", None),
            ("99999999999999999999", Some(LIMIT - 10i128.pow(18))),
            ("100000000000000000000", None),
        ] {
            let amount: Amount = text.parse().expect("a figure");
            assert_eq!(to_scaled(amount), scaled, "{text}");
        }
    }

    #[test]
    fn a_scaled_figure_reads_back_with_its_decimals() {
        let shown = |scaled, decimals| from_scaled(scaled, decimals).map(|a| a.to_string());
        assert_eq!(shown(40 * 10i128.pow(18), 1).as_deref(), Some("40.0"));
        assert_eq!(shown(-45 * 10i128.pow(16), 2).as_deref(), Some("-0.45"));
        assert_eq!(shown(-45 * 10i128.pow(16), 1), None);
        assert_eq!(shown(1, 19).as_deref(), Some("0.0000000000000000010"));
        assert_eq!(shown(1, 29), None, "more decimals than an amount has");
        assert_eq!(shown(1, u32::MAX), None);
        assert_eq!(shown(LIMIT - 1, 18), None, "more than 28 digits");
    }

    proptest! {
        #[test]
        fn every_figure_that_can_be_scaled_reads_back_as_it_was(
            mantissa in -(1i128 << 96) + 1..1i128 << 96,
            shift in 0u32..96,
            scale in 0u32..=28,
        ) {
            let figure = Amount(Decimal::from_i128_with_scale(mantissa >> shift, scale));
            if let Some(scaled) = to_scaled(figure) {
                let back = from_scaled(scaled, scale).expect("it was an amount");
                prop_assert_eq!(back.to_string(), figure.to_string());
            }
        }
    }
}

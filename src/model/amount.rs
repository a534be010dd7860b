//! Exact figures.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::FromPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

/// An exact decimal that keeps its printed decimals: `40.0` stays `40.0`, and equals `40`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Amount(pub Decimal);

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The figure that a spreadsheet shows for a binary float: its first 15 significant digits,
    /// with at least `decimals` decimals. `None` for what no figure can be (infinite, too large, so small that
    /// nothing of it would be left).
    pub fn from_float(float: f64, decimals: u8) -> Option<Self> {
        // Whole numbers are most of what forms hold; they need no rounding.
        let whole = float as i64;
        let mut value = if whole as f64 == float && whole.unsigned_abs() < 1_000_000_000_000_000 {
            Decimal::from(whole)
        } else if let Some(short) = short_decimal(float) {
            short
        } else if float.abs() < 1e15 {
            // `from_f64` keeps the 15 digits that a spreadsheet guarantees, of fractions only.
            Decimal::from_f64(float)?.normalize()
        } else {
            Decimal::from_scientific(&format!("{float:.14e}"))
                .ok()?
                .normalize()
        };
        if value.is_zero() && float != 0.0 {
            return None;
        }
        // With more decimals than the library keeps it could not be written.
        let decimals = u32::from(decimals).min(Decimal::MAX_SCALE);
        if value.scale() < decimals {
            value.rescale(decimals);
        }
        Some(Self(value))
    }

    /// Decimals written.
    pub fn decimals(self) -> u8 {
        self.0.scale() as u8
    }

    /// Without trailing zeros behind the point.
    pub fn normalised(self) -> Self {
        // Nearly every figure is normal as it is, which one division tells.
        let digits = self.0.mantissa().unsigned_abs();
        if digits != 0 && (self.decimals() == 0 || !digits.is_multiple_of(10)) {
            return self;
        }
        Self(self.0.normalize())
    }

    /// The sum, unless it has more digits than can be kept exactly.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        // Nearly every figure of a form is short and has as many decimals as its neighbours.
        if self.0.scale() == other.0.scale()
            && let (Some(one), Some(another)) = (self.short_digits(), other.short_digits())
            && let Some(sum) = one.checked_add(another)
        {
            return Some(Self(Decimal::new(sum, self.0.scale())));
        }
        let decimals = self.0.scale().max(other.0.scale());
        let mut sum = self.0.checked_add(other.0)?;
        if self.is_zero() || other.is_zero() {
            // The library hands back the other figure as it is, without the decimals of the zero.
            sum.rescale(decimals);
        } else if sum.scale() < decimals {
            // Where 28 digits do not suffice the library rounds; a rounded sum is not a sum.
            return None;
        }
        if sum.is_zero() {
            sum.set_sign_positive(true);
        }
        Some(Self(sum))
    }

    /// Its digits as a whole number, unless there are many.
    fn short_digits(self) -> Option<i64> {
        i64::try_from(self.0.mantissa()).ok()
    }

    /// The difference, on the same terms.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self(-other.0))
    }

    /// The product, unless it has more digits than can be kept exactly.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let (a, b) = (self.0.normalize(), other.0.normalize());
        let product = a.checked_mul(b)?;
        let exact = a.is_zero() || b.is_zero() || product.scale() == a.scale() + b.scale();
        exact.then_some(Self(product))
    }

    /// Whether it has no more digits than a spreadsheet keeps of a number, so that a number cell shows it as it is.
    pub fn is_short(self) -> bool {
        let fits = |amount: Self| amount.0.mantissa().unsigned_abs() < 1_000_000_000_000_000;
        fits(self) || fits(self.normalised())
    }

    /// With no more than so many decimals, rounded as a spreadsheet rounds.
    pub fn rounded(self, decimals: u8) -> Self {
        let away = RoundingStrategy::MidpointAwayFromZero;
        let decimals = u32::from(decimals).min(Decimal::MAX_SCALE);
        let mut rounded = self.0.round_dp_with_strategy(decimals, away);
        rounded.rescale(decimals);
        Self(rounded)
    }

    /// The magnitude.
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Whether it is 0, 0.0 and so on.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// One unit of the last place of a figure with so many decimals: 2 → 0.01.
    pub fn last_digit(decimals: u8) -> Self {
        Self(Decimal::new(1, u32::from(decimals)))
    }

    /// Half of it, exactly.
    pub fn half(self) -> Self {
        Self(self.0 * Decimal::new(5, 1))
    }

    /// The nearest float, for writers that know no decimals.
    pub fn to_float(self) -> f64 {
        let short = self.short_digits();
        if let Some(float) = short.and_then(|digits| float_of(digits, self.0.scale())) {
            return float;
        }
        // The shortest text of a decimal of at most 15 digits reads back as the float that
        // a spreadsheet itself would keep.
        self.0.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl Amount {
    /// The float that a spreadsheet keeps of it: of more than 15 digits the first 15, rounded.
    pub fn to_shown_float(self) -> f64 {
        let float = self.to_float();
        match self.is_short() {
            true => float,
            false => format!("{float:.14e}").parse().unwrap_or(float),
        }
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0.scale() == other.0.scale() {
            return self.0.mantissa().cmp(&other.0.mantissa());
        }
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Amount {
    fn from(value: i64) -> Self {
        Self(Decimal::from(value))
    }
}

impl FromStr for Amount {
    type Err = ();

    /// Reads plain digits with an optional sign and point; refuses what would have to be rounded.
    fn from_str(text: &str) -> Result<Self, ()> {
        Decimal::from_str_exact(text).map(Self).map_err(|_| ())
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The float of digits with so many decimals, as reading them as text would give it, where one step makes it; that
/// is nearly every figure of a form.
pub(crate) fn float_of(digits: i64, decimals: u32) -> Option<f64> {
    // A float holds the digits and the power of ten exactly, and one division rounds once.
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let power = POWERS.get(decimals as usize)?;
    (digits.unsigned_abs() < 1 << 53).then(|| digits as f64 / power)
}

/// The fraction of a few decimals that a float was made of, which is what most of them are.
fn short_decimal(float: f64) -> Option<Decimal> {
    const POWERS: [f64; 6] = [1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
    (1..).zip(POWERS).find_map(|(scale, power)| {
        let digits = (float * power + 0.5f64.copysign(float)) as i64;
        // No two fractions of at most 15 digits make the same float, and dividing rounds once.
        let fits = digits.unsigned_abs() < 1_000_000_000_000_000 && digits as f64 / power == float;
        fits.then(|| Decimal::new(digits, scale))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().expect(text)
    }

    #[test]
    fn a_float_becomes_the_figure_that_the_sheet_shows() {
        for (float, decimals, shown) in [
            (0.1 + 0.2, 0, "0.3"),
            (7.000_000_000_000_001, 0, "7"),
            (40.0, 1, "40.0"),
            (1209.8, 0, "1209.8"),
            (-586.0, 0, "-586"),
            (38_044.123_456_789, 0, "38044.123456789"),
            (0.45, 2, "0.45"),
            (123_456_789_012_345.0, 0, "123456789012345"),
            (11_106_528_002_016_059_392.0, 0, "11106528002016100000"),
        ] {
            let amount = Amount::from_float(float, decimals).expect("a figure");
            assert_eq!(amount.to_string(), shown);
        }
        assert_eq!(Amount::from_float(f64::NAN, 0), None);
        assert_eq!(Amount::from_float(1e300, 0), None);
        // So small that nothing of it would be left: that would be a zero which nobody typed.
        assert_eq!(Amount::from_float(1e-300, 1), None);
        assert_eq!(Amount::from_float(-4.9e-29, 0), None);
        assert_eq!(Amount::from_float(0.0, 1), "0.0".parse().ok());
    }

    #[test]
    fn every_figure_of_six_decimals_is_the_one_that_was_typed() {
        for whole in [0, 1, 7, 38_043, 123_456_789] {
            for millionths in (0..1_000_000).step_by(37) {
                let typed = format!("{whole}.{millionths:06}");
                let float: f64 = typed.parse().expect("a number");
                let read = Amount::from_float(float, 6).expect("a figure");
                assert_eq!(read.to_string(), typed);
                assert_eq!(
                    read.normalised(),
                    Amount::from_float(float, 0).expect("one")
                );
            }
        }
    }

    #[test]
    fn a_figure_of_many_digits_is_shown_to_fifteen() {
        for (text, shown, is_short) in [
            ("331.60000000000002", 331.6, false),
            ("854.30000000000002", 854.3, false),
            ("123456789012345.6", 123_456_789_012_346.0, false),
            ("-0.12345678901234567", -0.123_456_789_012_346, false),
            ("331.60000000000000", 331.6, true),
            ("123456789012345", 123_456_789_012_345.0, true),
        ] {
            let amount = amount(text);
            assert_eq!(amount.to_shown_float(), shown, "{text}");
            assert_eq!(amount.is_short(), is_short, "{text}");
        }
    }

    #[test]
    fn sums_are_exact_or_refused() {
        assert_eq!(
            amount("0.1")
                .checked_add(amount("0.20"))
                .map(|a| a.to_string()),
            Some("0.30".into())
        );
        assert_eq!(
            amount("79228162514264337593543950335").checked_add(amount("0.1")),
            None
        );
        assert_eq!(
            amount("0.00000000000001").checked_mul(amount("0.000000000000001")),
            None
        );
        assert_eq!(
            amount("0.45").checked_mul(amount("10000")),
            Some(amount("4500"))
        );
    }

    #[test]
    fn a_zero_with_decimals_adds_nothing() {
        for (a, b, sum) in [
            ("0.0", "5", "5.0"),
            ("5", "0.00", "5.00"),
            ("0.0", "0", "0.0"),
            ("0", "-0.0", "0.0"),
            ("-0.5", "0.50", "0.00"),
        ] {
            let added = amount(a).checked_add(amount(b)).expect("a sum");
            assert_eq!(added.to_string(), sum, "{a} + {b}");
        }
    }

    #[test]
    fn floats_written_back_are_the_floats_read() {
        for float in [0.3, 1209.8, 169.5, 3.8044, 1e14 + 0.5] {
            assert_eq!(
                Amount::from_float(float, 0).map(Amount::to_float),
                Some(float)
            );
        }
    }
}

//! Exact figures counted in units of the last digit that is published.

use crate::model::Amount;

/// Shades of distance that are told apart where two roundings move as many figures.
const FINE: u32 = 20;

/// An exact figure counted in units of the last published digit: a whole number and the rest of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    floor: i128,
    /// `rest / of` lies in [0, 1).
    rest: i128,
    of: i128,
}

impl Exact {
    /// An amount in a unit of size `from`, published in a unit of size `to` with so many decimals;
    /// `None` for a figure too long to be worked with exactly.
    pub fn new(amount: Amount, from: Amount, to: Amount, decimals: u8) -> Option<Self> {
        let [amount, from, to] = [amount, from, to].map(|it| it.normalised().0);
        let numerator = amount.mantissa().checked_mul(from.mantissa())?;
        let tens = i64::from(decimals) + i64::from(to.scale())
            - i64::from(amount.scale())
            - i64::from(from.scale());
        let power = 10i128.checked_pow(tens.unsigned_abs() as u32)?;
        let (numerator, of) = match tens < 0 {
            true => (numerator, to.mantissa().checked_mul(power)?),
            false => (numerator.checked_mul(power)?, to.mantissa()),
        };
        Some(Self {
            floor: numerator.div_euclid(of),
            rest: numerator.rem_euclid(of),
            of,
        })
    }

    /// Whether the published digits hold it exactly.
    pub fn is_whole(self) -> bool {
        self.rest == 0
    }

    /// The next whole number at or below it.
    pub fn floor(self) -> i128 {
        self.floor
    }

    /// The next whole number at or above it.
    pub fn ceiling(self) -> i128 {
        self.floor + i128::from(!self.is_whole())
    }

    /// 四舍五入: the nearest whole number; of two, the one farther from zero.
    pub fn conventional(self) -> i128 {
        let up = match self.rest.cmp(&(self.of - self.rest)) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => self.floor >= 0,
            std::cmp::Ordering::Greater => true,
        };
        self.floor + i128::from(up)
    }

    /// How far a whole number is from it, in small fractions of one.
    pub(super) fn distance(self, whole: i128) -> i128 {
        let rest = match self.of >> (126 - FINE) {
            0 => (self.rest << FINE) / self.of,
            _ => self.rest / (self.of >> FINE),
        };
        (((whole - self.floor) << FINE) - rest).abs()
    }

    /// More than any distance between a figure and what it may be published as.
    pub(super) const FARTHEST: i128 = 4 << FINE;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Floor, ceiling and conventional rounding of an amount in units of size `from`, published in
    /// units of size `to`.
    fn rounded(amount: &str, from: &str, to: &str, decimals: u8) -> (i128, i128, i128) {
        let [amount, from, to] = [amount, from, to].map(|text| text.parse().expect(text));
        let exact = Exact::new(amount, from, to, decimals).expect("short enough");
        (exact.floor(), exact.ceiling(), exact.conventional())
    }

    #[test]
    fn a_figure_lies_between_its_floor_and_its_ceiling() {
        // 45237.5 亩 is 4.52375 万亩.
        assert_eq!(rounded("45237.5", "1", "10000", 2), (452, 453, 452));
        // 4500 亩 is 0.45 万亩, with two decimals or more of them.
        assert_eq!(rounded("4500.0", "1", "10000", 2), (45, 45, 45));
        assert_eq!(rounded("4500", "1", "10000", 4), (4500, 4500, 4500));
        // 1 亩 is 0.0666… 公顷, 2.33 公顷 is 34.95 亩, 10 ㎡ is 0.015 亩.
        assert_eq!(rounded("1", "1", "15", 2), (6, 7, 7));
        assert_eq!(rounded("2.33", "15", "1", 1), (349, 350, 350));
        assert_eq!(rounded("10", "0.0015", "1", 2), (1, 2, 2));
    }

    #[test]
    fn half_a_digit_is_rounded_away_from_zero() {
        assert_eq!(rounded("50", "1", "10000", 2), (0, 1, 1));
        assert_eq!(rounded("-50", "1", "10000", 2), (-1, 0, -1));
        assert_eq!(rounded("-49.9", "1", "10000", 2), (-1, 0, 0));
    }

    #[test]
    fn distances_are_told_apart_however_fine_the_unit() {
        let exact = |amount: &str, to: &str| {
            let [amount, to] = [amount, to].map(|text| text.parse().expect(text));
            Exact::new(amount, Amount::from(1), to, 0).expect("short enough")
        };
        let quarter = exact("2500", "10000");
        assert_eq!(quarter.distance(1), 3 * quarter.distance(0));
        assert_eq!(quarter.distance(-1), 5 * quarter.distance(0));
        let long = exact(
            "2500000000000000000000000000",
            "10000000000000000000000000000",
        );
        assert_eq!(long.distance(0), quarter.distance(0));
        let digits = "9999999999999999999999999999".parse().expect("a figure");
        assert_eq!(Exact::new(digits, digits, Amount::from(1), 2), None);
    }
}

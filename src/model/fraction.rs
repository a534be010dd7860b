//! Exact quotients of figures: shares, rates and weighted means.

use rust_decimal::Decimal;

use super::Amount;

/// One figure divided by another, kept as the two, so that nothing is rounded before it is printed.
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    numerator: Amount,
    /// Above zero.
    denominator: Amount,
}

impl Fraction {
    /// One.
    pub const ONE: Self = Self {
        numerator: Amount(Decimal::ONE),
        denominator: Amount(Decimal::ONE),
    };

    /// `numerator / denominator`; `None` where that is divided by zero.
    pub fn new(numerator: Amount, denominator: Amount) -> Option<Self> {
        if denominator.is_zero() {
            return None;
        }
        let sign = |amount: Amount| match denominator < Amount::ZERO {
            true => Amount(-amount.0),
            false => amount,
        };
        Some(Self {
            numerator: sign(numerator),
            denominator: sign(denominator),
        })
    }

    /// The sum, unless it has more digits than can be kept exactly; so are the next three.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.denominator == other.denominator {
            return Some(Self {
                numerator: self.numerator.checked_add(other.numerator)?,
                denominator: self.denominator,
            });
        }
        let ours = self.numerator.checked_mul(other.denominator)?;
        let theirs = other.numerator.checked_mul(self.denominator)?;
        Some(Self {
            numerator: ours.checked_add(theirs)?,
            denominator: self.denominator.checked_mul(other.denominator)?,
        })
    }

    /// The difference.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        let negative = Self {
            numerator: Amount(-other.numerator.0),
            ..other
        };
        self.checked_add(negative)
    }

    /// The product.
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        Some(Self {
            numerator: self.numerator.checked_mul(other.numerator)?,
            denominator: self.denominator.checked_mul(other.denominator)?,
        })
    }

    /// The quotient, which is none either where `other` is zero.
    pub fn checked_div(self, other: Self) -> Option<Self> {
        if self.denominator == other.denominator {
            return Self::new(self.numerator, other.numerator);
        }
        Self::new(
            self.numerator.checked_mul(other.denominator)?,
            self.denominator.checked_mul(other.numerator)?,
        )
    }

    /// A hundred times as much: a share in percent.
    pub fn percent(self) -> Option<Self> {
        self.checked_mul(Self::from(Amount::from(100)))
    }

    /// The magnitude.
    pub fn abs(self) -> Self {
        Self {
            numerator: self.numerator.abs(),
            ..self
        }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.numerator.is_zero()
    }

    /// The quotient with so many decimals, rounded half away from zero.
    pub fn rounded(self, decimals: u8) -> Amount {
        let strategy = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
        let quotient = self.quotient().0;
        let mut rounded = quotient.round_dp_with_strategy(u32::from(decimals), strategy);
        rounded.rescale(u32::from(decimals));
        Amount(rounded)
    }

    /// The quotient in 28 digits, for what has to print or to rank it.
    pub fn quotient(self) -> Amount {
        let quotient = self.numerator.0.checked_div(self.denominator.0);
        // Too large for a figure is only what no form can hold.
        Amount(quotient.unwrap_or(Decimal::MAX))
    }
}

impl From<Amount> for Fraction {
    fn from(amount: Amount) -> Self {
        Self {
            numerator: amount,
            denominator: Amount(Decimal::ONE),
        }
    }
}

/// Fractions are equal where their values are: 1/2 is 2/4.
impl PartialEq for Fraction {
    fn eq(&self, other: &Self) -> bool {
        let ours = self.numerator.checked_mul(other.denominator);
        let theirs = other.numerator.checked_mul(self.denominator);
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => self.quotient() == other.quotient(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(numerator: &str, denominator: &str) -> Fraction {
        let amount = |text: &str| text.parse().expect("a figure");
        Fraction::new(amount(numerator), amount(denominator)).expect("no zero below")
    }

    #[test]
    fn thirds_add_up_to_one() {
        let third = fraction("1", "3");
        let sum = third
            .checked_add(third)
            .and_then(|sum| sum.checked_add(third));
        assert_eq!(sum, Some(Fraction::ONE));
        assert_eq!(third.checked_mul(fraction("3", "1")), Some(Fraction::ONE));
    }

    #[test]
    fn unlike_fractions_are_brought_to_one_denominator() {
        let half = fraction("0.5", "1");
        assert_eq!(
            half.checked_sub(fraction("1", "3")),
            Some(fraction("1", "6"))
        );
        assert_eq!(
            half.checked_div(fraction("1", "-4")),
            Some(fraction("-2", "1"))
        );
        assert_eq!(half.checked_div(fraction("0.0", "5")), None);
        assert_eq!(Fraction::new(Amount::from(1), Amount::ZERO), None);
    }
}

//! Exact figures as whole numbers of one fixed scale, as frames keep them.

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

//! 计量单位: units of measure, with exact conversions by multiplication.

use std::sync::Arc;

use crate::model::Amount;

use super::name::plain;

/// One unit of measure.
#[derive(Clone, Debug)]
pub struct Unit {
    /// As the scheme writes it.
    pub name: Arc<str>,
    /// Other spellings.
    pub aliases: Vec<String>,
    /// Index of the unit that its factor counts in.
    pub base: usize,
    /// How many base units it is.
    pub factor: Amount,
}

/// The units of a scheme.
#[derive(Clone, Debug, Default)]
pub struct Units(pub Vec<Unit>);

/// What whole things are counted in.
const COUNTERS: [&str; 48] = [
    "户", "户次", "人", "人次", "个", "株", "棵", "台", "台套", "座", "辆", "辆次", "处", "家",
    "家次", "件", "次", "项", "名", "口", "头", "只", "匹", "羽", "套", "所", "宗", "起", "艘",
    "架", "栋", "幢", "间", "眼", "条", "村", "乡", "镇", "盏", "块", "份", "批", "例", "批次",
    "场", "期", "班", "支",
];

impl Units {
    /// Index of the unit that a form spells so.
    pub fn find(&self, spelled: &str) -> Option<usize> {
        let spelled = plain(spelled);
        self.0.iter().position(|unit| {
            plain(&unit.name) == spelled || unit.aliases.iter().any(|alias| plain(alias) == spelled)
        })
    }

    /// Whether amounts in one unit can be expressed in the other.
    pub fn convertible(&self, from: usize, to: usize) -> bool {
        self.0[from].base == self.0[to].base
    }

    /// The amount in base units.
    pub fn to_base(&self, amount: Amount, unit: Option<usize>) -> Option<Amount> {
        match unit {
            Some(unit) => amount.checked_mul(self.0[unit].factor),
            None => Some(amount),
        }
    }

    /// The amount in another unit, where that can be written exactly.
    pub fn convert(&self, amount: Amount, from: usize, to: usize) -> Option<Amount> {
        if from == to {
            return Some(amount);
        }
        if !self.convertible(from, to) {
            return None;
        }
        let base = amount.checked_mul(self.0[from].factor)?;
        let quotient = Amount(base.0.checked_div(self.0[to].factor.0)?);
        let exact = quotient.checked_mul(self.0[to].factor)? == base;
        exact.then(|| quotient.normalised())
    }

    /// The same rounded to so many decimals; `None` where it does not convert at all.
    pub fn about(&self, amount: Amount, from: usize, to: usize, decimals: u8) -> Option<Amount> {
        self.convertible(from, to).then_some(())?;
        let base = amount.checked_mul(self.0[from].factor)?;
        let quotient = base.0.checked_div(self.0[to].factor.0)?;
        Some(Amount(quotient).rounded(decimals))
    }

    /// Whether a figure of so many decimals counts what is whole, as households, people and pieces: 户, or 万户 to
    /// its fourth decimal.
    pub fn counts_whole(&self, unit: usize, decimals: u8) -> bool {
        let Unit { base, factor, .. } = &self.0[unit];
        let step = Amount::last_digit(decimals).checked_mul(*factor);
        let is_whole = step.is_some_and(|step| step <= Amount::from(1));
        is_whole && COUNTERS.contains(&&*self.0[*base].name)
    }

    /// The unit's name.
    pub fn name(&self, unit: usize) -> &Arc<str> {
        &self.0[unit].name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &str, base: usize, factor: &str) -> Unit {
        Unit {
            name: name.into(),
            aliases: Vec::new(),
            base,
            factor: factor.parse().expect("a figure"),
        }
    }

    #[test]
    fn amounts_convert_exactly_or_not_at_all() {
        let units = Units(vec![
            unit("亩", 0, "1"),
            unit("万亩", 0, "10000"),
            unit("公顷", 0, "15"),
            unit("%", 3, "1"),
        ]);
        let convert = |amount: &str, from, to| {
            let converted = units.convert(amount.parse().expect("a figure"), from, to)?;
            Some(converted.to_string())
        };
        assert_eq!(convert("4500", 0, 1).as_deref(), Some("0.45"));
        assert_eq!(convert("0.45", 1, 0).as_deref(), Some("4500"));
        assert_eq!(convert("2.33", 2, 0).as_deref(), Some("34.95"));
        assert_eq!(convert("1", 0, 2), None, "1 亩 is no finite number of 公顷");
        assert_eq!(convert("1", 0, 3), None, "亩 is no %");
    }
}

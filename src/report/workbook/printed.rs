//! An annex as it is printed in the unit that it is published in.

use crate::consolidate::{Published, TooLong, publish};
use crate::pipeline::Merged;
use crate::report::Lang;
use crate::scheme::{Annex, Rows, Scheme, Units};

/// An annex whose figures are published in another unit than they are returned in.
pub(super) struct Printed {
    /// With the published unit wherever the scheme prints the other.
    pub(super) annex: Annex,
    pub(super) figures: Published,
}

impl Printed {
    /// `None` for an annex that is published as it is returned.
    pub(super) fn of(
        merged: &Merged,
        scheme: &Scheme,
        idx: usize,
    ) -> Option<Result<Self, TooLong>> {
        let figures = publish(scheme, &merged.tables, idx, &merged.county.annexes[idx])?;
        Some(figures.map(|figures| Self {
            annex: with_units(scheme, &scheme.annexes[idx]),
            figures,
        }))
    }

    /// What stands below the table.
    pub(super) fn note(&self, units: &Units, rounding: &str, lang: Lang) -> String {
        let publish = self.annex.publish.iter().map(|publish| {
            let unit = units.name(publish.unit);
            match (publish.decimals, lang) {
                (0, Lang::Zh) => format!("{unit}（取整数）"),
                (0, Lang::En) => format!("{unit} (whole numbers)"),
                (n, Lang::Zh) => format!("{unit}（保留 {n} 位小数）"),
                (n, Lang::En) => format!("{unit} ({n} decimals)"),
            }
        });
        let publish: Vec<String> = publish.collect();
        let n_moved = self.figures.moved().len();
        let n_uneven = self.figures.uneven.len();
        let mut note = match lang {
            Lang::Zh => format!("注：本表数字换算为{}", publish.join("、")),
            Lang::En => format!("Figures are converted to {}", publish.join(", ")),
        };
        note.push_str(&match (self.figures.n_sums, n_moved, lang) {
            (0, _, Lang::Zh) => "，四舍五入。".to_owned(),
            (0, _, Lang::En) => " and rounded.".to_owned(),
            (_, 0, Lang::Zh) => "，四舍五入后各项相加仍与合计相等。".to_owned(),
            (_, 0, Lang::En) => " and rounded; they still add up to their totals.".to_owned(),
            (_, n, Lang::Zh) => format!("，舍入后各项相加仍与合计相等，其中 {n} 个数因此与四舍五入的结果不同，见“{rounding}”。"),
            (_, n, Lang::En) => format!(", rounded so that they still add up to their totals; {n} of them differ from plain rounding for that, see {rounding}."),
        });
        note.push_str(&match (n_uneven, lang) {
            (0, _) => String::new(),
            (n, Lang::Zh) => format!("原数本来不平的 {n} 处没有强行平衡，见“{rounding}”。"),
            (n, Lang::En) => format!(
                " {n} sums that do not hold as returned were left as they are, see {rounding}."
            ),
        });
        note
    }
}

/// The annex with published units in its unit line, and in brackets in its headers and row labels. A unit
/// that no header prints gets a unit line.
fn with_units(scheme: &Scheme, annex: &Annex) -> Annex {
    let units = &scheme.units;
    let mut printed = annex.clone();
    let mut unsaid: Vec<&str> = Vec::new();
    for leaf in 0..annex.leaves.len() {
        let unit = scheme.unit_of(annex, leaf, None);
        let publish = scheme.publish_of(annex, leaf, None);
        let (Some(unit), Some(publish)) = (unit, publish) else {
            continue;
        };
        let path = &mut printed.leaves[leaf].path;
        let said = path.iter_mut().filter_map(|text| {
            *text = in_brackets(text, units, unit, publish.unit)?;
            Some(())
        });
        let name = &**units.name(publish.unit);
        if said.count() == 0 && !unsaid.contains(&name) {
            unsaid.push(name);
        }
    }
    if let Rows::Fixed(rows) = &mut printed.rows {
        for row in rows {
            let own = row
                .unit
                .zip(row.unit.and_then(|unit| published_as(annex, units, unit)));
            for text in &mut row.printed {
                if let Some(changed) = own.and_then(|(from, to)| in_brackets(text, units, from, to))
                {
                    *text = changed;
                }
            }
        }
    }
    printed.unit_line = match &annex.unit_line {
        Some(line) => Some(unit_line(line, units, annex)),
        None => (!unsaid.is_empty()).then(|| format!("单位：{}", unsaid.join("、"))),
    };
    printed
}

/// What a unit is published as in this annex.
fn published_as(annex: &Annex, units: &Units, unit: usize) -> Option<usize> {
    let published = annex.publish.iter().map(|publish| publish.unit);
    published
        .into_iter()
        .find(|&published| units.convertible(unit, published))
}

/// 单位：亩 as 单位：万亩.
fn unit_line(line: &str, units: &Units, annex: &Annex) -> String {
    let (label, own) = match line.find(['：', ':']) {
        Some(colon) => {
            let colon_len = line[colon..].chars().next().map_or(0, char::len_utf8);
            line.split_at(colon + colon_len)
        }
        None => ("", line),
    };
    let own = own.split('、').map(|name| {
        let published = units
            .find(name)
            .and_then(|unit| published_as(annex, units, unit));
        published.map_or(name, |unit| units.name(unit))
    });
    format!("{label}{}", own.collect::<Vec<_>>().join("、"))
}

/// 面积（亩） as 面积（万亩）; `None` where no bracket holds the unit.
fn in_brackets(text: &str, units: &Units, from: usize, to: usize) -> Option<String> {
    let open = text.rfind(['（', '('])?;
    let inner = open + text[open..].chars().next()?.len_utf8();
    let close = inner + text[inner..].find(['）', ')'])?;
    (units.find(&text[inner..close]) == Some(from))
        .then(|| format!("{}{}{}", &text[..inner], units.name(to), &text[close..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Unit;

    #[test]
    fn a_unit_in_brackets_is_replaced_and_other_remarks_stay() {
        let unit = |name: &str, factor: i64| Unit {
            name: name.into(),
            aliases: Vec::new(),
            base: 0,
            factor: factor.into(),
        };
        let units = Units(vec![unit("亩", 1), unit("万亩", 10_000)]);
        let replaced = |text: &str| in_brackets(text, &units, 1, 0);
        assert_eq!(replaced("面积\n（万亩）").as_deref(), Some("面积\n（亩）"));
        assert_eq!(
            replaced("面积( 万亩 )合计").as_deref(),
            Some("面积(亩)合计")
        );
        assert_eq!(replaced("面积（亩）"), None);
        assert_eq!(replaced("面积"), None);
        assert_eq!(replaced("面积（万亩"), None);
    }
}

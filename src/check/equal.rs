#![doc = include_str!("equal.md")]

use crate::model::Detail;

use super::cells::{At, Cells};
use super::judge::{Holds, compare};
use super::outcome::Checking;

/// Slots: left, right.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let (left, right) = (cells.slot(0), cells.slot(1));
    // A sum has no cell that could be marked: where only the right side is a single cell,
    // that is the one to look at, and the sum is what it is held against.
    let (given, expected) = match (left.len(), right.len()) {
        (1, _) => (left, right),
        (_, 1) => (right, left),
        _ => (left, right),
    };
    compare(at, given, expected, Holds::Equal, || Detail::Equal {
        left: at.operand(cells.all(), left),
        right: at.operand(cells.all(), right),
    })
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::Detail;

    /// 附件3 in 亩 against 附件5 in 万亩.
    const FORMS: &str = "
        == 附件5 · 县林草局
        年度(year) | 项目内容(key) | 面积(万亩 .2)
        2023 | 人工造乔木林 | 0.45
        2023 | 退化林修复   | 0.2
        2024 | 人工造乔木林 | 0.54   MARK
        2025 | 人工造乔木林 |        MISSING
        == 附件3 · 轮台镇
        单位 | 年度@2023(亩 .1) | 年度@2024 | 年度@2025
        轮台镇   | 331.6  | 295.5  | 302.1
        群巴克镇 |        |        |
        == 附件3 · 群巴克镇
        单位 | 年度@2023(亩 .1) | 年度@2024 | 年度@2025
        群巴克镇 | 4168.4 | 4204.5 | 4197.9
        ";

    #[test]
    fn the_same_figure_in_two_annexes_must_agree() {
        let forms = FORMS
            .replace("MARK", "<- C4 equal: 0.45")
            .replace("MISSING", "<- cannot check: not returned");
        let left = "附件5/人工造乔木林/面积";
        check(equal(left, "附件3/*/年度").each_year(), &forms);
        // Nobody stated the county's total, so the rows are added up.
        check(equal(left, "附件3/合计/年度").each_year(), &forms);
        // The single cell is the place, whichever side it is on.
        check(equal("附件3/*/年度", left).each_year(), &forms);
    }

    #[test]
    fn a_stated_total_is_taken_as_it_is_stated() {
        let forms = FORMS.replace("MARK", "").replace("MISSING", "");
        let stated = "
            == 附件3 · 县林草局
            单位 | 年度@2023(亩 .1) | 年度@2024 | 年度@2025
            全县合计 | 4600 | 5400 | 4500";
        let (left, right) = ("附件5/人工造乔木林/面积", "附件3/合计/年度");
        let finding = finding(equal(left, right).each_year(), &(forms + stated));
        assert_eq!(finding.difference, Some(amount("-0.01")));
        assert_eq!(finding.year, Some(2023));
        // ½ × (100 亩 + 0.1 亩)
        assert_eq!(finding.tolerance, Some(amount("0.005005")));
        let Detail::Equal { left, right } = finding.detail else {
            panic!("{:?}", finding.detail);
        };
        assert_eq!(left.label, "附件5 人工造乔木林 2023年 面积");
        assert_eq!(left.value, "0.45万亩");
        assert_eq!(right.label, "附件3 全县合计 2023年 年度");
        assert_eq!(right.value, "4600亩");
    }

    #[test]
    fn rounding_in_the_coarser_unit_is_a_hint() {
        check(
            equal("附件5/人工造乔木林/面积", "附件3/*/年度").each_year(),
            "
            == 附件5 · 县林草局
            年度(year) | 项目内容(key) | 面积(万亩 .2)
            2023 | 人工造乔木林 | 0.45   <- C2 equal hint: 0.454
            2024 | 人工造乔木林 | 0.45   <- C3 equal: 0.456
            == 附件3 · 轮台镇
            单位 | 年度@2023(亩 .1) | 年度@2024 | 年度@2025
            轮台镇 | 4540 | 4560 | 4500
            ",
        );
    }

    #[test]
    fn years_that_an_annex_does_not_have_are_not_asked_for() {
        let text = "
            == 附件3.1 · 县林草局
            年度(year) | 项目内容(key) | 面积(万亩)
            2023 | 草原改良 | 1
            == 附件5 · 县林草局
            年度(year) | 项目内容(key) | 面积(万亩)
            2023 | 草原改良 | 1
            ";
        let rule = equal("附件3.1/草原改良/面积", "附件5/草原改良/面积");
        let tally = checked(rule.each_year(), text).tallies[0];
        assert_eq!((tally.pass, tally.not_applied), (1, 2));
    }

    #[test]
    fn two_cells_of_one_row_are_compared_in_every_form() {
        check(
            equal("按来源", "按用途"),
            "
            乡镇 | 按来源 | 按用途
            东河 |  100   |  100
            西岭 |  100   |  101   <- B3 equal hint: 101
            南坪 |  100   |  110   <- B4 equal: 110
            北原 |  100   |  －    <- C5 cannot check
            ",
        );
    }
}

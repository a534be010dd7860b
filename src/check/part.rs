#![doc = include_str!("part.md")]

use crate::model::Detail;

use super::cells::{At, Cells};
use super::judge::{Holds, compare};
use super::outcome::Checking;

/// Slots: the part, the whole.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let (part, whole) = (cells.slot(0), cells.slot(1));
    compare(at, part, whole, Holds::AtMost, || Detail::Part {
        part: at.operand(cells.all(), part),
        whole: at.operand(cells.all(), whole),
    })
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;
    use crate::model::Detail;

    /// 附件7: 阳霞镇 lies in two districts, and one's figures stand in the other's row.
    #[test]
    fn a_part_greater_than_its_whole_is_marked() {
        check(
            part("农业", "用水总量").each_year(),
            "
            灌区(key) | 乡镇(key) | 用水总量@2023(万立方米) | 用水总量@2024 | 农业@2023(万立方米) | 农业@2024
            塔里克灌区 | 阳霞镇     | 1447 | 1423 | 2080 | 1396   <- E2 part: 1447
            阳霞灌区   | 阳霞镇     | 3226 | 3145 | 2540 | 3113
            塔河灌区   | 轮南镇     | 3000 | 3000 | 3001 | 3000   <- E4 part hint: 3000
            策大雅灌区 | 策大雅乡   | 2514 |      | 2488 | 2459   <- D5 cannot check
            合计       |            | 9000 | 9000 | 9002 | 9000   <- E6 part: 9000
            ",
        );
    }

    #[test]
    fn part_and_whole_may_stand_in_different_units() {
        check(
            part("其中林地", "面积"),
            "
            乡镇 | 面积(万亩 .2) | 其中林地(亩)
            东河 | 0.45 | 4500
            西岭 | 0.45 | 4550   <- C3 part hint: 4500
            南坪 | 0.45 | 4551   <- C4 part: 4500
            ",
        );
    }

    #[test]
    fn a_finding_names_both() {
        let finding = finding(
            part("农业", "用水总量").each_year(),
            "
            乡镇   | 用水总量@2023(万立方米) | 农业@2023(万立方米)
            阳霞镇 | 1447 | 2080
            ",
        );
        assert_eq!(finding.difference, Some(amount("633")));
        assert_eq!(finding.tolerance, Some(amount("1")));
        let Detail::Part { part, whole } = finding.detail else {
            panic!("{:?}", finding.detail);
        };
        assert_eq!(
            (&*part.label, &*part.value),
            ("2023年 农业", "2080万立方米")
        );
        assert_eq!(whole.label, "2023年 用水总量");
    }
}

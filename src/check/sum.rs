#![doc = include_str!("sum.md")]

use crate::model::Detail;

use super::cells::{At, Cells};
use super::compare::{Holds, compare};
use super::outcome::Checking;

/// Slots: the total, then each part.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let (total, parts) = (cells.slot(0), cells.from_slot(1));
    compare(at, total, parts, Holds::Equal, || Detail::Sum {
        total: at.operand(cells.from_slot(0), total),
        parts: cells
            .slots(1)
            .map(|part| at.operand(cells.from_slot(0), part))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::grid::*;

    #[test]
    fn a_total_that_differs_from_its_parts_is_marked() {
        check(
            sum("合计", &["小麦", "玉米", "水稻"]),
            "
            乡镇 | 小麦 | 玉米 | 水稻 | 合计
            东河 |  10  |  20  |   5  |  35
            西岭 |  10  |  20  |   5  |  53   <- E3 sum: 35
            南坪 |  10  |      |   5  |  15   <- C4 cannot check
            北原 |  10  |  20  |   5  |  36   <- E5 sum hint: 35
            山口 |  10  |  －  |   5  |  15
            ",
        );
    }
}

#![doc = include_str!("sum.md")]

use crate::model::Detail;

use super::cells::{At, Cells};
use super::judge::{Holds, compare};
use super::outcome::Checking;

/// Slots: the total, then each part.
pub(super) fn check(at: At<'_>, cells: &Cells<'_>) -> Checking {
    let (total, parts) = (cells.slot(0), cells.after_first());
    compare(at, total, parts, Holds::Equal, || Detail::Sum {
        total: at.operand(cells.all(), total),
        parts: cells
            .other_slots()
            .map(|part| at.operand(cells.all(), part))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Checked;
    use super::super::grid::*;
    use crate::model::{Amount, Detail, Level};

    #[test]
    fn a_total_that_differs_from_its_parts_is_marked() {
        check(
            sum("合计", &["小麦", "玉米", "水稻"]),
            "
            乡镇 | 小麦 | 玉米 | 水稻 | 合计
            东河 |  10  |  20  |   5  |  35
            西岭 |  10  |  20  |   5  |  53   <- E3 sum: 35
            南坪 |  10  |      |   5  |  15   <- C4 cannot check
            北原 |  10  |  20  |   5  |  37   <- E5 sum hint: 35
            山口 |  10  |  －  |   5  |  15
            石桥 |  10  |  ?abc |  5  |  15   <- C7 cannot check
            柳林 |  －  |  －  |  －  |   3   <- B8 cannot check
            合计 |  60  |  40  |  35  | 170   <- E9 sum: 135
            ",
        );
    }

    /// 附件7, by use: 群巴克镇 leaves out its other sources, 阿克萨来乡 is rounded.
    #[test]
    fn the_water_plan_is_judged_as_worked_out_by_hand() {
        check(
            sum("用水总量", &["工业", "农业", "生活"]).each_year(),
            "
            灌区名称(key) | 乡镇名称(key) | 用水总量@2023(万立方米) | 用水总量@2024 | 工业@2023(万立方米) | 农业@2023(万立方米) | 生活@2023(万立方米) | 工业@2024 | 农业@2024 | 生活@2024
            迪那河灌区 | 轮台镇     | 3603 | 3492 |  327 | 3039 | 237 |  336 | 2918 | 238
            迪那河灌区 | 群巴克镇   | 8430 | 8215 | 2933 | 4843 |  74 | 2850 | 4703 |  76   <- C3 sum: 7850; D3 sum: 7629
            迪那河灌区 | 阿克萨来乡 | 1404 | 1385 |    0 | 1367 |  36 |    0 | 1347 |  36   <- C4 sum hint: 1403; D4 sum hint: 1383
            ",
        );
    }

    #[test]
    fn a_finding_says_what_was_added_up() {
        let finding = finding(
            sum("用水总量", &["工业", "农业", "生活"]).each_year(),
            "
            == 附件7 · 群巴克镇
            乡镇名称 | 用水总量@2023(万立方米) | 工业@2023(万立方米) | 农业@2023(万立方米) | 生活@2023(万立方米)
            群巴克镇 | 8430 | 2933 | 4843 | 74
            ",
        );
        assert_eq!(finding.annex.as_deref(), Some("附件7"));
        assert_eq!(finding.reporter.as_deref(), Some("群巴克镇"));
        assert_eq!(finding.row.as_deref(), Some("群巴克镇"));
        assert_eq!(finding.column.as_deref(), Some("用水总量"));
        assert_eq!(finding.year, Some(2023));
        assert_eq!(finding.given.as_deref(), Some("8430"));
        assert_eq!(finding.difference, Some(amount("580")));
        assert_eq!(finding.tolerance, Some(amount("2")));
        let cells: Vec<String> = finding
            .cells
            .iter()
            .filter_map(|place| Some(place.cell?.to_string()))
            .collect();
        assert_eq!(cells, ["C2", "D2", "E2"]);
        let Detail::Sum { total, parts } = finding.detail else {
            panic!("{:?}", finding.detail);
        };
        assert_eq!(total.label, "2023年 用水总量");
        assert_eq!(total.value, "8430万立方米");
        assert_eq!(parts[1].label, "2023年 农业");
        assert_eq!(parts[1].value, "4843万立方米");
    }

    /// 附件2.1: nothing was planned for 生产绿地 in two of the years.
    #[test]
    fn a_blank_counts_as_nothing_only_where_the_annex_says_so() {
        let form = |production: &str, mark: &str| {
            format!(
                "
                年份(year) | 公园绿地(公顷 .2) | 附属绿地(公顷 .2) | 道路绿地(公顷 .2) | 生产绿地(公顷 .2{production}) | 合计(公顷 .2)
                2023年 | 2.33 | 1.25 | 3.23 |      | 6.81   {mark}
                2025年 | 4.27 | 2.78 | 4.12 | 13.3 | 24.47
                2024年 |      | 2.63 | 3.02 | 0    | 9.33   <- B4 cannot check
                "
            )
        };
        let parts = ["公园绿地", "附属绿地", "道路绿地", "生产绿地"];
        check(sum("合计", &parts), &form(" none", ""));
        check(sum("合计", &parts), &form("", "<- E2 cannot check"));
    }

    #[test]
    fn a_rule_may_set_its_own_tolerance_and_where_it_holds() {
        let form = |marks: [&str; 3]| {
            format!(
                "
                乡镇 | 小麦 | 玉米 | 合计
                东河 |  10  |  20  |  33   {}
                西岭 |  10  |  20  |  35   {}
                合计 |  20  |  40  |  99   {}
                ",
                marks[0], marks[1], marks[2]
            )
        };
        let rule = || sum("合计", &["小麦", "玉米"]);
        let (hint, east, west, total) = (
            "<- D2 sum hint: 30",
            "<- D2 sum: 30",
            "<- D3 sum: 30",
            "<- D4 sum: 60",
        );
        check(rule().tolerance("3"), &form([hint, west, total]));
        check(rule().total_rows(false), &form([east, west, ""]));
        check(rule().except_rows(&["西岭"]), &form([east, "", total]));
        check(rule().only_rows(&["西岭"]), &form(["", west, ""]));
        let checked = checked(
            rule().only_rows(&["西岭"]),
            &form(["", "", ""]).replace("<-", ""),
        );
        assert_eq!(checked.tallies[0].not_applied, 2);
    }

    #[test]
    fn a_finding_has_the_level_of_its_rule() {
        let rule = sum("合计", &["甲", "乙"]).level(Level::Verification);
        let finding = finding(rule, "乡镇 | 甲 | 乙 | 合计\n东河 | 1 | 2 | 9");
        assert_eq!(finding.level, Level::Verification);
    }

    #[test]
    fn years_that_a_rule_is_not_for_are_not_checked() {
        check(
            sum("合计", &["甲", "乙"]).each_year().years(&[2024]),
            "
            乡镇 | 甲@2023 | 乙@2023 | 合计@2023 | 甲@2024 | 乙@2024 | 合计@2024
            东河 |    1    |    2    |     9     |    1    |    2    |     9     <- G2 sum: 3
            ",
        );
    }

    /// 附件3: three years in one row.
    #[test]
    fn a_yearly_column_without_a_year_stands_for_all_years() {
        check(
            sum("三年合计", &["年度"]),
            "
            单位     | 年度@2023(亩 .1) | 年度@2024 | 年度@2025 | 三年合计(亩 .1)
            野云沟乡 | 184.5 | 381.8 | 140.9 | 707.2
            阳霞镇   | 854.8 | 1990.6 | 1398.7 | 4244.3   <- E3 sum hint: 4244.1
            轮台镇   | 331.6 | 295.5 | 302.1 | 992.2   <- E4 sum: 929.2
            ",
        );
    }

    #[test]
    fn parts_in_other_units_are_converted() {
        check(
            sum("合计", &["林地", "草地"]),
            "
            乡镇 | 林地(亩) | 草地(公顷 .2) | 合计(万亩 .4)
            东河 |   4500   |   2.33   | 0.4535   <- D2 sum hint: 0.453495
            西岭 |   4500   |   100    | 0.6000
            南坪 |   4500   |   100    | 0.7000   <- D4 sum: 0.6
            北原 |   4500   |   2.33   | 0.5535   <- D5 sum: 0.453495
            ",
        );
    }

    #[test]
    fn a_difference_is_told_in_base_units_where_the_unit_cannot_hold_it() {
        let finding = finding(
            sum("合计", &["林地", "草地"]),
            "
            乡镇 | 林地(亩) | 草地(亩) | 合计(公顷)
            东河 |    16    |    1     |    5
            ",
        );
        assert_eq!(finding.given.as_deref(), Some("75亩"));
        assert_eq!(finding.expected.as_deref(), Some("17亩"));
        assert_eq!(finding.difference, Some(amount("58")));
        // ½ × (15 + 1 + 1)
        assert_eq!(finding.tolerance, Some(amount("8.5")));
    }

    #[test]
    fn what_cannot_be_added_exactly_is_said_and_not_guessed() {
        check(
            sum("合计", &["甲", "乙"]),
            "
            乡镇 | 甲 | 乙 | 合计
            东河 | 79228162514264337593543950335 | 0.1 | 1   <- D2 sum
            ",
        );
        check(
            sum("合计", &["甲", "乙"]),
            "
            乡镇 | 甲(亩) | 乙(户) | 合计(亩)
            东河 |   1    |   2    |    3   <- cannot check: units differ
            ",
        );
    }

    #[test]
    fn a_row_printed_for_somebody_else_is_not_checked() {
        let text = "
            == 附件1 · 轮台镇
            乡镇     | 甲 | 乙 | 合计
            轮台镇   | 1  | 2  | 3
            群巴克镇 |    |    |
            ";
        let tally = checked(sum("合计", &["甲", "乙"]), text).tallies[0];
        assert_eq!((tally.pass, tally.not_applied), (1, 1));
    }

    /// What is off in the total of a township's own rows is off in those rows already.
    #[test]
    fn only_the_county_total_is_checked_as_a_row() {
        let forms = |reporter: &str, mark: &str| {
            format!(
                "
                == 附件1 · {reporter}
                乡镇     | 甲 | 乙 | 合计
                轮台镇   | 1  | 2  | 9   <- D2 sum: 3
                合计     | 1  | 2  | 9   {mark}
                == 附件1 · 群巴克镇
                乡镇     | 甲 | 乙 | 合计
                群巴克镇 | 1  | 2  | 3
                "
            )
        };
        let rule = || sum("合计", &["甲", "乙"]);
        check(rule(), &forms("轮台镇", ""));
        check(rule(), &forms("县水利局", "<- D3 sum: 3"));
    }

    fn form(parts: &[i64], total: &str, decimals: u32) -> String {
        let header: Vec<String> = (0..parts.len())
            .map(|idx| format!("分项{idx}(亩 .{decimals})"))
            .collect();
        let cells: Vec<String> = parts.iter().map(|&part| shown(part, decimals)).collect();
        format!(
            "乡镇 | {} | 合计(亩 .{decimals})\n东河 | {} | {total}",
            header.join(" | "),
            cells.join(" | ")
        )
    }

    /// An integer as a figure with so many decimals.
    fn shown(value: i64, decimals: u32) -> String {
        rust_decimal::Decimal::new(value, decimals).to_string()
    }

    fn rule(n_parts: usize) -> Draft {
        let names: Vec<String> = (0..n_parts).map(|idx| format!("分项{idx}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        sum("合计", &names)
    }

    proptest! {
        #[test]
        fn exact_parts_always_add_up(
            parts in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 1..8),
            decimals in 0_u32..5,
        ) {
            let total = shown(parts.iter().sum(), decimals);
            let checked = checked(rule(parts.len()), &form(&parts, &total, decimals));
            prop_assert_eq!(checked.findings, vec![]);
            prop_assert_eq!(checked.tallies[0].pass, 1);
        }

        #[test]
        fn a_total_is_wrong_exactly_beyond_half_a_digit_for_each_figure(
            parts in prop::collection::vec(0_i64..1_000_000, 1..8),
            decimals in 0_u32..5,
            off in -20_i64..20,
        ) {
            let total = shown(parts.iter().sum::<i64>() + off, decimals);
            let tally = checked(rule(parts.len()), &form(&parts, &total, decimals)).tallies[0];
            let within = 2 * off.unsigned_abs() <= parts.len() as u64 + 1;
            prop_assert_eq!((tally.pass, tally.fail), if within { (1, 0) } else { (0, 1) });
        }

        #[test]
        fn one_changed_digit_is_always_found(
            parts in prop::collection::vec(0_i64..1_000_000, 2..8),
            place in 1_u32..6,
            digit in 1_i64..9,
        ) {
            // A digit before the last is worth 10 at least; seven parts and a total are off by 4 at most.
            let total: i64 = parts.iter().sum();
            let (power, old) = (10_i64.pow(place), total / 10_i64.pow(place) % 10);
            let changed = total + ((old + digit) % 10 - old) * power;
            let tally = checked(rule(parts.len()), &form(&parts, &changed.to_string(), 0)).tallies[0];
            prop_assert_eq!(tally.fail, 1);
        }

        #[test]
        fn the_order_of_parts_does_not_matter(
            (parts, shuffled) in prop::collection::vec(-1_000_i64..1_000, 1..8)
                .prop_flat_map(|parts| (Just(parts.clone()), Just(parts).prop_shuffle())),
            total in -3_000_i64..3_000,
        ) {
            let facts = |parts: &[i64]| {
                let checked = checked(rule(parts.len()), &form(parts, &total.to_string(), 0));
                let facts = checked.findings.into_iter();
                facts.map(|it| (it.level, it.expected, it.difference)).next()
            };
            prop_assert_eq!(facts(&parts), facts(&shuffled));
        }

        #[test]
        fn the_same_areas_in_another_unit_come_out_the_same(
            parts in prop::collection::vec(0_i64..1_000_000, 1..8),
            off in -30_i64..30,
        ) {
            let total = parts.iter().sum::<i64>() + off;
            let in_mu = checked(rule(parts.len()), &form(&parts, &total.to_string(), 0));
            let text = form(&parts, &shown(total, 4), 0).replace("合计(亩 .0)", "合计(万亩 .4)");
            let mixed = checked(rule(parts.len()), &text);
            prop_assert_eq!(&in_mu.tallies, &mixed.tallies);
            let differences = |checked: Checked| -> Vec<Option<Amount>> {
                checked.findings.iter().map(|it| it.difference).collect()
            };
            let tenthousandth = amount("0.0001");
            let expected: Vec<Option<Amount>> = differences(in_mu)
                .into_iter()
                .map(|it| it?.checked_mul(tenthousandth))
                .collect();
            prop_assert_eq!(differences(mixed), expected);
        }
    }

    /// In May 2024 nothing of 2025 is there to be added up, in the row and in the total.
    #[test]
    fn years_that_have_not_begun_count_as_nothing() {
        let form = |month: &str, marks: [&str; 3]| {
            format!(
                "
                == 附件1 · {month}
                单位 | 造林@2023 | 造林@2024 | 造林@2025 | 三年合计
                东河 | 10 | 20 |    | 30   {}
                西岭 | 10 | 20 | －  | 33   {}
                合计 | 20 | 40 |    | 63   {}
                ",
                marks[0], marks[1], marks[2]
            )
        };
        let rule = || sum("三年合计", &["造林"]).tolerance("0");
        let wrong = ["", "<- E3 sum: 30", "<- E4 sum: 60"];
        check(rule(), &form("2024-05", wrong));
        let missing = ["<- D2 cannot check", "<- E3 sum: 30", "<- D4 cannot check"];
        check(rule(), &form("2025-05", missing));
        check(total_row(), &form("2024-05", [""; 3]));
        // 合计 of 2025 is blank, and so are its rows.
        check(
            total_row(),
            &form("2025-05", ["", "", "<- D4 cannot check"]),
        );
    }
}

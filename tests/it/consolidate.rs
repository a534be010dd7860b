//! The county's rows, totals and conflicts, worked out by hand.

use hebiao::consolidate::Source;
use hebiao::model::{Detail, Kind, Level, RowKind};
use hebiao::scheme::{ColumnKind, ReturnedBy};

use crate::grid::Grid;

/// The lines of a text, without the indent that the test source gives it.
fn lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

#[test]
fn fixed_rows_stand_in_the_order_of_the_annex_and_all_of_them_are_there() {
    let grid = Grid::new("乡镇:reporter | 面积@2023 | 面积@2024 | 备注:text")
        .rows(&["轮台镇", "草湖乡", "野云沟乡"])
        .returned(
            "野云沟乡",
            "轮台镇   |      |   |
             草湖乡   |      |   |
             野云沟乡 | 1.50 | － | 沿河",
        )
        .returned("轮台镇", "轮台镇 | 10 | 5 |");
    assert_eq!(
        grid.shown(),
        lines(
            "轮台镇: 轮台镇 | 10 | 5 |  <- 2.xlsx row 2
             草湖乡: not returned
             野云沟乡: 野云沟乡 | 1.50 | － | 沿河 <- 1.xlsx row 4
             sum:  | 11.50 | 5 | "
        )
    );
    assert_eq!(grid.conflicts(), [""; 0]);
}

#[test]
fn the_first_form_that_gives_a_row_wins_and_what_it_contradicts_is_a_conflict() {
    let grid = Grid::new("乡镇:reporter | 面积@2023 | 面积@2024 | 备注:text")
        .rows(&["轮台镇", "草湖乡"])
        .returned("轮台镇", "轮台镇 | 10 | 5.0 | 沿河")
        .returned("轮台镇", "轮台镇 | 12 | 5 | 河边")
        .returned("轮台镇", "轮台镇 | 10 | ?约5 |");
    assert_eq!(
        grid.shown(),
        lines(
            "轮台镇: 轮台镇 | 10 | 5.0 | 沿河 <- 1.xlsx row 2
             草湖乡: not returned
             sum:  | 10 | 5.0 | "
        )
    );
    // 5 and 5.0 are one figure; the third form says the same or nothing that can be used.
    assert_eq!(
        grid.conflicts(),
        [
            "附件3/轮台镇/轮台镇/面积/2023: ‘10’ 1.xlsx B2, ‘12’ 2.xlsx B2",
            "附件3/轮台镇/轮台镇/备注/: ‘沿河’ 1.xlsx D2, ‘河边’ 2.xlsx D2",
        ]
    );
    let county = grid.consolidated();
    let other = vec![Source { table: 1, row: 0 }];
    assert_eq!(
        county.annexes[0].rows[0].conflicts,
        [(1, other.clone()), (3, other)]
    );
    let finding = &county.findings[0];
    assert_eq!(
        (finding.kind, finding.level),
        (Kind::Conflict, Level::QuasiMandatory)
    );
    assert_eq!(finding.given.as_deref(), Some("10"));
    assert_eq!(
        finding.difference.map(|d| d.to_string()).as_deref(),
        Some("-2")
    );
    assert_eq!(finding.cells.len(), 1);
}

#[test]
fn a_value_that_a_blank_would_hide_is_a_conflict_and_the_reverse_is_none() {
    let grid = Grid::new("乡镇:reporter | 面积 | 株数 | 绿地:none")
        .rows(&["轮台镇"])
        .returned("轮台镇", "轮台镇 | 10 |   |")
        .returned("轮台镇", "轮台镇 |    | 7 | 0");
    assert_eq!(
        grid.conflicts(),
        ["附件3/轮台镇/轮台镇/株数/: ‘’ 1.xlsx C2, ‘7’ 2.xlsx C2"]
    );
}

#[test]
fn a_township_is_believed_last_about_another() {
    let grid = Grid::new("乡镇:reporter | 面积")
        .rows(&["轮台镇", "草湖乡"])
        .returned("轮台镇", "轮台镇 | 1 \n 草湖乡 | 99")
        .returned("草湖乡", "草湖乡 | 2");
    assert_eq!(
        grid.shown(),
        lines(
            "轮台镇: 轮台镇 | 1 <- 1.xlsx row 2
             草湖乡: 草湖乡 | 2 <- 2.xlsx row 2
             sum:  | 3"
        )
    );
    assert_eq!(
        grid.conflicts(),
        ["附件3/草湖乡/草湖乡/面积/: ‘2’ 2.xlsx B2, ‘99’ 1.xlsx B3"]
    );
}

#[test]
fn what_a_township_says_of_another_that_returned_nothing_is_told_and_left_out() {
    let grid = Grid::new("乡镇:reporter | 面积")
        .rows(&["轮台镇", "草湖乡", "野云沟乡"])
        .returned("轮台镇", "轮台镇 | 1 \n 草湖乡 | 99 \n 野云沟乡 | 50")
        .returned("野云沟乡", "野云沟乡 | 50");
    assert_eq!(
        grid.shown(),
        lines(
            "轮台镇: 轮台镇 | 1 <- 1.xlsx row 2
             草湖乡: not returned
             野云沟乡: 野云沟乡 | 50 <- 2.xlsx row 2
             sum:  | 51"
        )
    );
    let county = grid.consolidated();
    let [finding] = &county.findings[..] else {
        panic!("{:?}", county.findings);
    };
    assert_eq!(
        (finding.kind, finding.level),
        (Kind::UnexpectedRow, Level::Verification)
    );
    assert_eq!(finding.reporter.as_deref(), Some("轮台镇"));
    let place = finding.place.as_ref().expect("a place");
    assert_eq!(place.cell.expect("a cell").to_string(), "B3");
    let rows = vec!["草湖乡".to_owned()];
    assert_eq!(
        finding.detail,
        Detail::OthersRows {
            rows,
            not_returned: true
        }
    );
}

#[test]
fn the_responsible_office_is_believed_in_its_turn() {
    let grid = Grid::new("乡镇:reporter | 面积")
        .rows(&["草湖乡"])
        .returned("县林草局", "草湖乡 | 99")
        .returned("草湖乡", "草湖乡 | 2");
    assert_eq!(
        grid.shown(),
        lines("草湖乡: 草湖乡 | 99 <- 1.xlsx row 2 \n sum:  | 99")
    );
}

#[test]
fn missing_is_not_zero_unless_the_annex_says_that_a_blank_means_none() {
    let grid = Grid::new("乡镇:reporter | 面积 | 绿地:none | 比例:rate | 备注:text")
        .rows(&["轮台镇", "草湖乡"])
        .returned("轮台镇", "轮台镇 |   |   | 40 | 无")
        .returned("草湖乡", "草湖乡 | ?约3 | | 60 | 无");
    assert_eq!(
        grid.shown().lines().last(),
        Some("sum:  |  | 0 |  |"),
        "a rate is never summed"
    );
}

#[test]
fn nothing_adds_up_where_nothing_was_returned() {
    let grid = Grid::new("乡镇:reporter | 面积 | 绿地:none").rows(&["轮台镇"]);
    assert_eq!(grid.shown(), lines("轮台镇: not returned \n sum:  |  |"));
}

#[test]
fn rows_of_another_kind_or_unit_do_not_add_up() {
    let mut grid = Grid::new("指标:key | 数量").rows(&["面积", "比例", "造林"]);
    let hebiao::scheme::Rows::Fixed(rows) = &mut grid.annex().rows else {
        panic!("fixed");
    };
    rows[1].kind = Some(ColumnKind::Rate);
    let same_unit = grid.returned("县林草局", "面积 | 1 \n 比例 | 50 \n 造林 | 2");
    assert_eq!(same_unit.shown().lines().last(), Some("sum:  | 3"));

    let mut other_unit = same_unit;
    let hebiao::scheme::Rows::Fixed(rows) = &mut other_unit.annex().rows else {
        panic!("fixed");
    };
    rows[2].unit = Some(1);
    assert_eq!(other_unit.shown().lines().last(), Some("sum:  |"));
}

#[test]
fn registers_follow_the_roster_and_then_the_form() {
    let grid = Grid::new("序号:serial | 编号:key | 蒸吨")
        .returned("草湖乡", "1 | 乙 | 3 \n 2 | 甲 | 4")
        .returned("轮台镇", "1 | 甲 | 20")
        .returned("草湖乡", "1 | 丙 | 1 \n 2 | 甲 | 5");
    // 甲 of 轮台镇 and 甲 of 草湖乡 are two boilers; 甲 is returned twice by 草湖乡.
    assert_eq!(
        grid.shown(),
        lines(
            "甲: 1 | 甲 | 20 <- 2.xlsx row 2
             乙: 1 | 乙 | 3 <- 1.xlsx row 2
             甲: 2 | 甲 | 4 <- 1.xlsx row 3
             丙: 1 | 丙 | 1 <- 3.xlsx row 2
             sum:  |  | 28"
        )
    );
    assert_eq!(
        grid.conflicts(),
        ["附件3/草湖乡/甲/蒸吨/: ‘4’ 1.xlsx C3, ‘5’ 3.xlsx C3"]
    );
}

#[test]
fn a_key_that_stands_twice_in_one_register_drops_nothing() {
    let grid = Grid::new("编号:key | 蒸吨")
        .returned("草湖乡", "甲 | 3 \n 甲 | 4")
        .returned("草湖乡", "甲 | 3 \n 甲 | 5");
    assert_eq!(
        grid.shown(),
        lines("甲: 甲 | 3 <- 1.xlsx row 2 \n 甲: 甲 | 4 <- 1.xlsx row 3 \n sum:  | 7")
    );
    assert_eq!(
        grid.conflicts(),
        ["附件3/草湖乡/甲/蒸吨/: ‘4’ 1.xlsx B3, ‘5’ 2.xlsx B3"]
    );
}

#[test]
fn rows_known_by_their_year_are_told_apart_by_it() {
    let mut grid = Grid::new("年度:year | 公园").rows(&["2023", "2024"]);
    grid.annex().returned_by = ReturnedBy::One(3);
    let grid = grid
        .returned("县林草局", "2023 | 1.2 \n 2024 | 3")
        .returned("县林草局", "2023 | 1.2 \n 2024 | 4");
    assert_eq!(
        grid.shown(),
        lines(
            "2023: 2023 | 1.2 <- 1.xlsx row 2
             2024: 2024 | 3 <- 1.xlsx row 3
             sum:  | 4.2"
        )
    );
    assert_eq!(
        grid.conflicts(),
        ["附件3/县林草局//公园/2024: ‘3’ 1.xlsx B3, ‘4’ 2.xlsx B3"]
    );
}

#[test]
fn the_total_row_of_the_responsible_office_is_the_one_stated() {
    let grid = Grid::new("乡镇:reporter | 面积")
        .rows(&["轮台镇", "草湖乡"])
        .returned("轮台镇", "轮台镇 | 1 \n 合计 | 1")
        .returned("县林草局", "轮台镇 | \n 合计 | 30")
        .returned("县林草局", "合计 | 31");
    assert_eq!(
        grid.shown(),
        lines(
            "轮台镇: 轮台镇 | 1 <- 1.xlsx row 2
             草湖乡: not returned
             sum:  | 1; 2.xlsx states row 3"
        )
    );
    assert_eq!(
        grid.conflicts(),
        ["附件3/县林草局/合计/面积/: ‘30’ 2.xlsx B3, ‘31’ 3.xlsx B2"]
    );
}

#[test]
fn a_form_that_holds_only_a_total_row_states_it_too() {
    let grid = Grid::new("乡镇:reporter | 面积")
        .rows(&["轮台镇"])
        .returned("轮台镇", "轮台镇 | 1 \n 合计 | 1")
        .returned("?", "轮台镇 | \n 合计 | 30");
    assert_eq!(
        grid.shown(),
        lines("轮台镇: 轮台镇 | 1 <- 1.xlsx row 2 \n sum:  | 1; 2.xlsx states row 3")
    );
    assert_eq!(grid.tables[1].rows[1].kind, RowKind::Total);
}

#[test]
fn where_reporters_have_one_row_each_it_is_the_grand_total_of_their_form() {
    let mut grid = Grid::new("序号:serial | 片区:key | 村:key | 面积 | 率:rate");
    grid.annex().one_row_each = Some(2);
    let grid = grid
        .returned(
            "草湖乡",
            "1|南|甲|3|80 \n 合计|||3| \n 2|北|乙|4|90 \n 合计|||7|85",
        )
        .returned("轮台镇", "1|南|丙|20|70 \n 合计|||20|70")
        .returned("轮台镇", "1|南|丁|1|60 \n 合计|||21|70")
        .returned("?", "1|南|戊|5|50 \n 合计|||5|50")
        .returned("野云沟乡", "1|南|己|9|50")
        .returned("县林草局", "1|南|庚|1|1 \n 合计|||40|");
    assert_eq!(
        grid.shown(),
        lines(
            "轮台镇: 合计 |  |  | 20 | 70 <- 2.xlsx row 3
             草湖乡: 合计 |  |  | 7 | 85 <- 1.xlsx row 5
             野云沟乡: not returned
             : 合计 |  |  | 5 | 50 <- 4.xlsx row 3
             sum:  |  |  | 32 | ; 6.xlsx states row 3"
        )
    );
    assert_eq!(
        grid.conflicts(),
        ["附件3/轮台镇/合计/面积/: ‘20’ 2.xlsx D3, ‘21’ 3.xlsx D3"]
    );
}

#[test]
fn a_township_that_returns_nothing_but_its_total_does_not_state_the_countys() {
    let mut grid = Grid::new("村:key | 面积");
    grid.annex().one_row_each = Some(0);
    // Nor does one that answers for the annex beside owing it.
    grid.annex().responsible = Some(1);
    let grid = grid
        .returned("草湖乡", "甲|3 \n 合计|3")
        .returned("轮台镇", "合计|9");
    assert_eq!(
        grid.shown(),
        lines(
            "轮台镇: 合计 | 9 <- 2.xlsx row 2
             草湖乡: 合计 | 3 <- 1.xlsx row 3
             野云沟乡: not returned
             sum:  | 12"
        )
    );
}

#[test]
fn an_annex_without_a_total_row_gets_none() {
    let mut grid = Grid::new("乡镇:reporter | 面积").rows(&["轮台镇"]);
    grid.annex().total = None;
    assert!(grid.consolidated().annexes[0].total.is_none());
}

#[test]
fn sums_are_exact_whatever_the_number_of_decimals() {
    let sum = |amounts: &[&str]| {
        let rows: Vec<String> = (amounts.iter().enumerate())
            .map(|(idx, amount)| format!("{idx} | {amount}"))
            .collect();
        let grid = Grid::new("编号:key | 面积").returned("轮台镇", &rows.join("\n"));
        (
            grid.shown().lines().last().expect("a sum").to_owned(),
            grid.conflicts(),
        )
    };
    for (amounts, expected) in [
        (&["0.1", "0.20", "40.0"][..], "40.30"),
        (&["0.333333333333333", "-1"], "-0.666666666666667"),
        // More decimals than the column has: added up beside it.
        (
            &["1", "0.0000000000000000000001", "2.5"],
            "3.5000000000000000000001",
        ),
        // Too great for the column.
        (
            &["1000000000000000000000000001", "1"],
            "1000000000000000000000000002",
        ),
    ] {
        assert_eq!(sum(amounts), (format!("sum:  | {expected}"), Vec::new()));
    }
    // 29 digits and more cannot be written: no total, and a finding at the figure to blame.
    assert_eq!(
        sum(&["1000000000000000000", "0.00000000001"]),
        (
            "sum:  |".to_owned(),
            vec!["not-a-number Some(\"面积\") Some(\"0.00000000001\")".to_owned()]
        )
    );
}

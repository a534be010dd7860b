//! Forms that hold less, or more, than what their reporter owes: rows in files of their own, rows of others.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use hebiao::inbox;
use hebiao::model::{Earlier, Kind, Period};
use hebiao::pipeline::{Merged, merge};
use hebiao::report::Lang;
use hebiao::report::words::message;
use rust_xlsxwriter::Workbook;

use crate::merged::{ANNEX_7, COUNTY, scheme};

const HEAD: [&str; 3] = [
    "序号|灌区名称|乡镇名称|2023年度用水总量指标|2024年度用水总量指标|2025年度用水总量指标|水指标按水源类型分|水指标按水源类型分|水指标按水源类型分|水指标按水源类型分|水指标按水源类型分|水指标按水源类型分",
    "||||||2023年度|2023年度|2024年度|2024年度|2025年度|2025年度",
    "||||||地表水|地下水|地表水|地下水|地表水|地下水",
];
const EAST: &str = "1|东河灌区|东河镇|30|31|32|10|20|11|20|12|20";
const WEST: &str = "1|东河灌区|西岭镇|7|7|7|3|4|3|4|3|4";
const WEST_TOO: &str = "2|南坪灌区|西岭镇|5|6|7|5|0|6|0|7|0";
const SOUTH: &str = "3|南坪灌区|南坪乡|1|1|1|1|0|1|0|1|0";

/// A form of 附件7, by whom, with these rows.
fn form(reporter: &str, rows: &[&str]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let top = [
        "附件7",
        "2023-2025年度东河县用水指标分解表",
        &format!("填报单位：{reporter}"),
        "单位：万立方米",
    ];
    let lines = top.iter().chain(&HEAD).chain(rows).enumerate();
    for (row, line) in lines {
        for (col, cell) in line.split('|').enumerate() {
            let (row, col) = (row as u32, col as u16);
            let written = match cell.parse::<f64>() {
                Ok(number) => sheet.write(row, col, number),
                Err(_) if cell.is_empty() => continue,
                Err(_) => sheet.write(row, col, cell),
            };
            written.expect("a cell");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

/// What a merge of such forms finds out; those that are not returned are left out.
fn merged(name: &str, forms: &[(&str, Vec<u8>)]) -> (Merged, Vec<String>) {
    let folder: PathBuf =
        std::env::temp_dir().join(format!("hebiao-parts-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    for (file, bytes) in forms {
        fs::write(folder.join(file), bytes).expect("a file");
    }
    let scheme = scheme(&[ANNEX_7]);
    let files = inbox::list(&folder).expect("the inbox");
    let merged = merge(&scheme, Period::Plan, Earlier::default(), &files, &|| {});
    fs::remove_dir_all(&folder).expect("its folder removed");
    let said = merged.findings.iter();
    let said = said.filter(|finding| finding.kind != Kind::NotReturned);
    let said = said.map(|finding| {
        let reporter = finding.reporter.as_deref().unwrap_or_default();
        format!(
            "{} {reporter}: {}",
            finding.level,
            message(finding, Lang::Zh)
        )
    });
    let said = said.collect();
    (merged, said)
}

#[test]
fn rows_that_come_in_files_of_their_own_are_not_missing() {
    let parts = [
        ("西岭镇东河灌区.xlsx", form("西岭镇", &[WEST])),
        ("西岭镇南坪灌区.xlsx", form("西岭镇", &[WEST_TOO])),
    ];
    let (merged, said) = merged("both", &parts);
    assert_eq!(said, [""; 0]);
    let came = merged.county.annexes[0].rows.iter();
    let came: Vec<bool> = came.map(|row| row.source.is_some()).collect();
    assert_eq!(came, [false, true, true, false]);
}

#[test]
fn a_row_that_comes_in_no_file_is_missing() {
    let (_, said) = merged("one", &[("西岭镇.xlsx", form("西岭镇", &[WEST]))]);
    assert_eq!(
        said,
        ["mandatory 西岭镇: 缺少一行：表中没有“南坪灌区·西岭镇”"]
    );
}

/// All townships, and what an office says of one of them.
fn exit_code(name: &str, office: &str) -> Option<i32> {
    let folder = std::env::temp_dir().join(format!("hebiao-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    for inner in ["scheme", "inbox/plan"] {
        fs::create_dir_all(folder.join(inner)).expect("a folder");
    }
    fs::write(folder.join("scheme/scheme.toml"), COUNTY).expect("a file");
    fs::write(folder.join("scheme/annex-7.toml"), ANNEX_7).expect("a file");
    for (file, bytes) in [
        ("东河镇.xlsx", form("东河镇", &[EAST])),
        ("西岭镇.xlsx", form("西岭镇", &[WEST, WEST_TOO])),
        ("南坪乡.xlsx", form("南坪乡", &[SOUTH])),
        ("县水利局.xlsx", form("县水利局", &[office])),
    ] {
        fs::write(folder.join("inbox/plan").join(file), bytes).expect("a file");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_hebiao"));
    command.args(["merge", "plan"]);
    for (name, inner) in [
        ("--scheme", "scheme"),
        ("--inbox", "inbox"),
        ("--outbox", "out"),
    ] {
        command.arg(name).arg(folder.join(inner));
    }
    let output = command.output().expect("the program runs");
    fs::remove_dir_all(&folder).expect("its folder removed");
    output.status.code()
}

#[test]
fn the_exit_code_tells_whether_anything_quasi_mandatory_is_open() {
    assert_eq!(exit_code("agrees", SOUTH), Some(0));
    // One township's figure is said otherwise by the office that answers for the annex.
    let other = SOUTH.replacen("乡|1|1|1|1|0", "乡|2|1|1|2|0", 1);
    assert_ne!(other, SOUTH);
    assert_eq!(exit_code("differs", &other), Some(1));
}

#[test]
fn rows_of_a_township_that_returned_nothing_are_not_taken_from_its_neighbour() {
    let (merged, said) = merged("more", &[("东河镇.xlsx", form("东河镇", &[EAST, SOUTH]))]);
    assert_eq!(
        said,
        [
            "verification 东河镇: 填了别的单位的行，未汇总：填了南坪灌区·南坪乡，这些行的单位自己没有报"
        ]
    );
    let annex = &merged.county.annexes[0];
    let came: Vec<bool> = annex.rows.iter().map(|row| row.source.is_some()).collect();
    assert_eq!(came, [true, false, false, false]);
    let total = annex.total.as_ref().expect("a total");
    assert_eq!(total.sums[3].expect("a sum").to_string(), "30");
}

//! Who returned a form: what it says of itself, its rows, its title, the file's name, the folder's.

use hebiao::model::{AliasMatch, Detail, Kind, ReporterSource};

use crate::desk::{Reading, luntai, read_sheets, sheet, shown_finding};

/// A form of 附件3 with these lines above it and rows of these townships.
fn form(above: &str, rows: &[&str]) -> String {
    let mut grid = format!("{above}\n单位 | 2023年度 | 2024年度 | 2025年度 | 三年合计\n");
    for row in rows {
        grid += &format!("{row} | 1 | 2 | 3 | 6\n");
    }
    grid
}

fn read(file: &str, grid: &str) -> Reading {
    read_sheets(luntai(), file, &[sheet(grid)])
}

/// Who was found, how, and what was said of reporters.
fn who(file: &str, grid: &str) -> String {
    let reading = read(file, grid);
    let who = reading.who[0];
    let name = who
        .reporter
        .map_or("nobody", |idx| &luntai().reporters[idx].name);
    let source = match who.found_by {
        None => "nowhere",
        Some(ReporterSource::Form) => "form",
        Some(ReporterSource::Title) => "title",
        Some(ReporterSource::Stamp) => "stamp",
        Some(ReporterSource::Rows) => "rows",
        Some(ReporterSource::FileName) => "file",
        Some(ReporterSource::Folder) => "folder",
        Some(ReporterSource::Annex) => "annex",
    };
    let mut said: Vec<String> = reading
        .findings
        .iter()
        .filter(|finding| matches!(finding.kind, Kind::Alias | Kind::UnknownReporter))
        .map(shown_finding)
        .collect();
    said.insert(0, format!("{name} by {source}"));
    said.join("; ")
}

/// Two rows name nobody: the lines above the form decide.
const TWO: [&str; 2] = ["轮南镇", "草湖乡"];

#[test]
fn the_cell_that_says_who_returned_it() {
    for above in [
        "填报单位：轮台镇 | | | | 单位：亩",
        "填报单位:轮台镇（盖章） | | | | 单位：亩",
        "填报单位（盖章）：轮台镇 | | | | 单位：亩",
        "填报单位（盖章）：轮台镇人民政府 | | | | 单位：亩",
        "填 报 单 位 ： 轮　台　镇 | | | | 单位：亩",
        "填报单位： | 轮台镇 | | | 单位：亩",
        "填报单位 | 轮台镇 | | | 单位：亩",
        "填报单位（盖章）： | | 轮台县轮台镇人民政府（盖章） | | 单位：亩",
        "填报单位：（公章） | 轮台镇 | | | 单位：亩",
        "填报单位：____轮台镇____（盖章） | | | | 单位：亩",
        "填报单位：轮台镇　　　单位：亩",
        "填报单位：轮台镇   计量单位：亩   填报日期：2024年5月6日",
        "单位：亩   填报单位：轮台镇",
        "填报单位：轮台镇 填报人：张三 联系电话：0996-4690000 | | | | 单位：亩",
        "填报乡镇：轮台镇 | | | | 单位：亩",
        "单位名称：轮台镇 | | | | 单位：亩",
        "单位：轮台镇 | | | | 单位：亩",
        "填报单位：轮台镇2024年5月6日 | | | | 单位：亩",
        "填报单位：轮台镇统计站 | | | | 单位：亩",
    ] {
        let reading = read("a.xlsx", &form(above, &TWO));
        assert_eq!(
            who("a.xlsx", &form(above, &TWO)),
            "轮台镇 by form",
            "{above}"
        );
        assert_eq!(reading.n_of(Kind::UnitMissing), 0, "{above}");
        assert_eq!(reading.n_of(Kind::UnitDiffers), 0, "{above}");
    }
}

#[test]
fn who_signs_below_returned_it() {
    let below = form("单位：亩", &TWO) + "\n填报单位（盖章）：轮台镇 | | 填表人：张三\n";
    assert_eq!(who("a.xlsx", &below), "轮台镇 by form");
    // What stands above comes first.
    let both = form("填报单位：草湖乡", &TWO) + "填报单位：轮台镇\n";
    assert_eq!(who("a.xlsx", &both), "草湖乡 by form");
}

#[test]
fn where_the_form_says_nothing_the_rest_does() {
    assert_eq!(
        who("a.xlsx", &form("单位：亩", &["草湖乡"])),
        "草湖乡 by rows"
    );
    assert_eq!(
        who(
            "a.xlsx",
            &form("轮台县草湖乡2023-2025年造林绿化任务表", &TWO)
        ),
        "草湖乡 by title"
    );
    assert_eq!(who("轮南镇附件3.xlsx", &form("", &TWO)), "轮南镇 by file");
    assert_eq!(
        who("2024-05/轮南镇/报表(1).xlsx", &form("", &TWO)),
        "轮南镇 by folder"
    );
    assert_eq!(
        who("轮南镇/报送/表.xlsx", &form("", &TWO)),
        "轮南镇 by folder"
    );
    // Each comes before the next.
    let all = |above: &str, rows: &[&str]| who("策达雅乡/轮南镇.xlsx", &form(above, rows));
    assert_eq!(
        all("填报单位：轮台镇", &["轮台镇"]),
        "轮台镇 by form; unknown-reporter verification A1 轮南镇"
    );
    assert_eq!(
        all("草湖乡2023-2025年造林绿化任务表", &["阳霞镇"]),
        "阳霞镇 by rows; unknown-reporter verification A1 草湖乡"
    );
    assert_eq!(all("", &TWO), "轮南镇 by file");
    // Nothing says it.
    assert_eq!(
        who("报表.xlsx", &form("单位：亩", &TWO)),
        "nobody by nowhere; unknown-reporter mandatory -"
    );
    // Only the county's total: who answers for the annex.
    assert_eq!(
        who("报表.xlsx", &form("单位：亩", &["全县合计"])),
        "县林草局 by annex"
    );
}

#[test]
fn what_contradicts_is_asked_about() {
    assert_eq!(
        who(
            "a.xlsx",
            &form("填报单位：轮台镇 | | | | 单位：亩", &["草湖乡"])
        ),
        "轮台镇 by form; unknown-reporter verification A1 草湖乡"
    );
    assert_eq!(
        who(
            "草湖乡.xlsx",
            &form("填报单位：轮台镇 | | | | 单位：亩", &["轮台镇"])
        ),
        "轮台镇 by form; unknown-reporter verification A1 草湖乡"
    );
    // Folders gather files of many, and an office returns rows that name others.
    assert_eq!(
        who("草湖乡/a.xlsx", &form("填报单位：轮台镇", &["轮台镇"])),
        "轮台镇 by form"
    );
    assert_eq!(
        who("a.xlsx", &form("填报单位：县林草局", &["草湖乡"])),
        "县林草局 by form"
    );
    // An office that is not asked for this annex.
    assert_eq!(
        who("a.xlsx", &form("填报单位：县住建局 | | | | 单位：亩", &TWO)),
        "县住建局 by form; unknown-reporter verification A1 县住建局"
    );
    let reading = read("草湖乡.xlsx", &form("填报单位：轮台镇", &["轮台镇"]));
    let contradiction = &reading
        .findings
        .iter()
        .find(|f| f.kind == Kind::UnknownReporter);
    assert_eq!(
        contradiction.expect("a finding").detail,
        Detail::ReporterContradicted {
            taken: ("轮台镇".into(), ReporterSource::Form),
            other: ("草湖乡".into(), ReporterSource::FileName),
        }
    );
}

/// How a name is matched: the reporter and the way, or what is suggested.
fn matched(name: &str) -> String {
    let scheme = luntai();
    let shown = |idx: usize| scheme.reporters[idx].name.to_string();
    match scheme.roster.find(name) {
        Ok(found) => {
            let how = match found.how {
                None => "itself",
                Some(AliasMatch::Listed) => "listed",
                Some(AliasMatch::Homophone) => "homophone",
                Some(AliasMatch::Short) => "short",
                Some(AliasMatch::Misprint) => "misprint",
                Some(AliasMatch::Remark) => "remark",
            };
            format!("{} {how}", shown(found.reporter))
        }
        Err(suggestions) => {
            let names: Vec<String> = suggestions.into_iter().map(shown).collect();
            format!("? {}", names.join(" "))
        }
    }
}

#[test]
fn names_are_matched_with_the_roster() {
    let mut wrong = Vec::new();
    for (name, wanted) in [
        ("轮台镇", "轮台镇 itself"),
        (" 轮 台 镇 ", "轮台镇 itself"),
        ("轮台镇人民政府", "轮台镇 itself"),
        ("轮台县轮台镇人民政府（盖章）", "轮台镇 itself"),
        ("策达雅乡", "策达雅乡 itself"),
        ("策大雅乡", "策达雅乡 listed"),
        ("轮台县策大雅乡", "策达雅乡 listed"),
        ("阳霞", "阳霞镇 listed"),
        ("杨霞镇", "阳霞镇 homophone"),
        ("羊霞镇", "阳霞镇 homophone"),
        ("策达亚乡", "策达雅乡 homophone"),
        ("轮台", "轮台镇 short"),
        ("阿克沙来乡", "阿克萨来乡 misprint"),
        ("铁热克巴札乡", "铁热克巴扎乡 homophone"),
        ("塔尔拉科乡", "塔尔拉克乡 homophone"),
        ("哈尔巴乡", "哈尔巴克乡 misprint"),
        ("县林草局", "县林草局 itself"),
        ("林草局", "县林草局 listed"),
        ("轮台县林草局", "县林草局 listed"),
        ("轮台县林业和草原局", "县林草局 listed"),
        ("县林业和草原局", "县林草局 listed"),
        ("住建局", "县住建局 listed"),
        ("轮台县水利局", "县水利局 listed"),
        ("水利局", "县水利局 listed"),
        ("生态环境局", "巴州生态环境局轮台县分局 listed"),
        ("州生态环境局轮台县分局", "巴州生态环境局轮台县分局 listed"),
        ("县委宣传部", "县委宣传部 itself"),
        ("轮台县委宣传部", "县委宣传部 listed"),
        ("县人民法院", "县人民法院 itself"),
        ("供电公司", "国网新疆轮台县供电公司 listed"),
        // A county is no town, and one town is not another.
        ("轮台县", "? 轮台镇"),
        ("轮台县人民政府", "? 轮台镇"),
        ("轮台乡", "? 轮台镇"),
        ("幸福乡", "?"),
        ("县畜牧局", "? 县畜牧兽医局 县商工局 县交通运输局"),
        ("乡", "?"),
        ("镇人民政府", "?"),
        ("", "?"),
        ("各乡镇人民政府", "?"),
    ] {
        let found = matched(name);
        if found.trim() != wanted {
            wrong.push(format!("{name}: {found}, wanted {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_that_were_only_understood_are_to_be_confirmed() {
    let said = |name: &str| {
        who(
            "a.xlsx",
            &form(&format!("填报单位：{name} | | | | 单位：亩"), &TWO),
        )
    };
    // The roster's own, and what only adds or leaves out what offices add, need no word.
    assert_eq!(said("轮台镇"), "轮台镇 by form");
    assert_eq!(said("阳霞"), "阳霞镇 by form");
    assert_eq!(said("轮台县草湖乡人民政府"), "草湖乡 by form");
    assert_eq!(
        said("策大雅乡"),
        "策达雅乡 by form; alias hint A1 策大雅乡 => 策达雅乡"
    );
    assert_eq!(
        said("杨霞镇"),
        "阳霞镇 by form; alias verification A1 杨霞镇 => 阳霞镇"
    );
    assert_eq!(
        said("轮台"),
        "轮台镇 by form; alias verification A1 轮台 => 轮台镇"
    );
    assert_eq!(
        said("阿克沙来乡"),
        "阿克萨来乡 by form; alias verification A1 阿克沙来乡 => 阿克萨来乡"
    );
    // Departments go by many names.
    assert_eq!(said("林草局"), "县林草局 by form");
    assert_eq!(said("轮台县林业和草原局"), "县林草局 by form");
}

#[test]
fn rows_are_matched_as_names_are() {
    let reading = read(
        "轮台镇.xlsx",
        &form(
            "单位：亩",
            &[
                "轮台",
                "杨霞镇",
                "策大雅乡",
                "阿克沙来乡",
                "轮台县",
                "幸福乡",
            ],
        ),
    );
    let keys: Vec<String> = reading.tables[0]
        .rows
        .iter()
        .map(|row| row.name())
        .collect();
    assert_eq!(keys, ["轮台镇", "阳霞镇", "策达雅乡", "阿克萨来乡"]);
    assert_eq!(
        reading.shown(),
        "alias verification A3 轮台 => 轮台镇\n\
         alias verification A4 杨霞镇 => 阳霞镇\n\
         alias hint A5 策大雅乡 => 策达雅乡\n\
         alias verification A6 阿克沙来乡 => 阿克萨来乡\n\
         unexpected-row quasi-mandatory A7 轮台县\n\
         unexpected-row quasi-mandatory A8 幸福乡"
    );
}

#[test]
fn an_unknown_name_is_said_with_what_it_may_mean() {
    let above = |name: &str| form(&format!("填报单位：{name} | | | | 单位：亩"), &TWO);
    assert_eq!(
        who("a.xlsx", &above("轮台乡")),
        "nobody by nowhere; unknown-reporter mandatory A1 轮台乡"
    );
    let reading = read("a.xlsx", &above("轮台乡"));
    assert_eq!(
        reading.findings[0].detail,
        Detail::UnknownReporter {
            suggestions: vec!["轮台镇".into()]
        }
    );
    // Somebody else was found, but the form says another name.
    assert_eq!(
        who("草湖乡.xlsx", &above("幸福乡")),
        "草湖乡 by file; unknown-reporter verification A1 幸福乡 => 草湖乡"
    );
    // The county's own name, or what is no name, contradicts nobody.
    assert_eq!(who("草湖乡.xlsx", &above("轮台县")), "草湖乡 by file");
    assert_eq!(who("草湖乡.xlsx", &above("2024年5月")), "草湖乡 by file");
}

#[test]
fn a_sheet_that_says_nothing_belongs_to_its_file() {
    let reading = read_sheets(
        luntai(),
        "a.xlsx",
        &[
            sheet(&form("填报单位：草湖乡", &["草湖乡"])),
            sheet("序号 | 乡镇 | 户数（个） | 备注\n1 | 轮台镇 | 5\n2 | 草湖乡 | 6"),
        ],
    );
    let who: Vec<_> = reading.who.iter().map(|who| who.reporter).collect();
    let caohu = luntai().roster.find("草湖乡").expect("a township").reporter;
    assert_eq!(who, [Some(caohu), Some(caohu)]);
}

#[test]
fn an_annex_of_one_office_needs_no_name() {
    let grid = "年份 | 城镇生活污水再生利用率 | 备注\n2023年 | 40\n2024年 | 45\n2025年 | 50";
    assert_eq!(who("报表.xlsx", grid), "县住建局 by annex");
    assert_eq!(
        who("林草局.xlsx", grid),
        "县林草局 by file; unknown-reporter verification - 县林草局"
    );
}

//! 台账: the plan's tasks, their lead offices and targets, from blank form to the county's summary.

use std::collections::BTreeMap;
use std::fs;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use hebiao::consolidate::{Lead, State};
use hebiao::inbox;
use hebiao::model::{CellRef, Detail, Earlier, Kind, Level, Period, ReadAs, ReturnStatus, Sheet};
use hebiao::pipeline::{FormFile, FormReader, Merged, merge};
use hebiao::read::{Limits, read};
use hebiao::report::Lang;
use hebiao::report::workbook::form::Form;
use hebiao::report::workbook::write_workbook;
use hebiao::scheme::{Annex, Scheme};

use crate::blank_form::{Filling, Typed, filled};
use crate::desk::{load_files, luntai, luntai_files, shown_finding};

const NUMBER: &str = "台账";
const BRANCH: &str = "巴州生态环境局轮台县分局";

/// 牵头单位 of each task, and how many measurable targets its text holds, read off the plan by hand.
const TASKS: [(&str, usize); 37] = [
    ("县发改委", 0),
    ("县发改委", 0),
    ("县发改委", 2), // 100%, 100%
    ("县发改委", 0),
    ("县住建局", 1), // 60%
    ("县林草局", 0),
    ("县林草局", 1), // 8%
    ("县林草局", 0),
    (BRANCH, 0),
    (BRANCH, 0),
    ("县自然资源局、巴州生态环境局轮台县分局", 0),
    ("县住建局", 1), // 10%
    ("县林草局", 0),
    ("县发改委", 0),
    ("县住建局", 6), // 6个, 1.5公里, 6公里, 6公里, 10公里, 100米
    ("县住建局", 0),
    (BRANCH, 0),
    (BRANCH, 0),
    ("县交通运输局", 2), // 80%, 0.5个百分点
    ("县住建局", 2),     // 70%, 85%
    ("县水利局", 0),
    ("轮台工业园区管委会、县住建局", 0),
    (BRANCH, 0),
    (BRANCH, 1), // 100%
    (BRANCH, 0),
    ("县农业农村局", 5), // 45.5%, 40%, 85%, 90%, 90%
    ("县农业农村局", 1), // 98%
    (BRANCH, 0),
    ("县住建局", 0),
    (BRANCH, 0),
    (BRANCH, 0),
    (BRANCH, 0),
    (BRANCH, 0),
    ("县发改委", 0),
    ("县财政局", 0),
    (BRANCH, 0),
    ("县教科局", 0),
];

fn ledger(scheme: &Scheme) -> &Annex {
    &scheme.annexes[scheme.annex(NUMBER).expect(NUMBER)]
}

fn month() -> Period {
    Period::parse("2024-05").expect("a month")
}

#[test]
fn the_ledger_has_the_tasks_of_the_plan_with_their_lead_offices() {
    let annex = ledger(luntai());
    let lead = annex.column("牵头单位").expect("牵头单位");
    let section = annex.column("所在章节").expect("所在章节");
    let mut rows = annex.rows.fixed().iter().peekable();
    for (nth, (leads, n_targets)) in TASKS.into_iter().enumerate() {
        let number = (nth + 1).to_string();
        let mut targets = Vec::new();
        while let Some(row) = rows.next_if(|row| *row.key[0] == *number) {
            assert_eq!(row.cell(lead), Some(leads), "{number}");
            let names = row
                .reporters
                .iter()
                .map(|&idx| &*luntai().reporters[idx].name);
            assert_eq!(names.collect::<Vec<_>>().join("、"), leads, "{number}");
            // The plan itself counts two sections as the second.
            let wanted = match nth + 1 {
                1..=5 => "（一）推动绿色低碳循环发展",
                6..=16 => "（二）筑牢生态安全屏障",
                17..=31 => "（二）深入打好污染防治攻坚战",
                _ => "（三）推进环境治理体制机制现代化",
            };
            assert_eq!(row.cell(section), Some(wanted), "{number}");
            targets.extend(&row.target);
        }
        assert_eq!(targets.len(), n_targets, "{number}");
    }
    assert!(rows.next().is_none());
    // 27 tasks without a target, and 22 targets.
    assert_eq!(annex.rows.fixed().len(), 27 + 22);
    assert!(annex.due.is_in(month()) && !annex.due.is_in(Period::Plan));
}

#[test]
fn offices_that_help_are_printed_as_the_roster_spells_them() {
    let annex = ledger(luntai());
    let helpers = annex.column("配合单位").expect("配合单位");
    let of = |number: &str| {
        let mut rows = annex.rows.fixed().iter();
        let row = rows.find(|row| *row.key[0] == *number).expect(number);
        row.cell(helpers).expect("offices").to_owned()
    };
    // 县委宣传部，县教科局、住建局、农业农村局、乡村振兴局、文旅局、市监局、机关事务中心，各乡镇人民政府，城镇社区管委会
    assert_eq!(
        of("14"),
        "县委宣传部、县教科局、县住建局、县农业农村局、县乡村振兴局、县文旅局、县市监局、县机关事务中心、各乡镇人民政府、城镇社区管委会"
    );
    assert_eq!(
        of("34"),
        "县财政局、巴州生态环境局轮台县分局、人民银行轮台县支行"
    );
}

#[test]
fn a_row_shows_the_target_that_it_quotes() {
    let annex = ledger(luntai());
    let shown = |target: &str| -> Vec<&str> {
        let mut rows = annex.rows.fixed().iter();
        let row = rows.find(|row| &*row.key[1] == target).expect(target);
        let cell = |name: &str| row.cell(annex.column(name).expect(name)).expect(name);
        ["目标值", "计量单位", "完成年度"].map(cell).to_vec()
    };
    assert_eq!(shown("农村生活污水治理率"), ["≥45.5", "%", "2025年"]);
    assert_eq!(shown("南环路道路配套绿化"), ["1.5", "公里", "2023—2025年"]);
    assert_eq!(shown("防风治沙基干林宽度"), ["100", "米", "2024年"]);
    assert_eq!(shown("－"), ["－", "－", "－"]);
}

/// The blank form of an office.
fn blank(office: &str) -> Vec<u8> {
    let scheme = luntai();
    let reporter = scheme.roster.find(office).expect(office).reporter;
    let form = Form::of(scheme, reporter).expect("forms");
    let form = form
        .only(&[scheme.annex(NUMBER).expect(NUMBER)])
        .expect("the ledger");
    let form = form.period(Some(month())).expect("for a month");
    form.write().expect("a form")
}

fn sheet(bytes: &[u8]) -> Sheet {
    let mut sheets = read(bytes, &Limits::default()).expect("a workbook").sheets;
    sheets.swap_remove(0)
}

/// One line of a return: task, the beginning of its target, 本期完成值, 进展情况, 存在问题.
type Line<'t> = (&'t str, &'t str, &'t str, &'t str, &'t str);

/// The form with these lines filled in.
fn typed(bytes: &[u8], lines: &[Line<'_>]) -> Vec<u8> {
    let sheet = sheet(bytes);
    let text = |row: u32, col: u32| {
        let cell = sheet.get(CellRef::new(row, col));
        cell.and_then(|cell| cell.text()).unwrap_or_default()
    };
    // 任务序号 stands once for all lines of a task.
    let mut rows: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut number = String::new();
    for (row, _) in sheet.rows() {
        let own = text(row, 0);
        if own.parse::<u32>().is_ok() {
            number = own.to_owned();
        }
        rows.insert((number.clone(), text(row, 5).to_owned()), row);
    }
    let mut filling = Filling::new();
    for (task, target, value, progress, problem) in lines {
        let mut rows = rows.iter();
        let row = rows.find(|((number, label), _)| number == task && label.starts_with(target));
        let row = *row.unwrap_or_else(|| panic!("{task} {target}")).1;
        for (col, typed) in [
            (9, Typed::Number((*value).to_owned())),
            (10, Typed::Text((*progress).to_owned())),
            (11, Typed::Text((*problem).to_owned())),
        ] {
            if !matches!(&typed, Typed::Number(text) | Typed::Text(text) if text.is_empty()) {
                filling.insert((NUMBER.to_owned(), CellRef::new(row, col)), typed);
            }
        }
    }
    filled(bytes, &filling)
}

const HOUSING: [Line<'_>; 9] = [
    ("5", "城镇", "45.3", "再生水管网完工12公里", "用户少"),
    ("12", "建设项目", "12", "审查7个项目", ""),
    ("15", "县城区", "3", "完成3个", ""),
    ("15", "南环路", "1.50", "完工", ""),
    ("15", "沙漠公路", "2.4", "土方换填2.4公里", "苗木到货晚"),
    ("15", "西环路", "", "正在招标", ""),
    ("20", "建成区", "70", "", ""),
    ("22", "－", "", "截污管网铺设3.2公里", ""),
    ("29", "－", "", "已完成，裸土全部绿化或硬化", ""),
];

fn read_back(file: &str, bytes: &[u8]) -> FormFile {
    FormReader::new(luntai(), month()).file(&file.into(), bytes)
}

#[test]
fn a_form_filled_in_says_what_was_typed_and_nothing_is_said_of_it() {
    let file = read_back("1.xlsx", &typed(&blank("县住建局"), &HOUSING));
    let said = file
        .findings
        .iter()
        .chain(file.checked.iter().flat_map(|one| &one.findings));
    assert_eq!(said.map(shown_finding).collect::<Vec<_>>(), [""; 0]);
    let [table] = &file.tables[..] else {
        panic!("{} tables", file.tables.len());
    };
    let name = |idx: usize| &*luntai().reporters[idx].name;
    assert_eq!(table.reporter.map(name), Some("县住建局"));
    let annex = ledger(luntai());
    let rows: Vec<String> = (table.rows.iter())
        .map(|row| {
            let values = ["本期完成值", "进展情况", "存在问题"].map(|column| {
                let column = annex.column(column).expect(column);
                let leaf = annex.leaf(column, None).expect("a leaf");
                row.entries[leaf].value.to_string()
            });
            format!("{}|{}", row.key.join("|"), values.join("|"))
        })
        .collect();
    // With the decimals that the form shows.
    assert_eq!(
        rows,
        [
            "5|城镇生活污水再生利用率|45.30|再生水管网完工12公里|用户少",
            "12|建设项目结合落实的绿化指标|12.00|审查7个项目|",
            "15|县城区绿化提升改造工程|3|完成3个|",
            "15|南环路道路配套绿化|1.50|完工|",
            "15|沙漠公路道路绿化|2.40|土方换填2.4公里|苗木到货晚",
            "15|西环路道路绿化||正在招标|",
            "20|建成区道路机械化清扫率|70.00||",
            "22|－||截污管网铺设3.2公里|",
            "29|－||已完成，裸土全部绿化或硬化|",
        ]
    );
}

#[test]
fn only_what_the_lead_office_knows_can_be_typed_into_its_form() {
    let bytes = blank("县住建局");
    let mut zip = zip::ZipArchive::new(Cursor::new(&bytes)).expect("a zip file");
    let mut part = |name: &str| {
        let mut text = String::new();
        let mut part = zip.by_name(name).expect(name);
        std::io::Read::read_to_string(&mut part, &mut text).expect("text");
        text
    };
    let styles = part("xl/styles.xml");
    let formats = styles.split("<cellXfs").nth(1).expect("formats");
    let unlocked: Vec<bool> = formats
        .split("<xf ")
        .skip(1)
        .map(|xf| xf.contains("locked=\"0\""))
        .collect();
    let xml = part("xl/worksheets/sheet1.xml");
    assert!(xml.contains("<sheetProtection"));
    let is_unlocked = |cell: &str| {
        let cell = xml
            .split(&format!("<c r=\"{cell}\""))
            .nth(1)
            .expect("a cell");
        let style = cell
            .split("s=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        unlocked[style.expect("a style").parse::<usize>().expect("a number")]
    };
    let open = |row: u32| -> String {
        let columns = "ABCDEFGHIJKL".chars();
        columns
            .filter(|col| is_unlocked(&format!("{col}{row}")))
            .collect()
    };
    // Row 6 is task 5, the first of 县住建局; the lines of task 16, which has nothing to measure, are row 14.
    assert_eq!(open(6), "JKL");
    assert_eq!(open(14), "KL");
}

#[test]
fn rows_are_known_by_number_and_target_whatever_became_of_the_texts() {
    let bytes = blank("县住建局");
    let mut filling = Filling::new();
    let mut put = |cell: &str, typed: Typed| {
        let cell = cell.parse().expect("an address");
        filling.insert((NUMBER.to_owned(), cell), typed);
    };
    let text = |text: &str| Typed::Text(text.to_owned());
    // A number, a text cut short, a target by a few of its words.
    put("A6", Typed::Number("5".to_owned()));
    put("C6", text("推动能源资源节约高效利用…"));
    put("F6", text("污水再生利用率"));
    put("J6", Typed::Number("45.3".to_owned()));
    // Another task in its place, and another target.
    put("C7", text("抓好绿色图章"));
    put("G7", text("≥5"));
    put("K7", text("审查7个项目"));
    let file = read_back("县住建局.xlsx", &filled(&bytes, &filling));
    let said = |file: &FormFile| -> Vec<String> {
        let mut said: Vec<String> = file.findings.iter().map(shown_finding).collect();
        said.sort();
        said
    };
    let sheet = sheet(&bytes);
    let cell = |at: &str| {
        let at: CellRef = at.parse().expect("an address");
        sheet
            .get(at)
            .and_then(|cell| cell.text())
            .expect("a text")
            .to_owned()
    };
    let mut wanted = vec![
        "read-as hint F6 5·污水再生利用率".to_owned(),
        format!("read-as hint C7 抓好绿色图章 => {}", cell("C7")),
        "read-as verification G7 ≥5 => ≥10".to_owned(),
    ];
    wanted.sort();
    assert_eq!(said(&file), wanted);
    let keys: Vec<&str> = file.tables[0].rows.iter().map(|row| &*row.key[1]).collect();
    assert_eq!(
        keys,
        ["城镇生活污水再生利用率", "建设项目结合落实的绿化指标"]
    );

    // Half a name names nothing where the number is not there, and none of two where both have it.
    let mut filling = Filling::new();
    for (cell, typed) in [("F8", "绿化"), ("K8", "完成3个")] {
        let cell = cell.parse().expect("an address");
        filling.insert((NUMBER.to_owned(), cell), text(typed));
    }
    let file = read_back("县住建局.xlsx", &filled(&bytes, &filling));
    let kinds: Vec<(Kind, Level)> = file
        .findings
        .iter()
        .map(|one| (one.kind, one.level))
        .collect();
    assert!(
        kinds.contains(&(Kind::UnexpectedRow, Level::QuasiMandatory)),
        "{kinds:?}"
    );
}

#[test]
fn a_column_of_progress_that_was_taken_out_is_missed() {
    let bytes = blank("县住建局");
    let header = "K5".parse().expect("an address");
    let filling = Filling::from([(
        (NUMBER.to_owned(), header),
        Typed::Text("工作人员".to_owned()),
    )]);
    let file = read_back(
        "县住建局.xlsx",
        &typed(&filled(&bytes, &filling), &HOUSING[..1]),
    );
    let missing = file.findings.iter().filter(|finding| {
        finding.detail
            == Detail::MissingColumn {
                header: "进展情况".to_owned(),
                seems: None,
            }
    });
    assert_eq!(
        missing.map(|finding| finding.level).collect::<Vec<_>>(),
        [Level::Mandatory]
    );
    let printed =
        |finding: &&hebiao::model::Finding| finding.detail == Detail::ReadAs(ReadAs::Printed);
    assert_eq!(file.findings.iter().filter(printed).count(), 0);
}

/// A month in which four offices returned the ledger, one of them with nothing in it.
fn merged(test: &str) -> Merged {
    let folder = std::env::temp_dir().join(format!("hebiao-ledger-{}-{test}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let park: [Line<'_>; 1] = [("22", "－", "", "二期主体完工", "设备未到")];
    let farming: [Line<'_>; 3] = [
        ("26", "农村", "38.2", "新增治理村5个", ""),
        ("26", "农膜", "86.5", "", ""),
        ("27", "受污染", "", "无", ""),
    ];
    let returns: [(&str, &[Line<'_>]); 4] = [
        ("县住建局", &HOUSING),
        ("轮台工业园区管委会", &park),
        ("县农业农村局", &farming),
        ("县财政局", &[]),
    ];
    for (office, lines) in returns {
        let bytes = typed(&blank(office), lines);
        fs::write(folder.join(format!("{office}.xlsx")), bytes).expect("a return");
    }
    let files = inbox::list(&folder).expect("the returns");
    let merged = merge(luntai(), month(), Earlier::default(), &files, &|| {});
    fs::remove_dir_all(&folder).expect("its folder removed");
    merged
}

#[test]
fn tasks_are_held_against_their_targets_and_those_without_news_are_known() {
    let merged = merged("completion");
    let scheme = luntai();
    let annex = scheme.annex(NUMBER).expect(NUMBER);
    let county = &merged.county.annexes[annex];
    let line = |task: &str, target: &str| {
        let mut rows = county.rows.iter();
        let row = rows.find(|row| *row.key[0] == *task && row.key[1].starts_with(target));
        let completion = row.and_then(|row| row.completion).expect("a line");
        (
            completion.state,
            completion.rate.map(|rate| rate.to_string()),
        )
    };
    let rate = |text: &str| Some(text.to_owned());
    // 45.3/60; 12/10; 3/6; 1.50/1.5; 2.4/6; 70/70; 38.2/45.5 = 0.8395…; 86.5/85 = 1.0176…
    assert_eq!(line("5", "城镇"), (State::Open, rate("75.5")));
    assert_eq!(line("12", "建设项目"), (State::Done, rate("120.0")));
    assert_eq!(line("15", "县城区"), (State::Open, rate("50.0")));
    assert_eq!(line("15", "南环路"), (State::Done, rate("100.0")));
    assert_eq!(line("15", "沙漠公路"), (State::Open, rate("40.0")));
    assert_eq!(line("15", "西环路"), (State::UnderWay, None));
    assert_eq!(line("15", "防风治沙基干林长度"), (State::NoNews, None));
    assert_eq!(line("20", "建成区"), (State::Done, rate("100.0")));
    assert_eq!(line("20", "声环境"), (State::NoNews, None));
    assert_eq!(line("22", "－"), (State::UnderWay, None));
    assert_eq!(line("26", "农村"), (State::Open, rate("83.9")));
    assert_eq!(line("26", "农膜"), (State::Done, rate("101.7")));
    assert_eq!(line("29", "－"), (State::Done, None));
    assert_eq!(line("35", "－"), (State::NoNews, None));
    assert_eq!(line("1", "－"), (State::NotReturned, None));

    let progress = county.progress.as_ref().expect("progress");
    assert_eq!(progress.tasks.len(), 37);
    let with_news: Vec<usize> = (1..)
        .zip(&progress.tasks)
        .filter(|(_, task)| task.has_news)
        .map(|(number, _)| number)
        .collect();
    // Figures were returned for task 20, and not a word.
    assert_eq!(with_news, [5, 12, 15, 22, 26, 29]);
    let stand = |state: State| {
        progress
            .tasks
            .iter()
            .filter(|task| task.state == state)
            .count()
    };
    // 12, 29; 5, 15, 26; 20, 22; 16, 27, 35; the other 27.
    assert_eq!(State::ALL.map(stand), [2, 3, 2, 3, 27]);
    let lead = |lead: &Lead| (&*scheme.reporters[lead.reporter].name, lead.open());
    let leads: Vec<(&str, usize)> = progress.leads.iter().map(lead).collect();
    // Counted in the list of lead offices above: 15, 6, 8, 4, … less what is done; with as many, the roster's order.
    assert_eq!(
        leads,
        [
            (BRANCH, 14),
            ("县发改委", 6),
            ("县住建局", 5),
            ("县林草局", 4),
            ("县农业农村局", 2),
            ("县交通运输局", 1),
            ("轮台工业园区管委会", 1),
            ("县水利局", 1),
            ("县财政局", 1),
            ("县自然资源局", 1),
            ("县教科局", 1),
        ]
    );
    let owed = merged.returns.iter().filter(|one| one.annex == annex);
    let came = owed
        .clone()
        .filter(|one| one.status == ReturnStatus::Returned);
    assert_eq!((owed.count(), came.count()), (11, 4));
    let conflicts = merged
        .findings
        .iter()
        .filter(|finding| finding.kind == Kind::Conflict);
    assert_eq!(conflicts.count(), 0);
}

#[test]
fn the_county_sees_the_ledger_and_its_summary() {
    let bytes = write_workbook(&merged("workbook"), luntai(), Lang::Zh).expect("a workbook");
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).expect("an .xlsx file");
    let mut rows = |sheet: &str| -> Vec<String> {
        let range = book.worksheet_range(sheet).expect(sheet);
        let shown = |cell: &Data| cell.to_string().replace('\n', "/");
        range
            .rows()
            .map(|row| row.iter().map(shown).collect::<Vec<_>>().join("|"))
            .collect()
    };
    let ledger = rows(NUMBER);
    assert_eq!(
        ledger[2],
        "任务序号|所在章节|工作任务|牵头单位|配合单位|量化目标|目标值|计量单位|完成年度|本期完成值|进展情况|存在问题|完成率|状态"
    );
    let of = |start: &str, target: &str| -> String {
        let mut lines = ledger.iter();
        let line = lines.find(|line| line.starts_with(start) && line.contains(target));
        let line = line.unwrap_or_else(|| panic!("{start} {target}"));
        line.split('|').skip(5).collect::<Vec<_>>().join("|")
    };
    let wanted =
        "城镇生活污水再生利用率|≥60|%|2025年|45.3|再生水管网完工12公里|用户少|0.755|未完成";
    assert_eq!(of("5|", "城镇"), wanted);
    // Two lead offices tell their own parts, the first first.
    let wanted = "－|－|－|－||轮台工业园区管委会：二期主体完工/县住建局：截污管网铺设3.2公里|轮台工业园区管委会：设备未到||有进展";
    assert_eq!(of("22|", "－"), wanted);
    assert_eq!(of("35|", "－"), "－|－|－|－|||||无进展");
    assert_eq!(of("1|", "－"), "－|－|－|－|未报||||未报");
    // Header of three lines, 49 rows, four notes.
    assert_eq!(ledger.len(), 3 + 49 + 4);
    let numbers: Vec<u32> = ledger[3..52]
        .iter()
        .filter_map(|line| line.split('|').next()?.parse().ok())
        .collect();
    assert_eq!(numbers, (1..=37).collect::<Vec<u32>>());

    let summary = rows("台账汇总");
    let holds = |line: &str| {
        assert!(
            summary.iter().any(|own| own == line),
            "{line}\n{summary:#?}"
        )
    };
    holds("工作任务（项）|||37|2|3|2|3|27");
    // 12, 南环路, 建成区, 农膜; 5, 县城区, 沙漠公路, 农村; 西环路; two of 15, one of 20, three of 26, 27; 3, 7, 19, 24.
    holds("量化目标（个）|||22|4|4|1|7|6");
    holds("16|（二）筑牢生态安全屏障|实施公园河道体系绿化提升行动。|县住建局|无进展||||");
    holds("3|县住建局|5、15、16、20、22|5|2|2|2|1|0");
    // 37 tasks, six of them with news.
    let silent = "二、没有报进展情况的任务（31 项）||||||||";
    holds(silent);
}

#[test]
fn an_office_or_a_target_that_is_not_there_is_refused() {
    let refused = |from: &str, to: &str| -> String {
        let mut files = luntai_files();
        let file = files
            .iter_mut()
            .find(|file| file.name == "annex-ledger.toml");
        let file = file.expect("the ledger");
        assert!(file.text.contains(from), "{from}");
        file.text = file.text.replacen(from, to, 1);
        let mistakes = load_files(&files).expect_err("a mistake");
        let said: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        said.join("\n")
    };
    let text = luntai_files();
    let text = &text
        .iter()
        .find(|file| file.name == "annex-ledger.toml")
        .expect("it")
        .text;
    let place = |part: &str| {
        let at = text.find(part).expect(part);
        let line = text[..at].matches('\n').count() + 1;
        let column = text[..at]
            .rsplit('\n')
            .next()
            .expect("a line")
            .chars()
            .count()
            + 1;
        (line, column)
    };
    let (line, column) = place("县商工局、交通运输局、住建局、巴州");
    assert_eq!(
        refused(
            "县商工局、交通运输局、住建局、巴州",
            "县商工局、交通运输厅、住建局、巴州"
        ),
        format!(
            "annex-ledger.toml:{line}:{}: 没有名为“交通运输厅”的填报单位，是否指“县交通运输局”？",
            column + 5
        )
    );
    // Of T-30, T-34 and T-40, all one digit away, the first.
    let (line, column) = place("\"T-34\"");
    assert_eq!(
        refused("\"T-34\"", "\"T-340\""),
        format!("annex-ledger.toml:{line}:{column}: 没有名为“T-340”的正文目标，是否指“T-30”？")
    );
    let (line, column) = place("key    = [\"5\"");
    let said = refused("cells.\"牵头单位\" = \"县住建局\"\n", "");
    assert_eq!(
        said,
        format!(
            "annex-ledger.toml:{line}:{}: 没有写明“牵头单位”一列印什么（写在这一行的 cells 中）",
            column + 9
        )
    );
    let said = refused("\"牵头单位\" = \"县住建局\"", "\"牵头部门\" = \"县住建局\"");
    assert!(
        said.contains("没有名为“牵头部门”的列，是否指“牵头单位”？"),
        "{said}"
    );
}

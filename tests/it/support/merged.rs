//! Makes what a merge finds out: from a small county written down here, or from the sample inbox.

use std::path::Path;
use std::sync::Arc;

use hebiao::check::Checker;
use hebiao::consolidate::consolidate;
use hebiao::model::{
    CellRef, Date, Earlier, Entry, FileRecord, FileStatus, Finding, Format, Period, Place,
    ReturnRecord, ReturnStatus, Row, RowKind, Table, TableRecord, Tally, Value, Version,
};
use hebiao::pipeline::{FormReader, Merged, sort_findings};
use hebiao::returns;
use hebiao::scheme::{ColumnKind, Scheme, SchemeFile, load};

/// A county of three townships and two offices.
pub(crate) const COUNTY: &str = r#"
id     = "test"
title  = "东河县生态建设三年行动方案"
area   = "东河县"
years  = [2023, 2024, 2025]

[[units]]
name = "亩"
[[units]]
name = "万立方米"
[[units]]
name = "%"
[[units]]
name = "户"
[[units]]
name = "蒸吨"

[[reporters]]
code = "T01"
name = "东河镇"
kind = "township"
[[reporters]]
code = "T02"
name = "西岭镇"
kind = "township"
aliases = ["西玲镇"]
[[reporters]]
code = "T03"
name = "南坪乡"
kind = "township"
[[reporters]]
code = "D01"
name = "县水利局"
kind = "department"
[[reporters]]
code = "D02"
name = "县住建局"
kind = "department"
"#;

/// 附件3, its rows as in the plan: townships, three years and their total.
pub(crate) const ANNEX_3: &str = r#"
number      = "附件3"
title       = "东河县2023-2025年造林绿化任务指导性计划表"
unit        = "亩"
unit_line   = "单位：亩"
returned_by = "township"
row_key     = ["单位"]
reporter_column = "单位"
total_row   = "全县合计"
rows        = ["东河镇", "西岭镇", "南坪乡"]
notes       = ["注：面积按当年完成验收数填报。"]

[[columns]]
name   = "单位"
header = ["单位"]
kind   = "text"
[[columns]]
name     = "造林面积"
header   = ["{year}年度"]
each     = "year"
decimals = 1
[[columns]]
name     = "三年合计"
header   = ["三年合计"]
decimals = 1

[[sum]]
id    = "A3-01"
label = "三年合计"
total = "三年合计"
parts = ["造林面积"]
say   = "三年合计应等于三年之和"
[[total-row]]
id    = "A3-02"
label = "全县合计"
row   = "全县合计"
say   = "全县合计应等于各乡镇之和"
"#;

/// A piece of 附件7: a three-level header, merged districts, serial numbers, a stated total.
pub(crate) const ANNEX_7: &str = r#"
number      = "附件7"
title       = "2023-2025年度东河县用水指标分解表"
unit        = "万立方米"
returned_by = "township"
responsible = "县水利局"
row_key     = ["灌区名称", "乡镇名称"]
reporter_column = "乡镇名称"
total_row   = "合计"
rows = [["东河灌区", "东河镇"], ["东河灌区", "西岭镇"], ["南坪灌区", "西岭镇"], ["南坪灌区", "南坪乡"]]

[[columns]]
name   = "序号"
header = ["序号"]
kind   = "serial"
[[columns]]
name       = "灌区名称"
header     = ["灌区名称"]
kind       = "text"
merge_down = true
[[columns]]
name   = "乡镇名称"
header = ["乡镇名称"]
kind   = "text"
[[columns]]
name     = "用水总量"
header   = ["{year}年度用水总量指标"]
each     = "year"
decimals = 0
[[columns]]
name     = "地表水"
header   = ["水指标按水源类型分", "{year}年度", "地表水"]
each     = "year"
decimals = 0
[[columns]]
name     = "地下水"
header   = ["水指标按水源类型分", "{year}年度", "地下水"]
each     = "year"
decimals = 0

[[sum]]
id    = "A7-01"
label = "按水源分"
each  = "year"
total = "用水总量"
parts = ["地表水", "地下水"]
say   = "地表水、地下水之和应等于用水总量"
"#;

/// Years down, a percentage written with its sign, one remark for all rows, no total.
pub(crate) const ANNEX_4: &str = r#"
number      = "附件4"
title       = "2023-2025年城镇污水中水回用规划目标"
returned_by = "县住建局"
row_key     = ["年份"]
rows        = ["{year}年"]

[[columns]]
name   = "年份"
header = ["年份"]
kind   = "year"
[[columns]]
name     = "再生利用率"
header   = ["城镇生活污水再生利用率"]
kind     = "rate"
unit     = "%"
decimals = 0
[[columns]]
name       = "备注"
header     = ["备注"]
kind       = "text"
optional   = true
merge_down = true

[[range]]
id      = "A4-01"
label   = "比例在0到100之间"
columns = ["再生利用率"]
min     = "0"
max     = "100"
say     = "再生利用率应在0%到100%之间"
"#;

/// A register with codes and dates.
pub(crate) const ANNEX_6: &str = r#"
number      = "附件6"
title       = "东河县燃煤锅炉超低排放改造计划表"
returned_by = "县住建局"
row_key     = ["注册代码"]
rows        = "register"

[[columns]]
name   = "序号"
header = ["序号"]
kind   = "serial"
[[columns]]
name   = "注册代码"
header = ["注册代码"]
kind   = "code"
[[columns]]
name   = "使用单位名称"
header = ["使用单位名称"]
kind   = "text"
[[columns]]
name     = "蒸吨数"
header   = ["蒸吨数"]
unit     = "蒸吨"
decimals = 1
[[columns]]
name   = "注册登记时间"
header = ["注册登记时间"]
kind   = "date"
[[columns]]
name   = "计划完成时间"
header = ["计划完成时间"]
kind   = "date"

[[code]]
id     = "A6-01"
label  = "注册代码"
column = "注册代码"
digits = 20
say    = "注册代码是20位数字"
"#;

/// A total on top that counts its rows.
pub(crate) const ANNEX_6_2: &str = r#"
number      = "附件6.2"
title       = "东河县2023年煤改电工程分布情况统计表"
unit        = "户"
returned_by = "township"
row_key     = ["乡镇"]
reporter_column = "乡镇"
total_row   = "合计（{count}个乡、镇）"
total_at    = "top"
rows        = ["东河镇", "西岭镇", "南坪乡"]

[[columns]]
name   = "序号"
header = ["序号"]
kind   = "serial"
[[columns]]
name   = "乡镇"
header = ["乡镇"]
kind   = "text"
[[columns]]
name     = "户数"
header   = ["户数（个）"]
decimals = 0
[[columns]]
name     = "备注"
header   = ["备注"]
kind     = "text"
optional = true

[[total-row]]
id    = "A62-01"
label = "合计"
row   = "合计（{count}个乡、镇）"
count = true
say   = "合计应等于各乡镇之和"
"#;

/// The scheme of some annexes of the small county.
pub(crate) fn scheme(annexes: &[&str]) -> Scheme {
    let mut files = vec![SchemeFile {
        name: "scheme.toml".into(),
        text: COUNTY.into(),
    }];
    for (idx, text) in annexes.iter().enumerate() {
        files.push(SchemeFile {
            name: format!("annex-{idx}.toml"),
            text: (*text).into(),
        });
    }
    load(&files).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// A merge in the making.
pub(crate) struct Draft<'s> {
    scheme: &'s Scheme,
    tables: Vec<Table>,
    findings: Vec<Finding>,
}

impl<'s> Draft<'s> {
    pub(crate) fn new(scheme: &'s Scheme) -> Self {
        Self {
            scheme,
            tables: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// A return: one line a row, one cell a leaf column, divided by `|`; its first row is row 5 of
    /// the sheet, its first column A. A line that starts with `=` is the total row.
    pub(crate) fn returned(mut self, reporter: &str, annex: &str, lines: &str) -> Self {
        let annex_idx = self.scheme.annex(annex).expect("an annex");
        let spec = &self.scheme.annexes[annex_idx];
        let reporter_idx = position(self.scheme, reporter);
        let mut table = Table {
            annex: annex_idx,
            file: format!("{reporter}/{annex}.xlsx").into(),
            sheet: annex.into(),
            reporter: Some(reporter_idx),
            columns: (0..spec.leaves.len() as u32).map(Some).collect(),
            rows: Vec::new(),
            period: Period::Plan,
            originals: Vec::new(),
            notes: Vec::new(),
            formulas: Vec::new(),
            blank_rows: Vec::new(),
        };
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        for (row_idx, line) in lines.enumerate() {
            let total = line.starts_with('=');
            let line = line.trim_start_matches('=');
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            assert_eq!(cells.len(), spec.leaves.len(), "{line}");
            let mut entries = Vec::new();
            for (leaf, cell) in cells.iter().enumerate() {
                let value = value(spec.column_of(leaf).kind, cell);
                if cell.ends_with('%') {
                    let original = (row_idx as u32, leaf as u32, (*cell).into());
                    table.originals.push(original);
                }
                entries.push(Entry {
                    value,
                    formula: false,
                });
            }
            let of_column = |column: usize| {
                let leaf = spec.leaf(column, None).expect("a key column");
                cells[leaf]
            };
            let key: Box<[Arc<str>]> = match total {
                true => Box::default(),
                false => spec
                    .row_key
                    .iter()
                    .map(|&key| of_column(key).into())
                    .collect(),
            };
            let year = spec.year_column.filter(|_| !total).map(of_column);
            let year = year.map(|year| year.trim_end_matches('年').parse().expect("a year"));
            let named = spec
                .reporter_key
                .filter(|_| !total)
                .map(|idx| key[idx].clone());
            table.rows.push(Row {
                kind: match total {
                    true => RowKind::Total,
                    false => RowKind::Data,
                },
                spec: spec.row_spec(&key, year),
                reporter: Some(named.map_or(reporter_idx, |name| position(self.scheme, &name))),
                key,
                year,
                sheet_row: 4 + row_idx as u32,
                stated_count: None,
                entries: entries.into(),
            });
        }
        self.tables.push(table);
        self
    }

    pub(crate) fn finding(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }

    pub(crate) fn merged(self) -> Merged {
        let checker = Checker::new(self.scheme);
        let mut checked = checker.county(&self.tables);
        for table in &self.tables {
            checked.merge(checker.form(table));
        }
        let files = self.tables.iter().map(|table| FileRecord {
            path: table.file.clone(),
            sha256: "0123456789abcdef".repeat(4),
            format: Some(Format::Xlsx),
            version: Version::default(),
            status: FileStatus::Read,
            is_whole: true,
            tables: vec![TableRecord {
                sheet: table.sheet.clone(),
                hidden: false,
                annex: table.annex,
                reporter: table.reporter,
                found_by: None,
                period: Period::Plan,
                period_found_by: None,
                kept_apart: false,
                dated: None,
                observations: table.rows.iter().map(|row| row.entries.len()).sum(),
                superseded: false,
            }],
        });
        let files = files.collect();
        let mut findings = self.findings;
        findings.append(&mut checked.findings);
        let mut tallies = checked.tallies;
        tallies.resize(self.scheme.rules.len(), Tally::default());
        assemble(
            self.scheme,
            Period::parse("2024-05").expect("a month"),
            files,
            self.tables,
            findings,
            tallies,
        )
    }
}

/// The sample inbox of the plan, read by the real stages.
pub(crate) fn plan() -> (Scheme, Merged) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("templates/luntai-2023-2025");
    let mut files: Vec<SchemeFile> = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the scheme's folder") {
        let path = entry.expect("a file").path();
        files.push(SchemeFile {
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            text: std::fs::read_to_string(&path).expect("text"),
        });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let scheme = load(&files).unwrap_or_else(|errors| panic!("{errors:?}"));
    let reader = FormReader::new(&scheme, Period::Plan);
    let (mut records, mut tables, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    let mut checked = hebiao::check::Checked::default();
    for file in hebiao::inbox::list(&root.join("inbox/plan")).expect("the inbox") {
        let bytes = std::fs::read(&file.source).expect("a file");
        let read = reader.file(&file.path, &bytes);
        records.push(read.record);
        tables.extend(read.tables);
        findings.extend(read.findings);
        read.checked.into_iter().for_each(|one| checked.merge(one));
    }
    let settled = returns::settle(&scheme, Period::Plan, tables, &records);
    findings.extend(settled.findings);
    checked.merge(Checker::new(&scheme).county(&settled.tables));
    findings.append(&mut checked.findings);
    let merged = assemble(
        &scheme,
        Period::Plan,
        records,
        settled.tables,
        findings,
        checked.tallies,
    );
    (scheme, merged)
}

fn assemble(
    scheme: &Scheme,
    period: Period,
    files: Vec<FileRecord>,
    tables: Vec<Table>,
    mut findings: Vec<Finding>,
    tallies: Vec<Tally>,
) -> Merged {
    let mut county = consolidate(scheme, &tables);
    findings.append(&mut county.findings);
    sort_findings(scheme, &mut findings);
    let mut returns = Vec::new();
    for (annex_idx, annex) in scheme.annexes.iter().enumerate() {
        for reporter in scheme.reporters_of(annex) {
            let of_reporter = tables.iter().filter(|table| {
                table.annex == annex_idx
                    && table.rows.iter().any(|row| row.reporter == Some(reporter))
            });
            let files: Vec<Arc<str>> = of_reporter.map(|table| table.file.clone()).collect();
            let status = match files.len() {
                0 => ReturnStatus::Missing,
                _ => ReturnStatus::Returned,
            };
            returns.push(ReturnRecord::new(reporter, annex_idx, status, files));
        }
    }
    returns.sort_by_key(|one: &ReturnRecord| (one.reporter, one.annex));
    Merged {
        period,
        earlier: Earlier::default(),
        note: None,
        superseded_by: vec![None; tables.len()],
        rolled_up: false,
        county,
        variances: None,
        files,
        tables,
        returns,
        corrections: Vec::new(),
        calls: Vec::new(),
        findings,
        tallies,
    }
}

fn value(kind: ColumnKind, cell: &str) -> Value {
    match (kind, cell) {
        (_, "") => Value::Missing,
        (_, "－") => Value::NotApplicable,
        (ColumnKind::Additive | ColumnKind::Rate, cell) => {
            match cell.trim_end_matches('%').parse() {
                Ok(amount) => Value::Amount(amount),
                Err(()) => Value::Unusable(cell.into()),
            }
        }
        (ColumnKind::Date, cell) => {
            let mut parts = cell
                .split('-')
                .map(|part| part.parse::<u16>().expect("a date"));
            let year = parts.next().expect("a year");
            let month = parts.next().map(|month| month as u8);
            let day = parts.next().map(|day| day as u8);
            Value::Date(Date::new(year, month, day).expect("a date"))
        }
        (_, cell) => Value::Text(cell.into()),
    }
}

fn position(scheme: &Scheme, reporter: &str) -> usize {
    scheme
        .reporters
        .iter()
        .position(|one| &*one.name == reporter)
        .unwrap_or_else(|| panic!("{reporter} is no reporter"))
}

/// A cell of a return of the small county.
pub(crate) fn place(reporter: &str, annex: &str, cell: &str) -> Place {
    let cell: CellRef = cell.parse().expect("an address");
    Place {
        file: format!("{reporter}/{annex}.xlsx").into(),
        sheet: Some(annex.into()),
        cell: Some(cell),
    }
}

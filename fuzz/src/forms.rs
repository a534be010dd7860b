//! Forms of the shipped scheme in which one cell is an input's.

use std::sync::{Arc, OnceLock};

use hebiao::model::{Cell, CellRef, CellValue, Finding, Period, Sheet, Table};
use hebiao::normalise::normalise;
use hebiao::recognise::{Layout, Recogniser, Who, settle_reporters};

use crate::grid;
use crate::scheme::luntai;

/// A form, and the cell to fill in.
pub struct Form {
    sheet: Sheet,
    layout: Layout,
    who: Who,
    cell: CellRef,
    file: Arc<str>,
}

const WOODS: &str = "轮台镇.xlsx
附件3
单位：亩
单位\t2023年度\t2024年度\t2025年度\t三年合计
轮台镇\t1\t2\t3\t6";

const WATER: &str = "县住建局.xlsx
附件4
2023-2025年城镇污水中水回用规划目标
年份\t城镇生活污水再生利用率\t备注
2023年\t30%\t
2024年\t35%\t
2025年\t40%\t";

const BOILERS: &str = "轮台县环保.xlsx
附件6.1
锅炉使用状态\t使用单位名称\t设备所在区县\t使用登记证号\t注册代码\t设备型号\t产品编号\t蒸吨数\t注册登记时间\t是否在县级及以上城市建成区\t是否完成超低排放改造\t改造工艺\t计划完成超低排放改造时间\t备注
在用\t甲厂\t轮台县\t锅10\t11106528002016050001\tX-1\t12\t75\t2016年6月\t否\t否\t炉内脱硫\t2024年12月\t";

/// The forms: a figure in 亩, a percentage, a date, a code.
pub fn forms() -> &'static [Form; 4] {
    static FORMS: OnceLock<[Form; 4]> = OnceLock::new();
    FORMS.get_or_init(|| {
        [
            Form::of(WOODS, "B3"),
            Form::of(WATER, "B4"),
            Form::of(BOILERS, "I2"),
            Form::of(BOILERS, "D2"),
        ]
    })
}

impl Form {
    fn of(input: &str, cell: &str) -> Self {
        let made = grid::GridFile::of(input.as_bytes());
        let file: Arc<str> = made.name.as_str().into();
        let sheet = made.sheets.into_iter().next().expect("one sheet");
        let (layouts, _) = Recogniser::new(luntai()).recognise(&file, &sheet);
        let layout = layouts.into_iter().next().expect("a form");
        let forms = [(Arc::from(sheet.name.as_str()), &layout)];
        let (who, _) = settle_reporters(luntai(), &file, &forms, None);
        Self {
            who: who[0],
            layout,
            sheet,
            cell: cell.parse().expect("an address"),
            file,
        }
    }

    /// The form with something else in its cell.
    pub fn with(&self, value: CellValue, decimals: Option<u8>) -> (Table, Vec<Finding>) {
        let mut cells: Vec<Cell> = self.sheet.cells().to_vec();
        let cell = cells
            .iter_mut()
            .find(|cell| cell.at == self.cell)
            .expect("filled in");
        cell.value = value;
        cell.format.decimals = decimals;
        let sheet = Sheet::new(
            self.sheet.name.clone(),
            true,
            cells,
            self.sheet.merges.clone(),
        );
        normalise(
            luntai(),
            Period::Plan,
            &self.file,
            &sheet,
            &self.layout,
            self.who,
        )
    }

    /// What became of the cell: its value in the table, and whether something is said of it.
    pub fn value(&self, made: &(Table, Vec<Finding>)) -> (hebiao::model::Value, bool) {
        let (table, findings) = made;
        let at = |row: &&hebiao::model::Row| row.sheet_row == self.cell.row;
        let row = table.rows.iter().find(at);
        let leaf = table
            .columns
            .iter()
            .position(|col| *col == Some(self.cell.col));
        let leaf = leaf.expect("a column of the form");
        let value = row.map_or(hebiao::model::Value::Missing, |row| {
            row.entries[leaf].value.clone()
        });
        let is_here = |finding: &Finding| {
            let mut places = finding.place.iter().cloned().chain(finding.cells.iter());
            places.any(|place| place.cell == Some(self.cell))
        };
        (value, findings.iter().any(is_here))
    }
}

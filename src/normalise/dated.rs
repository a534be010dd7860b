//! The day on which a form was filled in, as it says itself: 填报日期：2024年6月3日.

use crate::model::{CellValue, Date, Sheet};

use super::date::read_date;

/// What stands before the day.
const LABELS: [&str; 5] = ["填报日期", "报送日期", "填表日期", "上报日期", "报出日期"];

/// How far from the top or the bottom of a sheet it stands.
const NEAR: usize = 15;

/// The day on a form. Where only a month is written, or several days, there is none.
pub fn dated(sheet: &Sheet) -> Option<Date> {
    let n_rows = sheet.rows().count();
    let rows = sheet.rows().enumerate();
    let near = rows.filter(|(idx, _)| *idx < NEAR || idx + NEAR >= n_rows);
    let mut days = near.flat_map(|(_, (_, cells))| {
        cells.iter().enumerate().filter_map(|(idx, cell)| {
            // Asked first, since few texts have it and five searches take their time.
            let text = cell.text().filter(|text| text.contains("日期"))?;
            let rest = LABELS
                .iter()
                .find_map(|label| text.split_once(label))
                .map(|(_, rest)| rest.trim_start_matches([':', '：', ' ', '\u{3000}']))?;
            let day = day_at_start(rest).or_else(|| match &cells.get(idx + 1)?.value {
                CellValue::Date(date) if rest.is_empty() => Some(*date),
                CellValue::Text(text) if rest.is_empty() => day_at_start(text.trim()),
                _ => None,
            });
            day.filter(|day| day.day.is_some())
        })
    });
    let first = days.next()?;
    days.all(|day| day == first).then_some(first)
}

/// The day that a text begins with; more may follow on the same line: 联系电话.
fn day_at_start(text: &str) -> Option<Date> {
    let ends = text.char_indices().filter(|(_, c)| c.is_whitespace());
    let ends = ends.map(|(at, _)| at).chain([text.len()]);
    // 2024 年 6 月 3 日 has blanks inside, so the longest that is a date.
    let mut dates = ends.filter_map(|end| read_date(&text[..end]));
    dates.next_back().map(|read| read.date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cell, CellRef, NumberFormat};

    fn day(cells: &[(u32, u32, &str)]) -> Option<String> {
        let cell = |&(row, col, text): &(u32, u32, &str)| Cell {
            at: CellRef::new(row, col),
            value: match text.parse() {
                Ok(date) => CellValue::Date(date),
                Err(()) => CellValue::Text(text.into()),
            },
            format: NumberFormat::default(),
            formula: None,
        };
        let cells = cells.iter().map(cell).collect();
        let sheet = Sheet::new("表".into(), true, cells, Vec::new());
        dated(&sheet).map(|date| date.to_string())
    }

    #[test]
    fn the_day_stands_behind_its_label() {
        let june = Some("2024-06-03".to_owned());
        assert_eq!(day(&[(0, 0, "填报日期：2024年6月3日")]), june);
        assert_eq!(
            day(&[(
                0,
                0,
                "填报单位：轮台镇  填报日期: 2024年 6 月 3日  电话：0996"
            )]),
            june
        );
        assert_eq!(day(&[(0, 0, "报送日期"), (0, 3, "2024-06-03")]), june);
        assert_eq!(day(&[(0, 0, "填表日期："), (0, 1, "2024.6.3")]), june);
        assert_eq!(day(&[(0, 0, "填表日期：   年  月  日")]), None);
        assert_eq!(day(&[(0, 0, "填报日期：2024年6月")]), None);
        assert_eq!(day(&[(0, 0, "完成日期：2024年6月3日")]), None);
        let two = [
            (0, 0, "填报日期：2024年6月3日"),
            (1, 0, "填报日期：2024年6月4日"),
        ];
        assert_eq!(day(&two), None);
        let deep: Vec<(u32, u32, &str)> = (0..40)
            .map(|row| {
                (
                    row,
                    0,
                    if row == 20 {
                        "填报日期：2024年6月3日"
                    } else {
                        "行"
                    },
                )
            })
            .collect();
        assert_eq!(day(&deep), None, "rows of figures are not searched");
    }
}

//! Plain sums that were never calculated: `SUM(B3:D3)`, `B3+C3+D3`, `SUM(B3:D3,F3)`, and as our own
//! forms have them, `IF(COUNT(B3:D3)=0,"",SUM(B3:D3))`.

use crate::model::{Amount, CellRange, CellRef, CellValue, Sheet};

/// A sum over more cells than this, with those that its own parts add up, is not a form's.
const MAX_CELLS: u64 = 10_000;
/// A total of totals of totals is not a form's either.
const MAX_DEPTH: usize = 4;

/// What a plain sum comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sum {
    /// Nothing was filled in, and the formula says that it shows nothing then.
    Blank,
    /// The sum.
    Of(Amount),
}

/// What a formula comes to, if it adds up cells that all hold numbers or nothing.
pub(super) fn plain_sum(sheet: &Sheet, formula: &str) -> Option<Sum> {
    let mut reader = Reader {
        sheet,
        cells_left: MAX_CELLS,
    };
    reader.formula(formula, MAX_DEPTH)
}

struct Reader<'s> {
    sheet: &'s Sheet,
    cells_left: u64,
}

/// What was added up, and whether there was anything.
#[derive(Default)]
struct Added {
    sum: Amount,
    any: bool,
}

impl Reader<'_> {
    fn formula(&mut self, formula: &str, depth: usize) -> Option<Sum> {
        let formula: String = formula
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '$')
            .collect();
        let formula = formula.trim_start_matches('=');
        let (sum, may_be_blank) = match unless_blank(formula) {
            Some(sum) => (sum, true),
            None => (formula, false),
        };
        let mut added = Added::default();
        let mut rest = sum;
        loop {
            let (ranges, after) = term(rest)?;
            for range in ranges {
                self.add(&mut added, range, depth)?;
            }
            if after.is_empty() {
                return Some(match may_be_blank && !added.any {
                    true => Sum::Blank,
                    false => Sum::Of(added.sum),
                });
            }
            rest = after.strip_prefix('+')?;
        }
    }

    fn add(&mut self, added: &mut Added, range: CellRange, depth: usize) -> Option<()> {
        let rows = u64::from(range.end.row.checked_sub(range.start.row)?) + 1;
        let cols = u64::from(range.end.col.checked_sub(range.start.col)?) + 1;
        self.cells_left = self.cells_left.checked_sub(rows.checked_mul(cols)?)?;
        for row in range.start.row..=range.end.row {
            for cell in self.sheet.row(row) {
                if !range.contains(cell.at) {
                    continue;
                }
                let amount = match (&cell.value, &cell.formula) {
                    (CellValue::Number(number), _) => Amount::from_float(*number, 0)?,
                    (CellValue::Text(text), _) if is_nothing(text) => continue,
                    // A total of totals: they were not calculated either.
                    (CellValue::NotCalculated, Some(formula)) if depth > 0 => {
                        match self.formula(formula, depth - 1)? {
                            Sum::Of(amount) => amount,
                            Sum::Blank => continue,
                        }
                    }
                    // A text counts as nothing in a spreadsheet's sum; a clerk who typed a figure as
                    // text would be surprised, so such a sum is left to the spreadsheet.
                    _ => return None,
                };
                added.sum = added.sum.checked_add(amount)?;
                added.any = true;
            }
        }
        Some(())
    }
}

/// A blank, or the mark of what does not apply: nobody means a figure by it.
fn is_nothing(text: &str) -> bool {
    matches!(text.trim(), "" | "－" | "—" | "-" | "/")
}

/// The sum in `IF(COUNT(B3:D3)=0,"",SUM(B3:D3))`, where both are over the same cells.
fn unless_blank(formula: &str) -> Option<&str> {
    let starts = |text: &str, word: &str| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    const COUNT: &str = "IF(COUNT(";
    if !starts(formula, COUNT) {
        return None;
    }
    let (cells, rest) = formula[COUNT.len()..].split_once(')')?;
    let sum = rest.strip_prefix("=0,\"\",")?.strip_suffix(')')?;
    let added = starts(sum, "SUM(").then(|| sum[4..].strip_suffix(')'))??;
    (added == cells).then_some(sum)
}

/// One reference or `SUM(…)`, and what follows it.
fn term(text: &str) -> Option<(Vec<CellRange>, &str)> {
    let upper = text.get(..4).map(str::to_ascii_uppercase);
    if upper.as_deref() == Some("SUM(") {
        let close = text.find(')')?;
        let ranges: Option<Vec<CellRange>> = text[4..close]
            .split(',')
            .map(|range| range.parse().ok())
            .collect();
        return Some((ranges?, &text[close + 1..]));
    }
    let end = text.find('+').unwrap_or(text.len());
    let cell: CellRef = text[..end].parse().ok()?;
    Some((vec![CellRange::new(cell, cell)], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cell, NumberFormat};

    #[test]
    fn only_plain_sums_of_numbers_are_added_up() {
        let cell = |address: &str, value| Cell {
            at: address.parse().expect("an address"),
            value,
            format: NumberFormat::default(),
            formula: None,
        };
        let sheet = Sheet::new(
            "表".into(),
            true,
            vec![
                cell("B3", CellValue::Number(184.5)),
                cell("C3", CellValue::Number(381.8)),
                cell("D3", CellValue::Number(140.9)),
                cell("E3", CellValue::Text("12".into())),
            ],
            Vec::new(),
        );
        let sum = |formula| match plain_sum(&sheet, formula)? {
            Sum::Of(sum) => Some(sum.to_string()),
            Sum::Blank => Some("blank".to_owned()),
        };
        assert_eq!(sum("SUM(B3:D3)").as_deref(), Some("707.2"));
        assert_eq!(sum("$B$3+C3 + D3").as_deref(), Some("707.2"));
        assert_eq!(sum("sum(B3:C3,D3,F3)").as_deref(), Some("707.2"));
        for other in [
            "SUM(B3:E3)",
            "B3-C3",
            "B3*2",
            "AVERAGE(B3:D3)",
            "SUM(B3:D3)/2",
            "SUM(A1:XFD1048576)",
            "B3+",
        ] {
            assert_eq!(sum(other), None, "{other}");
        }
    }

    #[test]
    fn sums_that_stay_blank_and_sums_of_sums_are_those_of_our_own_forms() {
        let cell = |address: &str, value, formula: Option<&str>| Cell {
            at: address.parse().expect("an address"),
            value,
            format: NumberFormat::default(),
            formula: formula.map(Into::into),
        };
        let sheet = Sheet::new(
            "表".into(),
            true,
            vec![
                cell("B3", CellValue::Number(184.5), None),
                cell("C3", CellValue::Text("－".into()), None),
                cell(
                    "D3",
                    CellValue::NotCalculated,
                    Some("IF(COUNT(B3:C3)=0,\"\",SUM(B3:C3))"),
                ),
                cell(
                    "D4",
                    CellValue::NotCalculated,
                    Some("IF(COUNT(B4:C4)=0,\"\",SUM(B4:C4))"),
                ),
                cell("E3", CellValue::NotCalculated, Some("SUM(E3:E4)")),
            ],
            Vec::new(),
        );
        let amount = |text: &str| Some(Sum::Of(text.parse().expect("a figure")));
        let sum = |formula| plain_sum(&sheet, formula);
        assert_eq!(sum("IF(COUNT(B3:C3)=0,\"\",SUM(B3:C3))"), amount("184.5"));
        assert_eq!(sum("IF(COUNT(B4:C4)=0,\"\",SUM(B4:C4))"), Some(Sum::Blank));
        assert_eq!(sum("SUM(D3:D4)"), amount("184.5"));
        assert_eq!(
            sum("IF(COUNT(B3:C3)=0,\"\",SUM(B3:D3))"),
            None,
            "other cells"
        );
        assert_eq!(sum("SUM(E3:E4)"), None, "it adds up itself");
    }
}

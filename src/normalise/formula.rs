//! What the formulas of a form add up: `SUM(B3:D3)`, `B3+C3-D3`, `SUM(B3:D3,F3)`, `ROUND(SUM(B3:D3),1)`,
//! `SUBTOTAL(9,B3:B8)`, and as our own forms have them, `IF(COUNT(B3:D3)=0,"",SUM(B3:D3))`.
//!
//! A sum that a program never calculated is added up here; of one that was calculated it is known what it should
//! have come to. Everything that is no sum of cells of its own sheet is left alone.

use crate::model::{Amount, CellRange, CellRef, CellValue, Computes, Sheet};

use super::number::says_nothing;

/// A sum over more cells than this, with those that its own parts add up, is not a form's.
const MAX_CELLS: u64 = 10_000;
/// A total of totals of totals is not a form's either.
const MAX_DEPTH: usize = 4;
/// Longer formulas, and more brackets in brackets, no form has.
const MAX_LEN: usize = 4_000;
const MAX_NESTED: usize = 16;

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
    let mut adder = Adder {
        sheet,
        cells_left: MAX_CELLS,
    };
    adder.plain(formula, MAX_DEPTH)
}

/// What a formula computes, and what it should have come to. `cells_left` is how many cells may still be looked at:
/// running sums down a long sheet must not take longer than reading it.
pub(super) fn computes(sheet: &Sheet, formula: &str, cells_left: &mut u64) -> Computes {
    if formula.is_empty() {
        return Computes::Unread;
    }
    if let Some(name) = other_workbook(formula) {
        return Computes::External(name.into());
    }
    let Some(sum) = Added::read(formula) else {
        return Computes::Other;
    };
    let mut adder = Adder {
        sheet,
        cells_left: *cells_left,
    };
    let counted = adder.as_spreadsheet(&sum);
    *cells_left = adder.cells_left;
    let Some(counted) = counted else {
        return Computes::Other;
    };
    Computes::Sum {
        ranges: sum
            .ranges
            .into_iter()
            .map(|it| (it.cells, it.times))
            .collect(),
        result: counted.result,
        skips: counted.skips,
    }
}

/// The other workbook that a formula refers to: its name, or nothing where the file only numbers it.
fn other_workbook(formula: &str) -> Option<&str> {
    if let Some((_, rest)) = formula.split_once("'file:") {
        let path = rest.split('\'').next().unwrap_or(rest);
        return Some(path.rsplit('/').next().unwrap_or(path));
    }
    let mut before = ' ';
    let mut in_text = false;
    for (at, c) in formula.char_indices() {
        in_text ^= c == '"';
        // In Table[Column] the bracket follows a name, in [1]Sheet!A1 and 'C:\[Book.xlsx]Sheet'!A1 it does not.
        let follows_name = before.is_alphanumeric() || matches!(before, '_' | ']' | '[');
        if c == '[' && !in_text && !follows_name {
            let (name, rest) = formula[at + 1..].split_once(']')?;
            let is_numbered = name.bytes().all(|b| b.is_ascii_digit());
            return rest
                .contains('!')
                .then_some(if is_numbered { "" } else { name });
        }
        before = c;
    }
    None
}

/// What was added up.
#[derive(Debug, Default)]
struct Added {
    ranges: Vec<Range>,
    /// Whether it shows nothing where nothing is filled in.
    may_be_blank: bool,
    /// How many decimals it is rounded to.
    rounded: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    cells: CellRange,
    times: i8,
    /// Whether it stands between the brackets of a function that passes texts over.
    in_function: bool,
}

impl Added {
    fn read(formula: &str) -> Option<Self> {
        if formula.len() > MAX_LEN {
            return None;
        }
        let plain: String = formula
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '$')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let plain = plain.trim_start_matches('=');
        let mut reader = Reader {
            rest: plain,
            nested: 0,
            added: Self::default(),
        };
        reader.sum(1)?;
        (reader.rest.is_empty() && !reader.added.ranges.is_empty()).then_some(reader.added)
    }
}

struct Reader<'f> {
    rest: &'f str,
    nested: usize,
    added: Added,
}

impl<'f> Reader<'f> {
    fn take(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// Terms with + and − between them.
    fn sum(&mut self, times: i8) -> Option<()> {
        let mut sign = times;
        loop {
            while let Some(first @ ('+' | '-')) = self.rest.chars().next() {
                sign = if first == '-' { -sign } else { sign };
                self.rest = &self.rest[1..];
            }
            self.term(sign)?;
            if !self.rest.starts_with(['+', '-']) {
                return Some(());
            }
            sign = times;
        }
    }

    fn term(&mut self, times: i8) -> Option<()> {
        self.nested += 1;
        if self.nested > MAX_NESTED {
            return None;
        }
        let read = self.nested_term(times);
        self.nested -= 1;
        read
    }

    fn nested_term(&mut self, times: i8) -> Option<()> {
        if self.take("(").is_some() {
            self.sum(times)?;
            return self.take(")");
        }
        if self.take("SUM(").is_some() || self.take("_XLFN.SUM(").is_some() {
            return self.arguments(times);
        }
        if self.take("SUBTOTAL(9,").is_some() || self.take("SUBTOTAL(109,").is_some() {
            return self.arguments(times);
        }
        if self.take("N(").is_some() {
            return self.arguments(times);
        }
        if self.take("ROUND(").is_some() {
            self.sum(times)?;
            self.take(",")?;
            let decimals = self.until(')')?.parse().ok()?;
            self.added.rounded = Some(self.added.rounded.map_or(decimals, |it| it.min(decimals)));
            return Some(());
        }
        if self.take("IFERROR(").is_some() {
            self.sum(times)?;
            self.take(",")?;
            return matches!(self.until(')')?, "" | "0" | "\"\"").then_some(());
        }
        if self.take("IF(").is_some() {
            return self.unless_blank(times);
        }
        let range = self.range()?;
        let is_cell = range.start == range.end;
        self.push(range, times, false);
        is_cell.then_some(())
    }

    /// `COUNT(B3:D3)=0,"",SUM(B3:D3))`, where both are over the same cells.
    fn unless_blank(&mut self, times: i8) -> Option<()> {
        let is_first = self.added.ranges.is_empty();
        let counted = ["COUNT(", "COUNTA(", "SUM("]
            .into_iter()
            .any(|function| self.take(function).is_some());
        let mut condition = Added::default();
        std::mem::swap(&mut self.added, &mut condition);
        let read = if counted {
            self.arguments(times)
        } else {
            self.sum(times)
        };
        std::mem::swap(&mut self.added, &mut condition);
        read?;
        self.take("=0,").or_else(|| self.take("=\"\","))?;
        let nothing = self.until_comma()?;
        if !matches!(nothing, "\"\"" | "0" | "") {
            return None;
        }
        self.sum(times)?;
        self.take(")")?;
        let cells = |ranges: &[Range]| ranges.iter().map(|it| it.cells).collect::<Vec<_>>();
        if is_first && cells(&condition.ranges) != cells(&self.added.ranges) {
            return None;
        }
        self.added.may_be_blank |= nothing == "\"\"";
        Some(())
    }

    /// The ranges and sums between the brackets of a function.
    fn arguments(&mut self, times: i8) -> Option<()> {
        loop {
            let before = self.rest;
            match self.range() {
                Some(range) if self.rest.starts_with([',', ')']) => self.push(range, times, true),
                _ => {
                    self.rest = before;
                    self.sum(times)?;
                }
            }
            if self.take(")").is_some() {
                return Some(());
            }
            self.take(",")?;
        }
    }

    fn range(&mut self) -> Option<CellRange> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == ':';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let range: CellRange = self.rest[..end].parse().ok()?;
        // Followed by a bracket it is a function, by ! a sheet.
        let after = &self.rest[end..];
        if after.starts_with(['(', '!', '.', '_']) {
            return None;
        }
        self.rest = after;
        let (a, b) = (range.start, range.end);
        Some(CellRange::new(
            CellRef::new(a.row.min(b.row), a.col.min(b.col)),
            CellRef::new(a.row.max(b.row), a.col.max(b.col)),
        ))
    }

    fn push(&mut self, cells: CellRange, times: i8, in_function: bool) {
        self.added.ranges.push(Range {
            cells,
            times,
            in_function,
        });
    }

    fn until(&mut self, end: char) -> Option<&'f str> {
        let (text, rest) = self.rest.split_once(end)?;
        self.rest = rest;
        Some(text)
    }

    fn until_comma(&mut self) -> Option<&'f str> {
        self.until(',')
    }
}

struct Adder<'s> {
    sheet: &'s Sheet,
    cells_left: u64,
}

/// What a spreadsheet makes of a sum.
struct Counted {
    /// `None` where some cell holds what cannot be counted.
    result: Option<Amount>,
    /// The first text among the figures that looks like one.
    skips: Option<CellRef>,
}

impl Adder<'_> {
    fn plain(&mut self, formula: &str, depth: usize) -> Option<Sum> {
        let added = Added::read(formula)?;
        let (mut sum, mut any) = (Amount::ZERO, false);
        for range in &added.ranges {
            self.look_at(range.cells)?;
            for row in range.cells.start.row..=range.cells.end.row {
                for cell in self.sheet.row(row) {
                    if !range.cells.contains(cell.at) {
                        continue;
                    }
                    let amount = match (&cell.value, &cell.formula) {
                        (CellValue::Number(number), _) => Amount::from_float(*number, 0)?,
                        (CellValue::Text(text), _) if is_nothing(text) => continue,
                        // A total of totals: they were not calculated either.
                        (CellValue::NotCalculated, Some(formula)) if depth > 0 => {
                            match self.plain(formula, depth - 1)? {
                                Sum::Of(amount) => amount,
                                Sum::Blank => continue,
                            }
                        }
                        // A text counts as nothing in a spreadsheet's sum; a clerk who typed a figure as
                        // text would be surprised, so such a sum is left to the spreadsheet.
                        _ => return None,
                    };
                    sum = sum.checked_add(times(amount, range.times)?)?;
                    any = true;
                }
            }
        }
        if added.may_be_blank && !any {
            return Some(Sum::Blank);
        }
        Some(Sum::Of(rounded(sum, added.rounded)))
    }

    /// What a spreadsheet comes to: texts in a function's brackets are passed over, other texts stop it. `None` where
    /// there are more cells than may be looked at.
    fn as_spreadsheet(&mut self, added: &Added) -> Option<Counted> {
        let (mut sum, mut skips) = (Some(Amount::ZERO), None);
        for range in &added.ranges {
            self.look_at(range.cells)?;
            for row in range.cells.start.row..=range.cells.end.row {
                for cell in self.sheet.row(row) {
                    if !range.cells.contains(cell.at) {
                        continue;
                    }
                    let amount = match &cell.value {
                        CellValue::Number(number) => Amount::from_float(*number, 0),
                        CellValue::Text(text) if range.in_function => {
                            if !is_nothing(text) && cell.formula.is_none() {
                                skips = skips.or(Some(cell.at));
                            }
                            continue;
                        }
                        CellValue::Text(text) if text.trim().is_empty() => continue,
                        _ => None,
                    };
                    let amount = amount.and_then(|amount| times(amount, range.times));
                    sum = sum.and_then(|sum| sum.checked_add(amount?));
                }
            }
        }
        Some(Counted {
            result: sum.map(|sum| rounded(sum, added.rounded)),
            skips,
        })
    }

    fn look_at(&mut self, range: CellRange) -> Option<()> {
        let rows = u64::from(range.end.row.checked_sub(range.start.row)?) + 1;
        let cols = u64::from(range.end.col.checked_sub(range.start.col)?) + 1;
        self.cells_left = self.cells_left.checked_sub(rows.checked_mul(cols)?)?;
        Some(())
    }
}

fn times(amount: Amount, times: i8) -> Option<Amount> {
    match times {
        1 => Some(amount),
        _ => amount.checked_mul(Amount::from(i64::from(times))),
    }
}

/// As ROUND does: halves away from zero.
fn rounded(amount: Amount, decimals: Option<u32>) -> Amount {
    use rust_decimal::RoundingStrategy::MidpointAwayFromZero;
    match decimals {
        Some(decimals) => Amount(
            amount
                .0
                .round_dp_with_strategy(decimals, MidpointAwayFromZero),
        ),
        None => amount,
    }
}

/// A blank, or the mark of what does not apply: nobody means a figure by it.
fn is_nothing(text: &str) -> bool {
    text.trim().is_empty() || says_nothing(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Cell, NumberFormat};

    #[test]
    fn formulas_are_known_by_what_they_add_up() {
        let cell = |address: &str, value| Cell {
            at: address.parse().expect("an address"),
            value,
            format: NumberFormat::default(),
            formula: None,
        };
        let cells = vec![
            cell("B3", CellValue::Number(184.5)),
            cell("C3", CellValue::Text("381.8".into())),
            cell("D3", CellValue::Number(140.9)),
        ];
        let sheet = Sheet::new("表".into(), true, cells, Vec::new());
        let does = |formula: &str| computes(&sheet, formula, &mut 100);
        let range = |text: &str, times| (text.parse::<CellRange>().expect("a range"), times);
        let sum =
            |ranges: &[(CellRange, i8)], result: Option<&str>, skips: Option<&str>| Computes::Sum {
                ranges: ranges.into(),
                result: result.map(|text| text.parse().expect("a figure")),
                skips: skips.map(|text| text.parse().expect("an address")),
            };
        let row = range("B3:D3", 1);
        assert_eq!(does("SUM(B3:D3)"), sum(&[row], Some("325.4"), Some("C3")));
        assert_eq!(
            does("sum( $B$3:$D$3 )"),
            sum(&[row], Some("325.4"), Some("C3"))
        );
        let apart = [range("B3:B3", 1), range("D3:D3", -1)];
        assert_eq!(does("=B3-D3"), sum(&apart, Some("43.6"), None));
        // A spreadsheet would count the text here.
        assert_eq!(
            does("B3+C3"),
            sum(&[range("B3:B3", 1), range("C3:C3", 1)], None, None)
        );
        for (formula, name) in [
            ("[1]台账!$C$5", ""),
            ("SUM('D:\\表\\[台账.xlsx]一月'!B3:B9)", "台账.xlsx"),
            ("'file:///home/a/台账.ods'#$Sheet1.C5", "台账.ods"),
        ] {
            assert_eq!(does(formula), Computes::External(name.into()), "{formula}");
        }
        for other in [
            "B3*2",
            "台账!C5",
            "SUM(表1[面积])",
            "IF(B3>1,B3,C3)",
            "\"[1]a!b\"",
        ] {
            assert_eq!(does(other), Computes::Other, "{other}");
        }
        assert_eq!(does(""), Computes::Unread);
        assert_eq!(
            computes(&sheet, "SUM(A1:Z99)", &mut 100),
            Computes::Other,
            "too many"
        );
    }

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
        assert_eq!(sum("SUM(B3:D3)-C3").as_deref(), Some("325.4"));
        assert_eq!(sum("C3-(B3-D3)").as_deref(), Some("338.2"));
        assert_eq!(sum("SUBTOTAL(9,B3:D3)").as_deref(), Some("707.2"));
        assert_eq!(sum("ROUND(SUM(B3:D3),0)").as_deref(), Some("707"));
        assert_eq!(sum("IFERROR(B3+C3,0)").as_deref(), Some("566.3"));
        for other in [
            "SUM(B3:E3)",
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

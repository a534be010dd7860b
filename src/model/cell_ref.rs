//! Addresses of cells, as a clerk reads them in Excel.

use std::fmt;
use std::str::FromStr;

/// The address of one cell, counted from 0; shown as `A1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRef {
    /// Row, from 0.
    pub row: u32,
    /// Column, from 0.
    pub col: u32,
}

/// A rectangle of cells, both corners included; shown as `A1:C3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CellRange {
    /// Top left corner.
    pub start: CellRef,
    /// Bottom right corner.
    pub end: CellRef,
}

impl CellRef {
    /// The cell at `row` and `col`, both from 0.
    pub fn new(row: u32, col: u32) -> Self {
        Self { row, col }
    }

    /// The letters of the column: `A`, `Z`, `AA`.
    pub fn column_letters(self) -> String {
        let mut letters = Vec::new();
        let mut rest = self.col;
        loop {
            letters.push(b'A' + (rest % 26) as u8);
            if rest < 26 {
                break;
            }
            rest = rest / 26 - 1;
        }
        letters.iter().rev().map(|&b| char::from(b)).collect()
    }
}

impl fmt::Display for CellRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.column_letters(), u64::from(self.row) + 1)
    }
}

impl FromStr for CellRef {
    type Err = ();

    /// Reads `B7` or `$B$7`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.trim().trim_start_matches('$');
        let split = text.find(|c: char| !c.is_ascii_alphabetic()).ok_or(())?;
        let (letters, digits) = text.split_at(split);
        if letters.is_empty() || letters.len() > 3 {
            return Err(());
        }
        let col = letters.bytes().fold(0u32, |col, b| {
            col * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1
        });
        let digits = digits.trim_start_matches('$');
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(());
        }
        let row: u32 = digits.parse().map_err(|_| ())?;
        Ok(Self::new(row.checked_sub(1).ok_or(())?, col - 1))
    }
}

impl CellRange {
    /// The rectangle from `start` to `end`.
    pub fn new(start: CellRef, end: CellRef) -> Self {
        Self { start, end }
    }

    /// Whether `cell` lies inside.
    pub fn contains(&self, cell: CellRef) -> bool {
        (self.start.row..=self.end.row).contains(&cell.row)
            && (self.start.col..=self.end.col).contains(&cell.col)
    }
}

impl fmt::Display for CellRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.start, self.end)
    }
}

impl FromStr for CellRange {
    type Err = ();

    /// Reads `B2:C7`, or `B2` as a range of one cell.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (start, end) = text.split_once(':').unwrap_or((text, text));
        Ok(Self::new(start.parse()?, end.parse()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_as_they_are_shown() {
        for (row, col, shown) in [
            (0, 0, "A1"),
            (6, 25, "Z7"),
            (0, 26, "AA1"),
            (1_048_575, 16_383, "XFD1048576"),
        ] {
            let cell = CellRef::new(row, col);
            assert_eq!(cell.to_string(), shown);
            assert_eq!(shown.parse(), Ok(cell));
        }
        assert_eq!("$B$7".parse(), Ok(CellRef::new(6, 1)));
        for wrong in ["", "7", "B", "B0", "B7x", "ABCD1"] {
            assert_eq!(wrong.parse::<CellRef>(), Err(()), "{wrong}");
        }
    }
}

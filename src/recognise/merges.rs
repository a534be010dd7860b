//! Merged regions, found by where they start: a hostile sheet has two hundred thousand of them.

use std::ops::RangeInclusive;

use crate::model::{CellRange, CellRef, Sheet};

/// The merged regions of a sheet whose corner holds something, from top to bottom.
pub(super) struct Merges(Vec<CellRange>);

impl Merges {
    pub(super) fn new(sheet: &Sheet) -> Self {
        let merges = sheet.merges.iter().copied();
        let mut merges: Vec<CellRange> = merges
            .filter(|merge| sheet.get(merge.start).is_some())
            .collect();
        merges.sort_by_key(|merge| merge.start);
        Self(merges)
    }

    /// Those that start in these rows.
    pub(super) fn starting_in(&self, rows: RangeInclusive<u32>) -> &[CellRange] {
        let from = self
            .0
            .partition_point(|merge| merge.start.row < *rows.start());
        let to = self
            .0
            .partition_point(|merge| merge.start.row <= *rows.end());
        &self.0[from..to.max(from)]
    }

    /// Those that reach into `row` from at most `above` rows above it, from left to right. Spreadsheets
    /// allow no two to overlap; of two that do, the left one counts.
    pub(super) fn across(&self, row: u32, above: u32) -> Vec<CellRange> {
        let mut across: Vec<CellRange> = self
            .starting_in(row.saturating_sub(above)..=row)
            .iter()
            .copied()
            .filter(|merge| merge.end.row >= row)
            .collect();
        across.sort_by_key(|merge| merge.start.col);
        let mut next_free = 0;
        across.retain(|merge| {
            let free = merge.start.col >= next_free;
            if free {
                next_free = merge.end.col + 1;
            }
            free
        });
        across
    }

    /// Those that cover a column and start in these rows, from top to bottom.
    pub(super) fn down(&self, col: u32, rows: RangeInclusive<u32>) -> MergesDown {
        let across = |merge: &CellRange| (merge.start.col..=merge.end.col).contains(&col);
        let down = self.starting_in(rows).iter().copied();
        MergesDown(down.filter(across).collect())
    }
}

/// The merged regions that cover one column, from top to bottom.
pub(super) struct MergesDown(Vec<CellRange>);

impl MergesDown {
    /// The corner of the region that covers the cell, or the cell itself.
    pub(super) fn corner(&self, cell: CellRef) -> CellRef {
        let idx = self.0.partition_point(|merge| merge.start.row <= cell.row);
        idx.checked_sub(1)
            .map(|idx| self.0[idx])
            .filter(|merge| merge.contains(cell))
            .map_or(cell, |merge| merge.start)
    }
}

//! Forms side by side: which columns of a sheet belong to which of them.

use std::ops::RangeInclusive;

/// Columns of a sheet, from the first to the last.
pub(super) type Columns = RangeInclusive<u32>;

/// All of them.
pub(super) const ALL: Columns = 0..=u32::MAX;

/// Whether any column is in both.
pub(super) fn overlap(a: &Columns, b: &Columns) -> bool {
    a.start() <= b.end() && b.start() <= a.end()
}

/// What is left of `columns` beside `taken`: on the left and on the right.
pub(super) fn beside(columns: &Columns, taken: &Columns) -> [Option<Columns>; 2] {
    let left = taken.start().checked_sub(1);
    let left = left.map(|last| *columns.start()..=last.min(*columns.end()));
    let right = taken.end().checked_add(1);
    let right = right.map(|first| first.max(*columns.start())..=*columns.end());
    [left, right].map(|side| side.filter(|side| !side.is_empty()))
}

/// All columns but those that are taken.
pub(super) fn free(taken: impl Iterator<Item = Columns>) -> Vec<Columns> {
    let mut free = vec![ALL];
    for taken in taken {
        let sides = free.iter().flat_map(|columns| beside(columns, &taken));
        free = sides.flatten().collect();
    }
    free
}

/// The columns around each form of a row, up to its neighbours; `forms` from left to right, all in `columns`.
pub(super) fn around(columns: &Columns, forms: &[Columns]) -> Vec<Columns> {
    let from = |idx: usize| match idx.checked_sub(1) {
        Some(before) => *forms[before].end() + 1,
        None => *columns.start(),
    };
    let to = |idx: usize| match forms.get(idx + 1) {
        Some(after) => *after.start() - 1,
        None => *columns.end(),
    };
    (0..forms.len()).map(|idx| from(idx)..=to(idx)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_leaves_its_sides() {
        assert_eq!(beside(&(0..=9), &(3..=5)), [Some(0..=2), Some(6..=9)]);
        assert_eq!(beside(&(0..=9), &(0..=5)), [None, Some(6..=9)]);
        assert_eq!(beside(&(4..=9), &(0..=2)), [None, Some(4..=9)]);
        assert_eq!(beside(&ALL, &ALL), [None, None]);
        assert_eq!(
            free([2..=3, 6..=7].into_iter()),
            [0..=1, 4..=5, 8..=u32::MAX]
        );
        assert_eq!(free([2..=5, 4..=7].into_iter()), [0..=1, 8..=u32::MAX]);
    }

    #[test]
    fn a_form_has_the_columns_up_to_its_neighbours() {
        assert_eq!(around(&ALL, &[3..=5]), [ALL]);
        // What lies between may be either's.
        assert_eq!(around(&(1..=20), &[3..=5, 8..=9]), [1..=7, 6..=20]);
    }
}

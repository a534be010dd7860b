//! The cells that a finding is about, as runs of neighbours.
//!
//! A fault over a whole column concerns as many cells as the column has. What is said of them names the first
//! and how many there are, so they are kept as a clerk would name them: from where to where. Whoever marks them
//! goes through them one by one.

use super::{CellRef, Place};

/// Cells, or whole sheets and files, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    runs: Vec<Run>,
    n_cells: usize,
}

/// Neighbouring cells of one row or one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The first.
    pub first: Place,
    /// The last; that of the first where there is no other, `None` where it is no cell.
    pub last: Option<CellRef>,
}

impl Cells {
    /// None yet.
    pub const fn new() -> Self {
        Self {
            runs: Vec::new(),
            n_cells: 0,
        }
    }

    /// Adds a place behind the others.
    pub fn push(&mut self, place: Place) {
        self.n_cells += 1;
        match self.runs.last_mut() {
            Some(run) if run.goes_on_with(&place) => run.last = place.cell,
            _ => self.runs.push(Run {
                last: place.cell,
                first: place,
            }),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.n_cells
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The first that was added.
    pub fn first(&self) -> Option<&Place> {
        self.runs.first().map(|run| &run.first)
    }

    /// The runs, in order.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Every place, in order.
    pub fn iter(&self) -> impl Iterator<Item = Place> + '_ {
        let cells = self.by_sheet();
        cells.map(|(first, cell)| Place {
            cell,
            ..first.clone()
        })
    }

    /// Every cell, in order, each with a place of its sheet.
    pub fn by_sheet(&self) -> impl Iterator<Item = (&Place, Option<CellRef>)> {
        let runs = self.runs.iter();
        runs.flat_map(|run| run.cells().map(move |cell| (&run.first, cell)))
    }

    /// Lets `change` see every place.
    pub fn change_places(&mut self, change: &mut dyn FnMut(&mut Place)) {
        let changed = self.iter().map(|mut place| {
            change(&mut place);
            place
        });
        *self = changed.collect();
    }
}

impl Run {
    /// Its cells, from the first to the last; once `None` where it is none.
    fn cells(&self) -> impl Iterator<Item = Option<CellRef>> + use<> {
        let first = self.first.cell;
        let size = |from: fn(CellRef) -> u32| {
            let ends = first.zip(self.last);
            ends.map_or(1, |(first, last)| from(last) - from(first) + 1)
        };
        let (n_rows, n_cols) = (size(|cell| cell.row), size(|cell| cell.col));
        // One of the two is 1.
        (0..n_rows).flat_map(move |down| {
            (0..n_cols)
                .map(move |right| first.map(|at| CellRef::new(at.row + down, at.col + right)))
        })
    }

    fn goes_on_with(&self, place: &Place) -> bool {
        let (Some(first), Some(last), Some(cell)) = (self.first.cell, self.last, place.cell) else {
            return false;
        };
        let right = first.row == last.row && last.row == cell.row && last.col + 1 == cell.col;
        let down = first.col == last.col && last.col == cell.col && last.row + 1 == cell.row;
        (right || down) && self.first.file == place.file && self.first.sheet == place.sheet
    }
}

impl Extend<Place> for Cells {
    fn extend<I: IntoIterator<Item = Place>>(&mut self, places: I) {
        places.into_iter().for_each(|place| self.push(place));
    }
}

impl FromIterator<Place> for Cells {
    fn from_iter<I: IntoIterator<Item = Place>>(places: I) -> Self {
        let mut cells = Self::new();
        cells.extend(places);
        cells
    }
}

impl From<Vec<Place>> for Cells {
    fn from(places: Vec<Place>) -> Self {
        places.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn place(sheet: &str, cell: Option<&str>) -> Place {
        let cell = cell.map(|cell| cell.parse().expect("an address"));
        Place::sheet(&Arc::from("轮台镇.xlsx"), &Arc::from(sheet), cell)
    }

    #[test]
    fn neighbours_are_one_run_and_come_back_one_by_one() {
        let given = [
            ("附件7", Some("B2")),
            ("附件7", Some("C2")),
            ("附件7", Some("D2")),
            ("附件7", Some("D3")),
            ("附件7", Some("D4")),
            ("附件7", Some("F4")),
            ("附件3", Some("G4")),
            ("附件3", None),
            ("附件3", Some("G5")),
            ("附件3", Some("G5")),
        ];
        let places: Vec<Place> = given.iter().map(|(sheet, at)| place(sheet, *at)).collect();
        let cells: Cells = places.clone().into();
        let runs: Vec<String> = (cells.runs().iter())
            .map(|run| {
                let shown = |cell: Option<CellRef>| cell.map_or("-".into(), |at| at.to_string());
                format!("{}:{}", shown(run.first.cell), shown(run.last))
            })
            .collect();
        assert_eq!(
            runs,
            ["B2:D2", "D3:D4", "F4:F4", "G4:G4", "-:-", "G5:G5", "G5:G5"]
        );
        assert_eq!(cells.len(), places.len());
        assert_eq!(cells.iter().collect::<Vec<_>>(), places);
    }

    #[test]
    fn places_that_are_changed_make_runs_anew() {
        let mut cells: Cells = (2..6)
            .map(|row| place("附件7", Some(&format!("B{row}"))))
            .collect();
        assert_eq!(cells.runs().len(), 1);
        // Every second row was left out elsewhere.
        cells.change_places(&mut |place| {
            place.cell = place.cell.map(|cell| CellRef::new(cell.row * 2, cell.col));
        });
        let shown: Vec<String> = (cells.iter())
            .filter_map(|place| Some(place.cell?.to_string()))
            .collect();
        assert_eq!(shown, ["B3", "B5", "B7", "B9"]);
        assert_eq!(cells.runs().len(), 4);
    }
}

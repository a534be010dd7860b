//! The cells that a finding is about, as runs of neighbours.
//!
//! A fault over a whole column concerns as many cells as the column has. What is said of them names the first
//! and how many there are, so they are kept as a clerk would name them: from where to where. Whoever marks them
//! goes through them one by one.

use foldhash::{HashMap, HashMapExt};

use super::{CellRef, Place};

/// So many runs are told one after the other, in the order in which their cells were found.
const FEW: usize = 6;

/// Cells, or whole sheets and files, in the order in which they were added, until many are [joined](Cells::join).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    runs: Vec<Run>,
    n_cells: usize,
}

/// Neighbouring cells of one row or one column, or of several that were joined to a rectangle.
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

    /// Makes few runs of many, whatever the order of their cells: what was found row by row over two columns is two
    /// columns. They stay in the order in which the first of their cells was added.
    pub fn join(&mut self) {
        if self.runs.len() <= FEW {
            return;
        }
        let mut sheets = HashMap::new();
        let pieces: Vec<Piece> = (self.runs.iter().enumerate())
            .map(|(idx, run)| {
                let n_sheets = sheets.len();
                let sheet = (&run.first.file, &run.first.sheet);
                let sheet = *sheets.entry(sheet).or_insert(n_sheets);
                Piece::of(run, sheet, idx)
            })
            .collect();
        let single = pieces.iter().flat_map(|piece| piece.columns());
        let by_rows = joined(joined(pieces.clone(), Piece::flipped), Piece::same);
        let by_columns = joined(joined(single.collect(), Piece::same), Piece::flipped);
        let mut pieces = match by_columns.len() < by_rows.len() {
            true => by_columns,
            false => by_rows,
        };
        pieces.sort_by_key(|piece| piece.idx);
        self.runs = (pieces.into_iter())
            .map(|piece| piece.run(&self.runs[piece.idx].first))
            .collect();
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

/// A run while it is joined with others: from where to where in each direction.
#[derive(Clone, Copy)]
struct Piece {
    sheet: usize,
    /// `None` where it is no cell.
    rows: Option<(u32, u32)>,
    cols: (u32, u32),
    /// Its place among the runs.
    idx: usize,
}

impl Piece {
    fn of(run: &Run, sheet: usize, idx: usize) -> Self {
        let ends = run.first.cell.zip(run.last);
        Self {
            sheet,
            rows: ends.map(|(first, last)| (first.row, last.row)),
            cols: ends.map_or((0, 0), |(first, last)| (first.col, last.col)),
            idx,
        }
    }

    fn run(self, at: &Place) -> Run {
        let corner = |end: fn((u32, u32)) -> u32| {
            let rows = self.rows?;
            Some(CellRef::new(end(rows), end(self.cols)))
        };
        Run {
            first: Place {
                cell: corner(|ends| ends.0),
                ..at.clone()
            },
            last: corner(|ends| ends.1),
        }
    }

    /// Its parts of one column each.
    fn columns(self) -> impl Iterator<Item = Self> {
        (self.cols.0..=self.cols.1).map(move |col| Self {
            cols: (col, col),
            ..self
        })
    }

    fn same(self) -> Self {
        self
    }

    /// With its rows as columns.
    fn flipped(self) -> Self {
        Self {
            rows: self.rows.map(|_| self.cols),
            cols: self.rows.unwrap_or_default(),
            ..self
        }
    }
}

/// Joins pieces of the same columns that stand under each other, as `seen` shows them.
fn joined(pieces: Vec<Piece>, seen: fn(Piece) -> Piece) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = pieces.into_iter().map(seen).collect();
    pieces.sort_by_key(|piece| (piece.sheet, piece.cols, piece.rows, piece.idx));
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        if let Some(last) = joined.last_mut()
            && let (Some(above), Some(below)) = (&mut last.rows, piece.rows)
            && (last.sheet, last.cols) == (piece.sheet, piece.cols)
            && above.1 + 1 == below.0
        {
            above.1 = below.1;
            last.idx = last.idx.min(piece.idx);
        } else {
            joined.push(piece);
        }
    }
    joined.into_iter().map(seen).collect()
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

    /// The runs of cells that are added in this order, and joined.
    fn joined(cells: impl IntoIterator<Item = (u32, u32)>) -> Vec<String> {
        let at = |(row, col)| Place {
            cell: Some(CellRef::new(row, col)),
            ..place("附件7", None)
        };
        let mut added: Vec<Place> = cells.into_iter().map(at).collect();
        let mut cells: Cells = added.clone().into();
        cells.join();
        assert_eq!(cells.len(), added.len());
        let mut found: Vec<Place> = cells.iter().collect();
        found.sort();
        added.sort();
        assert_eq!(found, added);
        let shown = |run: &Run| {
            let (first, last) = run.first.cell.zip(run.last).expect("cells");
            format!("{first}:{last}")
        };
        cells.runs().iter().map(shown).collect()
    }

    #[test]
    fn cells_of_two_columns_are_two_runs_in_whatever_order_they_are_found() {
        let rows = 4..504;
        let by_rows = rows.clone().flat_map(|row| [(row, 4), (row, 8)]);
        assert_eq!(joined(by_rows.clone()), ["E5:E504", "I5:I504"]);
        assert_eq!(joined(by_rows.clone().rev()), ["I5:I504", "E5:E504"]);
        // 7 and 1000 have no divisor in common, so each comes once.
        let all: Vec<_> = by_rows.collect();
        let mixed = (0..1000).map(|n| all[n * 7 % 1000]);
        assert_eq!(joined(mixed), ["E5:E504", "I5:I504"]);
        // Columns side by side are a rectangle.
        let beside = rows.clone().flat_map(|row| [(row, 4), (row, 5)]);
        assert_eq!(joined(beside), ["E5:F504"]);
        // A column that is here and there in another's rows leaves that one whole.
        let ragged =
            rows.flat_map(|row| (4..5 + u32::from(row % 250 == 0)).map(move |col| (row, col)));
        assert_eq!(joined(ragged.chain((0..7).map(|n| (2 * n, 9)))).len(), 10);
        // Few are told as they were found.
        let few = [(4, 4), (4, 8), (5, 4), (5, 8)];
        assert_eq!(joined(few), ["E5:E5", "I5:I5", "E6:E6", "I6:I6"]);
    }

    #[test]
    fn joining_takes_no_cell_from_another_sheet_and_none_twice() {
        let names = ["附件3", "附件7"];
        let mut cells: Cells = (0..20)
            .map(|n| place(names[n % 2], Some(&format!("B{}", n / 2 + 2))))
            .chain([place("附件3", None), place("附件3", Some("B2"))])
            .collect();
        cells.join();
        let runs: Vec<String> = (cells.runs().iter())
            .map(|run| {
                let shown = |cell: Option<CellRef>| cell.map_or("-".into(), |at| at.to_string());
                let sheet = run.first.sheet.as_deref().unwrap_or_default();
                format!("{sheet} {}:{}", shown(run.first.cell), shown(run.last))
            })
            .collect();
        let expected = ["附件3 B2:B2", "附件7 B2:B11", "附件3 B2:B11", "附件3 -:-"];
        assert_eq!(runs, expected);
        assert_eq!((cells.len(), cells.iter().count()), (22, 22));
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

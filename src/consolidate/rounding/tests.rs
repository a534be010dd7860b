//! Random grids, and every possible rounding of small ones.

use proptest::prelude::*;

use super::*;
use crate::model::Amount;

/// A table of rows and columns, each row with sums within it, all rows with a total row.
struct Grid {
    n_leaves: usize,
    figures: Vec<Exact>,
    sums: Vec<Sum>,
}

impl Grid {
    /// `inner` are the figures that no sum gives, row by row; `splits` say of further columns which ones
    /// they add up. Columns may be given twice, in two ways, where the figures agree.
    fn of(inner: &[Vec<i64>], splits: &[(usize, Vec<usize>)], per: i64) -> Self {
        let n_leaves = inner[0].len();
        let mut rows: Vec<Vec<i64>> = inner.to_vec();
        let total = (0..n_leaves).map(|leaf| inner.iter().map(|row| row[leaf]).sum());
        rows.push(total.collect());
        let mut sums = Vec::new();
        for (row, figures) in rows.iter().enumerate() {
            for (total, parts) in splits {
                let at = |leaf: &usize| row * n_leaves + leaf;
                let sum: i64 = parts.iter().map(|&leaf| figures[leaf]).sum();
                assert_eq!(figures[*total], sum, "the exact figures agree");
                sums.push(Sum {
                    total: at(total),
                    parts: parts.iter().map(at).collect(),
                    over_rows: false,
                });
            }
        }
        for leaf in 0..n_leaves {
            sums.push(Sum {
                total: inner.len() * n_leaves + leaf,
                parts: (0..inner.len()).map(|row| row * n_leaves + leaf).collect(),
                over_rows: true,
            });
        }
        let exact = |value: &i64| {
            let one = Amount::from(1);
            Exact::new(Amount::from(*value), one, Amount::from(per), 0).expect("short")
        };
        Self {
            n_leaves,
            figures: rows.iter().flatten().map(exact).collect(),
            sums,
        }
    }

    /// Figures moved from 四舍五入: totals of totals, in the total row, totals of rows, parts. `None` if a sum does not
    /// hold or a figure is too far off.
    fn n_moved(&self, values: &[i128]) -> Option<[usize; 4]> {
        let near =
            |(exact, value): (&Exact, &i128)| exact.floor() <= *value && *value <= exact.ceiling();
        let holds = self.figures.iter().zip(values).all(near)
            && self.sums.iter().all(|sum| sum.excess(values) == 0);
        holds.then(|| {
            let is_total = |figure: usize, over_rows: bool| {
                let mut sums = self.sums.iter();
                sums.any(|sum| sum.total == figure && sum.over_rows == over_rows)
            };
            let mut moved = [0; 4];
            for (figure, (exact, value)) in self.figures.iter().zip(values).enumerate() {
                let kind = match (is_total(figure, true), is_total(figure, false)) {
                    (true, true) => 0,
                    (true, false) => 1,
                    (false, true) => 2,
                    (false, false) => 3,
                };
                moved[kind] += usize::from(exact.conventional() != *value);
            }
            moved
        })
    }

    /// The fewest figures that any rounding moves, by trying all of them: the inner figures of each row are
    /// chosen freely, everything else follows. `inner` are the leaves that no sum within a row gives.
    fn fewest(&self, inner: &[usize]) -> Option<[usize; 4]> {
        let n_rows = self.figures.len() / self.n_leaves - 1;
        let free: Vec<usize> = (0..n_rows)
            .flat_map(|row| inner.iter().map(move |leaf| row * self.n_leaves + leaf))
            .collect();
        let mut best: Option<[usize; 4]> = None;
        for choice in 0..1u32 << free.len() {
            let mut values = vec![0; self.figures.len()];
            for (bit, &figure) in free.iter().enumerate() {
                let exact = self.figures[figure];
                values[figure] = match choice >> bit & 1 {
                    0 => exact.floor(),
                    _ => exact.floor() + 1,
                };
            }
            // Sums are in an order in which parts come before totals.
            for sum in &self.sums {
                values[sum.total] = sum.parts.iter().map(|&part| values[part]).sum();
            }
            let moved = self.n_moved(&values);
            best = match (best, moved) {
                (Some(best), Some(moved)) => Some(best.min(moved)),
                (best, moved) => best.or(moved),
            };
        }
        best
    }
}

/// Rows of figures with their sum behind them.
fn with_sum(rows: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let with = |row: &Vec<i64>| row.iter().copied().chain([row.iter().sum()]).collect();
    rows.iter().map(with).collect()
}

/// Figures in hundredths of what is published, some of them exact.
fn figure() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![4 => -500i64..3_000, 1 => (-3i64..20).prop_map(|it| it * 100), 1 => (0i64..9).prop_map(|it| it * 25)]
}

fn table(
    rows: std::ops::RangeInclusive<usize>,
    cols: std::ops::RangeInclusive<usize>,
) -> impl Strategy<Value = Vec<Vec<i64>>> {
    (rows, cols).prop_flat_map(|(rows, cols)| {
        prop::collection::vec(prop::collection::vec(figure(), cols), rows)
    })
}

/// 用水总量 = by source = by use, for each row: total, three sources, three uses.
fn two_splits(rows: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<Vec<i64>>> {
    let row = (figure(), figure(), figure(), figure(), figure()).prop_map(|(a, b, c, d, e)| {
        let total = a + b + c;
        vec![total, a, b, c, d, e, total - d - e]
    });
    rows.prop_flat_map(move |rows| prop::collection::vec(row.clone(), rows))
}

fn splits() -> Vec<(usize, Vec<usize>)> {
    vec![(0, vec![1, 2, 3]), (0, vec![4, 5, 6])]
}

/// Two kinds in two years with totals both ways, over rows: eight leaves and a total row, a table of three ways.
fn three_ways(rows: &[Vec<i64>]) -> Grid {
    let full = |row: &Vec<i64>| {
        let [a, b, c, d] = row[..] else {
            unreachable!("four figures a row")
        };
        vec![a, b, c, d, a + b, c + d, a + c, b + d, a + b + c + d]
    };
    let rows: Vec<Vec<i64>> = rows.iter().map(full).collect();
    let splits = [
        (4, vec![0, 1]),
        (5, vec![2, 3]),
        (6, vec![0, 2]),
        (7, vec![1, 3]),
        (8, vec![4, 5]),
        (8, vec![6, 7]),
    ];
    Grid::of(&rows, &splits, 100)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn all_sums_of_a_two_way_table_hold_and_figures_are_floors_or_ceilings(rows in table(1..=14, 1..=8)) {
        let n_cols = rows[0].len();
        let grid = Grid::of(&with_sum(&rows), &[(n_cols, (0..n_cols).collect())], 100);
        let rounded = round(&grid.figures, &grid.sums);
        prop_assert!(rounded.unmet.is_empty());
        prop_assert!(grid.n_moved(&rounded.figures).is_some());
    }

    #[test]
    fn one_total_split_in_two_ways_always_has_a_rounding(rows in two_splits(1..=14)) {
        let grid = Grid::of(&rows, &splits(), 100);
        let rounded = round(&grid.figures, &grid.sums);
        prop_assert!(grid.n_moved(&rounded.figures).is_some());
    }

    #[test]
    fn sums_of_a_three_way_table_hold_even_where_figures_must_go_further(
        rows in prop::collection::vec(prop::collection::vec(figure(), 4), 1..=5),
    ) {
        let grid = three_ways(&rows);
        let rounded = round(&grid.figures, &grid.sums);
        prop_assert!(rounded.unmet.is_empty());
        for (exact, value) in grid.figures.iter().zip(&rounded.figures) {
            prop_assert!(!exact.is_whole() || *value == exact.floor());
            prop_assert!((exact.floor() - 1..=exact.ceiling() + 1).contains(value));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_rounding_of_a_small_table_moves_fewer_figures(rows in table(1..=3, 1..=3)) {
        let n_cols = rows[0].len();
        let grid = Grid::of(&with_sum(&rows), &[(n_cols, (0..n_cols).collect())], 100);
        let rounded = round(&grid.figures, &grid.sums);
        let inner: Vec<usize> = (0..n_cols).collect();
        prop_assert_eq!(grid.n_moved(&rounded.figures), grid.fewest(&inner));
    }

    #[test]
    fn no_rounding_of_two_splits_moves_fewer_figures(rows in two_splits(1..=2)) {
        let grid = Grid::of(&rows, &splits(), 100);
        let rounded = round(&grid.figures, &grid.sums);
        prop_assert_eq!(grid.n_moved(&rounded.figures), grid.fewest(&[1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn no_rounding_of_a_small_three_way_table_moves_fewer_figures(
        rows in prop::collection::vec(prop::collection::vec(figure(), 4), 1..=3),
    ) {
        let grid = three_ways(&rows);
        let rounded = round(&grid.figures, &grid.sums);
        // Where no rounding to floors and ceilings exists, both are `None`.
        prop_assert_eq!(grid.n_moved(&rounded.figures), grid.fewest(&[0, 1, 2, 3]));
    }
}

/// Thirteen rows of three years, each with one total split in two ways, and the three years' sum of every
/// column: too many sums for each figure for a network, and too many figures for a full search.
#[test]
fn where_the_search_is_given_up_totals_follow_their_rows_and_all_sums_hold() {
    let mut state = 12_345u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 33) % 3_000) as i64
    };
    let rows = (0..13).map(|_| {
        let mut row: Vec<i64> = Vec::new();
        for _ in 0..3 {
            let [a, b, c, d, e] = [(); 5].map(|()| next());
            row.extend([a + b + c, a, b, c, d, e, a + b + c - d - e]);
        }
        for column in 0..7 {
            row.push(row[column] + row[7 + column] + row[14 + column]);
        }
        row
    });
    let rows: Vec<Vec<i64>> = rows.collect();
    let mut splits: Vec<(usize, Vec<usize>)> = Vec::new();
    for first in [0, 7, 14, 21] {
        splits.push((first, vec![first + 1, first + 2, first + 3]));
        splits.push((first, vec![first + 4, first + 5, first + 6]));
    }
    splits.extend((0..7).map(|column| (21 + column, vec![column, 7 + column, 14 + column])));
    let grid = Grid::of(&rows, &splits, 100);
    let rounded = round(&grid.figures, &grid.sums);
    assert!(rounded.unmet.is_empty());
    // Figures of the thirteen rows are floors or ceilings; only totals over them may go further.
    let inner = grid.figures.iter().zip(&rounded.figures).take(13 * 28);
    for (exact, value) in inner {
        assert!((exact.floor()..=exact.ceiling()).contains(value));
    }
    assert_eq!(
        round(&grid.figures, &grid.sums),
        rounded,
        "the same each time"
    );
}

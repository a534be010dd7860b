//! Which row of which return stands for each of the county's, and who contradicts it.
//!
//! Takes and gives [observations](super::observations): rows of one key are about the same row of the county.

use polars::prelude::*;

use super::Source;
use super::observations::{HEARSAY, KEY, ROW, TABLE, TRUST};

/// Columns of the row that stands, beside those of a row that does not.
const TAKEN: &str = "_taken";

/// Parts what may stand for the county's rows from what is only said of others' rows, which those whose rows they
/// are have not returned.
pub(super) fn authorised(given: &DataFrame) -> PolarsResult<(DataFrame, DataFrame)> {
    let hearsay = given.column(HEARSAY)?.bool()?;
    if !hearsay.any() {
        return Ok((given.clone(), given.clear()));
    }
    let own = given.filter(&!hearsay)?.select([KEY])?;
    let part = |how| given.join(&own, [KEY], [KEY], in_order(how), None);
    Ok((part(JoinType::Semi)?, part(JoinType::Anti)?))
}

/// Parts the rows that stand from all others, in order of trust: of each key the first stands.
pub(super) fn ranked(authorised: &DataFrame) -> PolarsResult<(DataFrame, DataFrame)> {
    let by_trust = SortMultipleOptions::default().with_maintain_order(true);
    let trusted = authorised.sort([TRUST], by_trust)?;
    let is_first = is_first_distinct(trusted.column(KEY)?.as_materialized_series())?;
    if is_first.all() {
        let nothing = trusted.clear();
        return Ok((trusted, nothing));
    }
    Ok((trusted.filter(&is_first)?, trusted.filter(&!&is_first)?))
}

/// Each row that does not stand, in order of trust, with the one that stands for it.
pub(super) fn contradictions(
    standing: &DataFrame,
    others: &DataFrame,
) -> PolarsResult<Vec<(Source, Source)>> {
    if others.height() == 0 {
        return Ok(Vec::new());
    }
    let taken = standing.select([KEY, TABLE, ROW])?;
    let pairs = others.select([KEY, TABLE, ROW])?;
    let args = JoinArgs {
        suffix: Some(TAKEN.into()),
        ..in_order(JoinType::Left)
    };
    let pairs = pairs.join(&taken, [KEY], [KEY], args, None)?;
    let [table, row] = [TABLE, ROW].map(|name| format!("{name}{TAKEN}"));
    let taken = sources_under(&pairs, &table, &row)?.into_iter().flatten();
    let others = sources(&pairs)?.into_iter().flatten();
    Ok(taken.zip(others).collect())
}

/// For each of some keys, in their order, the row that stands for it.
pub(super) fn standing_for(
    keys: impl Iterator<Item = u32>,
    standing: &DataFrame,
) -> PolarsResult<DataFrame> {
    let keys = UInt32Chunked::from_iter_values(KEY.into(), keys).into_column();
    let keys = DataFrame::new_infer_height(vec![keys])?;
    keys.join(standing, [KEY], [KEY], in_order(JoinType::Left), None)
}

/// The rows that stand and are not for one of some keys.
pub(super) fn standing_beside(standing: &DataFrame, keys: &DataFrame) -> PolarsResult<DataFrame> {
    standing.join(keys, [KEY], [KEY], in_order(JoinType::Anti), None)
}

/// Where the rows of a frame stand; nothing for those that nobody returned.
pub(super) fn sources(frame: &DataFrame) -> PolarsResult<Vec<Option<Source>>> {
    sources_under(frame, TABLE, ROW)
}

fn sources_under(frame: &DataFrame, table: &str, row: &str) -> PolarsResult<Vec<Option<Source>>> {
    let tables = frame.column(table)?.u32()?.iter();
    let rows = frame.column(row)?.u32()?.iter();
    let source = |(table, row): (Option<u32>, Option<u32>)| {
        let (table, row) = (table? as usize, row? as usize);
        Some(Source { table, row })
    };
    Ok(tables.zip(rows).map(source).collect())
}

fn in_order(how: JoinType) -> JoinArgs {
    JoinArgs {
        maintain_order: MaintainOrderJoin::Left,
        ..JoinArgs::new(how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of observations: key, whether it is hearsay, order of trust; the nth is row n of table 0.
    fn given(rows: &[(u32, bool, u32)]) -> DataFrame {
        let keys: Vec<u32> = rows.iter().map(|row| row.0).collect();
        let hearsay: Vec<bool> = rows.iter().map(|row| row.1).collect();
        let trust: Vec<u32> = rows.iter().map(|row| row.2).collect();
        let places: Vec<u32> = (0..rows.len() as u32).collect();
        DataFrame::new_infer_height(vec![
            UInt32Chunked::from_vec(KEY.into(), keys).into_column(),
            BooleanChunked::from_slice(HEARSAY.into(), &hearsay).into_column(),
            UInt32Chunked::from_vec(TRUST.into(), trust).into_column(),
            UInt32Chunked::from_vec(TABLE.into(), vec![0; rows.len()]).into_column(),
            UInt32Chunked::from_vec(ROW.into(), places).into_column(),
        ])
        .expect("columns of one length")
    }

    /// Which rows a frame has, in its order.
    fn rows(frame: &DataFrame) -> Vec<usize> {
        let sources = sources(frame).expect("it tells where its rows stand");
        sources.into_iter().flatten().map(|at| at.row).collect()
    }

    #[test]
    fn the_first_in_order_of_trust_stands_and_the_others_contradict_it() {
        let given = given(&[
            (5, false, 1),
            (3, false, 0),
            (5, false, 0),
            (5, false, 0),
            (3, false, 2),
            (9, false, 7),
        ]);
        let (standing, others) = ranked(&given).expect("columns as they should be");
        assert_eq!(rows(&standing), [1, 2, 5]);
        assert_eq!(rows(&others), [3, 0, 4]);
        let pairs = contradictions(&standing, &others).expect("columns as they should be");
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| (a.row, b.row)).collect();
        assert_eq!(pairs, [(2, 3), (2, 0), (1, 4)]);
    }

    #[test]
    fn rows_that_nobody_else_gives_contradict_nobody() {
        let given = given(&[(2, false, 0), (1, false, 0)]);
        let (standing, others) = ranked(&given).expect("columns as they should be");
        assert_eq!((rows(&standing), others.height()), (vec![0, 1], 0));
        let pairs = contradictions(&standing, &others).expect("columns as they should be");
        assert_eq!(pairs, []);
    }

    #[test]
    fn hearsay_stands_for_nothing_and_contradicts_only_those_who_spoke() {
        let given = given(&[
            (1, true, 9),
            (2, true, 9),
            (1, false, 0),
            (3, false, 0),
            (2, true, 9),
        ]);
        let (kept, left) = authorised(&given).expect("columns as they should be");
        assert_eq!((rows(&kept), rows(&left)), (vec![0, 2, 3], vec![1, 4]));
        let (standing, others) = ranked(&kept).expect("columns as they should be");
        assert_eq!((rows(&standing), rows(&others)), (vec![2, 3], vec![0]));
    }

    #[test]
    fn every_key_that_is_asked_for_has_a_row_in_its_place() {
        let standing = given(&[(4, false, 0), (0, false, 0), (7, false, 0)]);
        let asked =
            standing_for([0, 1, 4].into_iter(), &standing).expect("columns as they should be");
        let found = sources(&asked).expect("columns as they should be");
        let found: Vec<Option<usize>> = found.iter().map(|at| at.map(|at| at.row)).collect();
        assert_eq!(found, [Some(1), None, Some(0)]);
        let beside = standing_beside(&standing, &asked).expect("columns as they should be");
        assert_eq!(rows(&beside), [2]);
    }
}

//! Tests from outside, in one binary: each binary links all of polars.

#[cfg(feature = "consolidate")]
mod consolidate;
mod county_workbook;
#[cfg(feature = "consolidate")]
mod grid;
mod json;
mod merged;
mod outbox;
#[cfg(feature = "consolidate")]
mod records;

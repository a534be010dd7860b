//! Tests from outside, in one binary: each binary links all of polars.

mod annotate;
mod blank_form;
mod check_command;
#[cfg(feature = "consolidate")]
mod command_line;
#[cfg(feature = "consolidate")]
mod consolidate;
mod county_workbook;
mod desk;
mod explain;
mod form;
mod formats;
#[cfg(feature = "consolidate")]
mod grid;
#[cfg(feature = "consolidate")]
mod in_parts;
mod json;
#[cfg(feature = "consolidate")]
mod ledger;
mod merged;
#[cfg(feature = "consolidate")]
mod month;
mod normalise;
#[cfg(feature = "consolidate")]
mod one_row_each;
mod outbox;
#[cfg(feature = "consolidate")]
mod over_time;
#[cfg(feature = "consolidate")]
mod plan;
#[cfg(feature = "consolidate")]
mod publish;
mod read;
mod recognise;
#[cfg(feature = "consolidate")]
mod records;
mod reporters;
mod returns;
#[cfg(feature = "consolidate")]
mod rollup;
#[cfg(feature = "consolidate")]
mod sample_months;
mod scheme;
mod slips;
mod thirteenth_annex;
#[cfg(feature = "consolidate")]
mod variances;

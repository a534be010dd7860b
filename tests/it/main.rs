//! Tests from outside, in one binary: each binary links all of polars.
#![allow(
    clippy::disallowed_methods,
    reason = "what a test writes into a workbook is as long as the test wants it"
)]

#[cfg(all(unix, feature = "consolidate"))]
mod accidents;
mod annotate;
mod blank_form;
mod causes;
mod check_command;
#[cfg(feature = "consolidate")]
mod command_line;
mod compare;
#[cfg(feature = "consolidate")]
mod consolidate;
mod copies;
#[cfg(feature = "consolidate")]
mod cost;
#[cfg(feature = "consolidate")]
mod county_workbook;
#[cfg(feature = "consolidate")]
mod earlier;
mod example;
mod explain;
mod formats;
#[cfg(feature = "consolidate")]
mod in_parts;
mod json;
#[cfg(feature = "consolidate")]
mod ledger;
mod misread;
#[cfg(feature = "consolidate")]
mod month;
mod names_headers_rows;
mod normalise;
mod office_packages;
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
mod readings;
mod recognise;
#[cfg(feature = "consolidate")]
mod records;
#[cfg(feature = "consolidate")]
mod reliability;
mod repairs;
mod reporters;
mod returns;
#[cfg(feature = "consolidate")]
mod rollup;
#[cfg(feature = "consolidate")]
mod sample_months;
mod scheme;
mod slips;
#[cfg(feature = "consolidate")]
mod sound_schemes;
mod support;
mod templates_readme;
mod thirteenth_annex;
#[cfg(feature = "consolidate")]
mod threads;
#[cfg(feature = "consolidate")]
mod variances;

// Tests name these without their folder.
use support::{desk, form};
#[cfg(feature = "consolidate")]
use support::{grid, merged};

//! Tests from outside, in one binary: each binary links all of polars.

#[cfg(feature = "consolidate")]
mod consolidate;
#[cfg(feature = "consolidate")]
mod grid;
mod json;
mod outbox;
#[cfg(feature = "consolidate")]
mod records;

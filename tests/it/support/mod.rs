//! What tests share: schemes, sheets, forms and merges made from texts. No file here is a test.

pub(crate) mod desk;
pub(crate) mod form;
#[cfg(feature = "consolidate")]
pub(crate) mod grid;
#[cfg(feature = "consolidate")]
pub(crate) mod merged;
pub(crate) mod office;
pub(crate) mod parts;

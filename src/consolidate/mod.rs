//! Tables → county frames: one row of one return for each row of the annex, and exact totals.

mod county;

pub use county::{County, CountyAnnex, CountyRow, CountyTotal, Source};

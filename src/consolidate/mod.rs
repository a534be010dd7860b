//! Tables → county frames: one row of one return for each row of the annex, and exact totals.
//!
//! The only stage that knows polars. It takes values as they are: nothing is filled in or corrected,
//! and nothing is dropped without a finding. For each annex:
//!
//! 1. `observations`: every returned row as a row of a frame, with the key of the county's row that it gives;
//! 2. `standing`: of each key the first in order of trust stands, the others may contradict it;
//! 3. `conflicts`: which of their cells do;
//! 4. `totals`: what the rows that stand add up to, in `exact` columns.
//!
//! [`variances`] holds a month against what came before. [`records`] keeps every value with the cell it came from.

#[cfg(feature = "consolidate")]
mod annex_returns;
#[cfg(feature = "consolidate")]
mod completion;
#[cfg(feature = "consolidate")]
mod conflicts;
mod county;
#[cfg(feature = "consolidate")]
mod exact;
#[cfg(feature = "consolidate")]
mod keys;
#[cfg(feature = "consolidate")]
mod merge;
#[cfg(feature = "consolidate")]
mod observations;
mod publish;
#[cfg(feature = "consolidate")]
pub mod records;
pub mod rounding;
#[cfg(feature = "consolidate")]
mod standing;
#[cfg(feature = "consolidate")]
mod totals;
pub mod variances;

pub use county::{
    Completion, County, CountyAnnex, CountyRow, CountyTotal, Lead, Progress, Source, State, Task,
};
#[cfg(feature = "consolidate")]
pub use merge::consolidate;
pub use publish::{Figure, Published, TooLong, Uneven, publish};
#[cfg(feature = "consolidate")]
pub use records::read_records;

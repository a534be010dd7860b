//! Tables → county frames: one row of one return for each row of the annex, and exact totals.
//!
//! The only stage that knows polars. It takes values as they are: nothing is filled in or corrected,
//! and nothing is dropped without a finding. [`variances`] holds a month against what came before. [`records`] keeps every value with the cell it came from.

#[cfg(feature = "consolidate")]
mod completion;
mod county;
#[cfg(feature = "consolidate")]
mod keys;
#[cfg(feature = "consolidate")]
mod merge;
#[cfg(feature = "consolidate")]
mod pages;
mod publish;
#[cfg(feature = "consolidate")]
mod recorded;
#[cfg(feature = "consolidate")]
pub mod records;
pub mod rounding;
#[cfg(feature = "consolidate")]
mod scaled;
#[cfg(feature = "consolidate")]
mod sound;
pub mod variances;

pub use county::{
    Completion, County, CountyAnnex, CountyRow, CountyTotal, Lead, Progress, Source, State, Task,
};
#[cfg(feature = "consolidate")]
pub use merge::consolidate;
pub use publish::{Figure, Published, TooLong, Uneven, publish};
#[cfg(feature = "consolidate")]
pub use recorded::read_records;

//! hebiao (核表·合表) reads the Excel forms that townships and departments return, checks them
//! against the annex schemas of a county plan, and consolidates them into county workbooks in
//! which every error is marked.
//!
//! Data flows one way; each stage takes the type before it and returns what it could make *and*
//! what it noticed:
//!
//! ```text
//! inbox → read → recognise → normalise → check → localise → consolidate → report → outbox
//! ```
//!
//! What reporters wrote about earlier findings comes back the same way: [`explanations`] are read from
//! the sheet that [`report::annotate`] put into their workbooks.
//!
//! [`pipeline`] strings the stages together; the command line is a thin shell over it.

pub mod check;
pub mod cli;
pub mod consolidate;
pub mod explanations;
pub mod inbox;
pub mod localise;
pub mod model;
pub mod normalise;
pub mod pipeline;
pub mod read;
pub mod recognise;
pub mod report;
pub mod returns;
#[cfg(feature = "consolidate")]
pub mod rollup;
pub mod scheme;

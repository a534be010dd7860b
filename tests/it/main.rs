//! Tests from outside: schemes and sheets as texts go in, and what comes out is compared in full.

mod desk;
mod form;
mod normalise;
mod recognise;
mod reporters;
mod returns;
mod scheme;
mod thirteenth_annex;

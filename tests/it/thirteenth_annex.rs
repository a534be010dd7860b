//! thirteenth_annex

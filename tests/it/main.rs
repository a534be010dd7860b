//! Everything from outside, in one program.

mod county_workbook;
mod merged;

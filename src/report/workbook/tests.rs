//! Limits that no test workbook reaches are lowered here.

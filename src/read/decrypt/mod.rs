//! Workbooks that are encrypted with the standard password ([MS-OFFCRYPTO]).
//!
//! Who protects the structure of a workbook (保护工作簿), or its sheets in some programs, has the file encrypted
//! with a password that all spreadsheet programs know: Excel and WPS open it without asking, so nobody knows
//! that there is one. A file with any other password stays closed.
//!
//! Nothing that a file declares is believed: the rounds of hashing are limited, and sizes are those of the
//! bytes that are there.

mod hash;
mod package;
mod records;

pub(super) use package::package;
pub(super) use records::stream;

/// [MS-OFFCRYPTO] 2.4.2.3 tells of it in passing; [MS-XLS] 2.2.10 names it.
const PASSWORD: &str = "VelvetSweatshop";

/// A password as it is hashed.
fn utf_16(password: &str) -> Vec<u8> {
    password.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

//! Streams and records of an .xls or .et, in an OLE file that is whole.

#![no_main]

use hebiao_fuzz::sound::read_soundly;
use hebiao_fuzz::{limits, streams};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read_soundly(&streams::file(data), &limits());
});

//! The bytes of any file, as they are.

#![no_main]

use hebiao_fuzz::limits;
use hebiao_fuzz::sound::read_soundly;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read_soundly(bytes, &limits());
});

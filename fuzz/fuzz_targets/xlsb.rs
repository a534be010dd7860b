//! Parts of an .xlsb, in a package that is whole.

#![no_main]

use hebiao_fuzz::limits;
use hebiao_fuzz::packages::XLSB;
use hebiao_fuzz::sound::read_soundly;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read_soundly(&XLSB.file(data), &limits());
});

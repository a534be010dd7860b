//! Parts of an .ods, in a package that is whole.

#![no_main]

use hebiao_fuzz::limits;
use hebiao_fuzz::packages::ODS;
use hebiao_fuzz::sound::read_soundly;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read_soundly(&ODS.file(data), &limits());
});

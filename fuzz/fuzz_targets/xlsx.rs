//! Parts of an .xlsx or .xlsm, in a package that is whole.

#![no_main]

use hebiao_fuzz::limits;
use hebiao_fuzz::packages::XLSX;
use hebiao_fuzz::sound::read_soundly;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    read_soundly(&XLSX.file(data), &limits());
});

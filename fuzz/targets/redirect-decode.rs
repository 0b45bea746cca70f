#![no_main]

use harness::mutate::query;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| harness::target::redirect_decode(data));
fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    query(data, size, max, seed)
});

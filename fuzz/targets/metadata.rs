#![no_main]

use harness::mutate::markup;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| {
    harness::target::metadata(data);
});
fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    markup(data, size, max, seed)
});

#![no_main]

use harness::mutate::message;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| {
    harness::target::dsig(data);
});
fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    message(data, size, max, seed)
});

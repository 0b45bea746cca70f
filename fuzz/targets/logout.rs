#![no_main]

use harness::mutate::logout;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| {
    harness::target::logout(data);
});
fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
    logout(data, size, max, seed)
});

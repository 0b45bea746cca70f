//! No target: writes the seeds into the folder that `FUZZ_CORPUS` names. It is one only because
//! everything that is built for fuzzing needs libFuzzer to be linked.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: write(), |_data: &[u8]| {});

fn write() {
    let corpus = std::env::var_os("FUZZ_CORPUS").expect("FUZZ_CORPUS");
    harness::seeds::write(corpus.as_ref()).expect("seeds");
}

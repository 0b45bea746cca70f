//! The processor time of the threads that serve.

use std::fs;

/// Nanoseconds of all threads but the one that measures, so far.
pub(crate) fn server_nanoseconds() -> u64 {
    let own = fs::read_link("/proc/thread-self").unwrap();
    let own = own.file_name().unwrap().to_owned();
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks
        .map(|task| task.unwrap())
        .filter(|task| task.file_name() != own)
        .filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok())
        .map(|text| text.split(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}

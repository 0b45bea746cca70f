//! No message makes the verifier open a file or a connection: the attacks are tried again in a
//! process whose system calls are listed. Skipped, and said so, where `strace` is not installed or
//! may not trace.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fixture::skipped;
use crate::witness::{BEGINS, ENDS, TRACED, between_marks, is_traced};

/// What the control opens.
const CONTROL: &str = "/the-control-of-the-trace";

/// The calls between marks, and how many times a validation began.
fn calls(trace: &str) -> (Vec<&str>, usize) {
    let mut inside = HashSet::new();
    let (mut calls, mut validations) = (Vec::new(), 0);
    for line in trace.lines() {
        // Each line begins with the number of the thread.
        let thread = line.split(' ').next().unwrap_or_default();
        if line.contains(BEGINS) {
            validations += 1;
            assert!(inside.insert(thread), "{line}");
        } else if line.contains(ENDS) {
            assert!(inside.remove(thread), "{line}");
        } else if inside.contains(thread) && !line.contains("<... ") {
            // The end of a call during which another thread made one is a line of its own; the
            // beginning was counted.
            calls.push(line);
        }
    }
    (calls, validations)
}

/// The program to trace with, if it may.
fn strace(output: &Path) -> Option<Command> {
    let command = || {
        let mut command = Command::new("strace");
        // Whatever names a file, speaks to a network, or starts a process.
        command.args(["-f", "-qq", "-e", "trace=%file,%network,%process", "-o"]).arg(output);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let may_trace = command().arg("true").status().is_ok_and(|status| status.success());
    may_trace.then(command)
}

fn trace_file() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trace-{}", std::process::id()))
}

#[test]
fn u_no_net() {
    if is_traced() {
        return;
    }
    let output = trace_file();
    let Some(mut strace) = strace(&output) else {
        return skipped("strace is missing or may not trace, so no system calls were listed");
    };
    // The same tests, one after the other; not those that start programs of their own, nor those
    // that make up thousands of messages.
    let status = strace
        .arg(std::env::current_exe().unwrap())
        .args(["--test-threads=1", "--skip", "xmlsec::", "--skip", "property::"])
        .env(TRACED, "1")
        .status()
        .unwrap();
    assert!(status.success(), "the attacks under strace");
    let trace = String::from_utf8_lossy(&std::fs::read(&output).unwrap()).into_owned();
    std::fs::remove_file(output).unwrap();
    let (calls, validations) = calls(&trace);
    assert!(validations > 1_000, "{validations}");
    let (control, others): (Vec<&str>, Vec<&str>) =
        calls.into_iter().partition(|call| call.contains(CONTROL));
    assert_eq!(others, Vec::<&str>::new());
    assert_eq!(control.len(), 1, "the trace shows what is opened: {control:?}");
}

#[test]
fn u_no_net_control() {
    let opened = between_marks(|| std::fs::File::open(CONTROL));
    assert!(opened.is_err());
    let trace = format!(
        "7 openat(AT_FDCWD, \"/etc/x\") = 3\n7 statx(\"{BEGINS}\") = -1\n8 connect(3) = 0\n7 \
         socket(AF_INET) = 3\n7 statx(\"{ENDS}\" <unfinished ...>\n7 openat(\"/etc/y\") = 3"
    );
    assert_eq!(calls(&trace), (vec!["7 socket(AF_INET) = 3"], 1));
    let trace = format!(
        "7 statx(\"{BEGINS}\" <unfinished ...>\n8 exit(0) = ?\n7 <... statx resumed>) = -1\n7 \
         connect(3 <unfinished ...>\n7 <... connect resumed>) = 0\n7 statx(\"{ENDS}\") = -1"
    );
    assert_eq!(calls(&trace), (vec!["7 connect(3 <unfinished ...>"], 1));
}

//! `casemate demo`: the whole scenario, with three processes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{casemate, folder};

#[test]
fn the_demonstration_answers_queries_and_finds_no_plaintext_at_the_parent() {
    let folder = folder();
    let kept = folder.path().join("kept");
    let arguments = ["demo", "--scale-factor", "0.001", "--keep", kept.to_str().unwrap()];
    let out = casemate(folder.path(), &arguments).works();
    for text in ["TPC-H Q01", "TPC-H Q18", "SIMULATED", "FOUND NONE", "client connections   1 (0 refused)"] {
        assert!(out.contains(text), "{text}: {out}");
    }
    assert!(kept.join("parent/record/relay-0001-to-client").metadata().unwrap().len() > 10_000);
}

/// How many processes have `text` in their command line.
fn processes_with(text: &str) -> usize {
    let command_line =
        |entry: std::io::Result<std::fs::DirEntry>| std::fs::read(entry.ok()?.path().join("cmdline")).ok();
    let lines = std::fs::read_dir("/proc").unwrap().filter_map(command_line);
    lines.filter(|line| String::from_utf8_lossy(line).contains(text)).count()
}

fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a demonstration in `temporary`, sends it `signal` when its parent and engine run, and waits for both to end.
fn interrupted(signal: &str, temporary: &Path) {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_casemate"))
        .args(["demo", "--scale-factor", "0.05"])
        .env("TMPDIR", temporary)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let temporary = temporary.to_str().unwrap();
    wait_for("two processes start", || processes_with(temporary) == 2);
    assert!(Command::new("kill").args(["-s", signal, &demo.id().to_string()]).status().unwrap().success());
    demo.wait().unwrap();
    wait_for("both processes end", || processes_with(temporary) == 0);
}

#[test]
fn an_interrupted_demonstration_leaves_neither_processes_nor_files() {
    let folder = folder();
    interrupted("INT", folder.path());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_killed_demonstration_leaves_no_processes() {
    let folder = folder();
    interrupted("KILL", folder.path());
}

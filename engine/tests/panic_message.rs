//! What a panic prints. In a program of its own, because the hook belongs to the whole process.

use std::process::Command;

const AS_CHILD: &str = "CASEMATE_TEST_PANIC";
const CANARY: &str = "canary-in-a-panic";

#[test]
fn a_panic_prints_where_it_happened_and_never_what_it_says() {
    if std::env::var_os(AS_CHILD).is_some() {
        casemate_engine::hide_panic_messages();
        panic!("{CANARY}");
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_panic_prints_where_it_happened_and_never_what_it_says", "--nocapture"])
        .env(AS_CHILD, "1")
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("internal error at engine/tests/panic_message.rs"), "{text}");
    assert!(!text.contains(CANARY) && !String::from_utf8_lossy(&output.stdout).contains(CANARY), "{text}");
}

//! A distribution's kernel on an ordinary virtual machine: everything but the NSM, which is simulated.

use std::path::Path;

use casemate_tests::{engines, process, soon};
use casemate_wire::trust_file::TrustFile;

use crate::image::{COMMAND_LINE, Image, Recipe};
use crate::machine::Machine;
use crate::tools::{self, StockMachine};
use crate::{ENCRYPTED, PLAIN, PROGRAMS, address, many_rows, queries, serve, tables};

fn recipe<'a>(tools: &'a StockMachine, nsm: &'a str, engine_arguments: &'a [&'a str]) -> Recipe<'a> {
    Recipe { kernel: &tools.kernel, modules: &tools.modules, nsm, engine_arguments }
}

/// The trust file that the engine printed, out of everything else on the console.
fn trust_file_on(console: &str) -> String {
    let start = console.find("{\n").expect("the engine prints its trust file");
    let end = console[start..].find("\n}\n").expect("the trust file has an end");
    let text = &console[start..start + end + 2];
    TrustFile::from_json(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    text.to_owned()
}

#[tokio::test]
async fn sealed_queries_are_answered_by_an_engine_that_is_the_first_process_of_its_machine() {
    let Some(tools) = tools::stock_machine() else { return };
    let keys = engines::keys();
    let image = Image::build(&recipe(&tools, "simulated", &["--simulated-trust-out=-"]), &keys).await;
    let mut machine = Machine::boot_stock(&tools, &image.file("initramfs"), COMMAND_LINE).await;
    let parent = serve(&machine).await;
    machine.await_engine().await;
    assert_eq!(soon("a heartbeat", machine.heartbeat()).await, 0xb7);

    let trust = trust_file_on(&machine.console());
    std::fs::write(image.file("simulated.json"), trust).expect("a trust file");
    let connect = format!("--connect={}", address(&parent));
    let trust = format!("--trust={}", image.file("simulated.json").display());
    let keys = format!("--keys={}", image.file("keys.json").display());
    let casemate = async |arguments: &[&str]| process::run(Path::new(PROGRAMS.casemate), arguments, "").await;
    casemate(&["attest", &connect, &trust]).await.success();
    let data = format!("--data={}", tables().display());
    let asked = |folder| queries(folder).into_iter().chain([many_rows(folder)]);
    for (encrypted, plain) in asked(ENCRYPTED).zip(asked(PLAIN)) {
        let expected = casemate(&["sql", &data, "--format=csv", "-e", &plain]).await.success();
        for sql in [encrypted, plain] {
            let answer = casemate(&["sql", &connect, &trust, &keys, "--format=csv", "-e", &sql]).await.success();
            assert_eq!(answer, expected, "{sql}");
        }
    }

    let console = machine.console();
    for line in
        ["kernel modules loaded", "memory 1", "no random numbers from the NSM", "the parent has taken the heartbeat"]
    {
        assert!(console.contains(line), "{line}: {console}");
    }
}

#[tokio::test]
async fn a_machine_whose_engine_can_t_start_ends_with_the_reason_on_its_console() {
    let Some(tools) = tools::stock_machine() else { return };
    let image = Image::build(&recipe(&tools, "device", &[]), &engines::keys()).await;
    let mut machine = Machine::boot_stock(&tools, &image.file("initramfs"), COMMAND_LINE).await;
    assert!(machine.await_end().await.success());
    let console = machine.console();
    assert!(console.contains("/dev/nsm does not open"), "{console}");
    let last = console.lines().rfind(|line| line.starts_with("casemate-init: ")).unwrap_or_default();
    assert!(last.contains("the machine ends: the engine ended with exit code 1"), "{console}");
}

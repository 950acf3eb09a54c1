//! The systemd units of the deployment guide, as systemd reads them.

use std::io::Write;
use std::path::Path;
use std::process::Command;

/// What `systemd-analyze verify` says of the unit with this change, or nothing, said aloud, where there is no systemd.
fn verified(change: impl Fn(String) -> String) -> Option<String> {
    let folder = crate::common::folder();
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy");
    let unit = std::fs::read_to_string(units.join("casemate@.service")).unwrap();
    let installed = unit.replace("/usr/local/bin/casemate", env!("CARGO_BIN_EXE_casemate"));
    assert_ne!(unit, installed);
    std::fs::write(folder.path().join("casemate@.service"), change(installed)).unwrap();
    // The allocator's unit comes with AWS's package.
    let allocator = "[Service]\nExecStart=/bin/true\n";
    std::fs::write(folder.path().join("nitro-enclaves-allocator.service"), allocator).unwrap();
    let ran = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(folder.path().join("casemate@.service"))
        .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display()))
        .output();
    match ran {
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => {
            // Not by eprintln, which a test harness keeps to itself when a test passes.
            let _ = writeln!(std::io::stderr(), "SKIPPED: systemd-analyze can't be run: {error}");
            None
        }
    }
}

#[test]
fn systemd_has_nothing_to_say_against_the_unit() {
    let Some(said) = verified(|unit| unit) else { return };
    assert_eq!(said, "");
    let Some(said) = verified(|unit| unit.replace("KillMode=", "KilMode=")) else { return };
    assert!(said.contains("KilMode"), "{said}");
}

#[test]
fn the_example_of_settings_has_every_one_that_the_unit_uses() {
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy");
    let unit = std::fs::read_to_string(units.join("casemate@.service")).unwrap();
    let settings = std::fs::read_to_string(units.join("casemate.env")).unwrap();
    let used = unit.split("${").skip(1).filter_map(|rest| rest.split('}').next());
    for name in used {
        assert!(settings.lines().any(|line| line.starts_with(&format!("{name}="))), "{name}");
    }
}

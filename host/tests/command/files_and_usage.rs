//! The command line as a user meets it: files, messages and exit codes, without an engine.

use std::os::unix::fs::PermissionsExt;

use crate::common::{casemate, folder};

#[test]
fn a_client_and_an_operator_can_make_all_files_they_need() {
    let folder = folder();
    let at = folder.path();
    let public = casemate(at, &["keys", "new", "--data-key", "sales"]).works();
    assert!(public.starts_with("p384:"));
    assert_eq!(casemate(at, &["keys", "public"]).works(), public);
    assert_eq!(at.join("keys.json").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let client = format!("alice={}", public.trim());
    casemate(at, &["access", "new", "--client", &client]).works();
    let hash = casemate(at, &["access", "hash"]).works();
    assert_eq!(hash.trim().len(), 96);
    let pcr = "ab".repeat(48);
    let pcrs = [0, 1, 2].map(|index| format!("{index}={pcr}"));
    let trust = ["trust", "new", "--pcr", &pcrs[0], "--pcr", &pcrs[1], "--pcr", &pcrs[2], "--access", "access.json"];
    casemate(at, &trust).works();
    assert!(std::fs::read_to_string(at.join("trust.json")).unwrap().contains(hash.trim()));
}

#[test]
fn files_are_not_overwritten_and_exposed_keys_are_refused() {
    let folder = folder();
    let at = folder.path();
    casemate(at, &["keys", "new"]).works();
    let before = std::fs::read(at.join("keys.json")).unwrap();
    casemate(at, &["keys", "new"]).fails(5, "--force");
    assert_eq!(std::fs::read(at.join("keys.json")).unwrap(), before);
    std::fs::set_permissions(at.join("keys.json"), std::fs::Permissions::from_mode(0o644)).unwrap();
    casemate(at, &["keys", "public"]).fails(5, "chmod 600 keys.json");
    casemate(at, &["keys", "new", "--force"]).works();
    assert_ne!(std::fs::read(at.join("keys.json")).unwrap(), before);
}

#[test]
fn data_keys_are_added_from_files_and_twice_is_refused() {
    let folder = folder();
    let at = folder.path();
    casemate(at, &["keys", "new"]).works();
    std::fs::write(at.join("key.hex"), "00112233445566778899aabbccddeeff\n").unwrap();
    casemate(at, &["keys", "add", "keys.json", "hr", "--from", "key.hex"]).works();
    assert!(std::fs::read_to_string(at.join("keys.json")).unwrap().contains("00112233445566778899aabbccddeeff"));
    casemate(at, &["keys", "add", "keys.json", "hr"]).fails(5, "twice");
    std::fs::write(at.join("key.hex"), "0011").unwrap();
    casemate(at, &["keys", "add", "keys.json", "it", "--from", "key.hex"]).fails(5, "16, 24 or 32 bytes");
}

#[test]
fn master_keys_and_prefixes_are_kept_apart_from_data_keys() {
    let folder = folder();
    let at = folder.path();
    casemate(at, &["keys", "new", "--data-key", "hr", "--master-key", "hr"]).works();
    std::fs::write(at.join("key.hex"), "ffeeddccbbaa99887766554433221100").unwrap();
    casemate(at, &["keys", "add", "keys.json", "finance", "--master", "--from", "key.hex"]).works();
    casemate(at, &["keys", "add", "keys.json", "finance", "--master"]).fails(5, "twice");
    casemate(at, &["keys", "prefix", "keys.json", "sales/2024", "acme-sales"]).works();
    casemate(at, &["keys", "prefix", "keys.json", "/sales", "acme-sales"]).fails(5, "relative");
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(at.join("keys.json")).unwrap()).unwrap();
    assert_eq!(json["master_keys"]["finance"], "ffeeddccbbaa99887766554433221100");
    assert_ne!(json["master_keys"]["hr"], json["data_keys"]["hr"]);
    assert_eq!(json["aad_prefixes"]["sales/2024"], "acme-sales");
}

#[test]
fn missing_and_damaged_files_are_named_with_what_to_do() {
    let folder = folder();
    let at = folder.path();
    casemate(at, &["keys", "public"]).fails(5, "casemate keys new");
    casemate(at, &["access", "hash"]).fails(5, "casemate access new");
    casemate(at, &["open", "none.sealed", "--keys", "keys.json"]).fails(5, "casemate keys new");
    casemate(at, &["keys", "new"]).works();
    casemate(at, &["open", "none.sealed", "--keys", "keys.json"]).fails(5, "none.sealed");
    std::fs::write(at.join("text.sealed"), "this is not one").unwrap();
    casemate(at, &["open", "text.sealed", "--keys", "keys.json"]).fails(5, "not a sealed result");
    casemate(at, &["sql", "-f", "none.sql"]).fails(5, "none.sql");
    casemate(at, &["sql", "-e", "SELECT 1", "--data", "none"]).fails(5, "none");
    casemate(at, &["sql", "-e", "SELECT 1", "-o", "no/such/folder/out"]).fails(5, "no/such/folder/out");
    casemate(at, &["serve", "--enclave", "unix:///x", "--data", "none"]).fails(5, "none");
}

#[test]
fn arguments_that_can_not_be_meant_are_usage_errors() {
    let folder = folder();
    let at = folder.path();
    casemate(at, &["sql"]).fails(2, "-e \"SELECT ..\"");
    casemate(at, &["sql", "-e", " \n"]).fails(2, "no SQL");
    casemate(at, &["sql", "-e", "SELECT 1", "--memory-limit", "much"]).fails(2, "512MiB");
    casemate(at, &["serve", "--enclave", "tcp://127.0.0.1:1", "--data", "."]).fails(2, "--storage");
    casemate(at, &["serve", "--enclave", "embedded", "--data", "."]).fails(2, "--access");
    casemate(at, &["serve", "--enclave", "unix:///x", "--data", ".", "--access", "a"]).fails(2, "--enclave embedded");
    casemate(at, &["statements", "--time-zone", "Mars/Olympus"]).fails(2, "Mars/Olympus");
}

#[test]
fn nobody_at_the_address_is_a_connection_error() {
    let folder = folder();
    let at = folder.path();
    casemate(at, &["attest", "--connect", "unix:///nonexistent/engine.sock"])
        .fails(4, "unix:///nonexistent/engine.sock");
    casemate(at, &["serve", "--listen", "tcp://203.0.113.1:1", "--enclave", "unix:///x", "--data", "."])
        .fails(4, "can't listen on tcp://203.0.113.1:1");
}

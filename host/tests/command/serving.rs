//! `casemate serve` with clients, and clients against servers that speak something else.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::common::{Serving, casemate, folder};

/// Keys, access file, and a server with an embedded engine.
fn serving() -> (tempfile::TempDir, Serving) {
    let folder = folder();
    let at = folder.path();
    let public = casemate(at, &["keys", "new"]).works();
    casemate(at, &["keys", "new", "stranger.json"]).works();
    casemate(at, &["access", "new", "--client", &format!("alice={}", public.trim())]).works();
    std::fs::create_dir(at.join("data")).unwrap();
    std::fs::write(at.join("data/t.csv"), "a,b\n1,canary-in-a-plain-file\n").unwrap();
    let serving = Serving::start(
        at,
        &[
            "--listen",
            "tcp://127.0.0.1:0",
            "--enclave",
            "embedded",
            "--access",
            "access.json",
            "--simulated-trust-out",
            "trust.json",
            "--data",
            "data",
            "--record",
            "record",
        ],
    );
    (folder, serving)
}

fn remote<'a>(serving: &'a Serving, keys: &'a str) -> Vec<&'a str> {
    vec!["--connect", &serving.address, "--keys", keys, "--trust", "trust.json"]
}

#[test]
fn a_client_queries_through_the_parent_which_sees_no_plaintext() {
    let (folder, serving) = serving();
    let at = folder.path();
    let sql = "SELECT 'canary-in-the-query' AS q, 40 + 2 AS answer";
    let arguments = [vec!["sql", "-e", sql, "--format", "csv"], remote(&serving, "keys.json")].concat();
    let ran = casemate(at, &arguments);
    assert!(ran.err.contains("SIMULATED"), "{}", ran.err);
    assert_eq!(ran.works(), "q,answer\ncanary-in-the-query,42\n");
    let log = serving.stop();
    assert!(log.contains("client connections   1 (0 refused)"), "{log}");
    let mut recorded = log.into_bytes();
    for file in std::fs::read_dir(at.join("record")).unwrap() {
        recorded.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    assert!(recorded.len() > 4000);
    assert!(!recorded.windows(6).any(|part| part == b"canary"));
}

#[test]
fn a_table_that_is_neither_encrypted_nor_signed_is_read_only_where_the_client_says_so() {
    let (folder, serving) = serving();
    let at = folder.path();
    let query = |more: &[&str]| {
        let sql = ["sql", "-e", "SELECT _c0 AS a FROM csv.`t.csv` ORDER BY 1", "--format", "csv"];
        casemate(at, &[&sql[..], &remote(&serving, "keys.json"), more].concat())
    };
    query(&[]).fails(1, "--allow-plaintext t.csv");
    query(&["--allow-plaintext", "t.csv"]).fails(1, "--allow-unsigned t.csv");
    query(&["--allow-plaintext", "other.csv", "--allow-unsigned", "all"]).fails(1, "--allow-plaintext t.csv");
    assert_eq!(query(&["--allow-plaintext", "t.csv", "--allow-unsigned", "t.csv"]).works(), "a\n1\na\n");

    casemate(at, &["dataset", "sign", "data/t.csv", "--keys", "keys.json"]).works();
    assert_eq!(query(&["--allow-plaintext", "t.csv"]).works(), "a\n1\na\n");
    std::fs::write(at.join("data/t.csv"), "a,b\n2,canary-in-a-plain-file\n").unwrap();
    query(&["--allow-plaintext", "t.csv"]).fails(1, "changed, swapped or rolled back");
}

#[test]
fn a_stranger_is_denied_and_the_server_goes_on() {
    let (folder, serving) = serving();
    let at = folder.path();
    let query =
        |keys| casemate(at, &[vec!["sql", "-e", "SELECT 1 AS a", "--format", "csv"], remote(&serving, keys)].concat());
    query("stranger.json").fails(4, "denied");
    assert_eq!(query("keys.json").works(), "a\n1\n");
}

#[test]
fn attest_prints_what_is_proven_and_its_exit_code_is_the_verdict() {
    let (folder, serving) = serving();
    let at = folder.path();
    let accepted = casemate(at, &["attest", "--connect", &serving.address, "--trust", "trust.json"]);
    assert!(accepted.err.contains("SIMULATED"), "{}", accepted.err);
    let printed = accepted.works();
    assert!(printed.contains("PCR0") && printed.contains("verdict      accepted"), "{printed}");
    let hash = casemate(at, &["access", "hash"]).works();
    assert!(printed.contains(hash.trim()));

    let json = casemate(at, &["attest", "--connect", &serving.address, "--trust", "trust.json", "--json"]).works();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["accepted"], &json["simulated"]), (&true.into(), &true.into()));

    let unjudged = casemate(at, &["attest", "--connect", &serving.address]);
    assert_eq!(unjudged.code, 3, "{}", unjudged.err);

    let trust = std::fs::read_to_string(at.join("trust.json")).unwrap();
    let pcr0 = json["pcrs"]["0"].as_str().unwrap();
    std::fs::write(at.join("other.json"), trust.replace(pcr0, &"ab".repeat(48))).unwrap();
    let refused = casemate(at, &["attest", "--connect", &serving.address, "--trust", "other.json"]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(refused.out.contains("REFUSED"), "{}", refused.out);
    let sql = ["sql", "-e", "SELECT 1", "--connect", &serving.address, "--keys", "keys.json", "--trust", "other.json"];
    casemate(at, &sql).fails(3, "PCR");
}

#[test]
fn servers_that_speak_something_else_are_a_protocol_error() {
    let (folder, serving) = serving();
    let at = folder.path();
    drop(serving);
    let mut huge = vec![1, 2];
    huge.extend([0; 38]);
    huge.extend(u32::MAX.to_be_bytes());
    let mut future = huge.clone();
    future[0] = 9;
    let answers: [&[u8]; 5] = [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", &huge, &future, &huge[..20]];
    for answer in answers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        let bytes = answer.to_vec();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut hello = [0; 44];
            stream.read_exact(&mut hello).unwrap();
            stream.write_all(&bytes).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let sql = ["sql", "-e", "SELECT 1", "--connect", &address, "--keys", "keys.json", "--trust", "trust.json"];
        casemate(at, &sql).fails(4, "no session");
        server.join().unwrap();
    }
}

#[test]
fn garbage_from_a_client_leaves_the_server_up() {
    let (folder, serving) = serving();
    let at = folder.path();
    let target = serving.address.strip_prefix("tcp://").unwrap();
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 100_000], &[1; 44], b""] {
        let mut stream = std::net::TcpStream::connect(target).unwrap();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let arguments = [vec!["sql", "-e", "SELECT 1 AS a", "--format", "csv"], remote(&serving, "keys.json")].concat();
    assert_eq!(casemate(at, &arguments).works(), "a\n1\n");
}

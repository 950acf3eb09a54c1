//! Real documents of AWS, which are not part of the repository: these tests say that they skip where they are absent.
//!
//! They are looked for where `CASEMATE_ATTESTATION_VECTORS` points, else in a folder `shared/attestation-vectors`
//! beside the project's own.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use base64ct::{Base64, Encoding};

use super::*;
use crate::attestation::TrustedRoot;

/// The document of this name, or nothing, said aloud.
fn document(name: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/attestation-vectors"));
    let folder = std::env::var_os("CASEMATE_ATTESTATION_VECTORS").map_or_else(beside, PathBuf::from);
    let path = folder.join(name);
    if !folder.is_dir() {
        // Not by eprintln, which a test harness keeps to itself when a test passes.
        let _ =
            writeln!(std::io::stderr(), "SKIPPED: no folder {}; set CASEMATE_ATTESTATION_VECTORS", folder.display());
        return None;
    }
    let bytes = std::fs::read(&path).unwrap();
    match name.strip_suffix(".base64") {
        Some(_) => Some(Base64::decode_vec(std::str::from_utf8(&bytes).unwrap().trim()).unwrap()),
        None => Some(bytes),
    }
}

fn aws_policy(pcrs: &BTreeMap<u8, Pcr>) -> TrustPolicy {
    TrustPolicy {
        roots: vec![TrustedRoot::AwsNitro],
        pcr_sets: vec![PcrSet { name: "its own".into(), pcrs: pcrs.clone() }],
        max_age: Duration::from_secs(3600),
        policy_hashes: Vec::new(),
    }
}

/// Everything but the handshake, with an image policy that names what the document says.
fn verify_at(name: &str, now: UnixMillis) -> Option<Result<AttestationDocument, AttestationError>> {
    let bytes = document(name)?;
    let checked = verify_signature(&bytes, &aws_policy(&BTreeMap::new()), now).and_then(|(content, simulated)| {
        assert!(!simulated);
        let trust = aws_policy(&content.pcrs);
        check_age(content.timestamp, &trust, now)?;
        accepted_image(&content, &trust)?;
        check_instance(&content)?;
        Ok(content)
    });
    Some(checked)
}

/// Minutes after the epoch, in milliseconds.
const fn minutes(count: u64) -> UnixMillis {
    UnixMillis(count * 60_000)
}

const VALID: [(&str, UnixMillis); 4] = [
    ("evervault-beta-valid.bin", minutes(27_760_860)), // 2022-10-13 09:00
    ("oyster-verifier.bin", minutes(28_716_879)),      // 2024-08-07 06:39
    ("oyster-aws.bin", minutes(28_901_258)),           // 2024-12-13 07:38
    ("oyster-aws_pcr16.bin", minutes(29_098_713)),     // 2025-04-29 10:33
];

#[test]
fn real_documents_are_accepted_at_their_time() {
    for (name, now) in VALID {
        let Some(checked) = verify_at(name, now) else { return };
        checked.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn real_documents_are_refused_a_day_later_and_a_day_before() {
    let day = Duration::from_secs(24 * 3600);
    for (name, now) in VALID {
        let Some(later) = verify_at(name, now.saturating_add(day)) else { return };
        assert!(matches!(later, Err(AttestationError::Expired(_))), "{name}");
        let before = verify_at(name, now.saturating_sub(day));
        assert!(matches!(before, Some(Err(AttestationError::NotYetValid(_)))), "{name}");
    }
}

#[test]
fn real_documents_of_debug_enclaves_are_refused() {
    let debug = [
        ("evervault-beta-debug.bin", minutes(27_759_711)),  // 2022-10-12 13:51
        ("evervault-ga-debug.base64", minutes(28_250_824)), // 2023-09-18 15:04
    ];
    for (name, now) in debug {
        let Some(checked) = verify_at(name, now) else { return };
        assert_eq!(checked.unwrap_err(), AttestationError::Debug(0), "{name}");
    }
}

#[test]
fn a_document_under_a_foreign_root_is_refused() {
    // 2024-12-13 09:06
    let Some(checked) = verify_at("oyster-custom.bin", minutes(28_901_346)) else { return };
    assert!(matches!(checked.unwrap_err(), AttestationError::UntrustedRoot(_)));
}

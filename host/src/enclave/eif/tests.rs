//! The format against images that AWS's own crate wrote (`tests/eif-reference`), and against damaged ones.

use std::path::PathBuf;

use casemate_wire::UnixMillis;
use serde_json::Value;
use zeroize::Zeroizing;

use super::*;
use crate::enclave::ImageError;

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/eif-reference/fixtures");
    std::fs::read(folder.join(name)).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

fn signer() -> Signer {
    let key = Zeroizing::new(text("test-signing-key.pem"));
    Signer::from_pem(&key, &text("test-signing-certificate.pem"), valid_time()).unwrap()
}

/// A time at which the test certificate is valid: 2030.
fn valid_time() -> UnixMillis {
    UnixMillis(1_900_000_000_000)
}

fn written(ramdisks: &[&str], signer: Option<&Signer>) -> (Vec<u8>, Measurements) {
    let metadata: Metadata = serde_json::from_slice(&fixture("metadata.json")).unwrap();
    let ramdisks: Vec<_> = ramdisks.iter().map(|name| fixture(name)).collect();
    let (kernel, command_line) = (fixture("kernel"), text("cmdline"));
    let eif = Eif { kernel: &kernel, command_line: &command_line, metadata: &metadata, ramdisks: &ramdisks };
    let mut bytes = Vec::new();
    let measurements = write(&eif, signer, &mut bytes).unwrap().unwrap();
    (bytes, measurements)
}

/// The PCRs that AWS's crate printed for an image.
fn reference_pcrs(name: &str) -> Value {
    let mut value: Value = serde_json::from_slice(&fixture(name)).unwrap();
    value["Measurements"].as_object_mut().unwrap().remove("HashAlgorithm").unwrap();
    value
}

fn pcrs(measurements: &Measurements) -> Value {
    let mut value = measurements.to_json();
    value["Measurements"].as_object_mut().unwrap().remove("HashAlgorithm").unwrap();
    value
}

#[test]
fn unsigned_images_are_those_of_awss_crate_byte_for_byte() {
    for (name, ramdisks) in [("one-ramdisk", &["ramdisk-1"][..]), ("two-ramdisks", &["ramdisk-1", "ramdisk-2"])] {
        let (bytes, measurements) = written(ramdisks, None);
        assert!(bytes == fixture(&format!("{name}.eif")), "{name}");
        assert_eq!(pcrs(&measurements), reference_pcrs(&format!("{name}.json")));
    }
}

/// ECDSA signatures of AWS's crate have a random part, so the 96 bytes of the signature differ; nothing else may.
#[test]
fn a_signed_image_is_that_of_awss_crate_but_for_the_signature_itself() {
    let (bytes, measurements) = written(&["ramdisk-1", "ramdisk-2"], Some(&signer()));
    assert_eq!(pcrs(&measurements), reference_pcrs("signed.json"));
    let reference = fixture("signed.eif");
    for image in [&bytes, &reference] {
        let description = read(&image[..]).unwrap();
        assert_eq!(description.signature, Some(SignatureCheck::Valid));
        assert_eq!(description.measurements, measurements);
    }
    // The signature is the last list of the file: each of its 96 numbers takes one or two bytes.
    let last = bytes.len() - 2 * 96;
    let (start, end) = (header::CHECKED_HEADER_BYTES, header::HEADER_BYTES);
    let signature_size = |image: &[u8]| u64::from_be_bytes(image[284 + 5 * 8..][..8].try_into().unwrap());
    let size_field = 284 + 5 * 8..284 + 6 * 8;
    assert!(signature_size(&bytes).abs_diff(signature_size(&reference)) < 96);
    let without_signature = |image: &[u8]| {
        let mut image = image[..last - 96].to_vec();
        image[start..end].fill(0);
        image[size_field.clone()].fill(0);
        let section = image.len();
        let offset = u64::from_be_bytes(image[28 + 5 * 8..][..8].try_into().unwrap()) as usize;
        assert!(offset < section);
        image[offset + 4..offset + 12].fill(0);
        image
    };
    assert_eq!(without_signature(&bytes), without_signature(&reference));
}

#[test]
fn signing_twice_gives_the_same_bytes() {
    let signer = signer();
    assert_eq!(written(&["ramdisk-1"], Some(&signer)).0, written(&["ramdisk-1"], Some(&signer)).0);
}

#[test]
fn an_image_of_awss_crate_is_described() {
    let image = fixture("two-ramdisks.eif");
    let description = read(&image[..]).unwrap();
    let kinds: Vec<_> = description.sections.iter().map(|section| section.kind).collect();
    let expected = [
        SectionKind::Kernel,
        SectionKind::CommandLine,
        SectionKind::Metadata,
        SectionKind::Ramdisk,
        SectionKind::Ramdisk,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(description.file_bytes(), image.len() as u64);
    assert_eq!(description.command_line, text("cmdline"));
    assert_eq!(description.metadata["ImageName"], "reference");
    assert_eq!(description.signature, None);
    assert_eq!(pcrs(&description.measurements), reference_pcrs("two-ramdisks.json"));
}

#[test]
fn every_damaged_byte_of_an_image_is_noticed() {
    let image = fixture("one-ramdisk.eif");
    for at in 0..image.len() {
        let mut damaged = image.clone();
        damaged[at] ^= 1;
        assert!(matches!(read(&damaged[..]), Err(ImageError::Format(_))), "byte {at}");
    }
}

#[test]
fn an_image_that_is_cut_off_or_too_long_is_refused() {
    let image = fixture("one-ramdisk.eif");
    for length in [0, 3, 547, 548, 559, image.len() - 1] {
        assert!(read(&image[..length]).unwrap_err().to_string().contains("cut off"), "{length}");
    }
    assert!(read(&[&image[..], b"x"].concat()[..]).unwrap_err().to_string().contains("follow"));
}

#[test]
fn sizes_that_no_file_has_take_no_memory() {
    let mut image = fixture("one-ramdisk.eif");
    // Section 0 is the kernel, section 2 the metadata: both headers say the size.
    for (section, at) in [(0, 548), (2, 548 + 12 + 278 + 12 + 30)] {
        let mut damaged = image.clone();
        damaged[284 + section * 8..][..8].fill(0x7f);
        damaged[at + 4..at + 12].fill(0x7f);
        assert!(matches!(read(&damaged[..]), Err(ImageError::Format(_))));
    }
    image[26..28].copy_from_slice(&33_u16.to_be_bytes());
    assert!(read(&image[..]).unwrap_err().to_string().contains("33 sections"));
}

#[test]
fn images_of_other_machines_and_other_versions_are_refused() {
    for (at, value, problem) in [(0, 0, ".eif"), (5, 5, "version 5"), (7, 1, "aarch64")] {
        let mut image = fixture("one-ramdisk.eif");
        image[at] = value;
        assert!(read(&image[..]).unwrap_err().to_string().contains(problem));
    }
}

#[test]
fn a_signature_of_another_image_is_not_valid() {
    let signature = signer().sign(&[7; 48]).unwrap();
    let section = signature::SignatureSection::parse(&signature).unwrap();
    assert_eq!(section.check(&[7; 48]), SignatureCheck::Valid);
    assert_eq!(section.check(&[8; 48]), SignatureCheck::Invalid);
    assert!(signature::SignatureSection::parse(b"\x80").is_err());
    assert!(signature::SignatureSection::parse(b"no CBOR").is_err());
}

#[test]
fn keys_and_certificates_that_can_not_sign_are_refused() {
    let (key, certificate) = (Zeroizing::new(text("test-signing-key.pem")), text("test-signing-certificate.pem"));
    let problem = |key: &Zeroizing<String>, certificate: &str, now| match Signer::from_pem(key, certificate, now) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    assert!(problem(&Zeroizing::new("key".to_owned()), &certificate, valid_time()).contains("P-384 private key"));
    assert!(problem(&key, "certificate", valid_time()).contains("X.509"));
    assert!(problem(&key, &certificate, UnixMillis(0)).contains("not valid yet"));
    assert!(problem(&key, &certificate, UnixMillis(i64::MAX as u64)).contains("expired"));
    let other = "-----BEGIN PRIVATE KEY-----\n";
    assert!(!problem(&Zeroizing::new(other.to_owned()), &certificate, valid_time()).contains(other));
}

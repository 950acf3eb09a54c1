//! What a simulated NSM attests: PCRs computed from the engine's own executable.
//!
//! On Nitro hardware the hypervisor measures the enclave image. Without it these values stand in: they
//! prove nothing, but they are not zero (zero is the mark of a debug enclave) and change with the code,
//! so that trust files and rollouts behave as they do on hardware.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};

use sha2::{Digest, Sha384};

/// A PCR's value.
pub type Pcr = [u8; 48];

/// PCRs 0, 1 and 2 of this process: the image, the kernel and the application.
///
/// Each is extended once from zero as a TPM's are, `SHA-384(48 zero bytes || SHA-384(what is measured))`.
/// There is no kernel to measure, so PCR1 stands for a fixed text.
///
/// # Errors
/// When the executable can't be read.
pub fn simulated_pcrs() -> io::Result<BTreeMap<u8, Pcr>> {
    let executable = digest_reader(open_executable()?)?;
    Ok(pcrs_of(executable))
}

fn pcrs_of(executable: Pcr) -> BTreeMap<u8, Pcr> {
    let image = digest_parts(&[b"casemate simulated image", &executable]);
    let kernel = digest_parts(&[b"casemate simulated kernel"]);
    BTreeMap::from([(0, extend(&image)), (1, extend(&kernel)), (2, extend(&executable))])
}

/// The running image itself: its path may hold another file by now.
#[cfg(target_os = "linux")]
fn open_executable() -> io::Result<File> {
    File::open("/proc/self/exe")
}

#[cfg(not(target_os = "linux"))]
fn open_executable() -> io::Result<File> {
    File::open(std::env::current_exe()?)
}

fn extend(measured: &Pcr) -> Pcr {
    digest_parts(&[&[0; 48], measured])
}

fn digest_parts(parts: &[&[u8]]) -> Pcr {
    let mut hash = Sha384::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

fn digest_reader(mut reader: impl Read) -> io::Result<Pcr> {
    let mut hash = Sha384::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        match reader.read(&mut chunk)? {
            0 => return Ok(hash.finalize().into()),
            length => hash.update(&chunk[..length]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_pcrs_are_never_zero_and_repeat_for_the_same_executable() {
        let first = simulated_pcrs().unwrap();
        assert_eq!(first.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
        assert!(first.values().all(|pcr| pcr.iter().any(|byte| *byte != 0)));
        assert_eq!(first, simulated_pcrs().unwrap());
    }

    #[test]
    fn another_executable_has_another_image_and_application_but_the_same_kernel() {
        let (one, two) = (pcrs_of([1; 48]), pcrs_of([2; 48]));
        assert_ne!(one[&0], two[&0]);
        assert_ne!(one[&2], two[&2]);
        assert_eq!(one[&1], two[&1]);
    }

    #[test]
    fn a_pcr_is_the_digest_of_zeros_and_the_measured_digest() {
        // SHA-384 of "abc" (FIPS 180-2), then extended by hand.
        let measured = digest_reader(&b"abc"[..]).unwrap();
        assert_eq!(hex::encode(&measured[..6]), "cb00753f45a3");
        assert_eq!(extend(&measured), digest_parts(&[&[[0; 48], measured].concat()]));
    }
}

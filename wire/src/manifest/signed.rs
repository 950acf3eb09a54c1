//! The manifest as a file: signing it, and reading it only after its signature was found to hold.

use super::{Manifest, ManifestError};
use crate::identity::{ClientIdentity, ClientPublicKey, SIGNATURE_LEN};

/// The most bytes of a manifest: about a terabyte of hashed chunks, or 250,000 encrypted files.
pub const MAX_MANIFEST_BYTES: usize = 64 << 20;

/// What the first line begins with.
const MAGIC: &str = "casemate manifest 1 ";

/// Goes before what is signed, so that no other signature of the same key can be taken for one of a manifest.
const LABEL: &[u8] = b"casemate v1 dataset manifest";

/// The longest first line: magic, key and signature, with room to spare.
const MAX_LINE_BYTES: usize = 512;

impl Manifest {
    /// The signed file.
    ///
    /// # Errors
    /// [`ManifestError::TooLarge`].
    pub fn sign(&self, identity: &ClientIdentity) -> Result<Vec<u8>, ManifestError> {
        let text = self.to_json();
        let signature = identity.sign(&signed(&text));
        let line = format!("{MAGIC}{} {}\n", identity.public(), hex::encode(signature));
        if line.len() + text.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestError::TooLarge);
        }
        Ok([line.as_bytes(), &text].concat())
    }

    /// Reads a signed file, of whose text nothing is parsed unless one of `trusted` has signed it.
    ///
    /// # Errors
    /// Every reason of [`ManifestError`] but those of [`Manifest::accept`].
    pub fn verify(file: &[u8], trusted: &[ClientPublicKey]) -> Result<Self, ManifestError> {
        let (signer, signature, text) = parts(file)?;
        if !trusted.contains(&signer) {
            return Err(ManifestError::UnknownSigner(Box::new(signer)));
        }
        if !signer.verify(&signed(text), &signature) {
            return Err(ManifestError::Signature);
        }
        Self::from_json(text)
    }
}

/// Whose signature the file claims to have; nothing of it is verified.
///
/// # Errors
/// [`ManifestError::NotAManifest`], [`ManifestError::TooLarge`].
pub fn signer(file: &[u8]) -> Result<ClientPublicKey, ManifestError> {
    parts(file).map(|(signer, _, _)| signer)
}

fn parts(file: &[u8]) -> Result<(ClientPublicKey, [u8; SIGNATURE_LEN], &[u8]), ManifestError> {
    if file.len() > MAX_MANIFEST_BYTES {
        return Err(ManifestError::TooLarge);
    }
    let found = || {
        let end = file.iter().take(MAX_LINE_BYTES).position(|byte| *byte == b'\n')?;
        let (line, text) = file.split_at_checked(end)?;
        let line = std::str::from_utf8(line).ok()?.strip_prefix(MAGIC)?;
        let (signer, signature) = line.split_once(' ')?;
        let mut bytes = [0; SIGNATURE_LEN];
        hex::decode_to_slice(signature, &mut bytes).ok()?;
        let signer: ClientPublicKey = signer.parse().ok()?;
        // One manifest has one form: hexadecimal digits have two cases.
        let canonical = line == format!("{signer} {}", hex::encode(bytes));
        canonical.then_some((signer, bytes, text.get(1..)?))
    };
    found().ok_or(ManifestError::NotAManifest)
}

fn signed(text: &[u8]) -> Vec<u8> {
    [LABEL, text].concat()
}

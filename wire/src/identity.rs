//! The client's identity: an ECDSA P-384 key pair, and the public form that access files hold.

use std::{fmt, str::FromStr};

use p384::ecdsa::signature::{Signer, Verifier};
use p384::ecdsa::{Signature, SigningKey, VerifyingKey};
use p384::elliptic_curve::Generate;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use crate::{Error, Result};

/// Bytes of a secret key.
pub const SECRET_LEN: usize = 48;
/// Bytes of a public key in compressed SEC1 form.
pub const PUBLIC_LEN: usize = 49;
/// Bytes of a signature, `r` and `s` with fixed length.
pub const SIGNATURE_LEN: usize = 96;

/// The secret half. Wiped when dropped, never printed.
pub struct ClientIdentity(SigningKey);

impl ClientIdentity {
    /// A new random identity.
    pub fn generate() -> Result<Self> {
        Ok(Self(SigningKey::try_generate()?))
    }

    /// The identity with this secret scalar (48 bytes, big endian).
    pub fn from_bytes(secret: &[u8]) -> Result<Self> {
        SigningKey::from_slice(secret).map(Self).map_err(|_| Error::ClientKey)
    }

    /// The secret scalar, for the keys file.
    pub fn to_bytes(&self) -> Zeroizing<[u8; SECRET_LEN]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public half.
    pub fn public(&self) -> ClientPublicKey {
        ClientPublicKey(*self.0.verifying_key())
    }

    /// ECDSA over SHA-384 of `message`, deterministic (RFC 6979).
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        let signature: Signature = self.0.sign(message);
        signature.to_bytes().into()
    }
}

/// The public half: written `p384:` and the compressed point in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientPublicKey(VerifyingKey);

impl ClientPublicKey {
    /// Reads a compressed SEC1 point.
    pub fn from_bytes(compressed: &[u8]) -> Result<Self> {
        if compressed.len() != PUBLIC_LEN {
            return Err(Error::ClientKey);
        }
        VerifyingKey::from_sec1_bytes(compressed).map(Self).map_err(|_| Error::ClientKey)
    }

    /// The compressed SEC1 point.
    pub fn to_bytes(&self) -> [u8; PUBLIC_LEN] {
        let mut bytes = [0; PUBLIC_LEN];
        bytes.copy_from_slice(self.0.to_sec1_point(true).as_bytes());
        bytes
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

impl fmt::Display for ClientPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p384:{}", hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for ClientPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ClientPublicKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digits = text.strip_prefix("p384:").ok_or(Error::ClientKey)?;
        Self::from_bytes(&hex::decode(digits).map_err(|_| Error::ClientKey)?)
    }
}

impl Serialize for ClientPublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClientPublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_reads_back_from_its_text() {
        let key = ClientIdentity::generate().unwrap().public();
        assert_eq!(key.to_string().parse::<ClientPublicKey>().unwrap(), key);
        assert_eq!(serde_json::from_str::<ClientPublicKey>(&serde_json::to_string(&key).unwrap()).unwrap(), key);
    }

    #[test]
    fn an_identity_reads_back_from_its_bytes() {
        let identity = ClientIdentity::generate().unwrap();
        let again = ClientIdentity::from_bytes(&identity.to_bytes()[..]).unwrap();
        assert_eq!(again.public(), identity.public());
    }

    #[test]
    fn what_is_not_a_point_on_the_curve_is_not_a_key() {
        let zeros = format!("p384:{}", "00".repeat(PUBLIC_LEN));
        let off_curve = format!("p384:02{}", "ff".repeat(48));
        let identity = format!("p384:{}", hex::encode([0]));
        for text in ["", "p384:", "p384:zz", "p256:02", &zeros, &off_curve, &identity] {
            assert!(text.parse::<ClientPublicKey>().is_err(), "{text}");
        }
        assert!(ClientIdentity::from_bytes(&[0; SECRET_LEN]).is_err());
        assert!(ClientIdentity::from_bytes(&[0xff; SECRET_LEN]).is_err());
        assert!(ClientIdentity::from_bytes(&[1; 12]).is_err());
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_only() {
        let (alice, mallory) = (ClientIdentity::generate().unwrap(), ClientIdentity::generate().unwrap());
        let signature = alice.sign(b"message");
        assert!(alice.public().verify(b"message", &signature));
        assert!(!alice.public().verify(b"massage", &signature));
        assert!(!mallory.public().verify(b"message", &signature));
        assert!(!alice.public().verify(b"message", &signature[1..]));
        assert!(!alice.public().verify(b"message", &[0; SIGNATURE_LEN]));
    }
}

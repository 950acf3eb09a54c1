//! Why an attestation document is refused: the checklist of `docs/protocol.md`, row by row.

/// A reason to refuse an attestation document. The number in front of each variant's text is its row in the
/// checklist of `docs/protocol.md`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// Row 1.
    #[error("the attestation document has {0} bytes; at most 16384 are allowed")]
    TooLarge(usize),
    /// Row 1.
    #[error("the attestation document is nested too deeply")]
    TooDeep,
    /// Row 1.
    #[error("bytes follow after the end of the attestation document")]
    TrailingBytes,
    /// Row 1.
    #[error("a map of the attestation document has a key twice")]
    DuplicateKey,
    /// Row 1.
    #[error("the attestation document is not the CBOR it should be: {0}")]
    Cbor(&'static str),
    /// Row 2.
    #[error("the attestation document is not a COSE_Sign1 structure: {0}")]
    CoseStructure(&'static str),
    /// Row 2.
    #[error("the protected header of the attestation document is not exactly {{1: -35}} (ES384)")]
    ProtectedHeader,
    /// Row 2.
    #[error("the unprotected header of the attestation document is not empty")]
    UnprotectedHeader,
    /// Row 2.
    #[error("the signature of the attestation document has {0} bytes instead of 96")]
    SignatureLength(usize),
    /// Row 3.
    #[error("the signature of the attestation document does not belong to its certificate and content")]
    Signature,
    /// Row 4.
    #[error("the attestation document has no {0}")]
    MissingField(&'static str),
    /// Row 5.
    #[error("the digest of the attestation document is not SHA384")]
    Digest,
    /// Row 5.
    #[error("PCR index {0} is not below 32")]
    PcrIndex(u64),
    /// Row 5.
    #[error("PCR{0} does not have 48 bytes")]
    PcrLength(u8),
    /// Row 6.
    #[error("the certificate bundle has {0} certificates; 1 to 8 are allowed")]
    CaBundleLength(usize),
    /// Row 6.
    #[error("a certificate has {0} bytes; 1 to 1024 are allowed")]
    CertificateSize(usize),
    /// Row 6.
    #[error(
        "the root certificate {0} (SHA-256) is not one that the trust policy names; if this is a simulated engine, \
         its root must be named explicitly"
    )]
    UntrustedRoot(String),
    /// Row 7.
    #[error("a certificate cannot be read: {0}")]
    Certificate(&'static str),
    /// Row 7.
    #[error("a certificate is not signed with ECDSA on P-384 and SHA-384")]
    Algorithm,
    /// Row 7.
    #[error("certificate {0} of the chain is not issued by the one before it")]
    Issuer(usize),
    /// Row 7.
    #[error("certificate {0} of the chain is not signed by the one before it")]
    CertificateSignature(usize),
    /// Row 7.
    #[error("certificate {0} of the chain has the wrong basic constraints")]
    BasicConstraints(usize),
    /// Row 7.
    #[error("certificate {0} of the chain allows fewer certificates below it")]
    PathLength(usize),
    /// Row 8.
    #[error("certificate {0} of the chain may not be used for this (key usage)")]
    KeyUsage(usize),
    /// Row 9.
    #[error("certificate {0} of the chain is not yet valid; is the clock of this machine right?")]
    NotYetValid(usize),
    /// Row 9.
    #[error("certificate {0} of the chain has expired; is the clock of this machine right?")]
    Expired(usize),
    /// Row 10.
    #[error("the attestation document is {0} seconds old, which is more than the trust policy allows")]
    Stale(u64),
    /// Row 10.
    #[error("the attestation document is from the future by {0} seconds; is the clock of this machine right?")]
    FromTheFuture(u64),
    /// Row 11.
    #[error("the nonce of the attestation document is not the one that was sent: it was made for somebody else")]
    Nonce,
    /// Row 12.
    #[error("PCR{0} is zero: this enclave runs in debug mode, where its memory and console are readable")]
    Debug(u8),
    /// Row 12.
    #[error("the trust policy accepts no image; add a set of PCRs (no set does not mean any)")]
    EmptyPolicy,
    /// Row 12.
    #[error("the set '{0}' of the trust policy does not name PCR0, PCR1 and PCR2")]
    IncompletePcrSet(String),
    /// Row 12.
    #[error("no accepted image has these measurements (PCR0 is {0}); is this the image you expect?")]
    UnknownImage(String),
    /// Row 13.
    #[error("PCR4 is not the measurement of the instance that module_id names")]
    Pcr4,
    /// Row 14.
    #[error("user_data has {0} bytes; at most 512 are allowed")]
    UserDataLength(usize),
    /// Row 14.
    #[error("user_data is not the hash of this handshake: its messages were changed on the way")]
    UserData,
    /// Row 15.
    #[error("public_key is missing or not of the session's key type")]
    PublicKeyType,
    /// Row 15.
    #[error("public_key is not the one that the engine sent: somebody stands between")]
    PublicKey,
    /// Row 16.
    #[error("the document is not one of a Nitro enclave: {0}")]
    OtherProduct(&'static str),
}

//! What crosses Casemate's trust boundary: frames, records, handshake, attestation documents.

//! The key and the certificate that sign enclave images, as OpenSSL writes them: PEM. The key is secret.

use std::path::Path;

use zeroize::Zeroizing;

use super::FileError;
use super::store::{self, Access, Kind};

const KEY: Kind = Kind {
    name: "signing key",
    hint: "make one with `openssl ecparam -name secp384r1 -genkey -noout -out FILE`",
    access: Access::Secret,
};
const CERTIFICATE: Kind = Kind {
    name: "signing certificate",
    hint: "make one with `openssl req -new -x509 -sha384 -key KEY -out FILE`",
    access: Access::Public,
};

/// Reads a signing key and its certificate, as text.
///
/// # Errors
/// When one can't be read or is no text, or when others on this machine can read the key.
pub fn load_signing_pair(key: &Path, certificate: &Path) -> Result<(Zeroizing<String>, String), FileError> {
    let malformed = |kind: Kind, path: &Path| FileError::Malformed {
        kind: kind.name,
        path: path.to_path_buf(),
        problem: "it is no text; PEM is expected".to_owned(),
    };
    let bytes = store::read(key, KEY)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed(KEY, key))?;
    let secret = Zeroizing::new(text.to_owned());
    let bytes = store::read(certificate, CERTIFICATE)?;
    let public = std::str::from_utf8(&bytes).map_err(|_| malformed(CERTIFICATE, certificate))?;
    Ok((secret, public.to_owned()))
}

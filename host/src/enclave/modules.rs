//! Kernel modules for kernels that have not everything built in.

use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use lzma_rust2::XzReader;

use super::ImageError;
use super::error::{read_bounded, read_file};

/// Bytes of a module, compressed or not.
const MAX_MODULE_BYTES: u64 = 64 << 20;
/// Memory of the decompressor in KiB; `xz -9` needs 64 MiB.
const MAX_DICTIONARY_KIB: u32 = 128 << 10;
const ELF: &[u8] = b"\x7fELF";

/// A kernel module, decompressed: the engine's init has no decompressor.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its name, without `.ko`.
    pub name: String,
    /// The ELF object.
    pub bytes: Bytes,
}

impl Module {
    /// Reads `NAME.ko`, `NAME.ko.xz` or `NAME.ko.zst`.
    ///
    /// # Errors
    /// When the file can't be read or decompressed, is too large, or is none of these.
    pub fn read(path: &Path) -> Result<Self, ImageError> {
        let refused = |problem: String| ImageError::Module { path: path.to_path_buf(), problem };
        let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((name, suffix)) = file_name.split_once(".ko") else {
            return Err(refused("its name must end in .ko, .ko.xz or .ko.zst".to_owned()));
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
            return Err(refused("a module's name has letters, digits, '_' and '-' only".to_owned()));
        }
        let packed = read_file(path, MAX_MODULE_BYTES)?;
        let bytes = match suffix {
            "" => packed,
            ".xz" => unpacked(path, XzReader::new_mem_limit(&packed[..], false, MAX_DICTIONARY_KIB))?,
            ".zst" => unpacked(path, zstd::Decoder::new(&packed[..]).map_err(ImageError::read(path))?)?,
            _ => return Err(refused(format!("'{suffix}' is a compression that is not known here"))),
        };
        if !bytes.starts_with(ELF) {
            return Err(refused("it is no ELF object".to_owned()));
        }
        Ok(Self { name: name.to_owned(), bytes: bytes.into() })
    }
}

fn unpacked(path: &Path, reader: impl Read) -> Result<Vec<u8>, ImageError> {
    read_bounded(reader, &format!("{}, decompressed,", path.display()), MAX_MODULE_BYTES)?.map_err(|error| {
        ImageError::Module { path: path.to_path_buf(), problem: format!("it can't be decompressed: {error}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '\177ELF module' | xz -9 --check=crc32`, in hexadecimal.
    const XZ: &str = "fd377a585a0000016922de36020021011c00000010cf58cc01000a7f454c46206d6f64756c65\
                      0000535ec1db00011f0b3d620e7a9042990d010000000001595a";

    #[test]
    fn modules_are_read_plain_and_compressed() {
        let folder = tempfile::tempdir().unwrap();
        let zstd = zstd::encode_all(&b"\x7fELF module"[..], 3).unwrap();
        let forms =
            [("nsm.ko", b"\x7fELF module".to_vec()), ("nsm.ko.xz", hex::decode(XZ).unwrap()), ("nsm.ko.zst", zstd)];
        for (name, content) in forms {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            let module = Module::read(&path).unwrap();
            assert_eq!((module.name.as_str(), &module.bytes[..]), ("nsm", &b"\x7fELF module"[..]), "{name}");
        }
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("nsm.ko", "text"),
            ("nsm.ko.xz", "text"),
            ("nsm.ko.zst", "text"),
            ("nsm.o", ""),
            ("a b.ko", ""),
            (".ko", ""),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            assert!(Module::read(&path).is_err(), "{name}");
        }
    }
}

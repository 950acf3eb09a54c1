//! The kernel that an enclave boots.

use std::path::Path;

use super::ImageError;
use super::error::read_file;

/// Larger than any kernel of a distribution.
const MAX_KERNEL_BYTES: u64 = 256 << 20;

// The setup header of an x86 kernel
// (https://www.kernel.org/doc/html/latest/arch/x86/boot.html#the-real-mode-kernel-header).
const MAGIC_AT: usize = 0x202;
const MAGIC: &[u8] = b"HdrS";
const VERSION_POINTER_AT: usize = 0x20e;
/// What the version pointer counts from.
const VERSION_BASE: usize = 0x200;
const MAX_VERSION_BYTES: usize = 128;

/// A kernel, read and recognised.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The file's bytes.
    pub bytes: Vec<u8>,
    /// The release that it names itself, such as `6.12.43`; none when it names none.
    pub release: Option<String>,
}

impl Kernel {
    /// Reads a bzImage.
    ///
    /// # Errors
    /// When the file can't be read, is too large, or is no x86-64 kernel in this form.
    pub fn read(path: &Path) -> Result<Self, ImageError> {
        let bytes = read_file(path, MAX_KERNEL_BYTES)?;
        if bytes.get(MAGIC_AT..MAGIC_AT + MAGIC.len()) != Some(MAGIC) {
            let problem = "it is no bzImage for x86-64; a distribution's vmlinuz, AWS's bzImage, or what docker/kernel/build-kernel makes will do";
            return Err(ImageError::Kernel { path: path.to_path_buf(), problem });
        }
        let release = release(&bytes);
        Ok(Self { bytes, release })
    }
}

/// The first word of the version text that the header points to.
fn release(bytes: &[u8]) -> Option<String> {
    let pointer = bytes.get(VERSION_POINTER_AT..VERSION_POINTER_AT + 2)?;
    let start = VERSION_BASE + usize::from(u16::from_le_bytes(pointer.try_into().ok()?));
    let text = bytes.get(start..)?;
    let text = &text[..text.len().min(MAX_VERSION_BYTES)];
    let word = text.split(|byte| matches!(byte, 0 | b' ')).next()?;
    let word = std::str::from_utf8(word).ok().filter(|word| word.chars().all(|letter| letter.is_ascii_graphic()))?;
    Some(word.to_owned()).filter(|word| !word.is_empty())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What this module knows of a kernel, and nothing that boots.
    pub(crate) fn header(version: &str) -> Vec<u8> {
        let mut bytes = vec![0; 0x400];
        bytes[MAGIC_AT..MAGIC_AT + 4].copy_from_slice(MAGIC);
        bytes[VERSION_POINTER_AT..VERSION_POINTER_AT + 2].copy_from_slice(&0x100_u16.to_le_bytes());
        bytes[0x300..0x300 + version.len()].copy_from_slice(version.as_bytes());
        bytes
    }

    #[test]
    fn a_kernel_tells_its_release() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bzImage");
        std::fs::write(&path, header("6.12.43 (builder@host) #1")).unwrap();
        assert_eq!(Kernel::read(&path).unwrap().release.as_deref(), Some("6.12.43"));
        std::fs::write(&path, header("")).unwrap();
        assert_eq!(Kernel::read(&path).unwrap().release, None);
        let mut far = header("x");
        far[VERSION_POINTER_AT..VERSION_POINTER_AT + 2].copy_from_slice(&[0xff; 2]);
        std::fs::write(&path, far).unwrap();
        assert_eq!(Kernel::read(&path).unwrap().release, None);
    }

    #[test]
    fn what_is_no_kernel_is_refused_with_what_would_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bzImage");
        for bytes in [&b""[..], b"MZ", &[0; 0x400]] {
            std::fs::write(&path, bytes).unwrap();
            assert!(Kernel::read(&path).unwrap_err().to_string().contains("vmlinuz"));
        }
        assert!(matches!(Kernel::read(Path::new("/dev/zero")), Err(ImageError::TooLarge { .. })));
    }
}

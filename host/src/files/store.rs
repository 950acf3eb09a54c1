//! Reading and writing these files: sizes bounded, secrets readable by their owner only, nothing overwritten unasked.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use tempfile::Builder;
use zeroize::Zeroizing;

use super::FileError;

/// No file of these kinds is larger; an endless one (a device) is not read to its end.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Permission bits that let others than the owner at a file.
const OTHERS: u32 = 0o077;

/// Who may read a file that is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// The owner alone (0600).
    Secret,
    /// Everybody (0644).
    Public,
}

/// What a file is for, and how to come by one.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) hint: &'static str,
    pub(super) access: Access,
}

/// Reads a file; a secret one that others can read is refused before a byte of it is read.
pub(super) fn read(path: &Path, kind: Kind) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => FileError::Missing { kind: kind.name, path: path.to_path_buf(), hint: kind.hint },
        _ => FileError::Io { action: "read", path: path.to_path_buf(), source },
    };
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if kind.access == Access::Secret && metadata.is_file() && mode & OTHERS != 0 {
        return Err(FileError::Exposed { path: path.to_path_buf(), mode });
    }
    let bytes = read_bounded(&mut file, &metadata).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        let problem = format!("it is larger than {MAX_BYTES} bytes");
        return Err(FileError::Malformed { kind: kind.name, path: path.to_path_buf(), problem });
    }
    Ok(bytes)
}

/// Reads one byte more than allowed at most, into a buffer that does not grow (and so leaves no copies behind).
fn read_bounded(file: &mut File, metadata: &Metadata) -> io::Result<Zeroizing<Vec<u8>>> {
    let expected = if metadata.is_file() { metadata.len().min(MAX_BYTES) } else { MAX_BYTES };
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(expected).unwrap_or(0) + 1));
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a file under a temporary name and moves it to its place, so that it is whole or not there. A file that is
/// there already is replaced only with `force`.
pub(super) fn write(path: &Path, bytes: &[u8], access: Access, force: bool) -> Result<(), FileError> {
    write_with(path, access, force, |file| file.write_all(bytes))
}

/// The same for content that is made as it is written.
pub(super) fn write_with<T>(
    path: &Path,
    access: Access,
    force: bool,
    content: impl FnOnce(&mut File) -> io::Result<T>,
) -> Result<T, FileError> {
    let failed = |source| FileError::Io { action: "written", path: path.to_path_buf(), source };
    if !force && path.symlink_metadata().is_ok() {
        return Err(FileError::Exists(path.to_path_buf()));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mode = if access == Access::Secret { 0o600 } else { 0o644 };
    let mut file = Builder::new()
        .prefix(".casemate-")
        .permissions(Permissions::from_mode(mode))
        .make_in(folder, |path| OpenOptions::new().write(true).create_new(true).mode(mode).open(path))
        .map_err(failed)?;
    let written = content(file.as_file_mut()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let persisted = if force { file.persist(path) } else { file.persist_noclobber(path) };
    persisted.map(|_| written).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists(path.to_path_buf()),
        _ => failed(error.error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: Kind = Kind { name: "keys", hint: "make one with `casemate keys new`", access: Access::Secret };

    #[test]
    fn a_secret_is_written_for_its_owner_only_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        write(&path, b"{}", Access::Secret, false).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(&read(&path, SECRET).unwrap()[..], b"{}");
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        write(&path, b"{}", Access::Secret, false).unwrap();
        for mode in [0o640, 0o604, 0o602, 0o666] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = read(&path, SECRET).unwrap_err();
            assert!(matches!(error, FileError::Exposed { .. }), "{mode:o}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn nothing_is_overwritten_without_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        write(&path, b"first", Access::Secret, false).unwrap();
        assert!(matches!(write(&path, b"second", Access::Secret, false), Err(FileError::Exists(_))));
        assert_eq!(&read(&path, SECRET).unwrap()[..], b"first");
        write(&path, b"second", Access::Secret, true).unwrap();
        assert_eq!(&read(&path, SECRET).unwrap()[..], b"second");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_to_nowhere_counts_as_a_file_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &path).unwrap();
        assert!(matches!(write(&path, b"x", Access::Secret, false), Err(FileError::Exists(_))));
    }

    #[test]
    fn a_missing_file_and_an_endless_one_are_errors_that_say_what_to_do() {
        let missing = read(Path::new("/nonexistent/keys.json"), SECRET).unwrap_err().to_string();
        assert!(missing.contains("casemate keys new"), "{missing}");
        let endless = read(Path::new("/dev/zero"), SECRET).unwrap_err().to_string();
        assert!(endless.contains("larger than"), "{endless}");
    }
}

//! Where output goes: standard output, or a file that appears whole or not at all.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

/// Standard output or a file. A file is written beside its place under a temporary name and put there by
/// [`commit`](Self::commit); dropped before that, it leaves no trace and what was there stays.
#[derive(Debug)]
pub enum Destination {
    /// Standard output.
    Stdout(BufWriter<Stdout>),
    /// A file that takes its name at [`commit`](Self::commit), readable by its owner only.
    File(BufWriter<std::fs::File>, TempPath, PathBuf),
    /// A pipe or a device such as `/dev/null`, written as it is.
    Device(BufWriter<std::fs::File>),
}

impl Destination {
    /// The file at `path`, or standard output.
    pub fn new(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self::stdout()) };
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                Err(io::Error::new(io::ErrorKind::IsADirectory, format!("{} is a directory", path.display())))
            }
            Ok(found) if found.file_type().is_char_device() || found.file_type().is_fifo() => {
                let file = std::fs::OpenOptions::new().write(true).open(path)?;
                Ok(Self::Device(BufWriter::new(file)))
            }
            _ => Self::file(path),
        }
    }

    /// Standard output.
    pub fn stdout() -> Self {
        Self::Stdout(BufWriter::new(io::stdout()))
    }

    fn file(path: &Path) -> io::Result<Self> {
        // A link keeps its place: what it points to is replaced.
        let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let (file, temporary) = NamedTempFile::with_prefix_in(".casemate-", folder)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?
            .into_parts();
        Ok(Self::File(BufWriter::new(file), temporary, target))
    }

    /// Whether a person reads this as it is written.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout(_)) && io::stdout().is_terminal()
    }

    /// Everything is written: flushes, and gives a file its name.
    pub fn commit(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut to) => to.flush(),
            Self::Device(mut to) => to.flush(),
            Self::File(to, temporary, target) => {
                let file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.sync_all()?;
                temporary.persist(&target).map_err(|error| error.error)
            }
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(to) => to.write(bytes),
            Self::Device(to) | Self::File(to, ..) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(to) => to.flush(),
            Self::Device(to) | Self::File(to, ..) => to.flush(),
        }
    }
}

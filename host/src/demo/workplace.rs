//! Where the demonstration's files lie: one folder for what the parent can see, one for what the client keeps.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{HostError, Result};

/// The longest path of a Unix socket is 107 bytes (unix(7)); the socket's own name must fit as well.
const MAX_FOLDER_BYTES: usize = 70;

/// The folders; a temporary one is removed when this is dropped.
pub(super) struct Workplace {
    root: PathBuf,
    temporary: Option<TempDir>,
}

impl Workplace {
    /// Makes the folders in `keep`, which must not be there yet, or in a temporary directory.
    pub(super) fn new(keep: Option<&Path>) -> Result<Self> {
        let (root, temporary) = match keep {
            Some(path) => {
                let made = DirBuilder::new().mode(0o700).create(path).and_then(|()| path.canonicalize());
                (made.map_err(HostError::io(format!("can't make the directory {}", path.display())))?, None)
            }
            None => {
                let temporary = tempfile::Builder::new()
                    .prefix("casemate-demo-")
                    .tempdir()
                    .map_err(HostError::io("can't make a temporary directory"))?;
                (temporary.path().to_path_buf(), Some(temporary))
            }
        };
        if root.as_os_str().len() > MAX_FOLDER_BYTES {
            let text =
                format!("{} is too long a path for sockets: choose another with TMPDIR or --keep", root.display());
            return Err(HostError::Usage(text));
        }
        let workplace = Self { root, temporary };
        for folder in [workplace.parent(), workplace.data(), workplace.record(), workplace.client()] {
            DirBuilder::new()
                .mode(0o700)
                .create(&folder)
                .map_err(HostError::io(format!("can't make the directory {}", folder.display())))?;
        }
        Ok(workplace)
    }

    /// Everything that the parent instance sees: its disk, its recordings, the logs of both servers.
    pub(super) fn parent(&self) -> PathBuf {
        self.root.join("parent")
    }

    /// The tables.
    pub(super) fn data(&self) -> PathBuf {
        self.parent().join("data")
    }

    /// Every byte that passed the parent.
    pub(super) fn record(&self) -> PathBuf {
        self.parent().join("record")
    }

    /// What the client keeps for itself.
    pub(super) fn client(&self) -> PathBuf {
        self.root.join("client")
    }

    /// Whether the files stay.
    pub(super) fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    /// Everything.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

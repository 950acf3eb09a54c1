//! Where the demonstration's files lie: one folder for what the parent can see, one for what the client keeps.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{HostError, Result};

/// The longest path of a Unix socket is 107 bytes (unix(7)); the socket's own name must fit as well.
const MAX_FOLDER_BYTES: usize = 70;

/// How often the removal of a temporary directory is tried, and the pause between two tries.
const REMOVALS: u32 = 40;
const REMOVAL_PAUSE: Duration = Duration::from_millis(25);

/// The folders; a temporary one is removed when this is dropped.
pub(super) struct Workplace {
    root: PathBuf,
    is_kept: bool,
}

impl Workplace {
    /// Makes the folders in `keep`, which must not be there yet, or in a temporary directory.
    pub(super) fn new(keep: Option<&Path>) -> Result<Self> {
        let root = match keep {
            Some(path) => {
                let made = DirBuilder::new().mode(0o700).create(path).and_then(|()| path.canonicalize());
                made.map_err(HostError::io(format!("can't make the directory {}", path.display())))?
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("casemate-demo-").tempdir();
                temporary.map_err(HostError::io("can't make a temporary directory"))?.keep()
            }
        };
        let workplace = Self { root, is_kept: keep.is_some() };
        if workplace.root.as_os_str().len() > MAX_FOLDER_BYTES {
            let root = workplace.root.display();
            let text = format!("{root} is too long a path for sockets: choose another with TMPDIR or --keep");
            return Err(HostError::Usage(text));
        }
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
        self.is_kept
    }

    /// Everything.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

impl Drop for Workplace {
    /// After an interruption a thread may still write a table: a directory that is not empty yet is tried again.
    fn drop(&mut self) {
        for _ in 0..REMOVALS {
            if self.is_kept || std::fs::remove_dir_all(&self.root).is_ok() || !self.root.exists() {
                return;
            }
            std::thread::sleep(REMOVAL_PAUSE);
        }
    }
}

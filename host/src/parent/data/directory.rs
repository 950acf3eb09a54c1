//! The one way from a path that the enclave names to a file below the data directory: nothing outside it can be opened,
//! and nothing that is not a regular file.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

use super::file_range::FileRange;
use super::{DataError, FileEntry, check_path};

/// The deepest folder a listing goes down to.
const MAX_DEPTH: usize = 32;

/// A directory whose regular files may be read, and nothing else.
#[derive(Debug)]
pub struct DataDirectory {
    root: OwnedFd,
    path: PathBuf,
}

/// An open regular file of a [`DataDirectory`].
#[derive(Debug)]
pub struct DataFile {
    file: File,
    entry: FileEntry,
}

impl DataDirectory {
    /// Opens `path`, which must be a directory.
    pub fn open(path: &Path) -> io::Result<Self> {
        let root = rustix::fs::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { root, path: path.to_path_buf() })
    }

    /// The directory as it was named to [`open`](Self::open).
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a regular file for reading.
    pub fn file(&self, path: &str) -> Result<DataFile, DataError> {
        check_path(path)?;
        // NONBLOCK: opening a pipe must not wait for a writer. What is not a regular file is refused below.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = self.open_below(path, flags).map_err(|errno| refusal(path, errno))?;
        let stat = rustix::fs::fstat(&fd).map_err(|errno| refusal(path, errno))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            // As in an object store, a folder is no file; an engine that is told so asks for what lies below it.
            FileType::Directory => return Err(DataError::NotFound(path.to_owned())),
            _ => return Err(DataError::NotServed(path.to_owned())),
        }
        Ok(DataFile { file: File::from(fd), entry: entry(path.to_owned(), &stat) })
    }

    /// All regular files below the folder `prefix` (empty: the whole directory), sorted by path, at most `limit`.
    ///
    /// A folder that is not there has no files. Links are listed where they lead to a regular file inside the directory;
    /// links to folders are not followed, so a listing always ends.
    pub fn list(&self, prefix: &str, limit: usize) -> Result<Vec<FileEntry>, DataError> {
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() {
            check_path(prefix)?;
        }
        let mut found = Vec::new();
        let mut folders = vec![(prefix.to_owned(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            self.list_folder(&folder, depth, &mut folders, &mut found)?;
            if found.len() > limit || folders.len() > limit {
                return Err(DataError::TooManyFiles { prefix: prefix.to_owned(), limit });
            }
        }
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn list_folder(
        &self,
        folder: &str,
        depth: usize,
        folders: &mut Vec<(String, usize)>,
        found: &mut Vec<FileEntry>,
    ) -> Result<(), DataError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = if folder.is_empty() {
            rustix::fs::openat(&self.root, ".", flags, Mode::empty())
        } else {
            self.open_below(folder, flags)
        };
        let fd = match opened {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            Err(errno) => return Err(refusal(folder, errno)),
        };
        for item in Dir::read_from(&fd).map_err(|errno| refusal(folder, errno))? {
            let item = item.map_err(|errno| refusal(folder, errno))?;
            // A name that is not UTF-8 can't be asked for, so it is not shown either.
            let Ok(name) = item.file_name().to_str() else { continue };
            if name == "." || name == ".." {
                continue;
            }
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let Ok(stat) = rustix::fs::statat(&fd, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => found.push(entry(path, &stat)),
                FileType::Directory if depth < MAX_DEPTH => folders.push((path, depth + 1)),
                FileType::Symlink => found.extend(self.file(&path).ok().map(|file| file.entry)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens `path` so that the kernel itself refuses to leave the root: `..`, absolute links and links that climb out
    /// fail with `EXDEV`. Kernels without `openat2` (before 5.6, and some sandboxes) get a walk that follows no link.
    fn open_below(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match rustix::fs::openat2(&self.root, path, flags, Mode::empty(), resolve) {
            Err(Errno::NOSYS | Errno::PERM) => self.open_without_links(path, flags),
            opened => opened,
        }
    }

    fn open_without_links(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut folder: Option<OwnedFd> = None;
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            let base = folder.as_ref().map_or(self.root.as_fd(), |fd| fd.as_fd());
            folder = Some(rustix::fs::openat(base, part, step, Mode::empty())?);
        }
        let base = folder.as_ref().map_or(self.root.as_fd(), |fd| fd.as_fd());
        rustix::fs::openat(base, name, flags | OFlags::NOFOLLOW, Mode::empty())
    }
}

impl DataFile {
    /// Path, size and time.
    pub fn entry(&self) -> &FileEntry {
        &self.entry
    }

    /// The bytes `start..end`; all of them must lie inside the file.
    ///
    /// # Errors
    /// [`DataError::Range`] when they don't.
    pub fn range(self, start: u64, end: u64) -> Result<FileRange, DataError> {
        let FileEntry { path, size, .. } = self.entry;
        if start <= end && end <= size {
            Ok(FileRange::new(self.file, start..end))
        } else {
            Err(DataError::Range { path, start, end, size })
        }
    }
}

fn refusal(path: &str, errno: Errno) -> DataError {
    let path = path.to_owned();
    match errno {
        Errno::NOENT | Errno::NOTDIR => DataError::NotFound(path),
        // EXDEV: the way leads out of the root; ELOOP: a link where none is followed; ENXIO: a socket or a pipe.
        Errno::XDEV | Errno::LOOP | Errno::NXIO | Errno::ISDIR => DataError::NotServed(path),
        errno => DataError::Io { path, source: errno.into() },
    }
}

fn entry(path: String, stat: &Stat) -> FileEntry {
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    let modified_ms =
        stat.st_mtime.saturating_mul(1000).saturating_add(i64::try_from(stat.st_mtime_nsec / 1_000_000).unwrap_or(0));
    FileEntry { path, size, modified_ms }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn directory() -> (tempfile::TempDir, DataDirectory) {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("data");
        std::fs::create_dir_all(root.join("sales/2021")).unwrap();
        std::fs::write(root.join("sales/2021/a.parquet"), b"0123456789").unwrap();
        std::fs::write(root.join("sales/b.csv"), b"x\n").unwrap();
        std::fs::write(temp.path().join("secret"), b"outside").unwrap();
        let data = DataDirectory::open(&root).unwrap();
        (temp, data)
    }

    /// Both ways of opening, so that the walk for old kernels is held to the same rules.
    fn open_both(data: &DataDirectory, path: &str) -> [Result<OwnedFd, Errno>; 2] {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        [data.open_below(path, flags), data.open_without_links(path, flags)]
    }

    #[test]
    fn a_range_of_a_file_is_read() {
        let (_temp, data) = directory();
        let read = |start, end| {
            let range = data.file("sales/2021/a.parquet").unwrap().range(start, end).unwrap();
            let mut bytes = vec![0; range.len()];
            range.read_at(0, &mut bytes).unwrap();
            bytes
        };
        assert_eq!(data.file("sales/2021/a.parquet").unwrap().entry().size, 10);
        assert_eq!(read(2, 5), b"234");
        assert_eq!(read(10, 10), b"");
        assert!(open_both(&data, "sales/2021/a.parquet").iter().all(Result::is_ok));
    }

    #[test]
    fn a_range_outside_the_file_is_refused() {
        let (_temp, data) = directory();
        for (start, end) in [(0, 3), (2, 1), (u64::MAX, u64::MAX), (0, u64::MAX), (u64::MAX, 0)] {
            let file = data.file("sales/b.csv").unwrap();
            assert!(matches!(file.range(start, end), Err(DataError::Range { .. })), "{start}..{end}");
        }
    }

    #[test]
    fn paths_that_climb_out_are_refused() {
        let (_temp, data) = directory();
        for path in [
            "../secret",
            "sales/../../secret",
            "/etc/passwd",
            "",
            ".",
            "..",
            "sales//b.csv",
            "./sales/b.csv",
            "sales/",
            "a\0b",
        ] {
            assert!(matches!(data.file(path), Err(DataError::InvalidPath(_))), "{path:?}");
            if !path.trim_end_matches('/').is_empty() && path != "sales/" {
                assert!(data.list(path, 10).is_err(), "{path:?}");
            }
        }
        assert!(data.file(&"a/".repeat(5000)).is_err());
    }

    #[test]
    fn links_that_leave_the_directory_are_refused_and_not_listed() {
        let (temp, data) = directory();
        symlink(temp.path().join("secret"), data.path().join("absolute")).unwrap();
        symlink("../secret", data.path().join("relative")).unwrap();
        symlink("..", data.path().join("up")).unwrap();
        symlink("/proc/self/fd", data.path().join("magic")).unwrap();
        for path in ["absolute", "relative", "up/secret", "magic/0", "up"] {
            let error = data.file(path).unwrap_err();
            assert!(matches!(error, DataError::NotServed(_)), "{path}: {error}");
            assert!(data.open_without_links(path, OFlags::RDONLY).is_err(), "{path}");
        }
        let listed: Vec<_> = data.list("", 10).unwrap().into_iter().map(|entry| entry.path).collect();
        assert_eq!(listed, ["sales/2021/a.parquet", "sales/b.csv"]);
    }

    #[test]
    fn a_link_to_a_file_inside_is_served() {
        let (_temp, data) = directory();
        symlink("sales/b.csv", data.path().join("inside")).unwrap();
        assert_eq!(data.file("inside").unwrap().entry().size, 2);
        assert!(data.list("", 10).unwrap().iter().any(|entry| entry.path == "inside" && entry.size == 2));
    }

    #[test]
    fn folders_pipes_and_sockets_are_not_files() {
        let (_temp, data) = directory();
        let _socket = std::os::unix::net::UnixListener::bind(data.path().join("socket")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, data.path().join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        for path in ["socket", "pipe"] {
            assert!(matches!(data.file(path), Err(DataError::NotServed(_))), "{path}");
        }
        assert!(matches!(data.file("sales"), Err(DataError::NotFound(_))));
        assert_eq!(data.list("", 10).unwrap().len(), 2);
    }

    #[test]
    fn a_listing_names_one_folder_only_and_has_a_cap() {
        let (_temp, data) = directory();
        assert_eq!(data.list("sales/2021/", 10).unwrap()[0].path, "sales/2021/a.parquet");
        assert_eq!(data.list("sales", 10).unwrap().len(), 2);
        assert_eq!(data.list("sal", 10).unwrap(), []);
        assert_eq!(data.list("sales/b.csv", 10).unwrap(), []);
        assert!(matches!(data.list("", 1), Err(DataError::TooManyFiles { limit: 1, .. })));
    }

    #[test]
    fn links_in_a_circle_end_the_listing() {
        let (_temp, data) = directory();
        symlink("..", data.path().join("sales/2021/loop")).unwrap();
        symlink("self", data.path().join("self")).unwrap();
        assert_eq!(data.list("", 10).unwrap().len(), 2);
    }
}

//! A tree of files that becomes an enclave's root file system.

use std::collections::BTreeMap;
use std::collections::btree_map::Iter;

use bytes::Bytes;

use super::ImageError;

/// Bytes of all files in a tree. An enclave keeps its root file system in memory, and so does its build.
pub const MAX_ROOT_BYTES: u64 = 2 << 30;
/// Entries of a tree; a minimal image has some dozens.
pub const MAX_ENTRIES: usize = 100_000;
/// Bytes of a path, as Linux limits them (`PATH_MAX`).
const MAX_PATH_BYTES: usize = 4096;
/// Links that are followed before they count as a circle, as Linux does.
const MAX_LINKS: usize = 40;

/// One entry of the tree. All belong to root, and none has a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A folder.
    Folder {
        /// Permission bits.
        mode: u32,
    },
    /// A regular file.
    File {
        /// Permission bits.
        mode: u32,
        /// Its bytes.
        content: Bytes,
    },
    /// A symbolic link.
    Link {
        /// What it points to.
        target: String,
    },
    /// A character device.
    Device {
        /// Permission bits.
        mode: u32,
        /// Its major and minor number.
        number: (u32, u32),
    },
}

/// The tree: paths without a leading `/` to what is there, in the order in which they are packed.
///
/// A parent sorts before what is in it, so unpacking in this order finds every folder made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootFs {
    entries: BTreeMap<String, Entry>,
    bytes: u64,
}

impl RootFs {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The entries, parents before what is in them.
    pub fn iter(&self) -> Iter<'_, String, Entry> {
        self.entries.iter()
    }

    /// What is at a path, without following links.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(&normal(path).ok()?)
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Puts an entry at a path, instead of what was there. Folders above it that are missing are made.
    ///
    /// # Errors
    /// When the path leaves the tree, when what is above it is no folder, or when the tree gets too large.
    pub fn insert(&mut self, path: &str, entry: Entry) -> Result<(), ImageError> {
        let path = normal(path)?;
        self.make_parents(&path)?;
        let replaced = self.entries.get(&path);
        if matches!(replaced, Some(Entry::Folder { .. })) && !matches!(entry, Entry::Folder { .. }) {
            return Err(ImageError::Entry { path, problem: "a folder is there already" });
        }
        self.bytes = self.bytes - size(replaced) + size(Some(&entry));
        if self.bytes > MAX_ROOT_BYTES || self.entries.len() >= MAX_ENTRIES {
            let what = format!("the root file system with '{path}'");
            return Err(ImageError::TooLarge { what, limit: MAX_ROOT_BYTES });
        }
        self.entries.insert(path, entry);
        Ok(())
    }

    /// Puts a file that everybody can read at a path.
    pub fn insert_file(&mut self, path: &str, content: impl Into<Bytes>) -> Result<(), ImageError> {
        self.insert(path, Entry::File { mode: 0o644, content: content.into() })
    }

    /// Puts a program at a path.
    pub fn insert_program(&mut self, path: &str, content: impl Into<Bytes>) -> Result<(), ImageError> {
        self.insert(path, Entry::File { mode: 0o755, content: content.into() })
    }

    /// Puts a folder at a path; one that is there keeps what it holds.
    pub fn insert_folder(&mut self, path: &str, mode: u32) -> Result<(), ImageError> {
        self.insert(path, Entry::Folder { mode })
    }

    /// Takes over another tree's entries below a folder of this one (`""` for the root).
    pub fn merge(&mut self, other: &RootFs, below: &str) -> Result<(), ImageError> {
        for (path, entry) in other.iter() {
            self.insert(&format!("{below}/{path}"), entry.clone())?;
        }
        Ok(())
    }

    /// The regular file at a path, with links followed inside the tree.
    pub fn file(&self, path: &str) -> Option<&Bytes> {
        let mut rest: Vec<String> = segments(path).rev().map(str::to_owned).collect();
        let mut at: Vec<String> = Vec::new();
        let mut links = 0;
        while let Some(segment) = rest.pop() {
            if segment == ".." {
                at.pop();
                continue;
            }
            at.push(segment);
            if let Some(Entry::Link { target }) = self.entries.get(&at.join("/")) {
                links += 1;
                if links > MAX_LINKS {
                    return None;
                }
                at.pop();
                if target.starts_with('/') {
                    at.clear();
                }
                rest.extend(segments(target).rev().map(str::to_owned));
            }
        }
        match self.entries.get(&at.join("/")) {
            Some(Entry::File { content, .. }) => Some(content),
            _ => None,
        }
    }

    fn make_parents(&mut self, path: &str) -> Result<(), ImageError> {
        for (end, _) in path.match_indices('/') {
            match self.entries.get(&path[..end]) {
                Some(Entry::Folder { .. }) => {}
                Some(_) => {
                    let path = path.to_owned();
                    return Err(ImageError::Entry { path, problem: "what is above it is no folder" });
                }
                None => {
                    self.entries.insert(path[..end].to_owned(), Entry::Folder { mode: 0o755 });
                }
            }
        }
        Ok(())
    }
}

/// The parts of a path that lead somewhere.
fn segments(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty() && *segment != ".")
}

/// A path without a leading `/`, without empty parts, and inside the tree.
fn normal(path: &str) -> Result<String, ImageError> {
    let refused = |problem| Err(ImageError::Entry { path: path.to_owned(), problem });
    if path.contains('\0') || path.len() > MAX_PATH_BYTES {
        return refused("it is no path of Linux");
    }
    if segments(path).any(|segment| segment == "..") {
        return refused("the path leaves the tree");
    }
    let path = segments(path).collect::<Vec<_>>().join("/");
    if path.is_empty() { refused("the path is empty") } else { Ok(path) }
}

fn size(entry: Option<&Entry>) -> u64 {
    match entry {
        Some(Entry::File { content, .. }) => content.len() as u64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(target: &str) -> Entry {
        Entry::Link { target: target.to_owned() }
    }

    #[test]
    fn folders_above_an_entry_are_made_and_sort_before_it() {
        let mut root = RootFs::new();
        root.insert_file("/usr/lib/a", "1").unwrap();
        root.insert_file("./usr//bin/b", "22").unwrap();
        let paths: Vec<_> = root.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["usr", "usr/bin", "usr/bin/b", "usr/lib", "usr/lib/a"]);
        assert_eq!(root.bytes(), 3);
    }

    #[test]
    fn an_entry_that_is_replaced_counts_no_more() {
        let mut root = RootFs::new();
        root.insert_file("a", "12345").unwrap();
        root.insert_file("a", "1").unwrap();
        assert_eq!(root.bytes(), 1);
        assert!(root.insert_folder("b/c", 0o700).is_ok() && root.insert_folder("b", 0o755).is_ok());
        assert!(matches!(root.get("/b/c"), Some(Entry::Folder { mode: 0o700 })));
        assert!(root.insert_file("b", "").is_err());
    }

    #[test]
    fn paths_that_leave_the_tree_or_go_through_a_file_are_refused() {
        let mut root = RootFs::new();
        root.insert_file("a", "").unwrap();
        for path in ["", "/", "..", "b/../../c", "a/b", "x\0y"] {
            assert!(root.insert_file(path, "").is_err(), "{path:?}");
        }
        assert!(root.insert_file(&"x/".repeat(3000), "").is_err());
    }

    #[test]
    fn links_are_followed_inside_the_tree() {
        let mut root = RootFs::new();
        root.insert_file("usr/lib/ld.so.1", "loader").unwrap();
        root.insert("lib", link("usr/lib")).unwrap();
        root.insert("usr/lib/ld.so", link("/lib/../lib/ld.so.1")).unwrap();
        root.insert("circle", link("circle")).unwrap();
        assert_eq!(root.file("/lib/ld.so").unwrap(), "loader");
        assert!(root.file("/circle").is_none());
        assert!(root.file("/usr").is_none());
        assert!(root.file("/missing").is_none());
    }
}

//! The search for known plaintext in everything that a parent saw or stores: files of a directory tree, read byte by byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, BuildError};
use base64ct::{Base64, Encoding};

/// Shorter byte strings occur in random bytes by chance.
const MIN_BYTES: usize = 8;

/// Bytes read from a file at once.
const CHUNK_BYTES: usize = 4 << 20;

/// Where a canary comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The text of a query.
    Query,
    /// A value or a column name of a table.
    Table,
    /// A value of a result.
    Result,
    /// A key, in bytes, hexadecimal or base64.
    Key,
}

/// Byte strings that nobody but the client and the enclave may see.
#[derive(Clone, Debug, Default)]
pub struct Canaries(BTreeMap<Vec<u8>, Origin>);

/// What a search went through and found.
#[derive(Clone, Debug, Default)]
pub struct SearchReport {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Canaries found, and where each was seen first.
    pub found: BTreeMap<Vec<u8>, Sighting>,
}

/// Where a canary was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Where the canary comes from.
    pub origin: Origin,
    /// The file.
    pub file: PathBuf,
    /// The offset in it.
    pub offset: u64,
}

impl Canaries {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a byte string, unless it is too short to mean anything.
    pub fn add(&mut self, origin: Origin, bytes: &[u8]) {
        if bytes.len() >= MIN_BYTES {
            self.0.entry(bytes.to_vec()).or_insert(origin);
        }
    }

    /// Adds the lines of a query.
    pub fn add_query(&mut self, sql: &str) {
        sql.lines().for_each(|line| self.add(Origin::Query, line.trim().as_bytes()));
    }

    /// Adds a secret in the forms in which it could leak: bytes, hexadecimal of both cases, base64.
    pub fn add_key(&mut self, secret: &[u8]) {
        self.add(Origin::Key, secret);
        self.add(Origin::Key, hex::encode(secret).as_bytes());
        self.add(Origin::Key, hex::encode_upper(secret).as_bytes());
        self.add(Origin::Key, Base64::encode_string(secret).trim_end_matches('=').as_bytes());
    }

    /// Adds those of `other`.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Leaves out those that are part of a text that may be seen.
    pub fn remove_parts_of(&mut self, visible: &str) {
        self.0.retain(|bytes, _| !visible.as_bytes().windows(bytes.len()).any(|part| part == bytes));
    }

    /// How many there are of each origin.
    pub fn count(&self) -> BTreeMap<Origin, usize> {
        let mut count = BTreeMap::new();
        self.0.values().for_each(|origin| *count.entry(*origin).or_default() += 1);
        count
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none, and a search would prove nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks for every canary in every file below `roots`, names of files included.
    ///
    /// # Errors
    /// When a file can't be read: a search that skipped one would prove nothing.
    pub fn search(&self, roots: &[&Path]) -> io::Result<SearchReport> {
        let searcher = Searcher::new(self).map_err(io::Error::other)?;
        let mut report = SearchReport::default();
        let mut pending: Vec<PathBuf> = roots.iter().map(|root| root.to_path_buf()).collect();
        let mut seen = BTreeSet::new();
        while let Some(path) = pending.pop() {
            let kind = std::fs::symlink_metadata(&path)?.file_type();
            if !seen.insert(path.clone()) {
                continue;
            }
            if kind.is_dir() {
                for entry in std::fs::read_dir(&path)? {
                    pending.push(entry?.path());
                }
            } else if kind.is_file() {
                searcher.file(&path, &mut report)?;
            }
            if let Some(name) = path.file_name() {
                searcher.bytes(&path, 0, name.as_encoded_bytes(), &mut report);
            }
        }
        Ok(report)
    }
}

/// All canaries looked for at once.
struct Searcher<'a> {
    automaton: AhoCorasick,
    canaries: Vec<(&'a Vec<u8>, Origin)>,
    longest: usize,
}

impl<'a> Searcher<'a> {
    fn new(canaries: &'a Canaries) -> Result<Self, BuildError> {
        let automaton = AhoCorasick::new(canaries.0.keys())?;
        let longest = canaries.0.keys().map(Vec::len).max().unwrap_or(0);
        Ok(Self { automaton, canaries: canaries.0.iter().map(|(bytes, origin)| (bytes, *origin)).collect(), longest })
    }

    /// Searches a file chunk by chunk; chunks overlap, so that no canary hides across a border.
    fn file(&self, path: &Path, report: &mut SearchReport) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut window = Vec::new();
        let mut offset = 0;
        report.files += 1;
        loop {
            let read = Read::by_ref(&mut file).take(CHUNK_BYTES as u64).read_to_end(&mut window)?;
            if read == 0 {
                return Ok(());
            }
            report.bytes += read as u64;
            self.bytes(path, offset, &window, report);
            let done = window.len().saturating_sub(self.longest.saturating_sub(1));
            offset += done as u64;
            window.drain(..done);
        }
    }

    fn bytes(&self, path: &Path, offset: u64, bytes: &[u8], report: &mut SearchReport) {
        for found in self.automaton.find_overlapping_iter(bytes) {
            let Some((canary, origin)) = self.canaries.get(found.pattern().as_usize()) else { continue };
            report.found.entry((*canary).clone()).or_insert_with(|| Sighting {
                origin: *origin,
                file: path.to_path_buf(),
                offset: offset + found.start() as u64,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canaries(texts: &[&str]) -> Canaries {
        let mut canaries = Canaries::new();
        texts.iter().for_each(|text| canaries.add(Origin::Table, text.as_bytes()));
        canaries
    }

    fn found(report: &SearchReport) -> Vec<&str> {
        report.found.keys().map(|bytes| std::str::from_utf8(bytes).unwrap()).collect()
    }

    #[test]
    fn canaries_are_found_wherever_they_lie_and_overlap() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/c"), b"xx canary-one-two yy").unwrap();
        std::fs::write(folder.path().join("name-is-a-canary"), b"").unwrap();
        let canaries = canaries(&["canary-one", "one-two yy", "canary-one-two", "is-a-canary", "not there"]);
        let report = canaries.search(&[folder.path()]).unwrap();
        assert_eq!(found(&report), ["canary-one", "canary-one-two", "is-a-canary", "one-two yy"]);
        assert_eq!(report.found[b"one-two yy".as_slice()].offset, 10);
        assert_eq!((report.files, report.bytes), (2, 20));
    }

    #[test]
    fn a_canary_across_the_border_of_two_chunks_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let canaries = canaries(&["canary-at-the-border"]);
        for before in
            [CHUNK_BYTES - 20, CHUNK_BYTES - 19, CHUNK_BYTES - 10, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES - 25]
        {
            let mut bytes = vec![b'.'; before];
            bytes.extend_from_slice(b"canary-at-the-border");
            bytes.extend(vec![b'.'; 30]);
            std::fs::write(folder.path().join("file"), &bytes).unwrap();
            let report = canaries.search(&[folder.path()]).unwrap();
            assert_eq!(report.found.values().next().map(|seen| seen.offset), Some(before as u64));
        }
    }

    #[test]
    fn keys_are_found_in_every_form() {
        let secret: Vec<u8> = (0..32).map(|byte| byte * 7 + 1).collect();
        let mut canaries = Canaries::new();
        canaries.add_key(&secret);
        assert_eq!(canaries.len(), 4);
        for form in [secret.clone(), hex::encode(&secret).into_bytes(), Base64::encode_string(&secret).into_bytes()] {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("file"), [b"before".to_vec(), form, b"after".to_vec()].concat()).unwrap();
            assert_eq!(canaries.search(&[folder.path()]).unwrap().found.len(), 1);
        }
    }

    #[test]
    fn a_file_that_can_not_be_read_is_an_error_and_not_a_pass() {
        assert!(canaries(&["something"]).search(&[Path::new("/nonexistent")]).is_err());
    }
}

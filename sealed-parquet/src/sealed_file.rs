//! An encrypted file behind its opened footer, seen as a file in the clear of the same size.
//!
//! [`SealedFile::plan`] says which bytes of the encrypted file it takes to answer for ranges of the one in the clear, and
//! [`Plan::finish`] makes the answer of them. Every part has its place: a footer without encryption stands where the
//! encrypted one stands, and pages where their modules are. So a reader that knows nothing of encryption, and no other code
//! than its own, can read the file, ask for parts of it, and skip pages.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};

use crate::footer::{Algorithm, HEAD_LEN, plain_tail};
use crate::module::{self, Kind, Module, Place};
use crate::pages::{self, Ciphers, FirstPage};
use crate::rewrite::{self, Chunk, HIDDEN_LEN, Opened};
use crate::thrift::Struct;
use crate::{Error, KeyError};

/// An encrypted Parquet file that is open.
pub struct SealedFile {
    size: u64,
    algorithm: Algorithm,
    file_aad: Vec<u8>,
    /// Footer and tail as they would be in the clear.
    footer: Bytes,
    /// Parts that are not copied as they are, by their start. They don't overlap.
    parts: BTreeMap<u64, Part>,
    /// Columns without a key whose place is not known, by the address that stands for it.
    hidden: HashMap<u64, Error>,
    columns: Vec<Column>,
}

struct Part {
    end: u64,
    content: Content,
}

enum Content {
    Footer,
    Pages(Pages),
    /// A page index; of the chunk at `chunk` if it is the one that tells where pages start.
    Index {
        kind: Kind,
        place: Place,
        ciphers: Arc<Ciphers>,
        chunk: u64,
    },
    /// What has no key here.
    Locked(Error),
}

/// The pages of a column chunk.
struct Pages {
    place: Place,
    ciphers: Arc<Ciphers>,
    dictionary: bool,
    /// Where data pages start, once the offset index was read.
    starts: OnceLock<Vec<u64>>,
}

/// How a column is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The full path, its names joined by dots.
    pub path: String,
    /// By which key.
    pub protection: Protection,
}

/// By which key a column is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// It is in the clear.
    None,
    /// By the footer's key.
    FooterKey,
    /// By a key of its own: the id of the data key, or of the master key above it.
    ColumnKey(String),
    /// By a key of its own, which is not there.
    Locked(KeyError),
}

impl SealedFile {
    /// Takes a footer apart that was found authentic.
    pub(crate) fn new(opened: Opened<'_>) -> Result<Self, Error> {
        let end = opened.place.end;
        let room = usize::try_from(end - opened.place.start).unwrap_or(usize::MAX);
        let rewritten = rewrite::footer(&opened)?;
        let filling = room.checked_sub(rewritten.metadata.len());
        let filling = filling.ok_or(Error::Malformed("a footer that doesn't fit into its place"))?;
        let length = u32::try_from(rewritten.metadata.len()).map_err(|_| Error::Malformed("a footer of over 4 GiB"))?;
        let tail = plain_tail(length);

        let mut file = SealedFile {
            size: end + tail.len() as u64,
            algorithm: opened.algorithm,
            file_aad: opened.file_aad,
            footer: [&vec![0; filling][..], &rewritten.metadata, &tail].concat().into(),
            parts: BTreeMap::new(),
            hidden: rewritten.hidden,
            columns: rewritten.columns,
        };
        for chunk in rewritten.chunks {
            file.place_chunk(chunk, opened.place.start)?;
        }
        file.place_part(opened.place.start..file.size, file.size, Content::Footer)?;
        Ok(file)
    }

    fn place_chunk(&mut self, chunk: Chunk, end: u64) -> Result<(), Error> {
        let ciphers = match chunk.ciphers {
            Ok(ciphers) => ciphers,
            Err(error) => return self.place_part(chunk.range, end, Content::Locked(error)),
        };
        for (kind, range) in [(Kind::ColumnIndex, chunk.column_index), (Kind::OffsetIndex, chunk.offset_index)] {
            let Some(range) = range else { continue };
            let content =
                Content::Index { kind, place: chunk.place, ciphers: Arc::clone(&ciphers), chunk: chunk.range.start };
            self.place_part(range, end, content)?;
        }
        let pages = Pages { place: chunk.place, ciphers, dictionary: chunk.dictionary, starts: OnceLock::new() };
        self.place_part(chunk.range, end, Content::Pages(pages))
    }

    /// Adds a part that lies before `end`.
    fn place_part(&mut self, range: Range<u64>, end: u64, content: Content) -> Result<(), Error> {
        if range.start < HEAD_LEN || range.end < range.start || range.end > end {
            return Err(Error::Malformed("a part that lies outside of the file"));
        }
        if range.is_empty() {
            return Ok(());
        }
        let before = self.parts.range(..range.end).next_back();
        if before.is_some_and(|(_, part)| part.end > range.start) {
            return Err(Error::Malformed("parts that overlap"));
        }
        self.parts.insert(range.start, Part { end: range.end, content });
        Ok(())
    }

    /// The file's size, encrypted or not.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What distinguishes the file from all others: its AAD prefix and the random bytes that its writer chose.
    pub fn identity(&self) -> &[u8] {
        &self.file_aad
    }

    /// What pages are encrypted with. [`Algorithm::AesGcmCtrV1`] does not protect them against changes.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How each column is protected, in the schema's order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// About how many bytes of memory it takes.
    pub fn memory(&self) -> usize {
        self.footer.len() + self.parts.len() * (size_of::<Part>() + 4 * size_of::<u64>())
    }

    /// What has to be read of the encrypted file to answer for these ranges of the file in the clear.
    ///
    /// # Errors
    /// When a range lies outside of the file, or in a column whose key is not there.
    pub fn plan(&self, wanted: &[Range<u64>]) -> Result<Plan<'_>, Error> {
        let mut plan = Plan { file: self, reads: Vec::new(), answers: Vec::with_capacity(wanted.len()) };
        for range in wanted {
            if range.end < range.start || range.end > self.size {
                return Err(Error::Malformed("something is said to lie outside of the file"));
            }
            if let Some(error) = self.hidden.get(&range.start).filter(|_| range.end == range.start + HIDDEN_LEN) {
                return Err(error.clone());
            }
            let mut steps = Vec::new();
            let mut at = range.start;
            while at < range.end {
                let step = plan.step(at..range.end)?;
                at = step.wanted.end;
                steps.push(step);
            }
            plan.answers.push(steps);
        }
        Ok(plan)
    }

    /// The part at `at`, or where the next one starts.
    fn part_at(&self, at: u64) -> Result<(u64, &Part), u64> {
        match self.parts.range(..=at).next_back().filter(|(_, part)| part.end > at) {
            Some((start, part)) => Ok((*start, part)),
            None => Err(self.parts.range(at..).next().map_or(self.size, |(start, _)| *start)),
        }
    }

    /// Remembers where the data pages of the chunk at `chunk` start.
    fn remember_pages(&self, chunk: u64, offset_index: &[u8]) -> Result<(), Error> {
        let Some(Part { end, content: Content::Pages(pages) }) = self.parts.get(&chunk) else { return Ok(()) };
        let (index, _) = Struct::read(offset_index)?;
        let mut starts = Vec::new();
        for location in index.required(1)?.structures()? {
            let start = location.required_integer(1)?;
            let start = u64::try_from(start).ok().filter(|start| (chunk..*end).contains(start));
            let start = start.filter(|start| starts.last().is_none_or(|last| last < start));
            starts.push(start.ok_or(Error::Malformed("a page that lies outside of its column"))?);
        }
        // Two readers may be here at the same time, with the same places.
        let _ = pages.starts.set(starts);
        Ok(())
    }
}

impl Pages {
    /// The whole pages that cover `wanted`, and which one is the first. All pages as long as their places are not known.
    fn cover(&self, chunk: Range<u64>, wanted: &Range<u64>) -> (Range<u64>, FirstPage) {
        let all = FirstPage { dictionary: self.dictionary, data_page: 0 };
        let Some(starts) = self.starts.get() else { return (chunk, all) };
        let end = starts.iter().copied().find(|start| *start >= wanted.end).unwrap_or(chunk.end);
        match starts.partition_point(|start| *start <= wanted.start).checked_sub(1) {
            Some(page) => (starts[page]..end, FirstPage { dictionary: false, data_page: page }),
            None => (chunk.start..end, all),
        }
    }
}

/// Where the memory comes from that parts of a file are opened into.
pub trait Memory {
    /// Empty, with room for so many bytes.
    fn take(&self, length: usize) -> BytesMut;

    /// What was made with such memory, for readers to share.
    fn share(&self, made: BytesMut) -> Bytes;
}

/// Memory as the program gets it.
#[derive(Debug, Clone, Copy)]
pub struct FreshMemory;

impl Memory for FreshMemory {
    fn take(&self, length: usize) -> BytesMut {
        BytesMut::with_capacity(length)
    }

    fn share(&self, made: BytesMut) -> Bytes {
        made.freeze()
    }
}

/// What to read of an encrypted file, and what to make of it.
pub struct Plan<'a> {
    file: &'a SealedFile,
    reads: Vec<Range<u64>>,
    answers: Vec<Vec<Step<'a>>>,
}

/// Some bytes of an answer.
struct Step<'a> {
    wanted: Range<u64>,
    /// Where the bytes begin that `source` makes.
    start: u64,
    source: Source<'a>,
}

enum Source<'a> {
    Footer,
    Copy { read: usize },
    Pages { read: usize, pages: &'a Pages, first: FirstPage },
    Index { read: usize, kind: Kind, place: Place, ciphers: &'a Ciphers, chunk: u64 },
}

impl<'a> Plan<'a> {
    /// The ranges of the encrypted file to read.
    pub fn reads(&self) -> &[Range<u64>] {
        &self.reads
    }

    /// The sizes of the pieces of [`Memory`] that the answers take besides what was read.
    pub fn opened_lengths(&self) -> impl Iterator<Item = u64> + '_ {
        let opened = |step: &Step<'_>| match step.source {
            Source::Pages { read, .. } | Source::Index { read, .. } => self.reads.get(read).cloned(),
            Source::Footer | Source::Copy { .. } => None,
        };
        self.answers.iter().flatten().filter_map(opened).map(|range| range.end - range.start + pages::SPARE as u64)
    }

    fn read(&mut self, range: Range<u64>) -> usize {
        self.reads.push(range);
        self.reads.len() - 1
    }

    /// The step for the bytes at the front of `wanted` that lie in one part.
    fn step(&mut self, wanted: Range<u64>) -> Result<Step<'a>, Error> {
        let file = self.file;
        let (start, part) = match file.part_at(wanted.start) {
            Ok(part) => part,
            Err(next) => {
                let wanted = wanted.start..wanted.end.min(next);
                let source = Source::Copy { read: self.read(wanted.clone()) };
                return Ok(Step { start: wanted.start, wanted, source });
            }
        };
        let wanted = wanted.start..wanted.end.min(part.end);
        match &part.content {
            Content::Locked(error) => Err(error.clone()),
            Content::Footer => Ok(Step { wanted, start, source: Source::Footer }),
            Content::Index { kind, place, ciphers, chunk } => {
                let read = self.read(start..part.end);
                let source = Source::Index { read, kind: *kind, place: *place, ciphers, chunk: *chunk };
                Ok(Step { wanted, start, source })
            }
            Content::Pages(pages) => {
                let (range, first) = pages.cover(start..part.end, &wanted);
                let start = range.start;
                let read = self.read(range);
                Ok(Step { wanted, start, source: Source::Pages { read, pages, first } })
            }
        }
    }

    /// The answers, in the order of the ranges that were asked for. `read` has the bytes of [`reads`](Self::reads).
    ///
    /// # Errors
    /// When the bytes are not those that the file's writer put there.
    pub fn finish(&self, read: &[Bytes], memory: &impl Memory) -> Result<Vec<Bytes>, Error> {
        self.answers.iter().map(|steps| self.answer(steps, read, memory)).collect()
    }

    fn answer(&self, steps: &[Step<'_>], read: &[Bytes], memory: &impl Memory) -> Result<Bytes, Error> {
        match steps {
            [] => Ok(Bytes::new()),
            [step] => self.make(step, read, memory),
            steps => {
                let parts = steps.iter().map(|step| self.make(step, read, memory)).collect::<Result<Vec<_>, _>>()?;
                Ok(parts.concat().into())
            }
        }
    }

    fn make(&self, step: &Step<'_>, read: &[Bytes], memory: &impl Memory) -> Result<Bytes, Error> {
        let of = |index: usize| {
            let short = || Error::Malformed("fewer bytes than were asked for");
            let range = self.reads.get(index).ok_or_else(short)?;
            let bytes = read.get(index).ok_or_else(short)?;
            if bytes.len() as u64 == range.end - range.start { Ok(bytes) } else { Err(short()) }
        };
        let made = match &step.source {
            Source::Footer => self.file.footer.clone(),
            Source::Copy { read } => of(*read)?.clone(),
            Source::Pages { read, pages, first } => {
                let sealed = of(*read)?;
                let mut opened = memory.take(sealed.len().saturating_add(pages::SPARE));
                pages::open(&pages.ciphers, &self.file.file_aad, pages.place, *first, sealed, &mut opened)?;
                memory.share(opened)
            }
            Source::Index { read, kind, place, ciphers, chunk } => {
                let sealed = of(*read)?;
                let aad = module::aad(&self.file.file_aad, *kind, *place, None);
                let altered = |_| Error::Altered { part: kind.name() };
                let index = Module::whole(sealed)?.open(&ciphers.gcm, &aad).map_err(altered)?;
                if *kind == Kind::OffsetIndex {
                    self.file.remember_pages(*chunk, &index)?;
                }
                // Readers stop where the index ends.
                let mut filled = memory.take(sealed.len());
                filled.extend_from_slice(&index);
                filled.resize(sealed.len(), 0);
                memory.share(filled)
            }
        };
        let cut = |at: u64| usize::try_from(at - step.start).unwrap_or(usize::MAX);
        let range = cut(step.wanted.start)..cut(step.wanted.end);
        if range.end > made.len() {
            return Err(Error::Malformed("a part that is shorter than its place"));
        }
        Ok(made.slice(range))
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedFile").field("size", &self.size).field("columns", &self.columns).finish_non_exhaustive()
    }
}

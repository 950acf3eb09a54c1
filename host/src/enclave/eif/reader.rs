//! Reading an image: what is in it, and what the hardware will measure. Only small sections are kept in memory.

use std::io::{ErrorKind, Read};

use flate2::Crc;
use serde_json::Value;

use super::header::{
    CHECKED_HEADER_BYTES, HEADER_BYTES, Header, SECTION_HEADER_BYTES, SectionKind, parse_section_header,
};
use super::measure::{Measurements, Measurer};
use super::signature::{SignatureCheck, SignatureSection};
use crate::enclave::ImageError;

/// Bytes of a section that is kept: a command line, metadata or a signature.
const MAX_KEPT_BYTES: u64 = 1 << 20;
const CHUNK_BYTES: usize = 1 << 16;

/// What an image is.
#[derive(Clone, Debug)]
pub struct Description {
    /// Version of the format.
    pub version: u16,
    /// The sections in their order.
    pub sections: Vec<SectionSummary>,
    /// The kernel's command line.
    pub command_line: String,
    /// What the image says of itself; nothing covers it but the checksum. `Null` when there is none.
    pub metadata: Value,
    /// What the hardware will measure.
    pub measurements: Measurements,
    /// Whether the signature is worth anything; none when the image is not signed.
    pub signature: Option<SignatureCheck>,
}

impl Description {
    /// Bytes of the whole file.
    pub fn file_bytes(&self) -> u64 {
        let sections = self.sections.iter().map(|section| section.bytes + SECTION_HEADER_BYTES as u64);
        HEADER_BYTES as u64 + sections.sum::<u64>()
    }
}

/// A section: what it holds, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionSummary {
    /// What it holds.
    pub kind: SectionKind,
    /// Its bytes, without its header.
    pub bytes: u64,
}

/// Reads an image to its end and checks its form and its checksum.
///
/// # Errors
/// When it can't be read, is cut off or damaged, or has parts that can't be told apart.
pub fn read(mut reader: impl Read) -> Result<Description, ImageError> {
    let mut bytes = [0; HEADER_BYTES];
    fill(&mut reader, &mut bytes)?;
    let (header, expected) = Header::parse(&bytes)?;
    let mut body = Body::new(reader, &bytes[..CHECKED_HEADER_BYTES]);
    for place in &header.sections {
        body.section(*place)?;
    }
    if body.reader.read(&mut [0]).map_err(broken)? != 0 {
        return Err(ImageError::Format("bytes follow its last section".to_owned()));
    }
    if body.checksum.sum() != expected {
        return Err(ImageError::Format("its checksum is wrong: it was damaged, build or copy it again".to_owned()));
    }
    body.finish(header.version)
}

/// The sections as they are read.
struct Body<R> {
    reader: R,
    checksum: Crc,
    offset: u64,
    measurer: Measurer,
    sections: Vec<SectionSummary>,
    command_line: Vec<u8>,
    metadata: Vec<u8>,
    signature: Vec<u8>,
}

impl<R: Read> Body<R> {
    fn new(reader: R, header: &[u8]) -> Self {
        let mut checksum = Crc::new();
        checksum.update(header);
        Self {
            reader,
            checksum,
            offset: HEADER_BYTES as u64,
            measurer: Measurer::default(),
            sections: Vec::new(),
            command_line: Vec::new(),
            metadata: Vec::new(),
            signature: Vec::new(),
        }
    }

    /// Reads the section that the file's header says starts here.
    fn section(&mut self, (offset, size): (u64, u64)) -> Result<(), ImageError> {
        let mut header = [0; SECTION_HEADER_BYTES];
        fill(&mut self.reader, &mut header)?;
        self.checksum.update(&header);
        let (kind, bytes) = parse_section_header(&header)?;
        if (offset, size) != (self.offset, bytes) {
            return Err(ImageError::Format("its header and its sections disagree on where they are".to_owned()));
        }
        let repeated = self.sections.iter().any(|section| section.kind == kind);
        if repeated && kind != SectionKind::Ramdisk {
            return Err(ImageError::Format(format!("it has two sections of the kind {kind:?}")));
        }
        let kept = self.kept(kind).is_some();
        if kept && bytes > MAX_KEPT_BYTES {
            return Err(ImageError::Format(format!("its section {kind:?} is larger than {MAX_KEPT_BYTES} bytes")));
        }
        self.measurer.begin(kind);
        self.content(kind, bytes)?;
        self.sections.push(SectionSummary { kind, bytes });
        // A sum that passes the end of what was read just now can't overflow.
        self.offset += SECTION_HEADER_BYTES as u64 + bytes;
        Ok(())
    }

    fn content(&mut self, kind: SectionKind, bytes: u64) -> Result<(), ImageError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut left = bytes;
        while left > 0 {
            let length = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
            let part = &mut chunk[..length];
            fill(&mut self.reader, part)?;
            self.checksum.update(part);
            self.measurer.update(kind, part);
            if let Some(kept) = self.kept(kind) {
                kept.extend_from_slice(part);
            }
            left -= length as u64;
        }
        Ok(())
    }

    fn kept(&mut self, kind: SectionKind) -> Option<&mut Vec<u8>> {
        match kind {
            SectionKind::CommandLine => Some(&mut self.command_line),
            SectionKind::Metadata => Some(&mut self.metadata),
            SectionKind::Signature => Some(&mut self.signature),
            SectionKind::Kernel | SectionKind::Ramdisk => None,
        }
    }

    fn finish(self, version: u16) -> Result<Description, ImageError> {
        let has = |kind| self.sections.iter().any(|section| section.kind == kind);
        let needed = [SectionKind::Kernel, SectionKind::CommandLine, SectionKind::Ramdisk];
        if let Some(missing) = needed.into_iter().find(|kind| !has(*kind)) {
            return Err(ImageError::Format(format!("it has no section of the kind {missing:?}")));
        }
        let metadata = match has(SectionKind::Metadata) {
            true => serde_json::from_slice(&self.metadata)
                .map_err(|error| ImageError::Format(format!("its metadata is no JSON: {error}")))?,
            false => Value::Null,
        };
        let command_line = String::from_utf8(self.command_line)
            .map_err(|_| ImageError::Format("its command line is no text".to_owned()))?;
        let section = match self.sections.iter().any(|section| section.kind == SectionKind::Signature) {
            true => Some(SignatureSection::parse(&self.signature)?),
            false => None,
        };
        let certificate = section.as_ref().map(SignatureSection::certificate).transpose()?;
        let measurements = self.measurer.finish(certificate.as_deref());
        let signature = section.zip(measurements.pcrs.get(&0)).map(|(section, pcr0)| section.check(pcr0));
        Ok(Description { version, sections: self.sections, command_line, metadata, measurements, signature })
    }
}

fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> Result<(), ImageError> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => ImageError::Format("it is cut off".to_owned()),
        _ => broken(error),
    })
}

fn broken(error: std::io::Error) -> ImageError {
    ImageError::Format(format!("it can't be read: {error}"))
}

//! The fixed parts of the format: the header of the file and those of its sections.

use crate::enclave::ImageError;

/// Sections that a header has room for.
pub(super) const MAX_SECTIONS: usize = 32;
/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 548;
/// Bytes of the header that the checksum covers: all but itself, which is last.
pub(super) const CHECKED_HEADER_BYTES: usize = HEADER_BYTES - 4;
/// Bytes of a section's header.
pub(super) const SECTION_HEADER_BYTES: usize = 12;

const MAGIC: [u8; 4] = *b".eif";
/// The version that is written. Version 3 had no metadata, version 2 no signature.
pub(super) const VERSION: u16 = 4;
/// The oldest version that is read: the first with a checksum.
const OLDEST_VERSION: u16 = 2;
/// The flag of an image for aarch64.
const FLAG_ARM64: u16 = 1;

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// The kernel.
    Kernel,
    /// The kernel's command line.
    CommandLine,
    /// A ramdisk; all of them become the root file system, in their order.
    Ramdisk,
    /// The signature over PCR0.
    Signature,
    /// What the image is and how it was built, in JSON. Not measured.
    Metadata,
}

impl SectionKind {
    fn code(self) -> u16 {
        match self {
            Self::Kernel => 1,
            Self::CommandLine => 2,
            Self::Ramdisk => 3,
            Self::Signature => 4,
            Self::Metadata => 5,
        }
    }

    fn from_code(code: u16) -> Option<Self> {
        [Self::Kernel, Self::CommandLine, Self::Ramdisk, Self::Signature, Self::Metadata]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// The header, without its checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: u16,
    pub(super) flags: u16,
    pub(super) default_memory: u64,
    pub(super) default_cpus: u64,
    /// Where each section's header starts, and how many bytes follow it.
    pub(super) sections: Vec<(u64, u64)>,
}

impl Header {
    /// The bytes that the checksum covers.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(self.version.to_be_bytes());
        bytes.extend(self.flags.to_be_bytes());
        bytes.extend(self.default_memory.to_be_bytes());
        bytes.extend(self.default_cpus.to_be_bytes());
        bytes.extend([0; 2]);
        bytes.extend((self.sections.len() as u16).to_be_bytes());
        let padded = |value: fn(&(u64, u64)) -> u64| {
            self.sections.iter().map(value).chain(std::iter::repeat(0)).take(MAX_SECTIONS).flat_map(u64::to_be_bytes)
        };
        bytes.extend(padded(|(offset, _)| *offset));
        bytes.extend(padded(|(_, size)| *size));
        bytes.extend([0; 4]);
        bytes
    }

    /// Reads a header; the checksum is the second value.
    pub(super) fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<(Self, u32), ImageError> {
        let mut fields = Fields(bytes);
        if fields.take() != MAGIC {
            return Err(ImageError::Format("it does not start with \".eif\"".to_owned()));
        }
        let version = u16::from_be_bytes(fields.take());
        if !(OLDEST_VERSION..=VERSION).contains(&version) {
            return Err(ImageError::Format(format!("its format has version {version}; {VERSION} is known here")));
        }
        let flags = u16::from_be_bytes(fields.take());
        if flags & FLAG_ARM64 != 0 {
            return Err(ImageError::Format("it is for aarch64; images here are for x86_64".to_owned()));
        }
        let default_memory = u64::from_be_bytes(fields.take());
        let default_cpus = u64::from_be_bytes(fields.take());
        let _reserved: [u8; 2] = fields.take();
        let count = usize::from(u16::from_be_bytes(fields.take()));
        if count > MAX_SECTIONS {
            return Err(ImageError::Format(format!("it names {count} sections; {MAX_SECTIONS} have room")));
        }
        let offsets: [u64; MAX_SECTIONS] = std::array::from_fn(|_| u64::from_be_bytes(fields.take()));
        let sizes: [u64; MAX_SECTIONS] = std::array::from_fn(|_| u64::from_be_bytes(fields.take()));
        let _unused: [u8; 4] = fields.take();
        let checksum = u32::from_be_bytes(fields.take());
        let sections = offsets.into_iter().zip(sizes).take(count).collect();
        Ok((Self { version, flags, default_memory, default_cpus, sections }, checksum))
    }
}

/// The header of a section of `size` bytes.
pub(super) fn section_header(kind: SectionKind, size: u64) -> [u8; SECTION_HEADER_BYTES] {
    let mut bytes = [0; SECTION_HEADER_BYTES];
    bytes[..2].copy_from_slice(&kind.code().to_be_bytes());
    bytes[4..].copy_from_slice(&size.to_be_bytes());
    bytes
}

/// What a section's header says: what it holds and how many bytes follow.
pub(super) fn parse_section_header(bytes: &[u8; SECTION_HEADER_BYTES]) -> Result<(SectionKind, u64), ImageError> {
    let mut fields = Fields(bytes);
    let code = u16::from_be_bytes(fields.take());
    let _flags: [u8; 2] = fields.take();
    let size = u64::from_be_bytes(fields.take());
    match SectionKind::from_code(code) {
        Some(kind) => Ok((kind, size)),
        None => Err(ImageError::Format(format!("a section has type {code}, which is not known"))),
    }
}

/// Takes fields of fixed sizes off the front of a header, whose size their sum is.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut field = [0; N];
        let (taken, rest) = self.0.split_at(N.min(self.0.len()));
        field[..taken.len()].copy_from_slice(taken);
        self.0 = rest;
        field
    }
}

//! Writing an image.

use std::io::{self, Write};

use flate2::Crc;

use super::header::{HEADER_BYTES, Header, MAX_SECTIONS, SECTION_HEADER_BYTES, SectionKind, VERSION, section_header};
use super::measure::{Measurements, Measurer};
use super::{Metadata, Signer};
use crate::enclave::ImageError;

/// Memory that the format names for an image; `nitro-cli` takes what it is asked for instead.
const DEFAULT_MEMORY: u64 = 1 << 30;
/// CPUs that the format names for an image; `nitro-cli` takes what it is asked for instead.
const DEFAULT_CPUS: u64 = 2;

/// An image that is measured, signed if it is to be, and ready to be written.
#[derive(Clone, Debug)]
pub struct Eif {
    sections: Vec<(SectionKind, Vec<u8>)>,
    measurements: Measurements,
}

impl Eif {
    /// An image of a kernel, its command line and at least one ramdisk; they are unpacked in their order.
    ///
    /// # Errors
    /// [`ImageError::Option`] when the parts don't fit the format, [`ImageError::Signing`] when it can't be signed.
    pub fn new(
        kernel: Vec<u8>,
        command_line: String,
        metadata: &Metadata,
        ramdisks: Vec<Vec<u8>>,
        signer: Option<&Signer>,
    ) -> Result<Self, ImageError> {
        if command_line.contains('\0') {
            return Err(ImageError::Option("the kernel's command line can't hold a zero byte".to_owned()));
        }
        if ramdisks.is_empty() || ramdisks.len() > MAX_RAMDISKS {
            return Err(ImageError::Option(format!("an image has 1 to {MAX_RAMDISKS} ramdisks")));
        }
        let metadata = serde_json::to_vec(metadata).map_err(|error| ImageError::Option(error.to_string()))?;
        let mut sections = vec![
            (SectionKind::Kernel, kernel),
            (SectionKind::CommandLine, command_line.into_bytes()),
            (SectionKind::Metadata, metadata),
        ];
        sections.extend(ramdisks.into_iter().map(|ramdisk| (SectionKind::Ramdisk, ramdisk)));
        let mut measurer = Measurer::default();
        for (kind, bytes) in &sections {
            measurer.begin(*kind);
            measurer.update(*kind, bytes);
        }
        let measurements = measurer.finish(signer.map(Signer::certificate));
        if let (Some(signer), Some(pcr0)) = (signer, measurements.pcrs.get(&0)) {
            sections.push((SectionKind::Signature, signer.sign(pcr0)?));
        }
        Ok(Self { sections, measurements })
    }

    /// What the hardware will measure.
    pub fn measurements(&self) -> &Measurements {
        &self.measurements
    }

    /// The ramdisks in their order.
    pub fn ramdisks(&self) -> impl Iterator<Item = &[u8]> {
        let ramdisks = self.sections.iter().filter(|(kind, _)| *kind == SectionKind::Ramdisk);
        ramdisks.map(|(_, bytes)| bytes.as_slice())
    }

    /// Writes the image.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let header = self.header().to_bytes();
        let mut checksum = Crc::new();
        checksum.update(&header);
        for (kind, bytes) in &self.sections {
            checksum.update(&section_header(*kind, bytes.len() as u64));
            checksum.update(bytes);
        }
        out.write_all(&header)?;
        out.write_all(&checksum.sum().to_be_bytes())?;
        for (kind, bytes) in &self.sections {
            out.write_all(&section_header(*kind, bytes.len() as u64))?;
            out.write_all(bytes)?;
        }
        Ok(())
    }

    fn header(&self) -> Header {
        let mut offset = HEADER_BYTES as u64;
        let places = self.sections.iter().map(|(_, bytes)| {
            let place = (offset, bytes.len() as u64);
            offset += (SECTION_HEADER_BYTES + bytes.len()) as u64;
            place
        });
        Header {
            sections: places.collect(),
            version: VERSION,
            flags: 0,
            default_memory: DEFAULT_MEMORY,
            default_cpus: DEFAULT_CPUS,
        }
    }
}

/// Ramdisks that have room beside kernel, command line, metadata and signature.
const MAX_RAMDISKS: usize = MAX_SECTIONS - 4;

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

/// What an image is made of.
#[derive(Clone, Debug)]
pub struct Eif<'a> {
    /// The kernel.
    pub kernel: &'a [u8],
    /// The kernel's command line.
    pub command_line: &'a str,
    /// What the image is and how it was built.
    pub metadata: &'a Metadata,
    /// The ramdisks, at least one, in the order in which they are unpacked.
    pub ramdisks: &'a [Vec<u8>],
}

/// Writes an image, signed when there is a signer, and tells its measurements.
///
/// # Errors
/// [`ImageError::Option`] when the parts don't fit the format, [`ImageError::Signing`] when the signature can't be made;
/// the outer error is the writer's.
pub fn write(
    eif: &Eif<'_>,
    signer: Option<&Signer>,
    out: &mut impl Write,
) -> io::Result<Result<Measurements, ImageError>> {
    let (sections, measurements) = match eif.sections(signer) {
        Ok(parts) => parts,
        Err(error) => return Ok(Err(error)),
    };
    let mut offset = HEADER_BYTES as u64;
    let places = sections.iter().map(|(_, bytes)| {
        let place = (offset, bytes.len() as u64);
        offset += (SECTION_HEADER_BYTES + bytes.len()) as u64;
        place
    });
    let header = Header {
        version: VERSION,
        flags: 0,
        default_memory: DEFAULT_MEMORY,
        default_cpus: DEFAULT_CPUS,
        sections: places.collect(),
    };
    let header = header.to_bytes();
    let mut checksum = Crc::new();
    checksum.update(&header);
    for (kind, bytes) in &sections {
        checksum.update(&section_header(*kind, bytes.len() as u64));
        checksum.update(bytes);
    }
    out.write_all(&header)?;
    out.write_all(&checksum.sum().to_be_bytes())?;
    for (kind, bytes) in &sections {
        out.write_all(&section_header(*kind, bytes.len() as u64))?;
        out.write_all(bytes)?;
    }
    Ok(Ok(measurements))
}

/// A section's kind and bytes.
type Section<'a> = (SectionKind, std::borrow::Cow<'a, [u8]>);

impl Eif<'_> {
    /// The sections in the order of the file, and what the hardware will measure of them.
    fn sections(&self, signer: Option<&Signer>) -> Result<(Vec<Section<'_>>, Measurements), ImageError> {
        if self.command_line.contains('\0') {
            return Err(ImageError::Option("the kernel's command line can't hold a zero byte".to_owned()));
        }
        let metadata = serde_json::to_vec(self.metadata).map_err(|error| ImageError::Option(error.to_string()))?;
        let mut sections: Vec<Section<'_>> = vec![
            (SectionKind::Kernel, self.kernel.into()),
            (SectionKind::CommandLine, self.command_line.as_bytes().into()),
            (SectionKind::Metadata, metadata.into()),
        ];
        sections.extend(self.ramdisks.iter().map(|ramdisk| (SectionKind::Ramdisk, ramdisk.as_slice().into())));
        let mut measurer = Measurer::default();
        for (kind, bytes) in &sections {
            measurer.begin(*kind);
            measurer.update(*kind, bytes);
        }
        let measurements = measurer.finish(signer.map(Signer::certificate));
        if let (Some(signer), Some(pcr0)) = (signer, measurements.pcrs.get(&0)) {
            sections.push((SectionKind::Signature, signer.sign(pcr0)?.into()));
        }
        if self.ramdisks.is_empty() || sections.len() > MAX_SECTIONS {
            let room = MAX_SECTIONS - 4;
            return Err(ImageError::Option(format!("an image has 1 to {room} ramdisks")));
        }
        Ok((sections, measurements))
    }
}

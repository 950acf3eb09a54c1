//! A ramdisk: a packed tree, compressed as every kernel for enclaves reads it.

use std::io::Write;

use clap::ValueEnum;
use flate2::{Compression as Level, GzBuilder};

use super::root::RootFs;
use super::{ImageError, cpio};

/// How ramdisks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    /// gzip: a smaller image, some seconds more to start
    Gzip,
    /// None: starts faster, for tests
    None,
}

/// Compression level: 9 takes twice the time for some percent.
const GZIP_LEVEL: u32 = 6;

/// Packs a tree. The gzip header carries no name and no time, so that the same tree gives the same bytes.
///
/// # Errors
/// When a file is too large for the archive format.
pub fn pack(root: &RootFs, compression: Compression) -> Result<Vec<u8>, ImageError> {
    let packed = match compression {
        Compression::None => {
            let mut bytes = Vec::new();
            cpio::write(root, &mut bytes).map(|()| bytes)
        }
        Compression::Gzip => {
            let mut gzip = GzBuilder::new().write(Vec::new(), Level::new(GZIP_LEVEL));
            cpio::write(root, &mut gzip).and_then(|()| gzip.flush()).and_then(|()| gzip.finish())
        }
    };
    packed.map_err(|error| ImageError::Option(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_compressed_ramdisk_holds_the_archive_and_neither_name_nor_time() {
        let mut root = RootFs::new();
        root.insert_file("a/b", vec![7; 10_000]).unwrap();
        let plain = pack(&root, Compression::None).unwrap();
        let gzip = pack(&root, Compression::Gzip).unwrap();
        assert!(gzip.len() < plain.len() / 10);
        assert_eq!(gzip[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "no flags, no time");
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
    }
}

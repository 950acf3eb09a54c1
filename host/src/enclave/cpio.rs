//! The archive format of a Linux initramfs: cpio "newc"
//! (<https://www.kernel.org/doc/html/latest/driver-api/early-userspace/buffer-format.html>).

use std::io::{self, Write};

use super::root::{Entry, RootFs};

const FOLDER: u32 = 0o040_000;
const DEVICE: u32 = 0o020_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// The name that ends an archive.
const TRAILER: &str = "TRAILER!!!";
/// Headers with their names, and contents, start at multiples of this.
const ALIGNMENT: u64 = 4;

/// Writes a tree as one archive. Owners are root and times zero, so that the same tree gives the same bytes.
///
/// # Errors
/// What the writer says, and [`io::ErrorKind::InvalidInput`] for a file of 4 GiB or more, which the format can't hold.
pub fn write(root: &RootFs, out: &mut impl Write) -> io::Result<()> {
    let mut archive = Archive { out, written: 0 };
    for (number, (path, entry)) in root.iter().enumerate() {
        archive.entry(number as u64 + 1, path, entry)?;
    }
    archive.header(0, TRAILER, 0, (0, 0), 0)
}

struct Archive<'a, W> {
    out: &'a mut W,
    written: u64,
}

impl<W: Write> Archive<'_, W> {
    fn entry(&mut self, number: u64, path: &str, entry: &Entry) -> io::Result<()> {
        let (mode, device, content): (u32, (u32, u32), &[u8]) = match entry {
            Entry::Folder { mode } => (FOLDER | mode, (0, 0), &[]),
            Entry::File { mode, content } => (FILE | mode, (0, 0), content),
            Entry::Link { target } => (LINK | 0o777, (0, 0), target.as_bytes()),
            Entry::Device { mode, number } => (DEVICE | mode, *number, &[]),
        };
        self.header(number, path, mode, device, content.len() as u64)?;
        self.bytes(content)?;
        self.align()
    }

    /// A header and the name after it. Each entry is a file of its own: nothing has a second link.
    fn header(&mut self, number: u64, name: &str, mode: u32, device: (u32, u32), size: u64) -> io::Result<()> {
        let size = u32::try_from(size).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("'{name}' is too large for a ramdisk: 4 GiB or more"))
        })?;
        let fields = [
            number,
            mode.into(),
            0, // owner
            0, // group
            1, // links
            0, // time
            size.into(),
            0, // device that it is on
            0,
            device.0.into(),
            device.1.into(),
            name.len() as u64 + 1,
            0, // checksum, unused in this variant
        ];
        self.bytes(b"070701")?;
        for field in fields {
            self.bytes(format!("{field:08X}").as_bytes())?;
        }
        self.bytes(name.as_bytes())?;
        self.bytes(b"\0")?;
        self.align()
    }

    fn align(&mut self) -> io::Result<()> {
        let padding = self.written.next_multiple_of(ALIGNMENT) - self.written;
        self.bytes(&[0; ALIGNMENT as usize][..padding as usize])
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_the_documented_form() {
        let mut root = RootFs::new();
        root.insert_folder("dev", 0o755).unwrap();
        root.insert("dev/console", Entry::Device { mode: 0o600, number: (5, 1) }).unwrap();
        root.insert_file("f", "abc").unwrap();
        root.insert("l", Entry::Link { target: "f".to_owned() }).unwrap();
        let mut bytes = Vec::new();
        write(&root, &mut bytes).unwrap();
        let expected = [
            "07070100000001000041ED00000000000000000000000100000000000000000000000000000000000000000000000000000004",
            "00000000dev\0\0\0",
            "07070100000002000021800000000000000000000000010000000000000000000000000000000000000005000000010000000C",
            "00000000dev/console\0\0\0",
            "07070100000003000081A400000000000000000000000100000000000000030000000000000000000000000000000000000002",
            "00000000f\0abc\0",
            "0707010000000400\0",
        ];
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with(&expected[..6].concat()), "{text:?}");
        assert_eq!(text.len() % 4, 0);
        assert!(text.trim_end_matches('\0').ends_with(TRAILER));
    }
}

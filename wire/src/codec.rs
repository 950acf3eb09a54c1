//! Reading and writing the fixed big-endian fields of messages. A reader never looks past its slice.

use crate::{Error, Result};

/// Reads fields one after the other; too few bytes are an error, and so are bytes left at [`Reader::finish`].
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(count).ok_or(Error::Malformed("a field is cut short"))?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(Error::Malformed("a field is cut short"))?;
        self.rest = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// A text after its length in two bytes.
    pub(crate) fn short_text(&mut self) -> Result<&'a str> {
        let len = self.u16()?;
        self.text(len.into())
    }

    /// A text after its length in four bytes.
    pub(crate) fn long_text(&mut self) -> Result<&'a str> {
        let len = self.u32()?;
        self.text(usize::try_from(len).map_err(|_| Error::Malformed("a text is too long"))?)
    }

    fn text(&mut self, len: usize) -> Result<&'a str> {
        std::str::from_utf8(self.bytes(len)?).map_err(|_| Error::Malformed("a text is not UTF-8"))
    }

    pub(crate) fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::Malformed("bytes after the last field")) }
    }
}

/// Appends a text after its length in two bytes; what does not fit is cut at a character.
pub(crate) fn put_short_text(out: &mut Vec<u8>, text: &str) {
    let text = cut(text, u16::MAX.into());
    out.extend_from_slice(&(text.len() as u16).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Appends a text after its length in four bytes; what does not fit into `max` bytes is cut at a character.
pub(crate) fn put_long_text(out: &mut Vec<u8>, text: &str, max: u32) {
    let text = cut(text, max as usize);
    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn cut(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_cut_short_is_an_error() {
        assert!(Reader::new(&[0]).u16().is_err());
        assert!(Reader::new(&[0, 3, b'a', b'b']).short_text().is_err());
        assert!(Reader::new(&[0xff, 0xff, 0xff, 0xff]).long_text().is_err());
    }

    #[test]
    fn bytes_after_the_last_field_are_an_error() {
        let mut reader = Reader::new(&[1, 2]);
        assert_eq!(reader.u8().unwrap(), 1);
        assert!(reader.finish().is_err());
    }

    #[test]
    fn a_text_too_long_for_its_place_is_cut_between_characters() {
        let mut out = Vec::new();
        put_long_text(&mut out, "aéé", 4);
        assert_eq!(Reader::new(&out).long_text().unwrap(), "aé");
    }
}

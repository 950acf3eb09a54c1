//! Bytes that come in pieces as lines, by the rules of Hadoop's `LineRecordReader`.

use std::borrow::Cow;

use memchr::{memchr2, memmem};

use super::{BYTE_ORDER_MARK, Records};

/// Cuts a file into records as its bytes come.
pub(super) struct Splitter {
    records: Records,
    bytes: Vec<u8>,
    /// Where the next record begins.
    start: usize,
    /// Where a mark of the file's beginning may stand.
    at_start: bool,
}

impl Splitter {
    pub fn new(records: &Records, at_start: bool) -> Self {
        Self { records: records.clone(), bytes: Vec::new(), start: 0, at_start }
    }

    /// Adds bytes behind those that were added before.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next record whose end is there.
    pub fn next_record(&mut self) -> Option<Cow<'_, str>> {
        let rest = self.bytes.get(self.start..)?;
        let (length, end) = match &self.records {
            Records::Whole => return None,
            Records::Separated(separator) => (memmem::find(rest, separator)?, separator.len()),
            Records::Lines => {
                let length = memchr2(b'\n', b'\r', rest)?;
                match (rest.get(length), rest.get(length + 1)) {
                    // What comes next may belong to the line's end.
                    (Some(b'\r'), None) => return None,
                    (Some(b'\r'), Some(b'\n')) => (length, 2),
                    _ => (length, 1),
                }
            }
        };
        let begin = self.start;
        self.start = begin + length + end;
        let at_start = std::mem::take(&mut self.at_start);
        Some(text(self.bytes.get(begin..begin + length)?, at_start))
    }

    /// What stands behind the last record that ended, if anything does.
    pub fn last_record(&mut self) -> Option<Cow<'_, str>> {
        let rest = self.bytes.get(self.start..).filter(|rest| !rest.is_empty())?;
        let rest = match self.records {
            Records::Lines => rest.strip_suffix(b"\r").unwrap_or(rest),
            _ => rest,
        };
        Some(text(rest, self.at_start))
    }
}

/// Bytes as text; what is no UTF-8 becomes replacement characters.
fn text(bytes: &[u8], at_start: bool) -> Cow<'_, str> {
    let bytes = if at_start { bytes.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(bytes) } else { bytes };
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of the pieces.
    fn split(records: &Records, pieces: &[&[u8]]) -> Vec<String> {
        let mut splitter = Splitter::new(records, true);
        let mut found = Vec::new();
        for piece in pieces {
            splitter.push(piece);
            while let Some(record) = splitter.next_record() {
                found.push(record.into_owned());
            }
        }
        found.extend(splitter.last_record().map(Cow::into_owned));
        found
    }

    #[test]
    fn lines_end_in_either_way_wherever_the_pieces_end() {
        let text = b"\xef\xbb\xbfa\r\nb\rc\n\n\r\nlast\r";
        let expected = ["a", "b", "c", "", "", "last"];
        assert_eq!(split(&Records::Lines, &[text]), expected);
        for at in 0..text.len() {
            let (one, other) = text.split_at(at);
            assert_eq!(split(&Records::Lines, &[one, other]), expected, "{at}");
        }
    }

    #[test]
    fn separators_of_a_file_are_its_own() {
        let separated = Records::Separated(b"||".to_vec());
        assert_eq!(split(&separated, &[b"a\n|", b"|b||"]), ["a\n", "b"]);
        assert_eq!(split(&Records::Whole, &[b"a\n", b"b"]), ["a\nb"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(split(&Records::Lines, &[b"a\xffb"]), ["a\u{fffd}b"]);
    }
}

//! Thrift's compact protocol, as far as it takes to change some fields of a struct and to keep all others.
//!
//! A struct is read as a list of fields whose values stay the bytes they are; only what is looked at is decoded.
//! Nothing is allocated for a length that the bytes don't have.

use crate::Error;

/// The type of a field or list element, as the protocol numbers it.
pub(crate) type Kind = u8;

pub(crate) const TRUE: Kind = 1;
pub(crate) const FALSE: Kind = 2;
const I8: Kind = 3;
pub(crate) const I16: Kind = 4;
pub(crate) const I32: Kind = 5;
pub(crate) const I64: Kind = 6;
const DOUBLE: Kind = 7;
pub(crate) const BINARY: Kind = 8;
pub(crate) const LIST: Kind = 9;
const SET: Kind = 10;
const MAP: Kind = 11;
pub(crate) const STRUCT: Kind = 12;
const UUID: Kind = 13;

/// Structs within structs: Parquet's deepest have about six.
const MAX_DEPTH: usize = 32;

/// A field of a struct: its number, its type, and its value as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) id: i16,
    pub(crate) kind: Kind,
    pub(crate) value: &'a [u8],
}

impl<'a> Field<'a> {
    fn expect(&self, kind: Kind) -> Result<Cursor<'a>, Error> {
        if self.kind == kind { Ok(Cursor(self.value)) } else { Err(malformed("a field of another type")) }
    }

    /// The value of a field of 16, 32 or 64 bits.
    pub(crate) fn integer(&self) -> Result<i64, Error> {
        match self.kind {
            I16 | I32 | I64 => Cursor(self.value).zigzag(),
            _ => Err(malformed("a field that is not a number")),
        }
    }

    pub(crate) fn boolean(&self) -> Result<bool, Error> {
        match self.kind {
            TRUE => Ok(true),
            FALSE => Ok(false),
            _ => Err(malformed("a field that is not a boolean")),
        }
    }

    pub(crate) fn binary(&self) -> Result<&'a [u8], Error> {
        self.expect(BINARY)?.binary()
    }

    pub(crate) fn structure(&self) -> Result<Struct<'a>, Error> {
        self.expect(STRUCT)?.structure()
    }

    /// The elements of a list of structs.
    pub(crate) fn structures(&self) -> Result<Vec<Struct<'a>>, Error> {
        let mut cursor = self.expect(LIST)?;
        let (kind, count) = cursor.list_header()?;
        if kind != STRUCT && count > 0 {
            return Err(malformed("a list of something else than structs"));
        }
        let mut elements = Vec::new();
        for _ in 0..count {
            elements.push(cursor.structure()?);
        }
        Ok(elements)
    }
}

/// A struct's fields in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Struct<'a>(pub(crate) Vec<Field<'a>>);

impl<'a> Struct<'a> {
    /// Reads the struct at the start of `bytes`; gives what follows it too.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let mut cursor = Cursor(bytes);
        let structure = cursor.structure()?;
        Ok((structure, cursor.0))
    }

    pub(crate) fn field(&self, id: i16) -> Option<&Field<'a>> {
        self.0.iter().find(|field| field.id == id)
    }

    /// The number in a field, if it is there.
    pub(crate) fn integer(&self, id: i16) -> Result<Option<i64>, Error> {
        self.field(id).map(Field::integer).transpose()
    }

    /// The number in a field that must be there.
    pub(crate) fn required_integer(&self, id: i16) -> Result<i64, Error> {
        self.integer(id)?.ok_or_else(|| malformed("a required field is missing"))
    }

    pub(crate) fn required(&self, id: i16) -> Result<&Field<'a>, Error> {
        self.field(id).ok_or_else(|| malformed("a required field is missing"))
    }
}

/// Writes one struct.
pub(crate) struct Writer {
    out: Vec<u8>,
    last: i16,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Writer { out: Vec::new(), last: 0 }
    }

    /// A field whose value is encoded already. Fields come in the order of their numbers.
    pub(crate) fn raw(&mut self, id: i16, kind: Kind, value: &[u8]) {
        match id.checked_sub(self.last) {
            Some(delta @ 1..=15) => self.out.push((delta as u8) << 4 | kind),
            _ => {
                self.out.push(kind);
                put_varint(&mut self.out, zigzag(id.into()));
            }
        }
        self.last = id;
        self.out.extend_from_slice(value);
    }

    pub(crate) fn copy(&mut self, field: &Field<'_>) {
        self.raw(field.id, field.kind, field.value);
    }

    pub(crate) fn integer(&mut self, id: i16, kind: Kind, value: i64) {
        let mut bytes = Vec::with_capacity(10);
        put_varint(&mut bytes, zigzag(value));
        self.raw(id, kind, &bytes);
    }

    /// A list of structs that are encoded already.
    pub(crate) fn structures(&mut self, id: i16, elements: &[Vec<u8>]) {
        let mut value = Vec::with_capacity(elements.iter().map(Vec::len).sum::<usize>() + 6);
        put_list_header(&mut value, STRUCT, elements.len());
        elements.iter().for_each(|element| value.extend_from_slice(element));
        self.raw(id, LIST, &value);
    }

    /// A list without elements, of numbers of 32 bits.
    pub(crate) fn no_integers(&mut self, id: i16) {
        self.raw(id, LIST, &[I32]);
    }

    /// How long the struct would be if it ended here.
    pub(crate) fn len(&self) -> usize {
        self.out.len() + 1
    }

    /// The struct's bytes.
    pub(crate) fn end(mut self) -> Vec<u8> {
        self.out.push(0);
        self.out
    }
}

fn put_list_header(out: &mut Vec<u8>, kind: Kind, count: usize) {
    if count < 15 {
        out.push((count as u8) << 4 | kind);
    } else {
        out.push(0xf0 | kind);
        put_varint(out, count as u64);
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Reads from the front of a slice.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.0.split_at_checked(count).ok_or_else(|| malformed("a value that is cut short"))?;
        self.0 = rest;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let (head, rest) = self.0.split_first().ok_or_else(|| malformed("a value that is cut short"))?;
        self.0 = rest;
        Ok(*head)
    }

    fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed("a number of more than 64 bits"))
    }

    fn zigzag(&mut self) -> Result<i64, Error> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn binary(&mut self) -> Result<&'a [u8], Error> {
        let length = usize::try_from(self.varint()?).map_err(|_| malformed("a length of more than 64 bits"))?;
        self.take(length)
    }

    fn list_header(&mut self) -> Result<(Kind, u64), Error> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        Ok((head & 0x0f, count))
    }

    fn structure(&mut self) -> Result<Struct<'a>, Error> {
        let mut fields = Vec::new();
        let mut last = 0i16;
        while let Some((id, kind)) = self.field_header(last)? {
            let before = self.0;
            self.skip(kind, MAX_DEPTH)?;
            let value = before.get(..before.len() - self.0.len()).unwrap_or_default();
            fields.push(Field { id, kind, value });
            last = id;
        }
        Ok(Struct(fields))
    }

    /// Number and type of the next field, or nothing at the struct's end.
    fn field_header(&mut self, last: i16) -> Result<Option<(i16, Kind)>, Error> {
        let head = self.byte()?;
        let kind = head & 0x0f;
        if kind == 0 {
            return Ok(None);
        }
        let id = match head >> 4 {
            0 => i16::try_from(self.zigzag()?).ok(),
            delta => last.checked_add(delta.into()),
        };
        Ok(Some((id.ok_or_else(|| malformed("a field number of more than 16 bits"))?, kind)))
    }

    /// Steps over the value of a field. A boolean field has none: its type is its value.
    fn skip(&mut self, kind: Kind, depth: usize) -> Result<(), Error> {
        let depth = depth.checked_sub(1).ok_or_else(|| malformed("structs within structs without an end"))?;
        match kind {
            TRUE | FALSE => {}
            I8 => drop(self.byte()?),
            I16 | I32 | I64 => drop(self.varint()?),
            DOUBLE => drop(self.take(8)?),
            BINARY => drop(self.binary()?),
            UUID => drop(self.take(16)?),
            LIST | SET => {
                let (kind, count) = self.list_header()?;
                for _ in 0..count {
                    self.skip_element(kind, depth)?;
                }
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                for _ in 0..count {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 0x0f, depth)?;
                }
            }
            STRUCT => {
                while let Some((_, kind)) = self.field_header(0)? {
                    self.skip(kind, depth)?;
                }
            }
            _ => return Err(malformed("a value of an unknown type")),
        }
        Ok(())
    }

    /// In collections a boolean is a byte.
    fn skip_element(&mut self, kind: Kind, depth: usize) -> Result<(), Error> {
        match kind {
            TRUE | FALSE => self.byte().map(drop),
            _ => self.skip(kind, depth),
        }
    }
}

fn malformed(what: &'static str) -> Error {
    Error::Malformed(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields 1: 7, 3: true, 20: "ab", 21: a list of two structs, each with field 1.
    fn sample() -> Vec<u8> {
        let mut element = Writer::new();
        element.integer(1, I64, -5);
        let element = element.end();
        let mut writer = Writer::new();
        writer.integer(1, I32, 7);
        writer.raw(3, TRUE, &[]);
        writer.raw(20, BINARY, b"\x02ab");
        writer.structures(21, &[element.clone(), element]);
        writer.end()
    }

    #[test]
    fn what_was_written_is_read_and_can_be_copied() {
        let bytes = [sample(), vec![9, 9]].concat();
        let (read, rest) = Struct::read(&bytes).unwrap();
        assert_eq!(rest, [9, 9]);
        assert_eq!(read.required_integer(1).unwrap(), 7);
        assert!(read.required(3).unwrap().boolean().unwrap());
        assert_eq!(read.required(20).unwrap().binary().unwrap(), b"ab");
        let list = read.required(21).unwrap().structures().unwrap();
        assert_eq!(list.iter().map(|element| element.required_integer(1).unwrap()).collect::<Vec<_>>(), [-5, -5]);

        let mut copy = Writer::new();
        read.0.iter().for_each(|field| copy.copy(field));
        assert_eq!(copy.len(), sample().len());
        assert_eq!(copy.end(), sample());
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_an_error_or_a_struct() {
        let bytes = sample();
        for cut in 0..bytes.len() {
            assert!(Struct::read(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..bytes.len() {
            for value in 0..=255 {
                let mut changed = bytes.clone();
                changed[at] = value;
                let _ = Struct::read(&changed).map(|(read, _)| read.field(21).map(|list| list.structures().is_ok()));
            }
        }
    }

    #[test]
    fn a_huge_count_and_endless_nesting_are_errors() {
        // A list of 2^62 structs, in three bytes.
        let huge = [0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f];
        assert!(Struct::read(&huge).is_err());
        assert!(Struct::read(&[0x1c; 4096]).is_err());
    }
}

//! The pages of a column chunk, opened in place: what comes out is as long as what went in.
//!
//! A page's header and body are a module each, and the plaintexts are shorter than the modules. All that stands in a footer
//! or page index about places in the file stays true nevertheless, because the header is written anew with one more field,
//! of a number that the format doesn't have, which takes up the difference. Readers skip fields that they don't know.

use bytes::BytesMut;

use crate::aes::{Ctr, Gcm, TAG_LEN};
use crate::footer::Algorithm;
use crate::module::{self, Kind, Module, PageCipher, Place};
use crate::thrift::{BINARY, I32, Struct, Writer};
use crate::wrapping::FileKey;
use crate::{Error, KeyError};

/// Fields of `PageHeader`.
const TYPE: i16 = 1;
const COMPRESSED_SIZE: i16 = 3;
const CRC: i16 = 4;
const HEADER_V2: i16 = 8;

/// The field that takes up room. Parquet has none beyond 8 in a page header.
const FILLING: i16 = 15;

/// Values of [`TYPE`].
const DATA_PAGE: i64 = 0;
const DICTIONARY_PAGE: i64 = 2;
const DATA_PAGE_V2: i64 = 3;

/// What a column is encrypted with.
#[derive(Debug)]
pub(crate) struct Ciphers {
    /// For everything but pages.
    pub(crate) gcm: Gcm,
    /// For pages.
    pub(crate) page: PageCipher,
}

impl Ciphers {
    /// The ciphers of a key.
    pub(crate) fn new(algorithm: Algorithm, key: &FileKey) -> Result<Self, KeyError> {
        let page = match algorithm {
            Algorithm::AesGcmV1 => Some(PageCipher::Gcm),
            Algorithm::AesGcmCtrV1 => Ctr::new(&key.bytes).map(PageCipher::Ctr),
        };
        match (Gcm::new(&key.bytes), page) {
            (Some(gcm), Some(page)) => Ok(Ciphers { gcm, page }),
            _ => Err(KeyError::Length { id: key.id.clone(), bytes: key.bytes.len() }),
        }
    }
}

/// Which page comes first in the bytes that are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FirstPage {
    /// Whether a dictionary page comes before the data pages.
    pub(crate) dictionary: bool,
    /// The number of the first data page.
    pub(crate) data_page: usize,
}

/// Memory that opening pages takes beyond their length: the tag of the last one stands at the end until it is checked.
pub(crate) const SPARE: usize = TAG_LEN;

/// Opens the modules of some pages that follow each other into `out`, which is empty.
pub(crate) fn open(
    ciphers: &Ciphers,
    file_aad: &[u8],
    place: Place,
    first: FirstPage,
    sealed: &[u8],
    out: &mut BytesMut,
) -> Result<(), Error> {
    let mut rest = sealed;
    let mut number = first.data_page;
    let mut dictionary = first.dictionary;
    while !rest.is_empty() {
        let page = if dictionary { None } else { Some(page_number(number)?) };
        let kinds = match page {
            None => (Kind::DictionaryPageHeader, Kind::DictionaryPage),
            Some(_) => (Kind::DataPageHeader, Kind::DataPage),
        };
        let (header, after_header) = Module::split(rest)?;
        let header_aad = module::aad(file_aad, kinds.0, place, page);
        let header_bytes =
            header.open(&ciphers.gcm, &header_aad).map_err(|_| Error::Altered { part: kinds.0.name() })?;
        let (fields, _) = Struct::read(&header_bytes)?;
        let (body, after_body) = body(&fields, dictionary, after_header)?;

        let length = ciphers.page.plain_len(&body)?;
        let room = header.len() + body.len() - length;
        out.extend_from_slice(&filled_header(&fields, length, room)?);
        let body_aad = module::aad(file_aad, kinds.1, place, page);
        ciphers
            .page
            .open_onto(&ciphers.gcm, &body, &body_aad, out)
            .map_err(|_| Error::Altered { part: kinds.1.name() })?;

        number += usize::from(!dictionary);
        dictionary = false;
        rest = after_body;
    }
    Ok(())
}

fn page_number(number: usize) -> Result<i16, Error> {
    i16::try_from(number).map_err(|_| Error::Unsupported("a column chunk has more than 32,767 pages"))
}

/// The module behind a page header, if the header tells of such a one.
fn body<'a>(header: &Struct<'_>, dictionary: bool, bytes: &'a [u8]) -> Result<(Module<'a>, &'a [u8]), Error> {
    let kind = header.required_integer(TYPE)?;
    let expected = if dictionary { kind == DICTIONARY_PAGE } else { matches!(kind, DATA_PAGE | DATA_PAGE_V2) };
    if !expected {
        return Err(Error::Malformed("a page of another kind than its place has"));
    }
    let size = header.required_integer(COMPRESSED_SIZE)?;
    let split = Module::split(bytes);
    match split {
        Ok((module, _)) if i64::try_from(module.len()) == Ok(size) => split,
        _ if kind == DATA_PAGE_V2 && has_levels(header)? => Err(Error::Unsupported(
            "its writer left the levels of data pages of version 2 outside of the encryption, where anyone can change \
             which values are NULL: write it with parquet.writer.version=PARQUET_1_0",
        )),
        Ok(_) => Err(Error::Malformed("a page of another size than its header says")),
        Err(error) => Err(error),
    }
}

/// Whether a page of version 2 has repetition or definition levels.
fn has_levels(header: &Struct<'_>) -> Result<bool, Error> {
    let v2 = header.required(HEADER_V2)?.structure()?;
    let (definition, repetition) = (v2.required_integer(5)?, v2.required_integer(6)?);
    Ok(definition > 0 || repetition > 0)
}

/// The header of a page that has `length` bytes now, itself `room` bytes long. Without the checksum, which was made of
/// the encrypted page.
fn filled_header(fields: &Struct<'_>, length: usize, room: usize) -> Result<Vec<u8>, Error> {
    let length = i64::try_from(length).map_err(|_| Error::Malformed("a page of more than 63 bits"))?;
    let mut writer = Writer::new();
    for field in fields.0.iter().filter(|field| field.id < FILLING) {
        match field.id {
            COMPRESSED_SIZE => writer.integer(COMPRESSED_SIZE, I32, length),
            CRC => {}
            _ => writer.copy(field),
        }
    }
    // What the field takes besides its own header. Parquet for Java encrypts headers with the rest of the buffer that they
    // were written to, so it may be much.
    let odd = Error::Malformed("a page header that is larger than its module");
    let value = filling(room.checked_sub(writer.len() + 1).ok_or(odd.clone())?).ok_or(odd)?;
    writer.raw(FILLING, BINARY, &value);
    Ok(writer.end())
}

/// A text of zeros that is `size` bytes long together with the length before it.
fn filling(size: usize) -> Option<Vec<u8>> {
    let mut value = vec![0; size];
    match u8::try_from(size.checked_sub(1)?) {
        Ok(length @ 0..0x80) => *value.first_mut()? = length,
        // Always five bytes: with as few as possible, some sizes could not be had.
        _ => {
            let length = u32::try_from(size - LONG).ok()?;
            for (index, byte) in value.first_chunk_mut::<LONG>()?.iter_mut().enumerate() {
                let more = if index < LONG - 1 { 0x80 } else { 0 };
                *byte = (length >> (7 * index)) as u8 & 0x7f | more;
            }
        }
    }
    Some(value)
}

/// Bytes of a length of 32 bits.
const LONG: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aes::NONCE_LEN;
    use crate::thrift::STRUCT;

    const PLACE: Place = Place { row_group: 3, column: 7 };
    const KEY: [u8; 16] = [9; 16];

    fn open(ciphers: &Ciphers, aad: &[u8], place: Place, first: FirstPage, sealed: &[u8]) -> Result<BytesMut, Error> {
        let mut out = BytesMut::new();
        super::open(ciphers, aad, place, first, sealed, &mut out).map(|()| out)
    }

    fn ciphers(ctr: bool) -> Ciphers {
        let page = if ctr { PageCipher::Ctr(Ctr::new(&KEY).unwrap()) } else { PageCipher::Gcm };
        Ciphers { gcm: Gcm::new(&KEY).unwrap(), page }
    }

    fn seal(kind: Kind, page: Option<i16>, text: &[u8]) -> Vec<u8> {
        let nonce = [kind as u8; NONCE_LEN];
        let sealed = Gcm::new(&KEY).unwrap().seal(nonce, &module::aad(b"file", kind, PLACE, page), text).unwrap();
        [&((NONCE_LEN + sealed.len()) as u32).to_le_bytes()[..], &nonce, &sealed].concat()
    }

    fn header(kind: i64, size: i64, crc: bool) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.integer(TYPE, I32, kind);
        writer.integer(2, I32, 1 << 30);
        writer.integer(COMPRESSED_SIZE, I32, size);
        if crc {
            writer.integer(CRC, I32, -1);
        }
        let mut inner = Writer::new();
        inner.integer(1, I32, 42);
        writer.raw(if kind == DICTIONARY_PAGE { 7 } else { 5 }, STRUCT, &inner.end());
        writer.end()
    }

    /// A dictionary page and two data pages, the first with a checksum.
    fn chunk() -> Vec<u8> {
        let mut chunk = Vec::new();
        for (page, text) in [(None, &b"dictionary"[..]), (Some(0), &[1; 300]), (Some(1), b"")] {
            let (header_kind, kind) = match page {
                None => (Kind::DictionaryPageHeader, Kind::DictionaryPage),
                Some(_) => (Kind::DataPageHeader, Kind::DataPage),
            };
            let body = seal(kind, page, text);
            let type_ = if page.is_none() { DICTIONARY_PAGE } else { DATA_PAGE };
            chunk.extend(seal(header_kind, page, &header(type_, body.len() as i64, page == Some(0))));
            chunk.extend(body);
        }
        chunk
    }

    const WHOLE: FirstPage = FirstPage { dictionary: true, data_page: 0 };

    #[test]
    fn pages_are_opened_at_their_places() {
        let sealed = chunk();
        let open = open(&ciphers(false), b"file", PLACE, WHOLE, &sealed).unwrap();
        assert_eq!(open.len(), sealed.len());
        let mut rest = &open[..];
        for text in [&b"dictionary"[..], &[1; 300], b""] {
            let (header, after) = Struct::read(rest).unwrap();
            assert_eq!(header.required_integer(COMPRESSED_SIZE).unwrap(), text.len() as i64);
            assert!(header.field(CRC).is_none());
            assert_eq!(&after[..text.len()], text);
            rest = &after[text.len()..];
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn a_page_opens_at_its_own_place_only() {
        let sealed = chunk();
        for (place, first) in [
            (Place { row_group: 4, ..PLACE }, WHOLE),
            (Place { column: 8, ..PLACE }, WHOLE),
            (PLACE, FirstPage { dictionary: false, data_page: 0 }),
            (PLACE, FirstPage { dictionary: true, data_page: 1 }),
        ] {
            let error = open(&ciphers(false), b"file", place, first, &sealed).unwrap_err();
            assert!(matches!(error, Error::Altered { .. }), "{error}");
        }
        assert!(open(&ciphers(false), b"fils", PLACE, WHOLE, &sealed).is_err());
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_an_error() {
        let sealed = chunk();
        let mut whole_pages = 0;
        for cut in 0..sealed.len() {
            // A cut between two pages leaves whole pages; how many there have to be, the footer says.
            whole_pages += usize::from(open(&ciphers(false), b"file", PLACE, WHOLE, &sealed[..cut]).is_ok());
        }
        assert_eq!(whole_pages, 3);
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert!(open(&ciphers(false), b"file", PLACE, WHOLE, &changed).is_err(), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_field_fills_any_room() {
        for size in (1..400).chain([1 << 14, 1 << 20]) {
            let mut writer = Writer::new();
            writer.raw(FILLING, BINARY, &filling(size).unwrap());
            let bytes = writer.end();
            let (read, rest) = Struct::read(&bytes).unwrap();
            assert!(rest.is_empty());
            assert!(read.required(FILLING).unwrap().value.len() == size);
            assert!(read.required(FILLING).unwrap().binary().unwrap().iter().all(|byte| *byte == 0));
        }
        assert_eq!(filling(0), None);
    }

    #[test]
    fn levels_outside_of_the_encryption_are_refused() {
        let mut v2 = Writer::new();
        v2.integer(5, I32, 6);
        v2.integer(6, I32, 0);
        let body = [&[0; 6][..], &seal(Kind::DataPage, Some(0), b"values")].concat();
        let mut header = Writer::new();
        header.integer(TYPE, I32, DATA_PAGE_V2);
        header.integer(COMPRESSED_SIZE, I32, body.len() as i64);
        header.raw(HEADER_V2, STRUCT, &v2.end());
        let sealed = [seal(Kind::DataPageHeader, Some(0), &header.end()), body].concat();
        let first = FirstPage { dictionary: false, data_page: 0 };
        let error = open(&ciphers(false), b"file", PLACE, first, &sealed).unwrap_err();
        assert!(matches!(error, Error::Unsupported(_)), "{error}");
    }

    #[test]
    fn pages_of_the_ctr_mode_have_no_tag_and_their_headers_do() {
        let nonce = [1; NONCE_LEN];
        let mut text = b"values of the page".to_vec();
        Ctr::new(&KEY).unwrap().open_in_place(nonce, &mut text);
        let body = [&((NONCE_LEN + text.len()) as u32).to_le_bytes()[..], &nonce, &text].concat();
        let sealed = [seal(Kind::DataPageHeader, Some(0), &header(DATA_PAGE, body.len() as i64, false)), body].concat();
        let first = FirstPage { dictionary: false, data_page: 0 };
        let out = open(&ciphers(true), b"file", PLACE, first, &sealed).unwrap();
        assert_eq!(out.len(), sealed.len());
        assert!(out.ends_with(b"values of the page"));
    }
}

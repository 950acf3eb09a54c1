//! From the footer of an encrypted file to the footer that the same file would have in the clear.
//!
//! The metadata of encrypted columns is opened and put where it stands in other files, and whatever tells of encryption is
//! left out. A column whose key is not there stays in the schema; what is asked of its pages is refused when it is asked.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::error::printable;
use crate::footer::{Algorithm, ENCRYPTION_ALGORITHM, FOOTER_SIGNING_KEY_METADATA};
use crate::module::{self, Kind, Module, Place};
use crate::pages::Ciphers;
use crate::sealed_file::{Column, Protection};
use crate::thrift::{I32, I64, STRUCT, Struct, Writer};
use crate::wrapping::{Keys, find_key};
use crate::{Error, ExternalMaterial, KeyError};

/// Fields of `FileMetaData`.
const SCHEMA: i16 = 2;
const ROW_GROUPS: i16 = 4;

/// Fields of `SchemaElement`.
const ELEMENT_TYPE: i16 = 1;
const ELEMENT_NAME: i16 = 4;
const ELEMENT_CHILDREN: i16 = 5;

/// Fields of `RowGroup`.
const COLUMNS: i16 = 1;
const NUM_ROWS: i16 = 3;
const ORDINAL: i16 = 7;

/// Fields of `ColumnChunk`.
const META_DATA: i16 = 3;
const OFFSET_INDEX_OFFSET: i16 = 4;
const OFFSET_INDEX_LENGTH: i16 = 5;
const COLUMN_INDEX_OFFSET: i16 = 6;
const COLUMN_INDEX_LENGTH: i16 = 7;
const CRYPTO_METADATA: i16 = 8;
const ENCRYPTED_COLUMN_METADATA: i16 = 9;

/// Fields of `ColumnMetaData`.
const PHYSICAL_TYPE: i16 = 1;
const ENCODINGS: i16 = 2;
const PATH_IN_SCHEMA: i16 = 3;
const CODEC: i16 = 4;
const NUM_VALUES: i16 = 5;
const UNCOMPRESSED_SIZE: i16 = 6;
const COMPRESSED_SIZE: i16 = 7;
const DATA_PAGE_OFFSET: i16 = 9;
const DICTIONARY_PAGE_OFFSET: i16 = 11;
const BLOOM_FILTER_OFFSET: i16 = 14;
const BLOOM_FILTER_LENGTH: i16 = 15;

/// How many bytes a column chunk without a known place is said to have.
pub(crate) const HIDDEN_LEN: u64 = 1;

/// A footer that was found authentic, and what it takes to open the columns.
pub(crate) struct Opened<'a> {
    /// `FileMetaData`.
    pub(crate) metadata: &'a [u8],
    /// Where the footer lies, without the tail.
    pub(crate) place: Range<u64>,
    pub(crate) algorithm: Algorithm,
    pub(crate) file_aad: Vec<u8>,
    pub(crate) footer_key: Arc<Ciphers>,
    pub(crate) keys: &'a dyn Keys,
    pub(crate) external: Option<&'a ExternalMaterial>,
}

/// What became of a footer.
pub(crate) struct Rewritten {
    /// `FileMetaData` of the file in the clear.
    pub(crate) metadata: Vec<u8>,
    /// The encrypted column chunks whose place is known.
    pub(crate) chunks: Vec<Chunk>,
    /// Those whose place is not known, by an address that stands for it.
    pub(crate) hidden: HashMap<u64, Error>,
    pub(crate) columns: Vec<Column>,
}

/// An encrypted column chunk.
pub(crate) struct Chunk {
    pub(crate) place: Place,
    /// Its pages.
    pub(crate) range: Range<u64>,
    pub(crate) dictionary: bool,
    pub(crate) column_index: Option<Range<u64>>,
    pub(crate) offset_index: Option<Range<u64>>,
    /// What opens it, or why it can't be opened.
    pub(crate) ciphers: Result<Arc<Ciphers>, Error>,
}

/// Writes the footer anew.
pub(crate) fn footer(opened: &Opened<'_>) -> Result<Rewritten, Error> {
    let (metadata, _) = Struct::read(opened.metadata)?;
    let leaves = leaves(&metadata)?;
    let columns = leaves.iter().map(|leaf| Column { path: leaf.path.clone(), protection: Protection::None }).collect();
    let mut rewriter = Rewriter {
        opened,
        column_keys: HashMap::new(),
        out: Rewritten { metadata: Vec::new(), chunks: Vec::new(), hidden: HashMap::new(), columns },
        leaves,
    };
    let mut writer = Writer::new();
    for field in &metadata.0 {
        match field.id {
            ENCRYPTION_ALGORITHM | FOOTER_SIGNING_KEY_METADATA => {}
            ROW_GROUPS => {
                let groups = field.structures()?;
                let groups = groups.iter().enumerate().map(|(index, group)| rewriter.row_group(index, group));
                writer.structures(ROW_GROUPS, &groups.collect::<Result<Vec<_>, _>>()?);
            }
            _ => writer.copy(field),
        }
    }
    rewriter.out.metadata = writer.end();
    Ok(rewriter.out)
}

/// A column with values.
struct Leaf {
    path: String,
    physical_type: i64,
}

/// The columns with values, in the order in which row groups have them.
fn leaves(metadata: &Struct<'_>) -> Result<Vec<Leaf>, Error> {
    let mut leaves = Vec::new();
    // The names on the way to where we are, and how many more elements each has below it.
    let mut path: Vec<(&str, i64)> = Vec::new();
    for (index, element) in metadata.required(SCHEMA)?.structures()?.iter().enumerate() {
        let name = element.required(ELEMENT_NAME)?.binary()?;
        let name = std::str::from_utf8(name).map_err(|_| Error::Malformed("a column name that is not UTF-8"))?;
        let children = element.integer(ELEMENT_CHILDREN)?.unwrap_or(0);
        // The first element is the whole schema, whose name is in no path.
        if index == 0 {
            continue;
        }
        if children > 0 {
            path.push((name, children));
            continue;
        }
        let names = path.iter().map(|(name, _)| *name).chain([name]);
        leaves.push(Leaf {
            path: names.collect::<Vec<_>>().join("."),
            physical_type: element.required_integer(ELEMENT_TYPE)?,
        });
        while let Some((_, left)) = path.last_mut() {
            *left -= 1;
            if *left > 0 {
                break;
            }
            path.pop();
        }
    }
    Ok(leaves)
}

/// A column chunk on its way.
struct ColumnChunk<'a, 'b> {
    fields: &'b Struct<'a>,
    place: Place,
    index: usize,
    /// Rows of its row group.
    rows: i64,
}

/// What opens a column, and the id to name its key by.
type ColumnKey = (Arc<Ciphers>, String);

struct Rewriter<'a> {
    opened: &'a Opened<'a>,
    leaves: Vec<Leaf>,
    /// By key metadata.
    column_keys: HashMap<Vec<u8>, Result<ColumnKey, KeyError>>,
    out: Rewritten,
}

impl Rewriter<'_> {
    fn row_group(&mut self, index: usize, group: &Struct<'_>) -> Result<Vec<u8>, Error> {
        let too_many = || Error::Unsupported("it has more than 32,767 row groups or columns");
        let row_group = match group.integer(ORDINAL)? {
            Some(ordinal) => i16::try_from(ordinal).map_err(|_| too_many())?,
            None => i16::try_from(index).map_err(|_| too_many())?,
        };
        let rows = group.required_integer(NUM_ROWS)?;
        let chunks = group.required(COLUMNS)?.structures()?;
        if chunks.len() != self.leaves.len() {
            return Err(Error::Malformed("a row group with other columns than the schema"));
        }
        let mut columns = Vec::with_capacity(chunks.len());
        for (index, fields) in chunks.iter().enumerate() {
            let column = i16::try_from(index).map_err(|_| too_many())?;
            let place = Place { row_group, column };
            columns.push(self.column_chunk(ColumnChunk { fields, place, index, rows })?);
        }
        let mut writer = Writer::new();
        for field in &group.0 {
            match field.id {
                COLUMNS => writer.structures(COLUMNS, &columns),
                _ => writer.copy(field),
            }
        }
        Ok(writer.end())
    }

    fn column_chunk(&mut self, chunk: ColumnChunk<'_, '_>) -> Result<Vec<u8>, Error> {
        let Some(crypto) = chunk.fields.field(CRYPTO_METADATA) else {
            if chunk.fields.field(ENCRYPTED_COLUMN_METADATA).is_some() {
                return Err(Error::Malformed("an encrypted column that doesn't say how it is encrypted"));
            }
            let mut writer = Writer::new();
            chunk.fields.0.iter().for_each(|field| writer.copy(field));
            return Ok(writer.end());
        };
        let crypto = crypto.structure()?;
        let own_key = crypto.field(2).map(|field| field.structure()).transpose()?;
        let (ciphers, protection) = match &own_key {
            None if crypto.field(1).is_some() => (Ok(Arc::clone(&self.opened.footer_key)), Protection::FooterKey),
            None => return Err(Error::Malformed("a column whose encryption is of an unknown kind")),
            Some(own_key) => {
                let metadata = own_key.field(2).map(|field| field.binary()).transpose()?;
                match self.column_key(metadata) {
                    Ok((ciphers, id)) => (Ok(ciphers), Protection::ColumnKey(id)),
                    Err(error) => (Err(error.clone()), Protection::Locked(error)),
                }
            }
        };
        if let Some(column) = self.out.columns.get_mut(chunk.index) {
            column.protection = protection;
        }
        match (ciphers, own_key) {
            (Ok(ciphers), _) => self.open_chunk(chunk, ciphers),
            (Err(error), Some(own_key)) => self.lock_chunk(chunk, &own_key, error),
            (Err(error), None) => Err(error.into()),
        }
    }

    fn column_key(&mut self, metadata: Option<&[u8]>) -> Result<ColumnKey, KeyError> {
        let opened = self.opened;
        let find = || {
            let key = find_key(metadata, opened.external, opened.keys)?;
            Ok((Arc::new(Ciphers::new(opened.algorithm, &key)?), key.id))
        };
        self.column_keys.entry(metadata.unwrap_or_default().to_vec()).or_insert_with(find).clone()
    }

    /// A chunk whose key is there.
    fn open_chunk(&mut self, chunk: ColumnChunk<'_, '_>, ciphers: Arc<Ciphers>) -> Result<Vec<u8>, Error> {
        let decrypted;
        let meta = match chunk.fields.field(ENCRYPTED_COLUMN_METADATA) {
            None => chunk.fields.required(META_DATA)?.structure()?,
            Some(sealed) => {
                let aad = module::aad(&self.opened.file_aad, Kind::ColumnMetaData, chunk.place, None);
                let altered = |_| Error::Altered { part: Kind::ColumnMetaData.name() };
                decrypted = Module::whole(sealed.binary()?)?.open(&ciphers.gcm, &aad).map_err(altered)?;
                Struct::read(&decrypted)?.0
            }
        };
        let mut writer = Writer::new();
        for field in &meta.0 {
            match field.id {
                // The library doesn't read the ones that are encrypted.
                BLOOM_FILTER_OFFSET | BLOOM_FILTER_LENGTH => {}
                // Some writers say 0 where there is none.
                DICTIONARY_PAGE_OFFSET if !has_dictionary(&meta)? => {}
                _ => writer.copy(field),
            }
        }
        let index = |offset, length| -> Result<Option<Range<u64>>, Error> {
            match (chunk.fields.integer(offset)?, chunk.fields.integer(length)?) {
                (Some(offset), Some(length)) => range(offset, length).map(Some),
                _ => Ok(None),
            }
        };
        self.out.chunks.push(Chunk {
            place: chunk.place,
            range: pages_range(&meta)?,
            dictionary: has_dictionary(&meta)?,
            column_index: index(COLUMN_INDEX_OFFSET, COLUMN_INDEX_LENGTH)?,
            offset_index: index(OFFSET_INDEX_OFFSET, OFFSET_INDEX_LENGTH)?,
            ciphers: Ok(ciphers),
        });
        Ok(with_metadata(&chunk, &writer.end(), true))
    }

    /// A chunk whose key is not there. A file with a footer in the clear tells its place nevertheless. For others an
    /// address within the footer stands for it: there are no pages, and it lies in the file, so that a reader of a part
    /// of the file takes the row group to be in that part which has the footer, and in no other.
    fn lock_chunk(
        &mut self,
        chunk: ColumnChunk<'_, '_>,
        own_key: &Struct<'_>,
        cause: KeyError,
    ) -> Result<Vec<u8>, Error> {
        let leaf = self.leaves.get(chunk.index).ok_or(Error::Malformed("a column that the schema doesn't have"))?;
        let error = Error::Column { column: printable(&leaf.path), cause };
        if let Some(meta) = chunk.fields.field(META_DATA) {
            let meta = meta.structure()?;
            self.out.chunks.push(Chunk {
                place: chunk.place,
                range: pages_range(&meta)?,
                dictionary: false,
                column_index: None,
                offset_index: None,
                ciphers: Err(error),
            });
            let mut writer = Writer::new();
            let of_pages = |id: i16| !matches!(id, BLOOM_FILTER_OFFSET | BLOOM_FILTER_LENGTH | DICTIONARY_PAGE_OFFSET);
            meta.0.iter().filter(|field| of_pages(field.id)).for_each(|field| writer.copy(field));
            return Ok(with_metadata(&chunk, &writer.end(), false));
        }
        let address = self.opened.place.start + self.out.hidden.len() as u64 * HIDDEN_LEN;
        if address >= self.opened.place.end {
            return Err(Error::Malformed("a footer that is shorter than its columns"));
        }
        self.out.hidden.insert(address, error);
        let mut writer = Writer::new();
        writer.integer(PHYSICAL_TYPE, I32, leaf.physical_type);
        writer.no_integers(ENCODINGS);
        let path = own_key.required(1)?;
        writer.raw(PATH_IN_SCHEMA, path.kind, path.value);
        writer.integer(CODEC, I32, 0);
        writer.integer(NUM_VALUES, I64, chunk.rows);
        writer.integer(UNCOMPRESSED_SIZE, I64, HIDDEN_LEN as i64);
        writer.integer(COMPRESSED_SIZE, I64, HIDDEN_LEN as i64);
        let address = i64::try_from(address).map_err(|_| Error::Malformed("a file of more than 63 bits"))?;
        writer.integer(DATA_PAGE_OFFSET, I64, address);
        Ok(with_metadata(&chunk, &writer.end(), false))
    }
}

/// The column chunk with this metadata and without any of encryption, its page index only if it can be opened.
fn with_metadata(chunk: &ColumnChunk<'_, '_>, metadata: &[u8], with_index: bool) -> Vec<u8> {
    let mut writer = Writer::new();
    for field in chunk.fields.0.iter().filter(|field| field.id < META_DATA) {
        writer.copy(field);
    }
    writer.raw(META_DATA, STRUCT, metadata);
    let index = OFFSET_INDEX_OFFSET..=COLUMN_INDEX_LENGTH;
    for field in chunk.fields.0.iter().filter(|field| with_index && index.contains(&field.id)) {
        writer.copy(field);
    }
    writer.end()
}

/// Where the pages of a column chunk lie.
fn pages_range(meta: &Struct<'_>) -> Result<Range<u64>, Error> {
    let start = match meta.integer(DICTIONARY_PAGE_OFFSET)? {
        Some(offset) if has_dictionary(meta)? => offset,
        _ => meta.required_integer(DATA_PAGE_OFFSET)?,
    };
    range(start, meta.required_integer(COMPRESSED_SIZE)?)
}

/// Whether a dictionary page comes before the data pages.
fn has_dictionary(meta: &Struct<'_>) -> Result<bool, Error> {
    let data = meta.required_integer(DATA_PAGE_OFFSET)?;
    Ok(meta.integer(DICTIONARY_PAGE_OFFSET)?.is_some_and(|offset| 0 < offset && offset < data))
}

fn range(start: i64, length: i64) -> Result<Range<u64>, Error> {
    let outside = || Error::Malformed("a part that lies outside of the file");
    let start = u64::try_from(start).map_err(|_| outside())?;
    let length = u64::try_from(length).map_err(|_| outside())?;
    Ok(start..start.checked_add(length).ok_or_else(outside)?)
}

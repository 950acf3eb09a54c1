//! The footer as it lies in the file: how it is encrypted or signed, and by which key.

use std::ops::Range;
use std::sync::Arc;

use crate::key_material::KeyMetadata;
use crate::module::{self, Module, SIGNATURE_LEN};
use crate::pages::Ciphers;
use crate::rewrite::Opened;
use crate::sealed_file::SealedFile;
use crate::thrift::Struct;
use crate::wrapping::{Keys, find_key};
use crate::{Error, ExternalMaterial};

/// Bytes at the end of a Parquet file: the footer's length and the magic.
pub const TAIL_LEN: usize = 8;

/// Bytes at the start of a Parquet file.
pub(crate) const HEAD_LEN: u64 = 4;

/// The magic of files whose footer is in the clear, and of those whose footer is encrypted.
const MAGIC: &[u8; 4] = b"PAR1";
const MAGIC_ENCRYPTED: &[u8; 4] = b"PARE";

/// Fields of `FileMetaData`.
pub(crate) const ENCRYPTION_ALGORITHM: i16 = 8;
pub(crate) const FOOTER_SIGNING_KEY_METADATA: i16 = 9;

/// Where a file's footer lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FooterPlace {
    /// The footer's bytes, without the tail behind them.
    pub range: Range<u64>,
    /// Whether the magic says that it is encrypted.
    pub encrypted: bool,
}

impl FooterPlace {
    /// Reads the last [`TAIL_LEN`] bytes of a file of `size` bytes. Gives nothing for what is no Parquet file.
    ///
    /// # Errors
    /// When a file with an encrypted footer is shorter than that.
    pub fn find(size: u64, tail: &[u8; TAIL_LEN]) -> Result<Option<Self>, Error> {
        let [l0, l1, l2, l3, magic @ ..] = tail;
        let encrypted = magic == MAGIC_ENCRYPTED;
        if !encrypted && magic != MAGIC {
            return Ok(None);
        }
        let length = u64::from(u32::from_le_bytes([*l0, *l1, *l2, *l3]));
        let end = size.checked_sub(TAIL_LEN as u64);
        let start = end.and_then(|end| end.checked_sub(length)).filter(|start| *start >= HEAD_LEN);
        match (start, end) {
            (Some(start), Some(end)) => Ok(Some(FooterPlace { range: start..end, encrypted })),
            _ if encrypted => Err(Error::Malformed("a footer that is longer than the file")),
            // Any file may end in these four letters.
            _ => Ok(None),
        }
    }
}

/// The tail of a file whose footer is in the clear and has `length` bytes.
pub(crate) fn plain_tail(length: u32) -> [u8; TAIL_LEN] {
    let [l0, l1, l2, l3] = length.to_le_bytes();
    let [m0, m1, m2, m3] = *MAGIC;
    [l0, l1, l2, l3, m0, m1, m2, m3]
}

/// What pages are encrypted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Everything with AES-GCM.
    AesGcmV1,
    /// Pages with AES-CTR: they are hidden, and not protected against changes.
    AesGcmCtrV1,
}

/// The footer of an encrypted file, not yet opened.
pub struct Footer<'a> {
    algorithm: Algorithm,
    aad_prefix: Option<&'a [u8]>,
    supply_aad_prefix: bool,
    file_unique: &'a [u8],
    key_metadata: Option<&'a [u8]>,
    content: Content<'a>,
}

enum Content<'a> {
    Encrypted(Module<'a>),
    Signed { metadata: &'a [u8], signature: &'a [u8] },
}

impl<'a> Footer<'a> {
    /// Reads a footer's bytes. Gives nothing for a file that is not encrypted.
    ///
    /// # Errors
    /// When they are damaged.
    pub fn parse(bytes: &'a [u8], encrypted: bool) -> Result<Option<Self>, Error> {
        let (fields, rest) = Struct::read(bytes)?;
        if encrypted {
            let content = Content::Encrypted(Module::whole(rest)?);
            return Self::new(&fields.required(1)?.structure()?, &fields, 2, content).map(Some);
        }
        let Some(algorithm) = fields.field(ENCRYPTION_ALGORITHM) else { return Ok(None) };
        let length = bytes.len() - rest.len();
        let (metadata, signature) = bytes.split_at_checked(length).unwrap_or_default();
        if signature.len() != SIGNATURE_LEN {
            return Err(Error::Malformed("a footer without its signature"));
        }
        let content = Content::Signed { metadata, signature };
        Self::new(&algorithm.structure()?, &fields, FOOTER_SIGNING_KEY_METADATA, content).map(Some)
    }

    fn new(
        algorithm: &Struct<'a>,
        fields: &Struct<'a>,
        key_metadata: i16,
        content: Content<'a>,
    ) -> Result<Self, Error> {
        let (kind, union) = match (algorithm.field(1), algorithm.field(2)) {
            (Some(gcm), None) => (Algorithm::AesGcmV1, gcm),
            (None, Some(ctr)) => (Algorithm::AesGcmCtrV1, ctr),
            _ => return Err(Error::Unsupported("it uses an algorithm that Parquet doesn't have")),
        };
        let union = union.structure()?;
        let binary = |id| union.field(id).map(|field| field.binary()).transpose();
        Ok(Footer {
            algorithm: kind,
            aad_prefix: binary(1)?,
            file_unique: binary(2)?.ok_or(Error::Malformed("a file without an identity of its own"))?,
            supply_aad_prefix: union.field(3).map(|field| field.boolean()).transpose()?.unwrap_or(false),
            key_metadata: fields.field(key_metadata).map(|field| field.binary()).transpose()?,
            content,
        })
    }

    /// Whether the key material lies beside the file, see [`external_file_name`](crate::external_file_name).
    pub fn has_external_material(&self) -> bool {
        let metadata = KeyMetadata::parse(self.key_metadata.unwrap_or_default());
        matches!(metadata, Ok(KeyMetadata::External(_)))
    }

    /// What pages are encrypted with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the footer itself is encrypted and not only signed.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.content, Content::Encrypted(_))
    }

    /// Opens the footer, which lies at `place` (its range, the tail follows it), with the keys and key material that
    /// there are. `aad_prefix` is the one that the reader expects the file to have, if it expects one.
    ///
    /// # Errors
    /// When the footer's key is missing, or the footer does not open. Columns without a key are no error before they
    /// are read.
    pub fn open(
        &self,
        place: Range<u64>,
        keys: &dyn Keys,
        external: Option<&ExternalMaterial>,
        aad_prefix: Option<&[u8]>,
    ) -> Result<SealedFile, Error> {
        let file_aad = [self.aad_prefix(aad_prefix)?.unwrap_or_default(), self.file_unique].concat();
        let key = find_key(self.key_metadata, external, keys)?;
        let footer_key = Arc::new(Ciphers::new(self.algorithm, &key)?);
        let gcm = &footer_key.gcm;
        let wrong = || Error::WrongFooterKey { id: key.id.clone() };
        let decrypted;
        let metadata = match &self.content {
            Content::Encrypted(module) => {
                decrypted = module.open(gcm, &module::footer_aad(&file_aad)).map_err(|_| wrong())?;
                &decrypted
            }
            Content::Signed { metadata, signature } => {
                if !module::is_signed(gcm, &file_aad, metadata, signature) {
                    return Err(wrong());
                }
                *metadata
            }
        };
        let algorithm = self.algorithm;
        SealedFile::new(Opened { metadata, place, algorithm, file_aad, footer_key, keys, external })
    }

    /// The prefix to use, by the rules of Parquet for Java.
    fn aad_prefix<'b>(&self, expected: Option<&'b [u8]>) -> Result<Option<&'b [u8]>, Error>
    where
        'a: 'b,
    {
        match (self.aad_prefix, expected) {
            (None, None) if self.supply_aad_prefix => Err(Error::AadPrefix(
                "the table was encrypted with an AAD prefix that is not in its files: add it to the keys file under \
                 \"aad_prefixes\", with the table's path",
            )),
            (None, Some(_)) if !self.supply_aad_prefix => Err(Error::AadPrefix(
                "the keys file has an AAD prefix for this table, and the file was written without one: it is not the \
                 file that was expected there",
            )),
            (Some(stored), Some(expected)) if stored != expected => Err(Error::AadPrefix(
                "the file has another AAD prefix than the keys file has for this table: it is not the file that was \
                 expected there",
            )),
            (stored, expected) => Ok(expected.or(stored)),
        }
    }
}

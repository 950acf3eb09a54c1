//! Modules: the parts of an encrypted file that are encrypted each for itself.
//!
//! A module is `length u32 (little endian) | nonce [12] | ciphertext | tag [16]`; with CTR there is no tag. The
//! additional data names the file and the module's place in it, so that none opens at another place.

use bytes::BytesMut;

use crate::Error;
use crate::aes::{Ctr, Gcm, NONCE_LEN, NotAuthentic, TAG_LEN};

/// Bytes of the length before a module.
const LENGTH_LEN: usize = 4;

/// What a module holds, as the format numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Footer = 0,
    ColumnMetaData = 1,
    DataPage = 2,
    DictionaryPage = 3,
    DataPageHeader = 4,
    DictionaryPageHeader = 5,
    ColumnIndex = 6,
    OffsetIndex = 7,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Footer => "the footer",
            Kind::ColumnMetaData => "a column's metadata",
            Kind::DataPage => "a data page",
            Kind::DictionaryPage => "a dictionary page",
            Kind::DataPageHeader => "a data page's header",
            Kind::DictionaryPageHeader => "a dictionary page's header",
            Kind::ColumnIndex => "a column index",
            Kind::OffsetIndex => "an offset index",
        }
    }
}

/// A module's place in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) row_group: i16,
    pub(crate) column: i16,
}

/// The additional data of the footer.
pub(crate) fn footer_aad(file_aad: &[u8]) -> Vec<u8> {
    [file_aad, &[Kind::Footer as u8]].concat()
}

/// The additional data of a module of a column chunk. Only data pages and their headers have a page number.
pub(crate) fn aad(file_aad: &[u8], kind: Kind, place: Place, page: Option<i16>) -> Vec<u8> {
    let mut aad = Vec::with_capacity(file_aad.len() + 7);
    aad.extend_from_slice(file_aad);
    aad.push(kind as u8);
    aad.extend_from_slice(&place.row_group.to_le_bytes());
    aad.extend_from_slice(&place.column.to_le_bytes());
    if let Some(page) = page {
        aad.extend_from_slice(&page.to_le_bytes());
    }
    aad
}

/// A module as it lies in the file. Its length was checked against the bytes that are there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Module<'a> {
    nonce: [u8; NONCE_LEN],
    /// Ciphertext, and with GCM the tag.
    sealed: &'a [u8],
}

impl<'a> Module<'a> {
    /// Splits the module at the front of `bytes` off.
    pub(crate) fn split(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Error> {
        let cut = || Error::Malformed("a module that is longer than its place");
        let (length, rest) = bytes.split_first_chunk::<LENGTH_LEN>().ok_or_else(cut)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| cut())?;
        let (module, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        let (nonce, sealed) =
            module.split_first_chunk().ok_or(Error::Malformed("a module that is shorter than a nonce"))?;
        Ok((Module { nonce: *nonce, sealed }, rest))
    }

    /// The module that fills `bytes`.
    pub(crate) fn whole(bytes: &'a [u8]) -> Result<Self, Error> {
        match Self::split(bytes)? {
            (module, []) => Ok(module),
            _ => Err(Error::Malformed("a module that is shorter than its place")),
        }
    }

    /// Its bytes in the file, the length before it included.
    pub(crate) fn len(&self) -> usize {
        LENGTH_LEN + NONCE_LEN + self.sealed.len()
    }

    pub(crate) fn open(&self, gcm: &Gcm, aad: &[u8]) -> Result<Vec<u8>, NotAuthentic> {
        gcm.open(self.nonce, aad, self.sealed)
    }
}

/// What pages are encrypted with.
#[derive(Debug)]
pub(crate) enum PageCipher {
    /// `AES_GCM_V1`.
    Gcm,
    /// `AES_GCM_CTR_V1`: pages alone are encrypted with CTR, and are not protected against changes.
    Ctr(Ctr),
}

impl PageCipher {
    /// Bytes that encryption adds to a page.
    pub(crate) fn plain_len(&self, module: &Module<'_>) -> Result<usize, Error> {
        let tag = if matches!(self, PageCipher::Gcm) { TAG_LEN } else { 0 };
        module.sealed.len().checked_sub(tag).ok_or(Error::Malformed("a page that is shorter than a tag"))
    }

    /// Appends the page to `out`. What is there after an error is of no use.
    pub(crate) fn open_onto(
        &self,
        gcm: &Gcm,
        module: &Module<'_>,
        aad: &[u8],
        out: &mut BytesMut,
    ) -> Result<(), NotAuthentic> {
        let start = out.len();
        out.extend_from_slice(module.sealed);
        match self {
            PageCipher::Gcm => {
                gcm.open_in_place(module.nonce, aad, &mut out[start..])?;
                out.truncate(out.len() - TAG_LEN);
            }
            PageCipher::Ctr(ctr) => ctr.open_in_place(module.nonce, &mut out[start..]),
        }
        Ok(())
    }
}

/// Whether `signature`, `nonce [12] | tag [16]`, is the one of a footer in the clear.
pub(crate) fn is_signed(gcm: &Gcm, file_aad: &[u8], footer: &[u8], signature: &[u8]) -> bool {
    let Some((nonce, tag)) = signature.split_first_chunk::<NONCE_LEN>() else { return false };
    let aad = footer_aad(file_aad);
    let Ok(mut sealed) = gcm.seal(*nonce, &aad, footer) else { return false };
    // Opened again with the file's tag, so that the comparison is the cipher's own, in constant time.
    sealed.truncate(footer.len());
    sealed.extend_from_slice(tag);
    gcm.open(*nonce, &aad, &sealed).is_ok()
}

/// Bytes of a signature.
pub(crate) const SIGNATURE_LEN: usize = NONCE_LEN + TAG_LEN;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_checked_before_anything_is_read() {
        for bytes in [
            &[][..],
            &[1, 0, 0],
            &[0xff, 0xff, 0xff, 0xff, 1, 2, 3],
            &[0, 0, 0, 0],
            &[11, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
        ] {
            assert!(matches!(Module::split(bytes), Err(Error::Malformed(_))), "{bytes:?}");
        }
        let exact = [&[12, 0, 0, 0][..], &[7; 12]].concat();
        let (module, rest) = Module::split(&exact).unwrap();
        assert!(rest.is_empty() && module.sealed.is_empty());
        assert_eq!(module.len(), exact.len());
        assert!(PageCipher::Gcm.plain_len(&module).is_err());
        assert!(Module::whole(&[&exact[..], &[0]].concat()).is_err());
    }

    #[test]
    fn a_signature_fits_its_footer_its_file_and_its_key_only() {
        let gcm = Gcm::new(&[1; 16]).unwrap();
        let sealed = gcm.seal([2; 12], &footer_aad(b"file"), b"footer").unwrap();
        let signature = [&[2; 12][..], &sealed[6..]].concat();
        assert!(is_signed(&gcm, b"file", b"footer", &signature));
        assert!(!is_signed(&gcm, b"other", b"footer", &signature));
        assert!(!is_signed(&gcm, b"file", b"Footer", &signature));
        assert!(!is_signed(&Gcm::new(&[2; 16]).unwrap(), b"file", b"footer", &signature));
        for cut in 0..signature.len() {
            assert!(!is_signed(&gcm, b"file", b"footer", &signature[..cut]));
        }
    }
}

//! Writing: the encryption properties of files that Spark 3.2 reads.
//!
//! Every file gets data keys of its own, at random: one for all of it, or one for the footer and one for each column. They
//! are wrapped twice (key encryption key, master key), and the key material is inside the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::encryption::encrypt::FileEncryptionProperties;
use zeroize::Zeroizing;

use crate::KeyError;
use crate::wrapping::{Keys, Secret, Wrapper};

/// How long data keys are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyLength {
    /// AES-128, Spark's default.
    Bits128,
    /// AES-256.
    #[default]
    Bits256,
}

/// Which master keys protect what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealOptions {
    /// The master key of the footer, and of every column that is not in `column_keys`.
    pub footer_key: String,
    /// Columns with a master key of their own: the path of a leaf column (`a.b`) to the master key's id.
    pub column_keys: BTreeMap<String, String>,
    /// The length of data keys.
    pub key_length: KeyLength,
    /// Leave the footer in the clear, signed: readers without keys then see schema and sizes, and can read what is
    /// not encrypted.
    pub plaintext_footer: bool,
    /// What distinguishes the file or dataset from others under the same keys; stored in the file. A reader who expects
    /// another one refuses the file.
    pub aad_prefix: Option<Vec<u8>>,
}

/// Why a file can't be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A master key is missing or can't be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A column with a key of its own that the table doesn't have.
    #[error(
        "there is no column '{column}' to encrypt under the key '{key}': name leaf columns by their full path, such as a.b"
    )]
    NoSuchColumn {
        /// The column.
        column: String,
        /// The key that was chosen for it.
        key: String,
    },
    /// The Parquet library refused the properties.
    #[error("{0}")]
    Parquet(#[from] parquet::errors::ParquetError),
}

/// Makes the encryption properties of any number of files of one dataset.
pub struct Sealer {
    options: SealOptions,
    wrappers: BTreeMap<String, Wrapper>,
}

impl Sealer {
    /// Makes a key encryption key for each master key in use.
    ///
    /// # Errors
    /// When a master key is missing.
    pub fn new(options: SealOptions, keys: &dyn Keys) -> Result<Self, KeyError> {
        let mut wrappers = BTreeMap::new();
        for id in std::iter::once(&options.footer_key).chain(options.column_keys.values()) {
            if !wrappers.contains_key(id) {
                wrappers.insert(id.clone(), Wrapper::new(id, keys)?);
            }
        }
        Ok(Sealer { options, wrappers })
    }

    /// The properties of one file with these leaf columns, by their full paths. Call it for each file: no two files
    /// share a data key.
    ///
    /// # Errors
    /// When a column with a key of its own is none of them.
    pub fn file_properties(&self, leaf_columns: &[String]) -> Result<Arc<FileEncryptionProperties>, SealError> {
        if let Some((column, key)) = self.options.column_keys.iter().find(|(name, _)| !leaf_columns.contains(name)) {
            return Err(SealError::NoSuchColumn { column: column.clone(), key: key.clone() });
        }
        let (key, metadata) = self.new_key(&self.options.footer_key, true)?;
        let mut builder = FileEncryptionProperties::builder(key.to_vec())
            .with_footer_key_metadata(metadata)
            .with_plaintext_footer(self.options.plaintext_footer);
        if let Some(prefix) = &self.options.aad_prefix {
            builder = builder.with_aad_prefix(prefix.clone()).with_aad_prefix_storage(true);
        }
        // As soon as one column has a key, the library leaves those without one in the clear. And Spark 3.2 reads no
        // column under the footer's key where the footer is in the clear.
        if self.options.plaintext_footer || !self.options.column_keys.is_empty() {
            for column in leaf_columns {
                let master = self.options.column_keys.get(column).unwrap_or(&self.options.footer_key);
                let (key, metadata) = self.new_key(master, false)?;
                builder = builder.with_column_key_and_metadata(column, key.to_vec(), metadata);
            }
        }
        Ok(builder.build()?)
    }

    /// A data key and its key metadata.
    fn new_key(&self, master: &str, is_footer_key: bool) -> Result<(Secret, Vec<u8>), KeyError> {
        let length = match self.options.key_length {
            KeyLength::Bits128 => 16,
            KeyLength::Bits256 => 32,
        };
        let mut key = Zeroizing::new(vec![0; length]);
        getrandom::fill(&mut key).map_err(|_| KeyError::Random)?;
        // There is a wrapper for every key that the options name.
        let wrapper = self.wrappers.get(master).ok_or_else(|| KeyError::MissingMaster { id: master.to_owned() })?;
        let metadata = wrapper.wrap(&key)?.to_metadata(is_footer_key);
        Ok((key, metadata))
    }
}

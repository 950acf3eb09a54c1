//! Tables for tests, made once for each build folder however many tests ask for them at the same time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use casemate_host::tpch::{self, Encryption};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::file::properties::WriterProperties;

use crate::tpcds;

/// The id of the key of all encrypted test tables.
pub const KEY_ID: &str = "tpch-2024";

/// The key of all encrypted test tables.
pub const KEY: [u8; 32] = *b"casemate-canary-data-key-0123456";

/// To be raised when what [`tpch_tables`] or [`tpcds_tables`] writes changes, so that tables of older builds are not used.
const FORMAT: u32 = 1;

/// The folder with TPC-H's tables at a scale factor, below `temporary` (a test's `CARGO_TARGET_TMPDIR`).
///
/// # Panics
/// When they can't be made.
pub fn tpch_tables(temporary: &Path, scale_factor: f64, encrypted: bool) -> PathBuf {
    let kind = if encrypted { "encrypted" } else { "plain" };
    once(temporary, &format!("tpch-v{FORMAT}-sf{scale_factor}-{kind}"), |folder| {
        let encryption = encrypted.then_some(Encryption { key_id: KEY_ID, key: &KEY });
        tpch::write_tables(folder, scale_factor, encryption.as_ref()).expect("TPC-H's tables can be written");
    })
}

/// The folder with TPC-DS's tables at a scale factor, encrypted, below `temporary`.
///
/// # Panics
/// When they can't be made.
pub fn tpcds_tables(temporary: &Path, scale_factor: f64) -> PathBuf {
    once(temporary, &format!("tpcds-v{FORMAT}-sf{scale_factor}-encrypted"), |folder| {
        let encryption = Encryption { key_id: KEY_ID, key: &KEY };
        tpcds::write_tables(folder, scale_factor, Some(&encryption)).expect("TPC-DS's tables can be written");
    })
}

/// The folder `temporary/name`, filled by `make` if it is not there. Others that ask for it meanwhile wait, and an
/// interrupted one leaves nothing under that name.
///
/// # Panics
/// When it can't be made.
pub fn once(temporary: &Path, name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let folder = temporary.join(name);
    fs::create_dir_all(temporary).expect("the build's folder is writable");
    let lock = File::create(temporary.join(format!("{name}.lock"))).expect("a lock file");
    lock.lock().expect("a file of ours can be locked");
    if !folder.exists() {
        let unfinished = tempfile::tempdir_in(temporary).expect("a folder to work in");
        make(unfinished.path());
        fs::rename(unfinished.keep(), &folder).expect("a folder of ours can be renamed");
    }
    folder
}

/// The name of the only text column of [`write_canary_table`].
pub const CANARY_COLUMN: &str = "canary_column_of_the_table";

/// Its values.
pub const CANARY_VALUES: [&str; 3] =
    ["canary-value-of-row-one", "canary-value-of-row-two", "canary-value-of-row-three"];

/// Writes a table whose column and values can be looked for. Not compressed, so that nothing but encryption hides them.
///
/// # Panics
/// When it can't be written.
pub fn write_canary_table(path: &Path, encrypted: bool) {
    write_canary_table_under(path, encrypted.then_some(&KEY));
}

/// The same encrypted under `key`, which the file says to be the one called [`KEY_ID`].
///
/// # Panics
/// When it can't be written.
pub fn write_canary_table_under(path: &Path, key: Option<&[u8; 32]>) {
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(CANARY_VALUES));
    let batch = RecordBatch::try_from_iter([(CANARY_COLUMN, values)]).expect("one column");
    let mut properties = WriterProperties::builder().set_compression(Compression::UNCOMPRESSED);
    if let Some(key) = key {
        let encryption = FileEncryptionProperties::builder(key.to_vec())
            .with_footer_key_metadata(KEY_ID.as_bytes().to_vec())
            .build()
            .expect("a key of 32 bytes");
        properties = properties.with_file_encryption_properties(encryption);
    }
    let file = File::create(path).expect("a file in a folder of the test");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties.build())).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_folder_is_made_once_and_complete_for_all_who_ask() {
        let temporary = tempfile::tempdir().unwrap();
        let made = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let folder = once(temporary.path(), "x", |folder| {
                        made.fetch_add(1, Ordering::SeqCst);
                        fs::write(folder.join("file"), "content").unwrap();
                    });
                    assert_eq!(fs::read_to_string(folder.join("file")).unwrap(), "content");
                });
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }
}

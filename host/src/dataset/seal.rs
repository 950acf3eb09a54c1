//! Turning CSV, JSON and plain Parquet into an encrypted dataset with its manifest, one batch at a time.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;
use casemate_wire::manifest::{Manifest, ManifestColumn};
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use sealed_parquet::{KeyLength, SealOptions as KeyOptions, Sealer};

use super::Progress;
use super::columns::{manifest_columns, written_batch, written_schema};
use super::error::DatasetError;
use super::folder::{DatasetFile, DatasetFolder};
use super::sign::{SignOptions, sign};
use super::source::{SPARK_VERSION_KEY, Source, SourceOptions};
use crate::files::Keys;

/// The Spark whose calendar and types the files have. Spark takes dates before 1582 as they are from files with this mark, and
/// refuses to guess without one.
const SPARK_VERSION: &str = "3.2.0";

/// Bytes of a row group that are buffered at most, before they are compressed.
const MAX_ROW_GROUP_BYTES: usize = 256 << 20;

/// How a dataset is sealed.
#[derive(Clone, Debug)]
pub struct SealOptions {
    /// How the input is read.
    pub source: SourceOptions,
    /// The master key of footers and columns.
    pub key: String,
    /// Columns with master keys of their own, by their full paths.
    pub column_keys: BTreeMap<String, String>,
    /// The length of the files' data keys.
    pub key_length: KeyLength,
    /// Leave schema and sizes readable without keys.
    pub plaintext_footer: bool,
    /// How pages are compressed.
    pub compression: Compression,
    /// Rows of a row group.
    pub row_group_rows: usize,
    /// Name and version of the manifest.
    pub sign: SignOptions,
}

/// What was sealed.
#[derive(Debug)]
pub struct Sealed {
    /// The manifest.
    pub manifest: Manifest,
    /// The columns of the table, with Spark's types.
    pub columns: Vec<ManifestColumn>,
    /// All rows.
    pub rows: u64,
    /// Bytes of the files that were written.
    pub bytes: u64,
}

/// Seals the file or the files below the folder `input` into the new folder `output`, one file for each, in folders of the
/// same names. Nothing has the name `output` before it is complete. `progress` is told bytes that were read and rows that
/// were written.
///
/// # Errors
/// When the input can't be read as one table, when a key is missing, or when `output` is there already.
pub fn seal(
    input: &Path,
    output: &Path,
    keys: &Keys,
    options: &SealOptions,
    progress: Progress<'_>,
) -> Result<Sealed, DatasetError> {
    let source_folder = DatasetFolder::open(input)?;
    source_folder.partition_columns()?;
    if let Some(folder) = source_folder.plain_subfolder() {
        let problem = format!("the folder {folder} in it is no partition (column=value): seal each table on its own");
        return Err(DatasetError::file(input, problem));
    }
    let unfinished = Unfinished::new(output)?;
    let source = Source::open(source_folder.files(), &options.source, progress)?;
    let schema = written_schema(source.schema()).map_err(|problem| DatasetError::file(input, problem))?;
    let columns = manifest_columns(&schema);
    let writer = TableWriter::new(schema, keys, options)?;
    let (rows, bytes) = (Cell::new(0), Cell::new(0));
    for (number, file) in source_folder.files().iter().enumerate() {
        let target = unfinished.file(file, number)?;
        let written = writer.write(&source, file, &target, progress)?;
        rows.set(rows.get() + written);
        bytes.set(bytes.get() + fs::metadata(&target).map_err(DatasetError::io(&target))?.len());
        progress(file.size, 0)?;
    }
    let mut options = options.sign.clone();
    if options.name.is_none() {
        options.name = Some(file_name(output)?.parse()?);
    }
    // Encrypted files are checked by their footers: nothing is read again.
    let manifest = sign(unfinished.path(), keys, &options, &|_, _| Ok(()))?;
    unfinished.finish(output)?;
    Ok(Sealed { manifest, columns, rows: rows.get(), bytes: bytes.get() })
}

/// Writes files of one schema.
struct TableWriter<'a> {
    schema: SchemaRef,
    leaf_columns: Vec<String>,
    sealer: Sealer,
    options: &'a SealOptions,
}

impl<'a> TableWriter<'a> {
    fn new(schema: SchemaRef, keys: &Keys, options: &'a SealOptions) -> Result<Self, DatasetError> {
        let key_options = KeyOptions {
            footer_key: options.key.clone(),
            column_keys: options.column_keys.clone(),
            key_length: options.key_length,
            plaintext_footer: options.plaintext_footer,
            aad_prefix: None,
        };
        let sealer = Sealer::new(key_options, keys).map_err(|error| DatasetError::Key(error.to_string()))?;
        let parquet = ArrowSchemaConverter::new().convert(&schema);
        let parquet = parquet.map_err(|error| DatasetError::Key(error.to_string()))?;
        let leaf_columns = parquet.columns().iter().map(|column| column.path().string()).collect();
        Ok(Self { schema, leaf_columns, sealer, options })
    }

    /// Writes one file and gives its rows.
    fn write(
        &self,
        source: &Source,
        file: &DatasetFile,
        target: &Path,
        progress: Progress<'_>,
    ) -> Result<u64, DatasetError> {
        let out = BufWriter::new(File::create_new(target).map_err(DatasetError::io(target))?);
        let writer = ArrowWriter::try_new(out, self.schema.clone(), Some(self.properties()?));
        let mut writer = writer.map_err(DatasetError::parquet(target))?;
        let mut rows = 0;
        for batch in source.rows(file)? {
            let batch = written_batch(&batch?, &self.schema).map_err(DatasetError::rows(&file.location))?;
            writer.write(&batch).map_err(DatasetError::parquet(target))?;
            if writer.in_progress_size() > MAX_ROW_GROUP_BYTES {
                writer.flush().map_err(DatasetError::parquet(target))?;
            }
            rows += batch.num_rows() as u64;
            progress(0, batch.num_rows() as u64)?;
        }
        let out = writer.into_inner().map_err(DatasetError::parquet(target))?;
        let out = out.into_inner().map_err(|error| DatasetError::io(target)(error.into_error()))?;
        out.sync_all().map_err(DatasetError::io(target))?;
        Ok(rows)
    }

    fn properties(&self) -> Result<WriterProperties, DatasetError> {
        let encryption = self.sealer.file_properties(&self.leaf_columns);
        let encryption = encryption.map_err(|error| DatasetError::Key(error.to_string()))?;
        let mark = KeyValue::new(SPARK_VERSION_KEY.to_owned(), SPARK_VERSION.to_owned());
        Ok(WriterProperties::builder()
            .set_compression(self.options.compression)
            // Parquet for Java refuses modules without content, as the dictionary of a column chunk is that has NULLs alone, unless
            // a compression makes it some bytes.
            .set_dictionary_enabled(self.options.compression != Compression::UNCOMPRESSED)
            .set_max_row_group_row_count(Some(self.options.row_group_rows))
            .set_key_value_metadata(Some(vec![mark]))
            .set_created_by(concat!("casemate ", env!("CARGO_PKG_VERSION")).to_owned())
            .with_file_encryption_properties(encryption)
            .build())
    }
}

/// A folder that takes the name of the output when all is in it, and is removed otherwise.
struct Unfinished(tempfile::TempDir);

impl Unfinished {
    fn new(output: &Path) -> Result<Self, DatasetError> {
        let is_empty = fs::read_dir(output).is_ok_and(|mut entries| entries.next().is_none());
        if output.symlink_metadata().is_ok() && !is_empty {
            let problem = "it is there already and was left as it is: choose another name for what is sealed";
            return Err(DatasetError::file(output, problem));
        }
        let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(DatasetError::io(parent))?;
        let folder = tempfile::Builder::new().prefix(".casemate-seal-").tempdir_in(parent);
        folder.map(Self).map_err(DatasetError::io(parent))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the rows of an input file go: a name that says nothing about it, in folders of the same names.
    fn file(&self, file: &DatasetFile, number: usize) -> Result<PathBuf, DatasetError> {
        let folders = file.path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let folder = self.path().join(folders);
        fs::create_dir_all(&folder).map_err(DatasetError::io(&folder))?;
        Ok(folder.join(format!("part-{number:05}.parquet")))
    }

    fn finish(self, output: &Path) -> Result<(), DatasetError> {
        use std::os::unix::fs::PermissionsExt;

        // A temporary folder is its owner's alone; what is sealed is for others to serve.
        fs::set_permissions(self.path(), fs::Permissions::from_mode(0o755)).map_err(DatasetError::io(output))?;
        fs::rename(self.path(), output).map_err(DatasetError::io(output))
    }
}

fn file_name(path: &Path) -> Result<&str, DatasetError> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.ok_or_else(|| DatasetError::file(path, "its name can't be that of a dataset: use --name"))
}

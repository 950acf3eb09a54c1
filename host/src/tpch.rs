//! TPC-H: its tables as Parquet files (plain or encrypted) and its queries, for the demo, the tests and the benchmarks.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatchReader;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use tpchgen::generators::{
    CustomerGenerator, LineItemGenerator, NationGenerator, OrderGenerator, PartGenerator, PartSuppGenerator,
    RegionGenerator, SupplierGenerator,
};
use tpchgen_arrow::{
    CustomerArrow, LineItemArrow, NationArrow, OrderArrow, PartArrow, PartSuppArrow, RegionArrow, SupplierArrow,
};

/// A table of TPC-H.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Customers.
    Customer,
    /// Lines of orders, by far the largest table: 6,000,000 rows at scale factor 1.
    LineItem,
    /// The 25 nations, whatever the scale factor.
    Nation,
    /// Orders.
    Orders,
    /// Parts.
    Part,
    /// Which supplier has which part, and for how much.
    PartSupp,
    /// The 5 regions, whatever the scale factor.
    Region,
    /// Suppliers.
    Supplier,
}

impl Table {
    /// All eight tables, by name.
    pub const ALL: [Table; 8] = [
        Table::Customer,
        Table::LineItem,
        Table::Nation,
        Table::Orders,
        Table::Part,
        Table::PartSupp,
        Table::Region,
        Table::Supplier,
    ];

    /// The table's name in the queries.
    pub fn name(self) -> &'static str {
        match self {
            Table::Customer => "customer",
            Table::LineItem => "lineitem",
            Table::Nation => "nation",
            Table::Orders => "orders",
            Table::Part => "part",
            Table::PartSupp => "partsupp",
            Table::Region => "region",
            Table::Supplier => "supplier",
        }
    }

    /// The name of the file that [`write_tables`] makes of it.
    pub fn file_name(self) -> String {
        format!("{}.parquet", self.name())
    }

    /// The statement that makes the table's file, found below the storage root at `folder`, a temporary view.
    /// `folder` is empty, or a relative path that ends in `/`.
    pub fn create_view(self, folder: &str) -> String {
        let (name, file) = (self.name(), self.file_name());
        format!("CREATE OR REPLACE TEMPORARY VIEW {name} USING parquet OPTIONS (path '{folder}{file}')")
    }

    /// The table's rows, generated as they are read.
    pub fn rows(self, scale_factor: f64) -> Box<dyn RecordBatchReader> {
        match self {
            Table::Customer => Box::new(CustomerArrow::new(CustomerGenerator::new(scale_factor, 1, 1))),
            Table::LineItem => Box::new(LineItemArrow::new(LineItemGenerator::new(scale_factor, 1, 1))),
            Table::Nation => Box::new(NationArrow::new(NationGenerator::new(scale_factor, 1, 1))),
            Table::Orders => Box::new(OrderArrow::new(OrderGenerator::new(scale_factor, 1, 1))),
            Table::Part => Box::new(PartArrow::new(PartGenerator::new(scale_factor, 1, 1))),
            Table::PartSupp => Box::new(PartSuppArrow::new(PartSuppGenerator::new(scale_factor, 1, 1))),
            Table::Region => Box::new(RegionArrow::new(RegionGenerator::new(scale_factor, 1, 1))),
            Table::Supplier => Box::new(SupplierArrow::new(SupplierGenerator::new(scale_factor, 1, 1))),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Uniform Parquet encryption: one key for the footer and for all columns (AES-GCM).
///
/// The file's footer key metadata is the key id in UTF-8, from which a reader finds the key.
pub struct Encryption<'a> {
    /// The key's id, as in the client's keys file. It is stored in the clear.
    pub key_id: &'a str,
    /// 16, 24 or 32 bytes.
    pub key: &'a [u8],
}

/// A file that [`write_tables`] made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// Which table it holds.
    pub table: Table,
    /// Where it lies.
    pub path: PathBuf,
    /// How many rows it has.
    pub rows: usize,
    /// How many bytes it has.
    pub bytes: u64,
}

/// Rows of a row group: small enough that the larger tables have several to read side by side at scale factor 0.1.
const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Writes the eight tables to `dir` (made if it is missing), one file each, plain or encrypted.
///
/// A file gets its name only when it is complete: after an interruption there is no half of a table under it.
pub fn write_tables(
    dir: &Path,
    scale_factor: f64,
    encryption: Option<&Encryption<'_>>,
) -> Result<Vec<TableFile>, ParquetError> {
    fs::create_dir_all(dir)?;
    Table::ALL.iter().map(|table| write_table(dir, *table, scale_factor, encryption)).collect()
}

/// Writes one table, see [`write_tables`].
pub fn write_table(
    dir: &Path,
    table: Table,
    scale_factor: f64,
    encryption: Option<&Encryption<'_>>,
) -> Result<TableFile, ParquetError> {
    // Snappy is what Spark writes by default, so the files are like those that users have.
    write_table_compressed(dir, table, scale_factor, encryption, Compression::SNAPPY)
}

/// Writes one table, see [`write_tables`], with a compression of choice.
pub fn write_table_compressed(
    dir: &Path,
    table: Table,
    scale_factor: f64,
    encryption: Option<&Encryption<'_>>,
    compression: Compression,
) -> Result<TableFile, ParquetError> {
    let path = dir.join(table.file_name());
    let rows = write_rows(&path, table.rows(scale_factor), encryption, compression)?;
    Ok(TableFile { table, rows, bytes: fs::metadata(&path)?.len(), path })
}

/// Writes rows to the Parquet file `path` as [`write_tables`] does, and returns how many there were.
pub fn write_rows(
    path: &Path,
    rows: impl RecordBatchReader,
    encryption: Option<&Encryption<'_>>,
    compression: Compression,
) -> Result<usize, ParquetError> {
    let unfinished = path.with_extension("parquet.unfinished");
    let mut writer = ArrowWriter::try_new(
        File::create(&unfinished)?,
        rows.schema(),
        Some(writer_properties(encryption, compression)?),
    )?;
    let mut row_count = 0;
    for batch in rows {
        let batch = batch?;
        row_count += batch.num_rows();
        writer.write(&batch)?;
    }
    writer.close()?;
    fs::rename(&unfinished, path)?;
    Ok(row_count)
}

fn writer_properties(
    encryption: Option<&Encryption<'_>>,
    compression: Compression,
) -> Result<WriterProperties, ParquetError> {
    let mut properties =
        WriterProperties::builder().set_compression(compression).set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
    if let Some(Encryption { key_id, key }) = encryption {
        let encryption = FileEncryptionProperties::builder(key.to_vec())
            .with_footer_key_metadata(key_id.as_bytes().to_vec())
            .build()?;
        properties = properties.with_file_encryption_properties(encryption);
    }
    Ok(properties.build())
}

/// A query of TPC-H with its validation parameters, in Spark SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// `q01` to `q22`.
    pub name: &'static str,
    /// Its text: one statement, without a semicolon at the end.
    pub sql: &'static str,
}

macro_rules! queries {
    ($($name:literal)*) => {
        [$(Query {
            name: $name,
            sql: include_str!(concat!("../../tests/tpch/queries/", $name, ".sql")),
        }),*]
    };
}

/// The 22 queries, in order.
pub const QUERIES: [Query; 22] = queries! {
    "q01" "q02" "q03" "q04" "q05" "q06" "q07" "q08" "q09" "q10" "q11"
    "q12" "q13" "q14" "q15" "q16" "q17" "q18" "q19" "q20" "q21" "q22"
};

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
    use parquet::encryption::decrypt::FileDecryptionProperties;

    use super::*;

    const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

    #[test]
    fn tables_have_the_rows_that_the_scale_factor_asks_for() {
        let dir = tempfile::tempdir().unwrap();
        let files = write_tables(dir.path(), 0.001, None).unwrap();
        let rows: Vec<_> = files.iter().map(|file| (file.table.name(), file.rows)).collect();
        let expected = [
            ("customer", 150),
            ("lineitem", 6005),
            ("nation", 25),
            ("orders", 1500),
            ("part", 200),
            ("partsupp", 800),
            ("region", 5),
            ("supplier", 10),
        ];
        assert_eq!(rows, expected);
        let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, Table::ALL.map(|table| OsString::from(table.file_name())));
    }

    #[test]
    fn an_encrypted_table_names_its_key_and_opens_with_that_key_only() {
        let dir = tempfile::tempdir().unwrap();
        let encryption = Encryption { key_id: "sales-2024", key: KEY };
        let file = write_table(dir.path(), Table::Nation, 0.001, Some(&encryption)).unwrap();

        let bytes = fs::read(&file.path).unwrap();
        assert!(bytes.ends_with(b"PARE"), "the footer is encrypted too");
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(holds(b"sales-2024"));
        assert!(!holds(b"n_nationkey"));
        assert!(!holds(b"ALGERIA"));

        let open = |key: &[u8]| {
            let decryption = FileDecryptionProperties::builder(key.to_vec()).build().unwrap();
            let options = ArrowReaderOptions::new().with_file_decryption_properties(decryption);
            ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(&file.path).unwrap(), options)
        };
        let batch = open(KEY).unwrap().build().unwrap().next().unwrap().unwrap();
        assert_eq!(batch.column(0).as_primitive::<Int64Type>().values()[24], 24);
        assert!(open(b"0123456789abcdef0123456789abcdeX").is_err());
    }

    #[test]
    fn each_query_is_one_statement_without_an_end_mark() {
        for (index, query) in QUERIES.iter().enumerate() {
            assert_eq!(query.name, format!("q{:02}", index + 1));
            assert!(query.sql.contains("select"), "{}", query.name);
            assert!(!query.sql.contains(';'), "{}", query.name);
        }
    }
}

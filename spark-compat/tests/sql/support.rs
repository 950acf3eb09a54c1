//! What the tests share: a session over an object store in memory, TPC-H's tables in it, and rows as JSON values.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchReader};
use datafusion::execution::runtime_env::RuntimeEnv;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use serde_json::Value;
use spark_compat::{SparkError, SparkSession, SparkSessionOptions};
use spark_differential::answer::Table;
use tpchgen::generators as generate;
use tpchgen_arrow as tpch;
use url::Url;

/// The tables of TPC-H.
pub const TABLES: [&str; 8] = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"];

const SCALE_FACTOR: f64 = 0.001;

/// A session over an empty store in memory, and the store.
pub fn session() -> (SparkSession, Arc<dyn ObjectStore>) {
    session_with(|options| options)
}

/// The same with changed options.
pub fn session_with(
    change: impl FnOnce(SparkSessionOptions) -> SparkSessionOptions,
) -> (SparkSession, Arc<dyn ObjectStore>) {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    (session_over(Arc::clone(&store), change), store)
}

/// A session over the data of a store.
pub fn session_over(
    store: Arc<dyn ObjectStore>,
    change: impl FnOnce(SparkSessionOptions) -> SparkSessionOptions,
) -> SparkSession {
    let runtime = Arc::new(RuntimeEnv::default());
    let base = Url::parse("casemate://data/").unwrap();
    runtime.register_object_store(&base, store);
    let options = SparkSessionOptions { target_partitions: 2, ..SparkSessionOptions::new(runtime, base) };
    SparkSession::new(change(options)).unwrap()
}

/// The files that statements read, which are `differential/files`, as a store.
pub async fn files_of_statements() -> Arc<dyn ObjectStore> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("differential/files");
    let store = InMemory::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace(std::path::MAIN_SEPARATOR, "/");
            // As it is: names of files have escapes of their own in them.
            store.put(&Path::parse(name).unwrap(), std::fs::read(&path).unwrap().into()).await.unwrap();
        }
    }
    Arc::new(store)
}

/// A session in which TPC-H's tables are views over Parquet files.
pub async fn tpch_session() -> SparkSession {
    let (session, store) = session();
    for table in TABLES {
        let file = format!("{table}.parquet");
        put(&store, &file, parquet_of(rows_of(table).map(Result::unwrap))).await;
        run(&session, &format!("CREATE TEMPORARY VIEW {table} USING parquet OPTIONS (path '{file}')")).await.unwrap();
    }
    session
}

/// Puts an object into the store.
pub async fn put(store: &Arc<dyn ObjectStore>, path: &str, bytes: Vec<u8>) {
    store.put(&Path::from(path), bytes.into()).await.unwrap();
}

/// A Parquet file with the given batches.
pub fn parquet_of(batches: impl IntoIterator<Item = RecordBatch>) -> Vec<u8> {
    let mut batches = batches.into_iter().peekable();
    let schema = batches.peek().expect("at least one batch").schema();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
    for batch in batches {
        writer.write(&batch).unwrap();
    }
    writer.into_inner().unwrap()
}

fn rows_of(table: &str) -> Box<dyn RecordBatchReader> {
    let sf = SCALE_FACTOR;
    match table {
        "customer" => Box::new(tpch::CustomerArrow::new(generate::CustomerGenerator::new(sf, 1, 1))),
        "lineitem" => Box::new(tpch::LineItemArrow::new(generate::LineItemGenerator::new(sf, 1, 1))),
        "nation" => Box::new(tpch::NationArrow::new(generate::NationGenerator::new(sf, 1, 1))),
        "orders" => Box::new(tpch::OrderArrow::new(generate::OrderGenerator::new(sf, 1, 1))),
        "part" => Box::new(tpch::PartArrow::new(generate::PartGenerator::new(sf, 1, 1))),
        "partsupp" => Box::new(tpch::PartSuppArrow::new(generate::PartSuppGenerator::new(sf, 1, 1))),
        "region" => Box::new(tpch::RegionArrow::new(generate::RegionGenerator::new(sf, 1, 1))),
        "supplier" => Box::new(tpch::SupplierArrow::new(generate::SupplierGenerator::new(sf, 1, 1))),
        other => panic!("{other} is not a table of TPC-H"),
    }
}

/// The query of TPC-H with this number.
pub fn tpch_query(number: usize) -> String {
    let path = format!("{}/../tests/tpch/queries/q{number:02}.sql", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// Runs the statements of a script; the answer is that of the last one.
pub async fn run(session: &SparkSession, sql: &str) -> Result<Table, SparkError> {
    let (schema, batches) = session.execute_script(sql).await?.pop().expect("a statement");
    // Batches know the session's time zone; without one there is no time to show.
    let schema = batches.first().map_or_else(|| schema.to_arrow("UTC"), RecordBatch::schema);
    Ok(Table::of(&schema, &batches).unwrap())
}

/// The rows of a statement as text, one string for each row with its values separated by `|`.
pub async fn rows(session: &SparkSession, sql: &str) -> Vec<String> {
    let answer = run(session, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    answer.rows.iter().map(|row| row.iter().map(text).collect::<Vec<_>>().join("|")).collect()
}

/// The error of a statement.
pub async fn error(session: &SparkSession, sql: &str) -> SparkError {
    match run(session, sql).await {
        Ok(answer) => panic!("{sql} gave {:?}", answer.rows),
        Err(error) => error,
    }
}

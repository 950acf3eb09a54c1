//! The steps of the demonstration, in order.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use casemate_wire::address::Address;
use casemate_wire::keys::DataKey;
use casemate_wire::session::ResultItem;
use indicatif::{HumanBytes, HumanCount, HumanDuration};
use parquet::basic::Compression;

use super::DemoOptions;
use super::canaries::{of_keys, of_result, of_table};
use super::search::{Canaries, Origin, SearchReport};
use super::workplace::Workplace;
use crate::client::{Client, check_end};
use crate::dataset::{SignOptions, sign};
use crate::error::{HostError, Result};
use crate::files::{Keys, load_trust, new_access, save_access};
use crate::output::{Destination, Format, OutputError, ResultWriter};
use crate::process::Process;
use crate::progress::Progress;
use crate::tpch::{Encryption, QUERIES, Query, Table, TableFile, write_table_compressed};

/// The id under which the tables name their key.
const KEY_ID: &str = "tpch-2024";

/// Rows of a result that are printed.
const SHOWN_ROWS: usize = 10;

/// Characters of a text that are printed.
const SHOWN_CHARS: usize = 20;

/// The queries that are run, and what each asks.
const ASKED: [(&str, &str); 6] = [
    ("q01", "pricing summary of what was shipped"),
    ("q03", "unshipped orders of the highest value"),
    ("q05", "revenue of local suppliers"),
    ("q06", "what other discounts would have earned"),
    ("q10", "customers who returned most"),
    ("q18", "customers with large orders"),
];

/// The demonstration between two steps.
pub(super) struct Demo {
    // Declared before the files, so that processes end before their files go.
    parent: Option<Process>,
    engine: Option<Process>,
    workplace: Workplace,
    keys: Keys,
    program: PathBuf,
    scale_factor: f64,
    canaries: Arc<Mutex<Canaries>>,
}

impl Demo {
    /// Makes folders, keys and the access file.
    pub(super) fn prepare(options: DemoOptions) -> Result<Self> {
        let workplace = Workplace::new(options.keep.as_deref())?;
        let mut keys = Keys::generate()?;
        keys.data_keys.insert(KEY_ID, DataKey::generate()?)?;
        keys.save(&workplace.client().join("keys.json"), false)?;
        let access = new_access(vec![("demo".to_owned(), keys.identity.public())])?;
        save_access(&access, &workplace.parent().join("access.json"), false)?;
        let mut canaries = Canaries::new();
        of_keys(&keys, &mut canaries);
        let canaries = Arc::new(Mutex::new(canaries));
        Ok(Self {
            parent: None,
            engine: None,
            workplace,
            keys,
            program: options.program,
            scale_factor: options.scale_factor,
            canaries,
        })
    }

    /// Step 1: encrypted tables.
    pub(super) async fn make_tables(&mut self) -> Result<()> {
        step(1, "The client encrypts and signs its tables and gives them to the parent's disk");
        let started = Instant::now();
        let progress = Progress::start("writing encrypted tables", false);
        let mut made = tokio::task::JoinSet::new();
        for table in Table::ALL {
            let (directory, scale_factor, canaries) = (self.workplace.data(), self.scale_factor, self.canaries.clone());
            let key = self.keys.data_keys.get(KEY_ID).cloned();
            made.spawn_blocking(move || {
                let mut of_this = Canaries::new();
                of_table(table, scale_factor, &mut of_this);
                lock(&canaries).merge(of_this);
                let encryption = key.as_ref().map(|key| Encryption { key_id: KEY_ID, key: key.as_bytes() });
                // Not compressed: encryption alone stands between the parent and the values.
                let compression = Compression::UNCOMPRESSED;
                write_table_compressed(&directory, table, scale_factor, encryption.as_ref(), compression)
            });
        }
        let mut files: Vec<TableFile> = Vec::new();
        while let Some(file) = made.join_next().await {
            let file = file.map_err(|error| HostError::Demo(error.to_string()))?;
            files.push(file.map_err(|error| HostError::Demo(format!("a table can't be written: {error}")))?);
        }
        for file in &files {
            sign(&file.path, &self.keys, &SignOptions::default(), &|_, _| Ok(()))?;
        }
        drop(progress);
        let rows: usize = files.iter().map(|file| file.rows).sum();
        let bytes: u64 = files.iter().map(|file| file.bytes).sum();
        say(&format!("TPC-H at scale factor {}: 8 tables, {} rows", self.scale_factor, HumanCount(rows as u64)));
        say(&format!(
            "{} of Parquet, not compressed, footers and columns sealed with AES-256-GCM under key `{KEY_ID}`",
            HumanBytes(bytes)
        ));
        say("a signed manifest beside each, so that no file can be changed, swapped or rolled back unnoticed");
        took(started);
        Ok(())
    }

    /// Step 2: two processes that hold no key.
    pub(super) async fn start_parent_and_engine(&mut self) -> Result<()> {
        step(2, "The parent and the engine start, each a process of its own, without any key");
        let started = Instant::now();
        let folder = self.workplace.parent();
        let (engine, storage) = (unix(&folder.join("engine.sock")), unix(&folder.join("storage.sock")));
        let access = folder.join("access.json");
        let trust = self.workplace.client().join("trust.json");
        let arguments = [
            ["engine".into(), "--listen".into()],
            [engine.clone(), "--storage".into()],
            [storage.clone(), "--access".into()],
            [access.into(), "--memory-limit".into()],
            ["2GiB".into(), "--nsm".into()],
            ["simulated".into(), "--simulated-trust-out".into()],
        ];
        let arguments: Vec<OsString> = arguments.into_iter().flatten().chain([trust.into()]).collect();
        let engine_process = Process::start("engine", &self.program, &arguments, &folder.join("engine.log")).await?;
        say(&format!("engine  process {}, at {} (SIMULATED enclave)", engine_process.id(), engine_process.address));
        self.engine = Some(engine_process);

        let arguments: [OsString; 11] = [
            "serve".into(),
            "--listen".into(),
            "tcp://127.0.0.1:0".into(),
            "--enclave".into(),
            engine,
            "--storage".into(),
            storage,
            "--data".into(),
            self.workplace.data().into(),
            "--record".into(),
            self.workplace.record().into(),
        ];
        let parent = Process::start("parent", &self.program, &arguments, &folder.join("parent.log")).await?;
        say(&format!("parent  process {}, at {}, recording every byte that passes", parent.id(), parent.address));
        self.parent = Some(parent);
        took(started);
        Ok(())
    }

    /// Step 3: attestation, then keys.
    pub(super) async fn attest(&mut self) -> Result<Client> {
        step(3, "The client attests the engine through the parent, then sends it the keys");
        let started = Instant::now();
        let trust = load_trust(&self.workplace.client().join("trust.json"))?;
        let address = self.parent.as_ref().map(|parent| parent.address.parse::<Address>());
        let Some(Ok(address)) = address else { return Err(HostError::Demo("the parent has no address".to_owned())) };
        let client = Client::connect(&address, &self.keys, &trust).await?;
        let attested = client.attested();
        say(&format!("module  {}", attested.module_id));
        for (index, value) in attested.pcrs.iter().take(3) {
            say(&format!("PCR{index}    {}", hex::encode(value)));
        }
        let root =
            if attested.simulated { "a SIMULATED root, accepted for this demonstration only" } else { "AWS Nitro" };
        say(&format!(
            "verdict accepted as image `{}`, signed under {root}",
            attested.pcr_set.as_deref().unwrap_or("?")
        ));
        say("sent    identity, signature, data key and whose tables count, sealed to the attested key");
        took(started);
        Ok(client)
    }

    /// Steps 4 and 5: sealed queries, sealed batches.
    pub(super) async fn query(&mut self, mut client: Client) -> Result<()> {
        step(4, "The engine runs sealed queries over the encrypted tables and seals every batch");
        step(5, "The client opens the batches in order and prints them");
        for table in Table::ALL {
            let sql = table.create_view("");
            client.query(&sql).await?.collect().await?;
            lock(&self.canaries).add_query(&sql);
        }
        for (name, asks) in ASKED {
            let Some(query) = QUERIES.iter().find(|query| query.name == name) else { continue };
            self.ask(&mut client, query, asks).await?;
        }
        client.close().await
    }

    async fn ask(&self, client: &mut Client, query: &Query, asks: &str) -> Result<()> {
        let started = Instant::now();
        println!("\n   TPC-H {}: {asks}", query.name.to_uppercase());
        let mut table = Format::Table.writer(Destination::stdout());
        let mut found = Canaries::new();
        found.add_query(query.sql);
        let mut answer = client.query(query.sql).await?;
        let mut rows = 0;
        while let Some(item) = answer.next().await? {
            match item {
                ResultItem::Schema(schema) => table.start(&schema)?,
                ResultItem::Batch(batch) => {
                    of_result(&batch, &mut found);
                    show(&batch, rows, table.as_mut())?;
                    rows += batch.num_rows();
                }
                ResultItem::StatementEnd(_) => table.end()?,
                ResultItem::End(status) => check_end(status)?,
            }
        }
        table.finish()?.commit().map_err(OutputError::Io)?;
        let more = rows.saturating_sub(SHOWN_ROWS);
        if more > 0 {
            say(&format!("and {more} more"));
        }
        took(started);
        lock(&self.canaries).merge(found);
        Ok(())
    }

    /// Ends the processes, so that their logs and recordings are complete.
    pub(super) async fn stop_processes(&mut self) -> Result<()> {
        if let Some(parent) = self.parent.take() {
            parent.stop().await?;
        }
        if let Some(engine) = self.engine.take() {
            engine.stop().await?;
        }
        Ok(())
    }

    /// Step 6: the search.
    pub(super) async fn search(&mut self) -> Result<()> {
        step(6, "What the parent saw");
        let started = Instant::now();
        let log = std::fs::read_to_string(self.workplace.parent().join("parent.log"));
        let log = log.map_err(HostError::io("can't read the parent's log"))?;
        log.lines().filter(|line| !line.contains("INFO")).for_each(say);
        let mut canaries = lock(&self.canaries).clone();
        // The parent stores the files and so knows their names.
        Table::ALL.iter().for_each(|table| canaries.remove_parts_of(&table.file_name()));
        let (report, canaries) = search_all(&self.workplace.parent(), canaries).await?;
        let count = canaries.count();
        let of = |origin| count.get(&origin).copied().unwrap_or(0);
        say(&format!(
            "searched {} in {} files (recorded traffic, tables, logs) for {} known byte strings:",
            HumanBytes(report.bytes),
            report.files,
            canaries.len()
        ));
        say(&format!(
            "{} of the queries, {} of the tables, {} of the results, {} of the keys",
            of(Origin::Query),
            of(Origin::Table),
            of(Origin::Result),
            of(Origin::Key)
        ));
        verdict(&report)?;
        took(started);
        if self.workplace.is_kept() {
            say(&format!("everything is kept in {}", self.workplace.root().display()));
        }
        Ok(())
    }
}

async fn search_all(folder: &Path, canaries: Canaries) -> Result<(SearchReport, Canaries)> {
    let _progress = Progress::start("searching", false);
    let folder = folder.to_path_buf();
    let searched = tokio::task::spawn_blocking(move || (canaries.search(&[&folder]), canaries)).await;
    let (report, canaries) = searched.map_err(|error| HostError::Demo(error.to_string()))?;
    Ok((report.map_err(HostError::io("the search can't read a file"))?, canaries))
}

fn verdict(report: &SearchReport) -> Result<()> {
    if report.found.is_empty() {
        say("FOUND NONE: the parent learned sizes, times, file names and what the key is called");
        return Ok(());
    }
    for (bytes, seen) in &report.found {
        let text = String::from_utf8_lossy(bytes);
        say(&format!("FOUND {:?} {text:?} in {} at byte {}", seen.origin, seen.file.display(), seen.offset));
    }
    Err(HostError::Demo(format!("the parent saw {} byte strings that it must not see", report.found.len())))
}

/// Prints as many rows of a batch as there is room for after the rows before it, with long texts cut.
fn show(batch: &RecordBatch, before: usize, table: &mut (dyn ResultWriter<Destination> + Send)) -> Result<()> {
    let room = SHOWN_ROWS.saturating_sub(before).min(batch.num_rows());
    if room == 0 {
        return Ok(());
    }
    let columns = batch.slice(0, room).columns().iter().map(shortened).collect();
    let shown = RecordBatch::try_new(batch.schema(), columns).map_err(OutputError::Arrow)?;
    Ok(table.batch(&shown)?)
}

fn shortened(column: &ArrayRef) -> ArrayRef {
    let Some(texts) = column.as_string_opt::<i32>() else { return column.clone() };
    let short = |text: &str| match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    };
    Arc::new(texts.iter().map(|text| text.map(short)).collect::<StringArray>())
}

fn unix(path: &Path) -> OsString {
    let mut address = OsString::from("unix://");
    address.push(path);
    address
}

fn step(number: u32, title: &str) {
    println!("\n{number}. {title}");
}

fn say(line: &str) {
    println!("   {line}");
}

fn took(started: Instant) {
    let elapsed = started.elapsed();
    if elapsed > Duration::from_secs(60) {
        say(&format!("({})", HumanDuration(elapsed)));
    } else {
        say(&format!("({:.2} s)", elapsed.as_secs_f64()));
    }
}

fn lock(canaries: &Mutex<Canaries>) -> std::sync::MutexGuard<'_, Canaries> {
    canaries.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

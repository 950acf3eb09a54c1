//! How fast results are sealed, in bytes of Arrow data, beside what AES-256-GCM does with as many bytes on the same core.
//!
//! Everything runs on one thread. `seal` is the engine's side alone: Arrow IPC, padding, encryption, writing to nowhere.
//! `seal and open` is the engine's side and the client's side, one after the other.

use std::hint::black_box;

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use casemate_benches::sessions::Parties;
use casemate_host::tpch::Table;
use casemate_wire::session::{QueryRequest, Request, ResultItem, StreamOpener};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce as RingNonce, UnboundKey};
use tokio::runtime::Runtime;

/// Rows of a batch, as the engine makes them.
const BATCH_ROWS: usize = 8192;

/// One batch of TPC-H's largest table, its strings as results have them.
fn wide_batch() -> RecordBatch {
    let batch = Table::LineItem.rows(0.01).next().expect("rows").expect("a batch");
    let columns = batch.columns().iter().map(|column| match column.data_type() {
        DataType::Utf8View => cast(column, &DataType::Utf8).expect("strings are strings"),
        _ => column.clone(),
    });
    let columns: Vec<_> = columns.collect();
    let old = batch.schema();
    let fields = old.fields().iter().zip(&columns);
    let fields = fields.map(|(field, column)| Field::new(field.name(), column.data_type().clone(), false));
    let schema = Schema::new(fields.collect::<Vec<_>>());
    RecordBatch::try_new(schema.into(), columns).expect("the same columns")
}

/// Two columns of numbers: the smallest batches that are common.
fn narrow_batch() -> RecordBatch {
    wide_batch().project(&[0, 1]).expect("two columns")
}

/// Bytes of the values of a batch.
fn arrow_bytes(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().expect("a size")).sum()
}

fn raw_ciphers(group: &mut BenchmarkGroup<'_, WallTime>, bytes: usize) {
    let mut buffer = vec![0xa5_u8; bytes];
    let header = [7; 44];
    let cipher = Aes256Gcm::new(&[1; 32].into());
    let mut counter = 0_u64;
    let mut nonce = move || {
        counter += 1;
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&counter.to_be_bytes());
        nonce
    };
    group.bench_function("raw AES-256-GCM (aes-gcm)", |bencher| {
        bencher.iter(|| {
            let nonce = Nonce::from(nonce());
            let sealed = cipher.encrypt_inout_detached(&nonce, &header, black_box(buffer.as_mut_slice()).into());
            sealed.expect("a message of this length")
        });
    });
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[1; 32]).expect("32 bytes"));
    group.bench_function("raw AES-256-GCM (ring)", |bencher| {
        bencher.iter(|| {
            let nonce = RingNonce::assume_unique_for_key(nonce());
            let sealed = key.seal_in_place_separate_tag(nonce, Aad::from(&header), black_box(&mut buffer));
            sealed.expect("a message of this length")
        });
    });
}

/// The engine's side alone: what it writes goes nowhere.
fn seal(group: &mut BenchmarkGroup<'_, WallTime>, runtime: &Runtime, batch: &RecordBatch) {
    runtime.block_on(async {
        let (client, server, drain) = Parties::new(|nsm| nsm).session().await;
        let (mut asking, _receiver) = client.split();
        let (mut requests, mut sender, _keys) = server.split();
        asking.query(&QueryRequest { sql: "SELECT 1".to_owned() }).await.expect("a query");
        let Ok(Request::Query { secret, .. }) = requests.next().await else { panic!("the query") };
        drain.open();
        let mut sealer = sender.start(secret);
        sealer.schema(&batch.schema()).await.expect("a schema");
        group.bench_function("seal", |bencher| {
            // A writer that is never busy makes the future ready at its first poll: no runtime is entered again.
            bencher.iter(|| futures_now(sealer.batch(black_box(batch))).expect("a sealed batch"));
        });
    });
}

/// Polls a future that is ready at once.
fn futures_now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("a writer that is never busy was"),
    }
}

/// Both sides, on one thread.
fn seal_and_open(group: &mut BenchmarkGroup<'_, WallTime>, runtime: &Runtime, batch: &RecordBatch) {
    let (client, server, _drain) = runtime.block_on(async { Parties::new(|nsm| nsm).session().await });
    let (mut asking, mut receiver) = client.split();
    let (mut requests, mut sender, _keys) = server.split();
    let (opening, sealing) = runtime.block_on(async {
        let opening = asking.query(&QueryRequest { sql: "SELECT 1".to_owned() }).await.expect("a query");
        let Ok(Request::Query { secret, .. }) = requests.next().await else { panic!("the query") };
        (opening, secret)
    });
    let mut opener = StreamOpener::new(opening);
    let mut sealer = sender.start(sealing);
    let mut open_one = async || {
        let frame = receiver.next_frame().await.expect("a record");
        opener.open(frame).expect("a genuine record")
    };
    runtime.block_on(async {
        sealer.schema(&batch.schema()).await.expect("a schema");
        assert!(matches!(open_one().await, Some(ResultItem::Schema(_))));
    });
    group.bench_function("seal and open", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                sealer.batch(black_box(batch)).await.expect("a sealed batch");
                let mut rows = 0;
                while rows < batch.num_rows() {
                    if let Some(ResultItem::Batch(opened)) = open_one().await {
                        rows += opened.num_rows();
                    }
                }
            });
        });
    });
}

fn sealed_stream(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (name, batch) in [("16 columns of TPC-H lineitem", wide_batch()), ("2 columns of numbers", narrow_batch())] {
        let batch = batch.slice(0, batch.num_rows().min(BATCH_ROWS));
        let bytes = arrow_bytes(&batch);
        let mut group = criterion.benchmark_group(format!("sealed stream/{name}, {} KiB a batch", bytes >> 10));
        group.throughput(Throughput::Bytes(bytes as u64));
        raw_ciphers(&mut group, bytes);
        seal(&mut group, &runtime, &batch);
        seal_and_open(&mut group, &runtime, &batch);
        group.finish();
    }
}

criterion_group!(benches, sealed_stream);
criterion_main!(benches);

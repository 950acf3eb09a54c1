//! Reading a file through the parent's storage server, beside reading the same file directly.
//!
//! Both sides read the same ranges in the same order through the interface that queries use ([`ObjectStore::get_ranges`]).
//! The file is in the page cache: what is measured is the way, not the disk.

use std::io::Write;
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use casemate_engine::AddressConnector;
use casemate_engine::storage::{ParentStore, StorageClient, StorageOptions};
use casemate_host::parent::{DataDirectory, ParentServer};
use casemate_wire::address::Address;
use casemate_wire::transport::Listener;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use datafusion::execution::memory_pool::UnboundedMemoryPool;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use tokio::runtime::{Handle, Runtime};
use tokio_util::sync::CancellationToken;

const FILE: &str = "table.parquet";
const MIB: u64 = 1 << 20;
const FILE_BYTES: u64 = 256 * MIB;

/// What scans ask for: large column chunks side by side, and the small ones of a narrow projection.
const SHAPES: [(&str, u64, u64); 2] =
    [("chunks of 1 MiB", MIB, MIB), ("chunks of 64 KiB, each 1 MiB apart", MIB / 16, MIB)];

/// The ranges of one row group of 16 MiB, for each row group of the file.
fn row_groups(length: u64, step: u64) -> Vec<Vec<Range<u64>>> {
    let group = 16 * MIB;
    let chunks = |start: u64| (0..group / step).map(|chunk| start + chunk * step).map(|at| at..at + length).collect();
    (0..FILE_BYTES / group).map(|index| chunks(index * group)).collect()
}

async fn read(store: Arc<dyn ObjectStore>, row_groups: &[Vec<Range<u64>>]) -> usize {
    let path = Path::from(FILE);
    let mut bytes = 0;
    for ranges in row_groups {
        let chunks = store.get_ranges(&path, ranges).await.expect("the ranges lie inside the file");
        bytes += chunks.iter().map(bytes::Bytes::len).sum::<usize>();
    }
    bytes
}

fn make_file(folder: &FilePath) {
    let mut file = std::fs::File::create(folder.join(FILE)).expect("a file in a temporary folder");
    let block: Vec<u8> = (0..MIB).map(|index| (index % 251) as u8).collect();
    for _ in 0..FILE_BYTES / MIB {
        file.write_all(&block).expect("room for the file");
    }
}

/// A parent behind a Unix socket, as a process of its own would be, and the engine's store that asks it.
async fn parent_store(folder: &FilePath, shutdown: CancellationToken) -> Arc<dyn ObjectStore> {
    let address = Address::Unix(folder.join("storage.sock"));
    let listener = Listener::bind(&address).await.expect("a socket in a temporary folder");
    let directory = DataDirectory::open(folder).expect("a folder");
    tokio::spawn(ParentServer::new(directory, None).serve_storage(listener, shutdown));
    let client = StorageClient::new(Arc::new(AddressConnector(address)), Handle::current(), StorageOptions::default());
    Arc::new(ParentStore::new(Arc::new(client), Arc::new(UnboundedMemoryPool::default())))
}

fn storage(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    make_file(folder.path());
    let runtime = Runtime::new().expect("a runtime");
    let shutdown = CancellationToken::new();
    let direct = LocalFileSystem::new_with_prefix(folder.path()).expect("a folder");
    let stores: [(&str, Arc<dyn ObjectStore>); 2] = [
        ("directly", Arc::new(direct)),
        ("through the parent", runtime.block_on(parent_store(folder.path(), shutdown.clone()))),
    ];
    for (shape, length, step) in SHAPES {
        let row_groups = row_groups(length, step);
        let mut group = criterion.benchmark_group(format!("reading a file of 256 MiB, {shape}"));
        group.throughput(Throughput::Bytes(FILE_BYTES / step * length)).sample_size(20);
        for (name, store) in &stores {
            group.bench_function(*name, |bencher| {
                bencher.iter(|| runtime.block_on(read(Arc::clone(store), &row_groups)));
            });
        }
        group.finish();
    }
    shutdown.cancel();
}

criterion_group!(benches, storage);
criterion_main!(benches);

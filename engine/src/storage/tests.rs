//! The storage client against parents over in-memory pipes: an honest one, slow ones, and liars.

#![allow(clippy::single_range_in_vec_init, reason = "a list of one range is what a caller passes")]

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use casemate_wire::storage::{ErrorCode, MAX_RANGE_BYTES, ObjectMeta, Request, Response, read_request, write_response};
use casemate_wire::transport::BoxedIo;
use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload};
use sealed_parquet::Memory;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::runtime::Handle;

use super::*;
use crate::memory::{Budget, BudgetKind, SessionPool};

type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A parent that serves each connection with a function of its number (from 0).
struct Parent<F> {
    connections: AtomicUsize,
    serve: F,
}

#[async_trait]
impl<F: Fn(usize, DuplexStream) -> Serving + Send + Sync + 'static> StorageConnector for Parent<F> {
    async fn connect(&self) -> io::Result<BoxedIo> {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn((self.serve)(number, theirs));
        Ok(Box::new(ours))
    }
}

fn client_of<F>(serve: F) -> StorageClient
where
    F: Fn(usize, DuplexStream) -> Serving + Send + Sync + 'static,
{
    let options =
        StorageOptions { timeout: Duration::from_secs(5), backoff: Duration::from_millis(1), ..Default::default() };
    StorageClient::new(Arc::new(Parent { connections: AtomicUsize::new(0), serve }), Handle::current(), options)
}

fn store_of(client: StorageClient) -> ParentStore {
    ParentStore::new(Arc::new(client), Arc::new(UnboundedMemoryPool::default()))
}

/// Bytes of the file `f`, through a client alone.
async fn get(client: &StorageClient, start: u64, end: u64) -> Result<Bytes, StorageError> {
    let buffers = Buffers::new(Arc::new(UnboundedMemoryPool::default()));
    let memory = buffers.reserve([end - start].into_iter(), "test").unwrap();
    let place = memory.take((end - start) as usize);
    client.get("f", start, end, place, &memory).await.map(BytesMut::freeze)
}

/// A parent that answers every request with `answer`, in order.
fn answering(answer: impl Fn(&Request) -> Response + Clone + Send + Sync + 'static) -> StorageClient {
    client_of(move |_, mut io| {
        let answer = answer.clone();
        Box::pin(async move {
            while let Ok(Some((id, request))) = read_request(&mut io).await {
                if write_response(&mut io, id, &answer(&request)).await.is_err() {
                    return;
                }
            }
        })
    })
}

fn meta(path: &str, size: u64) -> ObjectMeta {
    ObjectMeta { path: path.to_owned(), size, modified_ms: 1_700_000_000_000 }
}

/// Byte `i` of every test file.
fn byte(index: u64) -> u8 {
    (index.wrapping_mul(31) >> 3) as u8
}

fn content(range: Range<u64>) -> Bytes {
    range.map(byte).collect::<Vec<u8>>().into()
}

/// A parent that does what it should, with files of these sizes.
fn honest(files: &'static [(&'static str, u64)], log: Arc<Mutex<Vec<Request>>>) -> StorageClient {
    let sizes: BTreeMap<&str, u64> = files.iter().copied().collect();
    answering(move |request| {
        log.lock().unwrap().push(request.clone());
        let not_found = || Response::Error { code: ErrorCode::NotFound, message: "no such file".into() };
        match request {
            Request::List { prefix } => {
                let inside = |path: &str| prefix.is_empty() || path.starts_with(&format!("{prefix}/"));
                Response::Listing(sizes.iter().filter(|(path, _)| inside(path)).map(|(p, s)| meta(p, *s)).collect())
            }
            Request::Head { path } => {
                sizes.get(path.as_str()).map_or_else(not_found, |s| Response::Meta(meta(path, *s)))
            }
            Request::Get { path, start, end } => match sizes.get(path.as_str()) {
                Some(size) if end <= size => Response::Data(content(*start..*end)),
                Some(_) => Response::Error { code: ErrorCode::BadRequest, message: "beyond the file".into() },
                None => not_found(),
            },
        }
    })
}

const FILES: &[(&str, u64)] =
    &[("t/a.parquet", 100_000), ("t/deep/b.parquet", 7), ("t2/c.csv", 20 << 20), ("top.csv", 3)];

fn names(metas: &[object_store::ObjectMeta]) -> Vec<&str> {
    metas.iter().map(|meta| meta.location.as_ref()).collect()
}

#[tokio::test]
async fn folders_are_listed_by_whole_segments_of_the_path() {
    let store = store_of(honest(FILES, Arc::default()));
    let listed: Vec<_> = store.list(Some(&Path::from("t"))).try_collect().await.unwrap();
    assert_eq!(names(&listed), ["t/a.parquet", "t/deep/b.parquet"]);
    let level = store.list_with_delimiter(Some(&Path::from("t"))).await.unwrap();
    assert_eq!(names(&level.objects), ["t/a.parquet"]);
    assert_eq!(level.common_prefixes, [Path::from("t/deep")]);
    assert_eq!(store.list(None).count().await, FILES.len());
}

#[tokio::test]
async fn a_missing_file_is_not_found_by_every_way_to_ask() {
    let store = store_of(honest(FILES, Arc::default()));
    let path = Path::from("nowhere.parquet");
    assert!(matches!(store.head(&path).await, Err(Error::NotFound { .. })));
    assert!(matches!(store.get(&path).await, Err(Error::NotFound { .. })));
    let ranges = store.get_ranges(&path, &[0..4, 9_000_000..9_000_001]).await;
    assert!(matches!(ranges, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn ranges_come_back_in_the_order_asked_with_few_requests() {
    let log = Arc::default();
    let store = store_of(honest(FILES, Arc::clone(&log)));
    let path = Path::from("t/a.parquet");
    let wanted = [99_990..100_000, 5..10, 10..20, 0..0, 7..9];
    let got = store.get_ranges(&path, &wanted).await.unwrap();
    for (range, bytes) in wanted.iter().zip(&got) {
        assert_eq!(*bytes, content(range.clone()), "{range:?}");
    }
    assert_eq!(log.lock().unwrap().len(), 1, "near ranges are one request, and none asks for the size");
}

#[tokio::test]
async fn a_large_range_is_asked_for_in_parts_that_fit_the_protocol() {
    let log = Arc::default();
    let store = store_of(honest(FILES, Arc::clone(&log)));
    let range = 3..(20 << 20) - 5;
    let bytes = store.get_range(&Path::from("t2/c.csv"), range.clone()).await.unwrap();
    assert_eq!(bytes, content(range));
    for request in log.lock().unwrap().iter() {
        if let Request::Get { start, end, .. } = request {
            assert!(end - start <= MAX_RANGE_BYTES);
        }
    }
}

#[tokio::test]
async fn whole_files_suffixes_and_ranges_beyond_the_end_are_clipped_as_object_stores_do() {
    let store = store_of(honest(FILES, Arc::default()));
    let path = Path::from("t/a.parquet");
    let get = |range| store.get_opts(&path, GetOptions { range, ..Default::default() });
    let whole = get(None).await.unwrap();
    assert_eq!((whole.range.clone(), whole.meta.size), (0..100_000, 100_000));
    assert_eq!(whole.bytes().await.unwrap(), content(0..100_000));
    assert_eq!(get(Some(GetRange::Suffix(4))).await.unwrap().bytes().await.unwrap(), content(99_996..100_000));
    let clipped = get(Some(GetRange::Bounded(99_999..200_000))).await.unwrap();
    assert_eq!(clipped.bytes().await.unwrap(), content(99_999..100_000));
    assert!(get(Some(GetRange::Offset(100_000))).await.is_err());
}

#[tokio::test]
async fn nothing_can_be_written() {
    let store = store_of(honest(FILES, Arc::default()));
    let path = Path::from("top.csv");
    let refused = |result: Result<(), Error>| assert!(matches!(result, Err(Error::NotImplemented { .. })));
    refused(store.put(&path, PutPayload::from_static(b"x")).await.map(drop));
    refused(store.put_multipart(&path).await.map(drop));
    refused(store.delete(&path).await);
    refused(store.copy(&path, &Path::from("y")).await);
    refused(store.rename(&path, &Path::from("y")).await);
}

#[tokio::test]
async fn many_requests_share_one_connection_and_answers_may_come_in_any_order() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let client = client_of(move |_, mut io| {
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            loop {
                let mut batch = Vec::new();
                for _ in 0..8 {
                    let Ok(Some(request)) = read_request(&mut io).await else { return };
                    batch.push(request);
                }
                for (id, request) in batch.into_iter().rev() {
                    let Request::Get { start, end, .. } = request else { return };
                    write_response(&mut io, id, &Response::Data(content(start..end))).await.unwrap();
                }
            }
        })
    });
    let client = Arc::new(client);
    let gets = (0..64u64).map(|index| {
        let client = Arc::clone(&client);
        async move { assert_eq!(get(&client, index, index + 3).await.unwrap(), content(index..index + 3)) }
    });
    futures::future::join_all(gets).await;
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_broken_connection_is_made_again_and_the_request_repeated() {
    let client = client_of(|number, mut io| {
        Box::pin(async move {
            // The first two connections break after they took the request.
            while let Ok(Some((id, _))) = read_request(&mut io).await {
                if number < 2 {
                    return;
                }
                write_response(&mut io, id, &Response::Meta(meta("f", 5))).await.unwrap();
            }
        })
    });
    assert_eq!(client.head("f").await.unwrap().size, 5);
}

#[tokio::test]
async fn a_parent_that_stays_away_is_an_error_after_a_few_tries() {
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let client = client_of(move |_, io| {
        counted.fetch_add(1, Ordering::Relaxed);
        drop(io);
        Box::pin(async {})
    });
    assert!(matches!(client.head("f").await, Err(StorageError::Lost(_))));
    assert_eq!(tries.load(Ordering::Relaxed), 1 + StorageOptions::default().retries as usize);
}

#[tokio::test]
async fn a_parent_that_never_answers_is_an_error_after_the_timeout() {
    let silent = |_, mut io| -> Serving {
        Box::pin(async move { while let Ok(Some(_)) = read_request::<DuplexStream>(&mut io).await {} })
    };
    let parent = Arc::new(Parent { connections: AtomicUsize::new(0), serve: silent });
    let options = StorageOptions { timeout: Duration::from_millis(20), ..Default::default() };
    let client = StorageClient::new(parent, Handle::current(), options);
    assert!(matches!(client.head("f").await, Err(StorageError::TimedOut(_))));
}

#[tokio::test]
async fn short_or_long_data_is_an_error() {
    let short = answering(|_| Response::Data(content(0..9)));
    assert!(matches!(get(&short, 0, 10).await, Err(StorageError::WrongLength { expected: 10, received: 9, .. })));
    let long = answering(|_| Response::Data(content(0..11)));
    assert!(matches!(get(&long, 0, 10).await, Err(StorageError::Misbehaved(_))));
}

#[tokio::test]
async fn an_answer_of_another_kind_is_an_error() {
    let client = answering(|_| Response::Listing(Vec::new()));
    assert!(matches!(get(&client, 0, 1).await, Err(StorageError::Misbehaved(_))));
    assert!(matches!(client.head("f").await, Err(StorageError::Misbehaved(_))));
    let client = answering(|_| Response::Data(Bytes::new()));
    assert!(matches!(client.list("").await, Err(StorageError::Misbehaved(_))));
}

#[tokio::test]
async fn the_facts_of_another_file_are_an_error() {
    let client = answering(|_| Response::Meta(meta("other", 1)));
    assert!(matches!(client.head("f").await, Err(StorageError::Misbehaved(_))));
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_ends_the_connection() {
    let client = client_of(|_, mut io| {
        Box::pin(async move {
            while let Ok(Some((id, _))) = read_request(&mut io).await {
                write_response(&mut io, id + 1000, &Response::Meta(meta("f", 1))).await.unwrap();
            }
        })
    });
    assert!(matches!(client.head("f").await, Err(StorageError::Misbehaved(_))));
}

#[tokio::test]
async fn a_second_answer_to_one_request_harms_only_what_waits_then() {
    let client = client_of(|_, mut io| {
        Box::pin(async move {
            while let Ok(Some((id, _))) = read_request(&mut io).await {
                for _ in 0..2 {
                    let _ = write_response(&mut io, id, &Response::Meta(meta("f", 1))).await;
                }
            }
        })
    });
    assert_eq!(client.head("f").await.unwrap().size, 1);
    for _ in 0..3 {
        // The surplus answer may end the connection before or after the next request; then a new one is made.
        match client.head("f").await {
            Ok(meta) => assert_eq!(meta.size, 1),
            Err(error) => assert!(matches!(error, StorageError::Misbehaved(_)), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_frame_with_a_huge_length_is_an_error_and_not_an_allocation() {
    let client = client_of(|_, mut io| {
        Box::pin(async move {
            let _ = read_request(&mut io).await;
            let _ = io.write_all(&[0xff; 64]).await;
            std::future::pending::<()>().await;
        })
    });
    assert!(matches!(client.head("f").await, Err(StorageError::Misbehaved(_))));
}

#[tokio::test]
async fn listings_that_cannot_be_true_are_errors() {
    let too_late = ObjectMeta { path: "t/a".into(), size: 1, modified_ms: u64::MAX };
    let liars: [Vec<ObjectMeta>; 6] = [
        vec![meta("t/../../etc/passwd", 1)],
        vec![meta("other/a", 1)],
        vec![meta("t2/a", 1)],
        vec![meta("t/a", 1), meta("t/a", 2)],
        vec![meta("t/a", u64::MAX)],
        vec![too_late],
    ];
    for listing in liars {
        let store = store_of(answering({
            let listing = listing.clone();
            move |_| Response::Listing(listing.clone())
        }));
        let listed: Result<Vec<_>, _> = store.list(Some(&Path::from("t"))).try_collect().await;
        assert!(listed.is_err(), "{listing:?}");
    }
}

#[tokio::test]
async fn a_refusal_carries_the_parents_words_without_control_characters() {
    let client =
        answering(|_| Response::Error { code: ErrorCode::Internal, message: "disk\u{1b}[31m on fire\n".into() });
    let error = client.head("f").await.unwrap_err().to_string();
    assert!(error.contains("'f'") && error.contains("on fire"), "{error}");
    assert!(!error.chars().any(char::is_control), "{error:?}");
}

#[tokio::test]
async fn what_is_read_is_reserved_until_it_is_dropped() {
    let pool: Arc<dyn MemoryPool> = Arc::new(SessionPool::new(Budget::new(BudgetKind::Engine, 50_000), None));
    let store = ParentStore::new(Arc::new(honest(FILES, Arc::default())), Arc::clone(&pool));
    let path = Path::from("t/a.parquet");
    let part = store.get_range(&path, 0..40_000).await.unwrap().slice(7..8);
    assert_eq!(pool.reserved(), 40_000);
    let error = store.get_ranges(&path, &[0..40_000]).await.unwrap_err().to_string();
    assert!(error.contains("--memory-limit"), "{error}");
    drop(part);
    assert_eq!(pool.reserved(), 0);
    store.get_ranges(&path, &[0..40_000]).await.unwrap();
}

#[tokio::test]
async fn a_size_that_no_machine_has_is_an_error_before_anything_is_read() {
    let store = store_of(answering(|_| Response::Data(Bytes::new())));
    assert!(store.get_ranges(&Path::from("f"), &[0..u64::MAX]).await.is_err());
    #[allow(clippy::reversed_empty_ranges, reason = "a lying file can ask for it")]
    let backwards = store.get_ranges(&Path::from("f"), &[5..2]).await;
    assert!(backwards.is_err());
}

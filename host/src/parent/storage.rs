//! The storage server: answers an engine's requests for files from a data source.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use casemate_wire::storage::{
    ErrorCode, MAX_RANGE_BYTES, MAX_RESPONSE_BYTES, ObjectMeta, Request, Response, read_request,
};
use casemate_wire::transport::BoxedIo;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::answers::{AnswerWriter, file_socket};
use super::counters::Counters;
use super::data::{Content, DataError, DataSource, FileEntry, FileRange};

/// Requests of one connection that are worked on at once; further ones wait unread.
const MAX_IN_FLIGHT: usize = 16;

/// Memory for answers of all connections together, in KiB.
const ANSWER_KIB: usize = 256 * 1024;

/// Files that one listing names at most.
const MAX_LISTED: usize = 100_000;

/// Serves one data source to any number of connections within one bound of memory.
pub(super) struct StorageServer {
    data: DataSource,
    memory: Arc<Semaphore>,
    counters: Arc<Counters>,
}

/// What is sent for a request.
enum Answer {
    Response(Response),
    File(FileRange),
}

/// An answer on its way out, with the memory it was granted.
struct Outgoing {
    id: u64,
    answer: Answer,
    _memory: OwnedSemaphorePermit,
    _in_flight: OwnedSemaphorePermit,
}

impl StorageServer {
    pub(super) fn new(data: DataSource, counters: Arc<Counters>) -> Self {
        Self { data, memory: Arc::new(Semaphore::new(ANSWER_KIB)), counters }
    }

    /// Answers requests until the engine closes the connection.
    pub(super) async fn serve(self: Arc<Self>, io: BoxedIo) -> casemate_wire::Result<()> {
        let socket = file_socket(&io)?;
        let (reader, writer) = tokio::io::split(io);
        let (answers, outbox) = mpsc::channel(MAX_IN_FLIGHT);
        let write = write_answers(AnswerWriter::new(writer, socket), outbox);
        let read = self.read_requests(reader, answers);
        // The writer ends when the reader and all its tasks have ended, or when the connection fails.
        tokio::try_join!(read, write).map(|_| ())
    }

    async fn read_requests(
        self: Arc<Self>,
        mut reader: tokio::io::ReadHalf<BoxedIo>,
        answers: mpsc::Sender<Outgoing>,
    ) -> casemate_wire::Result<()> {
        let in_flight = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
        while let Some((id, request)) = read_request(&mut reader).await? {
            let in_flight = permit(&in_flight, 1).await?;
            let memory = permit(&self.memory, self.memory_kib(&request)).await?;
            let (server, answers) = (self.clone(), answers.clone());
            tokio::spawn(async move {
                let answer = server.answer(&request).await;
                // The connection is gone when this fails, and nobody waits for the answer.
                let _ = answers.send(Outgoing { id, answer, _memory: memory, _in_flight: in_flight }).await;
            });
        }
        Ok(())
    }

    async fn answer(&self, request: &Request) -> Answer {
        self.counters.storage_requests.fetch_add(1, Ordering::Relaxed);
        let answered = match request {
            Request::List { prefix } => {
                self.data.list(prefix, MAX_LISTED).await.map(|files| Answer::Response(listing(&files)))
            }
            Request::Head { path } => {
                self.data.head(path).await.map(|entry| Answer::Response(Response::Meta(meta(&entry))))
            }
            Request::Get { path, start, end } => self.data.read(path, *start, *end).await.map(|content| {
                self.counters.storage_bytes.fetch_add(content.len() as u64, Ordering::Relaxed);
                match content {
                    Content::File(range) => Answer::File(range),
                    Content::Bytes(bytes) => Answer::Response(Response::Data(bytes)),
                }
            }),
        };
        answered.unwrap_or_else(|error| {
            self.counters.storage_refused.fetch_add(1, Ordering::Relaxed);
            Answer::Response(Response::Error { code: code(&error), message: error.to_string() })
        })
    }

    /// The memory that the answer may take.
    fn memory_kib(&self, request: &Request) -> u32 {
        let bytes = match request {
            Request::List { .. } => MAX_RESPONSE_BYTES as u64,
            Request::Get { start, end, .. } if self.data.reads_into_memory() => {
                end.saturating_sub(*start).min(MAX_RANGE_BYTES)
            }
            Request::Head { .. } | Request::Get { .. } => 0,
        };
        u32::try_from(bytes / 1024 + 8).unwrap_or(u32::MAX)
    }
}

async fn write_answers(mut writer: AnswerWriter, mut outbox: mpsc::Receiver<Outgoing>) -> casemate_wire::Result<()> {
    while let Some(outgoing) = outbox.recv().await {
        match &outgoing.answer {
            Answer::Response(response) => writer.write(outgoing.id, response).await?,
            Answer::File(range) => writer.write_file(outgoing.id, range).await?,
        }
    }
    writer.shutdown().await
}

fn permit(semaphore: &Arc<Semaphore>, count: u32) -> impl Future<Output = io::Result<OwnedSemaphorePermit>> + use<> {
    let semaphore = semaphore.clone();
    // The semaphores here are never closed; the error would end the connection and nothing else.
    async move { semaphore.acquire_many_owned(count).await.map_err(io::Error::other) }
}

fn listing(files: &[FileEntry]) -> Response {
    Response::Listing(files.iter().map(meta).collect())
}

fn meta(entry: &FileEntry) -> ObjectMeta {
    let modified_ms = u64::try_from(entry.modified_ms).unwrap_or(0);
    ObjectMeta { path: entry.path.clone(), size: entry.size, modified_ms }
}

fn code(error: &DataError) -> ErrorCode {
    match error {
        DataError::NotFound(_) => ErrorCode::NotFound,
        DataError::InvalidPath(_) | DataError::Range { .. } | DataError::Length { .. } => ErrorCode::BadRequest,
        DataError::NotServed(_) => ErrorCode::PermissionDenied,
        DataError::TooManyFiles { .. } => ErrorCode::TooLarge,
        DataError::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => ErrorCode::PermissionDenied,
        DataError::Io { .. } => ErrorCode::Internal,
        #[cfg(feature = "s3")]
        DataError::Credentials(_) => ErrorCode::PermissionDenied,
        #[cfg(feature = "s3")]
        DataError::Store { .. } | DataError::Bucket { .. } => ErrorCode::Internal,
    }
}

#[cfg(test)]
mod tests {
    use casemate_wire::storage::{read_response, write_request};

    use bytes::Bytes;
    use tokio::io::AsyncWriteExt;

    use super::super::data::DataDirectory;
    use super::*;

    struct Served {
        folder: tempfile::TempDir,
        counters: Arc<Counters>,
        io: BoxedIo,
    }

    /// Over a pipe in memory.
    fn serve(files: &[(&str, &[u8])]) -> Served {
        let (io, other) = tokio::io::duplex(4096);
        serve_over(files, Box::new(io), Box::new(other))
    }

    /// Over a socket, to which the kernel sends files.
    fn serve_on_socket(files: &[(&str, &[u8])]) -> Served {
        let (io, other) = tokio::net::UnixStream::pair().unwrap();
        serve_over(files, Box::new(io), Box::new(other))
    }

    fn serve_over(files: &[(&str, &[u8])], io: BoxedIo, other: BoxedIo) -> Served {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let counters = Arc::new(Counters::default());
        let directory = DataDirectory::open(folder.path()).unwrap();
        let server = Arc::new(StorageServer::new(directory.into(), counters.clone()));
        tokio::spawn(server.serve(other));
        Served { folder, counters, io }
    }

    impl Served {
        async fn ask(&mut self, request: Request) -> Response {
            write_request(&mut self.io, 7, &request).await.unwrap();
            let (id, response) = read_response(&mut self.io).await.unwrap().unwrap();
            assert_eq!(id, 7);
            response
        }

        async fn refusal(&mut self, request: Request) -> ErrorCode {
            match self.ask(request).await {
                Response::Error { code, .. } => code,
                other => panic!("{other:?}"),
            }
        }
    }

    fn get(path: &str, start: u64, end: u64) -> Request {
        Request::Get { path: path.into(), start, end }
    }

    #[tokio::test]
    async fn files_are_listed_measured_and_read_in_ranges() {
        let mut served = serve(&[("t/a.parquet", b"0123456789"), ("t/b.parquet", b"")]);
        let Response::Listing(files) = served.ask(Request::List { prefix: "t".into() }).await else { panic!() };
        assert_eq!(files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["t/a.parquet", "t/b.parquet"]);
        let Response::Meta(meta) = served.ask(Request::Head { path: "t/a.parquet".into() }).await else { panic!() };
        assert_eq!(meta.size, 10);
        assert_eq!(served.ask(get("t/a.parquet", 3, 6)).await, Response::Data(Bytes::from_static(b"345")));
        assert_eq!(served.counters.values().storage_bytes, 3);
    }

    #[tokio::test]
    async fn what_lies_outside_or_is_not_there_is_refused_and_the_connection_goes_on() {
        let mut served = serve(&[("a", b"0123456789")]);
        for path in ["../a", "/etc/passwd", "a/../../x", ""] {
            assert_eq!(served.refusal(get(path, 0, 1)).await, ErrorCode::BadRequest, "{path}");
        }
        assert_eq!(served.refusal(Request::Head { path: "b".into() }).await, ErrorCode::NotFound);
        assert_eq!(served.refusal(Request::List { prefix: "..".into() }).await, ErrorCode::BadRequest);
        for (start, end) in [(0, 11), (5, 5), (6, 5), (0, u64::MAX), (u64::MAX - 1, u64::MAX)] {
            assert_eq!(served.refusal(get("a", start, end)).await, ErrorCode::BadRequest, "{start}..{end}");
        }
        assert_eq!(served.ask(get("a", 0, 1)).await, Response::Data(Bytes::from_static(b"0")));
        assert_eq!(served.counters.values().storage_refused, 11);
    }

    #[tokio::test]
    async fn many_requests_may_be_in_flight_and_each_gets_its_own_answer() {
        let content: Vec<u8> = (0..3_000_000u32).map(|index| (index / 7) as u8).collect();
        for served in [serve(&[("a", &content)]), serve_on_socket(&[("a", &content)])] {
            let (mut reader, mut writer) = tokio::io::split(served.io);
            let range = |id: u64| (id * 1000, 1 + id * 14_000);
            let asking = tokio::spawn(async move {
                for id in 0..200 {
                    let (start, end) = range(id);
                    write_request(&mut writer, id, &get("a", start, end)).await.unwrap();
                }
                writer
            });
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..200 {
                let (id, response) = read_response(&mut reader).await.unwrap().unwrap();
                let Response::Data(bytes) = response else { panic!() };
                let (start, end) = range(id);
                assert!(bytes == content[start as usize..end as usize], "{id}");
                seen.insert(id);
            }
            assert_eq!(seen.len(), 200);
            drop(asking.await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_reader_that_pauses_gets_everything_in_the_end() {
        let content = vec![9; 4 << 20];
        for mut served in [serve(&[("a", &content)]), serve_on_socket(&[("a", &content)])] {
            write_request(&mut served.io, 1, &get("a", 0, 4 << 20)).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let (_, response) = read_response(&mut served.io).await.unwrap().unwrap();
            assert!(response == Response::Data(content.clone().into()));
        }
    }

    #[tokio::test]
    async fn a_file_that_is_cut_while_it_is_sent_ends_the_connection() {
        let content = vec![9; 6 << 20];
        for mut served in [serve(&[("a", &content)]), serve_on_socket(&[("a", &content)])] {
            write_request(&mut served.io, 1, &get("a", 0, 6 << 20)).await.unwrap();
            // It has begun, and can't go on before something is read.
            let incoming = casemate_wire::storage::read_incoming(&mut served.io).await.unwrap().unwrap();
            assert_eq!(incoming, casemate_wire::storage::Incoming::Data { id: 1, len: 6 << 20 });
            std::fs::File::options().write(true).open(served.folder.path().join("a")).unwrap().set_len(10).unwrap();
            let mut received = bytes::BytesMut::new();
            let read = casemate_wire::storage::read_data(&mut served.io, 6 << 20, &mut received).await;
            assert!(read.is_err());
        }
    }

    #[tokio::test]
    async fn garbage_ends_the_connection_and_nothing_else() {
        let mut served = serve(&[("a", b"x")]);
        served.io.write_all(&[0xff; 64]).await.unwrap();
        assert!(read_response(&mut served.io).await.is_ok_and(|answer| answer.is_none()));
    }
}

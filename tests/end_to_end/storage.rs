//! The way to the files: nothing outside the data directory is served, and a parent that lies about files is an error
//! for the query, never a wrong answer or a broken engine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use casemate_engine::StorageConnector;
use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_host::parent::DataDirectory;
use casemate_tests::deployment::{Deployment, Plan};
use casemate_tests::engines::{self, LocalEngine, PCRS};
use casemate_tests::{data, soon};
use casemate_wire::session::QueryFailure;
use casemate_wire::storage::{
    ErrorCode, ObjectMeta, Request, Response, read_request, read_response, write_request, write_response,
};
use casemate_wire::transport::{self, BoxedIo};

use crate::{ONE, PROGRAMS, small_tables};

const SECRET: &str = "a-secret-of-the-parent";

/// A data directory with a table in it, and a secret beside it.
fn folders() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("secret.csv"), SECRET).unwrap();
    data::write_canary_table(&folder.path().join("outside.parquet"), true);
    data::write_canary_table(&folder.path().join("data/inside.parquet"), true);
    symlink(folder.path().join("secret.csv"), folder.path().join("data/link.csv")).unwrap();
    symlink(folder.path(), folder.path().join("data/up")).unwrap();
    folder
}

/// Asks the parent's storage server directly, as an engine would.
async fn ask(deployment: &Deployment, request: &Request) -> Response {
    let mut io = transport::connect(&deployment.storage_address).await.unwrap();
    write_request(&mut io, 7, request).await.unwrap();
    let (id, response) = soon("a response", read_response(&mut io)).await.unwrap().expect("a response");
    assert_eq!(id, 7);
    response
}

#[tokio::test]
async fn the_storage_server_gives_nothing_from_outside_its_directory() {
    let folder = folders();
    let deployment = Plan::new(PROGRAMS, &folder.path().join("data")).start().await;
    let secret = folder.path().join("secret.csv");
    let paths =
        ["../secret.csv", "link.csv", "up/secret.csv", "./../secret.csv", "x/../../secret.csv", "/etc/passwd", "", "."];
    for path in paths.into_iter().chain(secret.to_str()) {
        let path = path.to_owned();
        for request in [Request::Head { path: path.clone() }, Request::Get { path: path.clone(), start: 0, end: 4 }] {
            let response = ask(&deployment, &request).await;
            assert!(matches!(response, Response::Error { .. }), "{request:?}: {response:?}");
        }
    }
    for prefix in ["..", "up", "../", "/etc", "inside.parquet/.."] {
        match ask(&deployment, &Request::List { prefix: prefix.to_owned() }).await {
            Response::Error { .. } => {}
            Response::Listing(files) => assert!(files.is_empty(), "{prefix}: {files:?}"),
            other => panic!("{prefix}: {other:?}"),
        }
    }
    let inside = ask(&deployment, &Request::Head { path: "inside.parquet".to_owned() }).await;
    assert!(matches!(inside, Response::Meta(_)), "{inside:?}");
}

#[tokio::test]
async fn a_query_reads_neither_the_enclaves_files_nor_the_parents_others() {
    let folder = folders();
    let deployment = Plan::new(PROGRAMS, &folder.path().join("data")).start().await;
    let mut client = deployment.connect().await;
    let outside = folder.path().join("outside.parquet").display().to_string();
    let paths = ["../outside.parquet", "up/outside.parquet", "inside/../../outside.parquet", "file:///etc/passwd"];
    let mut paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    paths.extend([outside.clone(), format!("file://{outside}"), format!("file:{outside}")]);
    for path in paths {
        let sql = format!("SELECT * FROM parquet.`{path}`");
        let answer = soon("an answer", client.query(&sql).await.unwrap().collect()).await;
        assert!(matches!(answer, Err(HostError::Query(_))), "{path}: {answer:?}");
    }
    let sql = "SELECT * FROM parquet.`inside.parquet`";
    let rows = soon("an answer", client.query(sql).await.unwrap().collect()).await.unwrap();
    assert_eq!(rows[0].batches[0].num_rows(), data::CANARY_VALUES.len());
}

/// Changes an honest answer to a request.
type Lie = fn(&Request, Response) -> Answer;

/// What a lying server does.
enum Answer {
    Response(Response),
    Unasked(Response),
    Silence,
    HangUp,
}

/// A storage server that answers as `lie` tells it.
struct Liar {
    directory: Arc<DataDirectory>,
    lie: Lie,
}

#[async_trait]
impl StorageConnector for Liar {
    async fn connect(&self) -> std::io::Result<BoxedIo> {
        let (engine, server) = tokio::io::duplex(256 << 10);
        tokio::spawn(serve(server, Arc::clone(&self.directory), self.lie));
        Ok(Box::new(engine))
    }
}

async fn serve(mut io: tokio::io::DuplexStream, directory: Arc<DataDirectory>, lie: Lie) {
    while let Ok(Some((id, request))) = read_request(&mut io).await {
        let honest = honest_response(&directory, &request);
        let (id, response) = match lie(&request, honest) {
            Answer::Response(response) => (id, response),
            Answer::Unasked(response) => (id + 1000, response),
            Answer::Silence => continue,
            Answer::HangUp => return,
        };
        if write_response(&mut io, id, &response).await.is_err() {
            return;
        }
    }
}

fn honest_response(directory: &DataDirectory, request: &Request) -> Response {
    let meta = |path: &str| {
        let size = fs::metadata(directory.path().join(path)).map(|metadata| metadata.len());
        size.map(|size| ObjectMeta { path: path.to_owned(), size, modified_ms: 0 })
    };
    let response = match request {
        Request::Head { path } => meta(path).map(Response::Meta),
        Request::List { prefix } => meta(prefix).map(|meta| Response::Listing(vec![meta])),
        Request::Get { path, start, end } => fs::read(directory.path().join(path))
            .map(|bytes| Response::Data(Bytes::from(bytes).slice(*start as usize..*end as usize))),
    };
    response.unwrap_or_else(|_| Response::Error { code: ErrorCode::NotFound, message: String::new() })
}

/// An engine whose parent answers with `lie`, and a client of it.
async fn engine_with(folder: &Path, lie: Lie) -> (LocalEngine, Client) {
    let nsm = engines::simulated_nsm(PCRS, 0);
    let (keys, trust) = (engines::keys(), engines::trust(&nsm));
    let liar = Liar { directory: Arc::new(DataDirectory::open(folder).unwrap()), lie };
    let engine = LocalEngine::start(nsm, engines::access(&keys), liar, |config| {
        config.storage_options.timeout = Duration::from_secs(2);
    })
    .await;
    let client = soon("a session", Client::connect(&engine.address, &keys, &trust)).await.unwrap();
    (engine, client)
}

async fn failure(client: &mut Client, sql: &str) -> QueryFailure {
    match soon("an answer", client.query(sql).await.unwrap().collect()).await {
        Err(HostError::Query(failure)) => failure,
        other => panic!("the query did not fail: {other:?}"),
    }
}

#[tokio::test]
async fn honest_answers_through_the_same_server_are_accepted() {
    let (_engine, mut client) = engine_with(&small_tables(), |_, honest| Answer::Response(honest)).await;
    soon("an answer", client.query(ONE).await.unwrap().collect()).await.unwrap();
}

#[tokio::test]
async fn every_lie_about_a_file_is_an_error_of_the_query_and_the_session_goes_on() {
    let lies: [(&str, Lie); 9] = [
        ("too few bytes", |_, honest| {
            Answer::Response(change(honest, |mut bytes| {
                bytes.pop();
                bytes
            }))
        }),
        ("too many bytes", |_, honest| Answer::Response(change(honest, |bytes| [bytes, vec![0]].concat()))),
        ("no bytes", |_, honest| Answer::Response(change(honest, |_| Vec::new()))),
        // Many, since an answer may have more than the query needs.
        ("changed bits", |_, honest| {
            Answer::Response(change(honest, |mut bytes| {
                bytes.iter_mut().step_by(64).for_each(|byte| *byte ^= 1);
                bytes
            }))
        }),
        ("a larger file", |_, honest| Answer::Response(resized(honest, |size| size + 100))),
        ("a smaller file", |_, honest| Answer::Response(resized(honest, |size| size - 1))),
        ("a file of impossible size", |_, honest| Answer::Response(resized(honest, |_| u64::MAX))),
        ("an answer of another kind", |_, _| Answer::Response(Response::Listing(Vec::new()))),
        ("an error", |_, _| {
            let message = "\u{1b}[31mnot today".to_owned();
            Answer::Response(Response::Error { code: ErrorCode::Internal, message })
        }),
    ];
    for (lie, answer) in lies {
        let (engine, mut client) = engine_with(&small_tables(), answer).await;
        let failure = failure(&mut client, ONE).await;
        assert_ne!(failure.kind, "internal", "{lie}: {failure:?}");
        assert!(!failure.message.contains('\u{1b}'), "{lie}: {failure:?}");
        soon("an answer", client.query("SELECT 1").await.unwrap().collect()).await.unwrap();
        drop(engine);
    }
}

#[tokio::test]
async fn a_server_that_is_silent_hangs_up_or_answers_what_nobody_asked_is_an_error_in_time() {
    let lies: [(&str, Lie); 3] = [
        ("silence", |_, _| Answer::Silence),
        ("hanging up", |_, _| Answer::HangUp),
        ("answers to other requests", |_, honest| Answer::Unasked(honest)),
    ];
    for (lie, answer) in lies {
        let (_engine, mut client) = engine_with(&small_tables(), answer).await;
        let failure = failure(&mut client, ONE).await;
        assert!(failure.message.contains("storage server"), "{lie}: {failure:?}");
        soon("an answer", client.query("SELECT 1").await.unwrap().collect()).await.unwrap();
    }
}

/// Changes the bytes of a file that are answered.
fn change(response: Response, change: fn(Vec<u8>) -> Vec<u8>) -> Response {
    match response {
        Response::Data(bytes) => Response::Data(change(bytes.to_vec()).into()),
        other => other,
    }
}

/// Changes the size that a file is said to have.
fn resized(response: Response, size: fn(u64) -> u64) -> Response {
    let resize = |meta: ObjectMeta| ObjectMeta { size: size(meta.size), ..meta };
    match response {
        Response::Meta(meta) => Response::Meta(resize(meta)),
        Response::Listing(files) => Response::Listing(files.into_iter().map(resize).collect()),
        other => other,
    }
}

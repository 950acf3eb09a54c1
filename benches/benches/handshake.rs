//! Handshakes: both sides on one core, and the engine's own processor time without that of the NSM.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use casemate_benches::sessions::{PIPE_BYTES, Parties};
use casemate_wire::attestation::{Nsm, NsmError, SimulatedNsm};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nix::time::{ClockId, clock_gettime};
use tokio::io::DuplexStream;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// The processor time of this thread.
fn thread_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("this thread has a clock").into()
}

/// Adds up the processor time that the NSM took of the thread that made it: on Nitro it runs elsewhere.
struct Timed {
    nsm: SimulatedNsm,
    thread: ThreadId,
    nanoseconds: Arc<AtomicU64>,
}

impl Nsm for Timed {
    fn attest(&self, user_data: &[u8], nonce: &[u8], public_key: &[u8]) -> Result<Vec<u8>, NsmError> {
        let begin = thread_time();
        let document = self.nsm.attest(user_data, nonce, public_key);
        if thread::current().id() == self.thread {
            let taken = thread_time().saturating_sub(begin).as_nanos();
            self.nanoseconds.fetch_add(u64::try_from(taken).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        document
    }

    fn is_simulated(&self) -> bool {
        true
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn both_sides(criterion: &mut Criterion) {
    let (runtime, parties) = (runtime(), Parties::new(|nsm| nsm));
    let mut group = criterion.benchmark_group("handshake");
    group.throughput(Throughput::Elements(1));
    group.bench_function("client, engine and simulated NSM on one core", |bencher| {
        bencher.iter(|| runtime.block_on(parties.session()));
    });
    group.finish();
}

/// The processor time of `handshakes` on the engine's side, without the NSM's.
fn engine_time(handshakes: u64) -> Duration {
    let (to_engine, connections) = mpsc::unbounded_channel();
    let nanoseconds = Arc::new(AtomicU64::new(0));
    let (ready, parties) = std::sync::mpsc::channel();
    let of_nsm = Arc::clone(&nanoseconds);
    let engine = thread::spawn(move || {
        let thread = thread::current().id();
        let parties = Arc::new(Parties::new(|nsm| Timed { nsm, thread, nanoseconds: of_nsm }));
        ready.send(Arc::clone(&parties)).expect("the other side waits");
        serve(&parties, connections)
    });
    let parties = parties.recv().expect("the engine's side is made");
    runtime().block_on(async {
        for _ in 0..handshakes {
            let (near, far) = tokio::io::duplex(PIPE_BYTES);
            to_engine.send(far).expect("the engine's thread runs");
            parties.connect(near).await.expect("a session");
        }
    });
    drop(to_engine);
    let total = engine.join().expect("the engine's thread ends");
    total.saturating_sub(Duration::from_nanos(nanoseconds.load(Ordering::Relaxed)))
}

/// Accepts all connections, and gives the processor time that it took.
fn serve(parties: &Parties, mut connections: mpsc::UnboundedReceiver<DuplexStream>) -> Duration {
    runtime().block_on(async {
        let begin = thread_time();
        while let Some(io) = connections.recv().await {
            drop(parties.accept(io).await.expect("a session"));
        }
        thread_time().saturating_sub(begin)
    })
}

fn engine_side(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handshake");
    group.throughput(Throughput::Elements(1));
    group.bench_function("engine's processor time without the NSM", |bencher| bencher.iter_custom(engine_time));
    group.finish();
}

criterion_group!(benches, both_sides, engine_side);
criterion_main!(benches);

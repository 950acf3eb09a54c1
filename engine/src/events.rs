//! What the engine may say about itself in logs, and what a panic may.
//!
//! The parent reads the engine's output. An [`Event`] can hold numbers and addresses and nothing else, so
//! that no query, data, key or error text can get there by mistake.

use std::fmt;
use std::io::IsTerminal;
use std::panic;
use std::time::Duration;

use casemate_wire::address::Address;

/// One line of the log.
#[derive(Debug)]
pub enum Event {
    /// The engine accepts connections.
    Listening(Address),
    /// A connection was turned away because a quota is used up.
    Busy,
    /// A handshake did not complete: bad frames, no time left, or a client that may not come in.
    HandshakeFailed,
    /// A session begins.
    SessionOpened(u64),
    /// A session ended.
    SessionClosed {
        /// Its number.
        session: u64,
        /// Queries that it ran.
        queries: u64,
        /// How long it lasted.
        lasted: Duration,
    },
    /// A client sent something that no honest client sends, and its session was closed.
    BadFrame(u64),
    /// A query ended with an error that is a defect of the engine.
    QueryPanicked(u64),
    /// A connection could not be accepted.
    AcceptFailed,
    /// A signal asked the engine to stop.
    Stopping {
        /// Sessions that were open.
        sessions: usize,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Listening(address) => write!(f, "listening on {address}"),
            Event::Busy => f.write_str("connection refused: busy"),
            Event::HandshakeFailed => f.write_str("handshake failed"),
            Event::SessionOpened(session) => write!(f, "session {session} opened"),
            Event::SessionClosed { session, queries, lasted } => {
                write!(f, "session {session} closed after {:.1} s and {queries} queries", lasted.as_secs_f64())
            }
            Event::BadFrame(session) => write!(f, "session {session} sent a bad frame"),
            Event::QueryPanicked(session) => write!(f, "session {session}: a query hit a defect of the engine"),
            Event::AcceptFailed => f.write_str("a connection could not be accepted"),
            Event::Stopping { sessions } => write!(f, "stopping with {sessions} sessions"),
        }
    }
}

impl Event {
    /// Writes the line to whatever collects the process's traces.
    pub fn log(&self) {
        tracing::info!(target: TARGET, "{self}");
    }
}

/// The only target whose traces [`log_to_stderr`] lets through.
const TARGET: &str = "casemate_engine";

/// Sends events, and nothing that a library says, to the standard error stream. A second call does nothing.
pub fn log_to_stderr() {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::layer::SubscriberExt;

    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let only_events = Targets::new().with_target(TARGET, LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && !no_colour)
        .with_target(false);
    let collector = tracing_subscriber::registry().with(only_events).with(lines);
    // Not `init`, which would also collect the `log` records of libraries, with query texts in them.
    let _already_set = tracing::subscriber::set_global_default(collector);
}

/// Makes panics print where they happened and never what they say: messages quote data.
pub fn hide_panic_messages() {
    panic::set_hook(Box::new(|panic| match panic.location() {
        Some(place) => eprintln!("casemate-engine: internal error at {}:{}", place.file(), place.line()),
        None => eprintln!("casemate-engine: internal error"),
    }));
}

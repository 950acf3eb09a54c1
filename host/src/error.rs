//! The crate's error type, and the exit codes that follow from it.

use std::io;
use std::time::Duration;

use casemate_wire::address::Address;
use casemate_wire::handshake::HandshakeError;
use casemate_wire::session::QueryFailure;
use spark_differential::program::ProgramError;
use spark_differential::suite::SuiteError;

use crate::dataset::DatasetError;
use crate::enclave::ImageError;
use crate::files::FileError;
use crate::lifecycle::nitro_cli::NitroCliError;
use crate::lifecycle::supervisor::SupervisorError;
use crate::output::OutputError;
use crate::parent::DataError;

/// Result of everything in this crate.
pub type Result<T> = std::result::Result<T, HostError>;

/// What can go wrong outside the enclave. Messages say what to do next; none of them holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Nobody answers at an address.
    #[error("can't connect to {address}: {source}; is the engine or `casemate serve` running there?")]
    Connect {
        /// Who was called.
        address: Address,
        /// The cause.
        source: io::Error,
    },
    /// An address can't be listened on.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: Address,
        /// The cause.
        source: io::Error,
    },
    /// The handshake failed.
    #[error("no session: {0}")]
    Handshake(#[from] HandshakeError),
    /// The other side did not finish the handshake in time.
    #[error("no session: the other side did not finish the handshake within {} seconds", .0.as_secs())]
    HandshakeTimeout(Duration),
    /// The connection or the sealed stream failed.
    #[error(transparent)]
    Protocol(#[from] casemate_wire::Error),
    /// An answer of a query that was given up half read; the connection can't be used any more.
    #[error("an answer was given up in the middle of a record; open a new session")]
    Interrupted,
    /// The query failed in the engine.
    #[error("{}", .0.message)]
    Query(QueryFailure),
    /// The query was cancelled.
    #[error("the query was cancelled")]
    Cancelled,
    /// The query took longer than the caller allows; it was cancelled.
    #[error("timeout: no answer within {} seconds", .0.as_secs_f64())]
    Timeout(Duration),
    /// A keys, trust or access file.
    #[error(transparent)]
    File(#[from] FileError),
    /// An enclave image, or what goes into one.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A dataset that is sealed, signed or verified here.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A dataset that is not what its manifest says.
    #[error("{0}")]
    Unverified(String),
    /// A result could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The tables that a parent serves.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file or a stream of this machine.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// The cause.
        source: io::Error,
    },
    /// Arguments that do not go together.
    #[error("{0}")]
    Usage(String),
    /// The attested engine is not accepted by the trust file.
    #[error("{0}")]
    Refused(String),
    /// The engine inside this process.
    #[error("the embedded engine can't start: {0}")]
    Embedded(String),
    /// A process that was started here did not do its part.
    #[error("{0}")]
    Process(String),
    /// An enclave could not be started, described or ended.
    #[error(transparent)]
    NitroCli(#[from] NitroCliError),
    /// An enclave that `casemate serve` started is gone for good.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// Something stands in the way of an enclave.
    #[error("{0}")]
    Lifecycle(String),
    /// Statements, or their stored answers.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The reference of a comparison gave no answer.
    #[error("the reference: {0}")]
    Reference(#[from] ProgramError),
    /// Answers differ from the reference's.
    #[error("{differing} of {queries} statements differ from the reference")]
    Differing {
        /// Statements whose answers differ, those that are known to aside.
        differing: usize,
        /// All statements.
        queries: usize,
    },
    /// A step of the demonstration did not do what it shows.
    #[error("{0}")]
    Demo(String),
}

/// What a script can rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// All done.
    Ok = 0,
    /// The query failed or was cancelled, or answers differ.
    Query = 1,
    /// The command line can't be understood.
    Usage = 2,
    /// The enclave could not prove that it is what the trust file accepts.
    Attestation = 3,
    /// No connection, or the protocol was broken: nothing of the result may be used.
    Connection = 4,
    /// A file could not be read or written.
    File = 5,
}

impl HostError {
    /// The exit code of a program that ends with this error.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Query(_)
            | Self::Cancelled
            | Self::Timeout(_)
            | Self::Embedded(_)
            | Self::Process(_)
            | Self::NitroCli(_)
            | Self::Supervisor(_)
            | Self::Lifecycle(_)
            | Self::Reference(_)
            | Self::Differing { .. }
            | Self::Unverified(_)
            | Self::Demo(_) => ExitStatus::Query,
            Self::Usage(_) | Self::Image(ImageError::Option(_)) => ExitStatus::Usage,
            Self::Refused(_) => ExitStatus::Attestation,
            Self::Handshake(error) => handshake_status(error),
            Self::Protocol(error) => protocol_status(error),
            Self::Connect { .. } | Self::Listen { .. } | Self::HandshakeTimeout(_) | Self::Interrupted => {
                ExitStatus::Connection
            }
            Self::Output(OutputError::Io(_))
            | Self::File(_)
            | Self::Image(_)
            | Self::Dataset(_)
            | Self::Data(_)
            | Self::Suite(_)
            | Self::Io { .. } => ExitStatus::File,
            Self::Output(_) => ExitStatus::Query,
        }
    }

    /// Whether the same may go well in a moment: nobody was there, or who was there had no place or is gone.
    pub fn is_passing(&self) -> bool {
        use casemate_wire::Error;
        use casemate_wire::frame::StatusCode;
        match self {
            Self::Connect { .. } | Self::HandshakeTimeout(_) => true,
            Self::Handshake(HandshakeError::Connection(error)) | Self::Protocol(error) => matches!(
                error,
                Error::Status(StatusCode::Busy | StatusCode::Unavailable)
                    | Error::Io(_)
                    | Error::Closed
                    | Error::Truncated
            ),
            _ => false,
        }
    }

    /// Adds what was being done to an error of the operating system.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

fn handshake_status(error: &HandshakeError) -> ExitStatus {
    match error {
        HandshakeError::Attestation(_) | HandshakeError::PolicyHash(_) | HandshakeError::Downgrade => {
            ExitStatus::Attestation
        }
        _ => ExitStatus::Connection,
    }
}

/// Errors of files that the wire crate reads are errors of files; the rest concerns a connection or a sealed stream.
fn protocol_status(error: &casemate_wire::Error) -> ExitStatus {
    use casemate_wire::Error;
    match error {
        Error::SealedFile(_)
        | Error::WrongResultKey
        | Error::DataKey(_)
        | Error::ClientKey
        | Error::Config { .. }
        | Error::Json(_) => ExitStatus::File,
        Error::QueryTooLong(_) => ExitStatus::Query,
        _ => ExitStatus::Connection,
    }
}

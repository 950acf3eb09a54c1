//! Points in time, as attestation documents write them. Nothing in this crate reads a clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub u64);

/// Where a caller's time comes from: read when it is needed, so that a slow handshake is judged at its end.
pub type Clock = dyn Fn() -> UnixMillis + Send + Sync;

impl UnixMillis {
    /// This point plus `span`, at most the last representable one.
    pub fn saturating_add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// This point minus `span`, at least 1970-01-01.
    pub fn saturating_sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }
}

impl From<SystemTime> for UnixMillis {
    /// A time before 1970 becomes 1970: such a clock makes every document one from the future, which is refused.
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).map(millis).unwrap_or(0))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

//! The session's settings: which `spark.sql.*` keys are known, and what each may be.

/// The settings that statements are resolved and run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `spark.sql.session.timeZone`
    pub time_zone: String,
}

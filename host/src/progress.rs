//! Progress of long work, on a terminal only.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

/// A line on stderr that says what is going on; silent where stderr is no terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Starts the line. It is not shown where results go to the same terminal: they are the progress.
    pub(crate) fn start(message: &'static str, results_on_terminal: bool) -> Self {
        if !std::io::stderr().is_terminal() || results_on_terminal {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_message(message);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// Says how much has arrived.
    pub(crate) fn rows(&self, rows: u64) {
        if !self.0.is_hidden() {
            self.0.set_message(format!("{} rows", HumanCount(rows)));
        }
    }

    /// Says how many bytes were checked or hashed.
    pub(crate) fn hashed(&self, bytes: u64) {
        if !self.0.is_hidden() {
            self.0.set_message(format!("{} checked", HumanBytes(bytes)));
        }
    }

    /// Says how many bytes were read and how many rows were sealed.
    pub(crate) fn sealed(&self, bytes: u64, rows: u64) {
        if !self.0.is_hidden() {
            self.0.set_message(format!("{} read, {} rows sealed", HumanBytes(bytes), HumanCount(rows)));
        }
    }

    /// Says how many statements were judged.
    pub(crate) fn judged(&self, done: usize, of: usize, differing: usize) {
        if !self.0.is_hidden() {
            self.0.set_message(format!("{done} of {of} statements, {differing} differ"));
        }
    }

    /// Says how much has arrived.
    pub(crate) fn bytes(&self, bytes: u64) {
        if !self.0.is_hidden() {
            self.0.set_message(format!("{} sealed", HumanBytes(bytes)));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

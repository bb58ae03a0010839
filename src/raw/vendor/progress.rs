//! How far a pull is.

use std::time::Duration;

/// Where a pull stands.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// Pages have come.
    Pages {
        /// What was asked.
        request: &'a str,
        /// Pages so far.
        pages: usize,
        /// Rows so far.
        rows: u64,
    },
    /// The vendor prepares a bulk file.
    Preparing {
        /// What was asked.
        request: &'a str,
        /// The vendor's word for where it stands.
        status: &'a str,
    },
    /// A part of a bulk file has come.
    Bytes {
        /// What was asked.
        request: &'a str,
        /// Bytes so far.
        bytes: u64,
        /// Bytes in all, if the host says so.
        total_bytes: Option<u64>,
    },
    /// Something failed that may pass, and will be tried again.
    Waiting {
        /// What was asked.
        request: &'a str,
        /// What failed; contains no secret.
        reason: &'a str,
        /// How long until the next attempt.
        wait: Duration,
    },
}

/// Is told how a pull proceeds; called often, so it should be quick.
pub type OnProgress<'a> = dyn Fn(Progress<'_>) + Send + Sync + 'a;

//! What can go wrong between the vendor and a local file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::key::KEY_VARIABLE;

/// Errors of downloading; each says what was asked, what came, and what to do. None contains a secret.
#[derive(Debug, Error)]
pub enum VendorError {
    /// The environment has no key.
    #[error("there is no API key: set the environment variable {KEY_VARIABLE} to the key of your account")]
    NoKey,
    /// The key cannot be sent.
    #[error("the API key in {KEY_VARIABLE} has characters that no key has; copy it again from your account")]
    BadKey,
    /// The base URL cannot be used.
    #[error("'{found}' cannot be the vendor's URL: {reason}")]
    BaseUrl {
        /// The URL, without what may be secret in it.
        found: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The HTTP client cannot be set up.
    #[error("cannot set up HTTPS: {0}; are the system's certificates installed?")]
    Setup(String),
    /// The vendor refuses: bad key, no subscription, no such table or column.
    #[error("the vendor refuses {asked}: {status}{code} {message}\nhelp: {help}")]
    Refused {
        /// What was asked.
        asked: String,
        /// The HTTP status.
        status: u16,
        /// The vendor's code in brackets, or nothing.
        code: String,
        /// What the vendor said.
        message: String,
        /// What to do.
        help: &'static str,
    },
    /// A page was refused in the middle of a pull, most likely because its cursor has expired.
    #[error("the vendor no longer knows the cursor of {asked}: {status} {message}")]
    CursorExpired {
        /// What was asked.
        asked: String,
        /// The HTTP status.
        status: u16,
        /// What the vendor said.
        message: String,
    },
    /// Too many requests.
    #[error("the vendor asks to slow down at {asked} (429)")]
    RateLimited {
        /// What was asked.
        asked: String,
        /// How long the vendor wants us to wait, if it says so.
        retry_after: Option<Duration>,
    },
    /// The vendor's server is in trouble.
    #[error("the vendor's server failed at {asked} ({status})")]
    Server {
        /// What was asked.
        asked: String,
        /// The HTTP status.
        status: u16,
        /// How long the vendor wants us to wait, if it says so.
        retry_after: Option<Duration>,
    },
    /// The connection failed, broke off or stalled.
    #[error("the connection failed at {asked}: {reason}")]
    Network {
        /// What was asked.
        asked: String,
        /// What failed, without the URL.
        reason: String,
    },
    /// The answer is not what the API promises: cut short, HTML, or other JSON.
    #[error("the answer to {asked} is not what the vendor's API promises: {reason}")]
    Malformed {
        /// What was asked.
        asked: String,
        /// What is wrong, with the beginning of what came.
        reason: String,
    },
    /// The pages of one pull have different columns.
    #[error("page {page} of {asked} has the columns {found}, the first page had {expected}; pull it again")]
    ColumnsChanged {
        /// What was asked.
        asked: String,
        /// The page, counted from 1.
        page: usize,
        /// The columns of the first page.
        expected: String,
        /// The columns of this page.
        found: String,
    },
    /// The vendor is not done preparing a bulk file.
    #[error("the bulk file of {asked} is still '{status}' after {waited:.0?}; try again later")]
    NotReady {
        /// What was asked.
        asked: String,
        /// The last status.
        status: String,
        /// How long we waited.
        waited: Duration,
    },
    /// The bulk file changed or its link ended while it was being fetched.
    #[error("the bulk file of {asked} cannot be continued: {reason}")]
    BulkChanged {
        /// What was asked.
        asked: String,
        /// What changed.
        reason: String,
    },
    /// All attempts failed.
    #[error("{last}\ngave up after {attempts} attempts in {waited:.0?}; run the command again, it continues from here")]
    GaveUp {
        /// How often it was tried.
        attempts: u32,
        /// Since the first attempt.
        waited: Duration,
        /// Why the last attempt failed.
        last: Box<VendorError>,
    },
    /// What came is the vendor's free sample, not the subscribed table.
    #[error(
        "{asked} {found}: this is the vendor's sample data, not the table\n\
         help: check {KEY_VARIABLE} and that your subscription covers the table; nothing was changed"
    )]
    SampleData {
        /// What was asked.
        asked: String,
        /// How old it is.
        found: String,
    },
    /// A complete answer would retract most of what is stored.
    #[error(
        "{asked} came with {rows} rows where {stored} are stored; landing it would delete most of them\n\
         help: if the vendor really removed them, say so explicitly; nothing was changed"
    )]
    Shrunk {
        /// What was asked.
        asked: String,
        /// Rows that came.
        rows: u64,
        /// Rows stored in the same window.
        stored: u64,
    },
    /// A column that the table must have is not in the answer.
    #[error("{asked} has no column '{column}', only {found}")]
    MissingColumn {
        /// What was asked.
        asked: String,
        /// The column.
        column: String,
        /// The columns it has.
        found: String,
    },
    /// A downloaded file is damaged.
    #[error("'{path}' is damaged: {reason}; delete its folder and pull again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A local file cannot be read or written.
    #[error("cannot use '{path}': {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Another process pulls the same table into the same folder.
    #[error("another process is pulling into '{path}'; wait for it to end")]
    Busy {
        /// The file that is locked.
        path: PathBuf,
    },
    /// A background thread ended early.
    #[error("a download was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// What helps against an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// Ask the same again after a while.
    Retry,
    /// Begin the pull anew.
    StartOver,
    /// Nothing that a program could do.
    None,
}

impl VendorError {
    /// What helps against it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::RateLimited { .. } | Self::Server { .. } | Self::Network { .. } | Self::Malformed { .. } => {
                Remedy::Retry
            }
            Self::CursorExpired { .. } | Self::ColumnsChanged { .. } | Self::BulkChanged { .. } => Remedy::StartOver,
            _ => Remedy::None,
        }
    }

    /// How long the vendor wants us to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Turns an error of the operating system into one that names the file.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// A failure of the connection, without the URL, which may be signed.
    pub(super) fn network(asked: impl ToString, error: reqwest::Error) -> Self {
        Self::Network { asked: asked.to_string(), reason: chain(&error.without_url()) }
    }

    /// An answer that is not as promised.
    pub(super) fn malformed(asked: impl ToString, reason: impl Into<String>) -> Self {
        Self::Malformed { asked: asked.to_string(), reason: reason.into() }
    }
}

/// An error and its causes in one line: the outermost message of an HTTP client alone says little.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

//! Errors of the audit.

use crate::engine::EngineError;
use crate::lake::LakeError;
use crate::pipeline::PipelineError;

/// Why an audit could not be done. That it found something is no error.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A check's header says something that is not known.
    #[error("{file}: {message}\nhelp: {help}")]
    Header {
        /// The file.
        file: String,
        /// What was expected and found.
        message: String,
        /// What to do.
        help: String,
    },
    /// No check has this name.
    #[error("there is no check '{name}'\nhelp: {help}")]
    UnknownCheck {
        /// The name or pattern that was asked for.
        name: String,
        /// Names that are like it, or where the names are.
        help: String,
    },
    /// A raw table has no rule that says what was known of it at a date.
    #[error(
        "nothing says what was known of {table} at a past date\nhelp: add sql/past/{file}.sql, a select of the rows that were known after the close of $as_of"
    )]
    NoPast {
        /// The raw table.
        table: String,
        /// Its bare name.
        file: String,
    },
    /// What was built does not belong to the SQL, the parameters or the raw data of now.
    #[error(
        "{} out of date, so a difference would show nothing\nhelp: `kairos run` first, with the same --overlay and --set",
        stale(.0)
    )]
    Stale(Vec<String>),
    /// There are too few sessions to choose a date from.
    #[error("{found} sessions are too few to look back from; there must be at least {needed}")]
    TooShort {
        /// Sessions in the prices.
        found: usize,
        /// Sessions that are needed.
        needed: usize,
    },
    /// A dataset could not be rebuilt from the past's raw data.
    #[error("the pipeline cannot be rebuilt as of {as_of}:\n{summary}")]
    Rebuild {
        /// The date.
        as_of: String,
        /// What failed.
        summary: String,
    },
    /// A file or statement of the SQL tree is wrong.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// A statement failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The temporary lake cannot be made.
    #[error("cannot make a temporary folder: {0}")]
    Folder(#[from] std::io::Error),
}

fn stale(datasets: &[String]) -> String {
    match datasets {
        [one] => format!("{one} is"),
        many => format!("{} are", many.join(", ")),
    }
}

impl From<datafusion::error::DataFusionError> for AuditError {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<datafusion::arrow::error::ArrowError> for AuditError {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        Self::Engine(error.into())
    }
}

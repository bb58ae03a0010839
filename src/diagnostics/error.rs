//! What can be wrong with a request for diagnostics.

use indicatif::DecimalBytes;
use thiserror::Error;

use crate::engine::EngineError;
use crate::lake::LakeError;

/// Errors of factor diagnostics.
#[derive(Debug, Error)]
pub enum DiagnosticsError {
    /// No dataset has the column.
    #[error("there is no column '{column}' in {}{}", .searched.join(", "), help(.near))]
    UnknownColumn {
        /// The column that was asked for.
        column: String,
        /// The datasets that were looked at.
        searched: Vec<String>,
        /// Columns that look alike.
        near: Vec<String>,
    },
    /// Several datasets have the column.
    #[error("column '{column}' is in several datasets\nhelp: write {}", .candidates.join(" or "))]
    AmbiguousColumn {
        /// The column that was asked for.
        column: String,
        /// Its forms with the dataset.
        candidates: Vec<String>,
    },
    /// The column is not a number.
    #[error("column '{dataset}.{column}' has type {found}; diagnostics need a number")]
    NotNumeric {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// The dataset has no key of ticker and date.
    #[error("dataset '{dataset}' has no column '{missing}'; diagnostics need one row per ticker and date")]
    NotKeyed {
        /// The dataset.
        dataset: String,
        /// The missing part of the key.
        missing: &'static str,
    },
    /// There is nothing to look at.
    #[error("there is no dataset feat_* with a numeric column in the lake\nhelp: build them with `kairos run`")]
    NoFeatures,
    /// The universe is empty in the range of dates.
    #[error("the universe has no members {range}\nhelp: the data covers {available}")]
    NoMembers {
        /// What was asked for.
        range: String,
        /// What there is.
        available: String,
    },
    /// A dataset shares no key with the universe.
    #[error(
        "no row of {dataset} belongs to a member of the universe {range}\n\
         help: `kairos describe {dataset}` shows its dates; its tickers must be those of sep_base_academic"
    )]
    NoOverlap {
        /// The dataset.
        dataset: String,
        /// The range of dates.
        range: String,
    },
    /// Two rows have one key.
    #[error("{dataset} has several rows for ticker {ticker} on {date}; diagnostics need one row per ticker and date")]
    DuplicateKey {
        /// The dataset.
        dataset: String,
        /// The ticker.
        ticker: String,
        /// The date.
        date: String,
    },
    /// The horizon of a target is not known.
    #[error("the horizon of target '{0}' is not in its name\nhelp: add --horizon ROWS")]
    UnknownHorizon(String),
    /// Columns that have to be in memory together are not.
    #[error(
        "{columns} columns need {} of memory together, the limit is {}\nhelp: name fewer columns, or raise --memory-limit",
        DecimalBytes(*.needed as u64), DecimalBytes(*.limit as u64)
    )]
    TooLarge {
        /// Number of columns.
        columns: usize,
        /// Bytes that they need.
        needed: usize,
        /// Bytes that there are.
        limit: usize,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] LakeError),
}

impl From<datafusion::common::DataFusionError> for DiagnosticsError {
    fn from(error: datafusion::common::DataFusionError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<datafusion::arrow::error::ArrowError> for DiagnosticsError {
    fn from(error: datafusion::arrow::error::ArrowError) -> Self {
        EngineError::from(error).into()
    }
}

fn help(near: &[String]) -> String {
    match near {
        [] => "\nhelp: `kairos describe DATASET` lists columns; another dataset's is DATASET.COLUMN".to_owned(),
        near => format!("\nhelp: did you mean {}?", near.join(" or ")),
    }
}

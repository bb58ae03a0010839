//! What can go wrong between a vendor file and the lake.

use std::fmt::Write;

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use thiserror::Error;
use zip::result::ZipError;

use super::RejectedRow;
use super::vendor::VendorError;
use crate::lake::LakeError;

/// Errors of reading and landing raw data; each names the file or table and what to do.
#[derive(Debug, Error)]
pub enum RawError {
    /// No raw table has this name.
    #[error("there is no raw table '{name}'; the tables are {known}\nhelp: did you mean {nearest}?")]
    UnknownTable {
        /// The name as given.
        name: String,
        /// The table whose name is most like it.
        nearest: &'static str,
        /// All names.
        known: String,
    },
    /// A table that was to be declared empty has rows.
    #[error("'{table}' has been landed already, with {rows} rows; --empty is for a table of which there are no files")]
    Landed {
        /// The table.
        table: &'static str,
        /// Its rows.
        rows: u64,
    },
    /// No file was given.
    #[error("no file to land into '{table}': name at least one CSV, CSV.gz, ZIP or Parquet file")]
    NoFiles {
        /// The table.
        table: &'static str,
    },
    /// A folder to land from cannot be listed.
    #[error("cannot list the folder '{folder}': {source}")]
    Folder {
        /// The folder.
        folder: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file cannot be opened, or breaks off, or its compressed data is damaged.
    #[error("cannot read '{file}': {source}; if it is incomplete, fetch it again")]
    Read {
        /// The file, with the member for a ZIP.
        file: String,
        /// What the operating system or the decompressor said.
        source: std::io::Error,
    },
    /// A ZIP archive is damaged or incomplete.
    #[error("cannot read the ZIP archive '{file}': {source}; if it is incomplete, fetch it again")]
    Zip {
        /// The archive.
        file: String,
        /// What the archive reader said.
        source: ZipError,
    },
    /// A ZIP archive holds no CSV file.
    #[error("the ZIP archive '{file}' holds no .csv file, only: {members}")]
    NoCsvInZip {
        /// The archive.
        file: String,
        /// What it holds.
        members: String,
    },
    /// A Parquet file is damaged, incomplete, or uses something the reader does not know.
    #[error("cannot read the Parquet file '{file}': {source}; if it is incomplete, fetch it again")]
    Parquet {
        /// The file.
        file: String,
        /// What the Parquet reader said.
        source: ParquetError,
    },
    /// A file without a single byte.
    #[error("'{file}' is empty: expected at least a header line")]
    Empty {
        /// The file.
        file: String,
    },
    /// Column names that cannot be used.
    #[error("the columns of '{file}' cannot be used: {reason}")]
    Header {
        /// The file.
        file: String,
        /// What is wrong with them.
        reason: String,
    },
    /// A mapping file that cannot be used.
    #[error("the mapping '{file}' cannot be used: {reason}")]
    Mapping {
        /// The mapping file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Required columns are missing.
    #[error("'{file}' is no '{table}' file: it lacks the columns {missing}; it has {found}")]
    MissingColumns {
        /// The file.
        file: String,
        /// The table it was meant for.
        table: &'static str,
        /// All required columns that it lacks.
        missing: String,
        /// The columns that it has.
        found: String,
    },
    /// A column whose type has no sensible conversion.
    #[error("column '{column}' of '{file}' has type {found}, which cannot become {expected}")]
    ColumnType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its type in the file.
        found: String,
        /// The type it must have.
        expected: String,
    },
    /// A record of absurd length, most likely after a quote that is never closed.
    #[error(
        "the record that begins in line {line} of '{file}' is longer than {limit} bytes: is a quote left open there?"
    )]
    RecordTooLong {
        /// The file.
        file: String,
        /// Where the record begins.
        line: u64,
        /// The longest record that is read.
        limit: usize,
    },
    /// Bad rows, and no permission to set them aside.
    #[error("{}", describe_rejected(table, *total, rows))]
    Rejected {
        /// The table.
        table: &'static str,
        /// How many bad rows all files have.
        total: u64,
        /// The first of them.
        rows: Vec<RejectedRow>,
    },
    /// The temporary folder for sorting cannot be used.
    #[error("cannot stage rows in the temporary folder: {0}; TMPDIR names another one")]
    Stage(#[from] std::io::Error),
    /// Writing or reading a temporary file failed.
    #[error("cannot stage rows in the temporary folder: {0}; TMPDIR names another one")]
    StageParquet(#[from] ParquetError),
    /// A column got another type while this landing was under way.
    #[error(
        "column '{column}' of '{dataset}' became {stored} while {staged} was being landed; nothing was changed, run the command again"
    )]
    ColumnChanged {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// The type it has in the lake now.
        stored: String,
        /// The type it was converted to.
        staged: String,
    },
    /// The vendor refused, or its answer cannot be used.
    #[error(transparent)]
    Vendor(Box<VendorError>),
    /// A table was not landed because what it takes to know which tickers changed did not come, or because it tells so and
    /// another table has not heard it yet.
    #[error(
        "{table} was pulled and not landed, because {because} is not up to date: which tickers were renamed or split must be known, or told again, for all tables"
    )]
    Withheld {
        /// The table.
        table: &'static str,
        /// The table that is not up to date.
        because: &'static str,
    },
    /// The background thread that reads files ended early.
    #[error("reading was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
    /// The lake refused.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Arrow refused a conversion.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// Sorting or reading stored rows failed.
    #[error(transparent)]
    Query(#[from] DataFusionError),
}

impl From<VendorError> for RawError {
    fn from(error: VendorError) -> Self {
        Self::Vendor(Box::new(error))
    }
}

fn describe_rejected(table: &str, total: u64, rows: &[RejectedRow]) -> String {
    let noun = if total == 1 { "row is" } else { "rows are" };
    let mut text = format!(
        "{total} {noun} bad, so nothing was landed into '{table}'; correct the file, or land the rest with --quarantine"
    );
    for row in rows {
        let _ = write!(text, "\n  {row}");
    }
    let left = total.saturating_sub(rows.len() as u64);
    if left > 0 {
        let _ = write!(text, "\n  and {left} more");
    }
    text
}

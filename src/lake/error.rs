//! What can go wrong between a dataset and its storage.

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::parquet::errors::ParquetError;
use deltalake_core::DeltaTableError;
use thiserror::Error;

/// Errors of the lake; each names the dataset or location and what to do.
#[derive(Debug, Error)]
pub enum LakeError {
    /// The lake's root is not a usable location.
    #[error("cannot use '{location}' as a lake: {reason}")]
    Location {
        /// The location as the user gave it.
        location: String,
        /// Why it is refused.
        reason: String,
    },
    /// A name that cannot name a dataset.
    #[error("'{name}' cannot name a dataset: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What a name may be.
        reason: &'static str,
    },
    /// A dataset has no version with this number.
    #[error(
        "dataset '{dataset}' has no version {version}; its versions are 0 to {latest} (`kairos history {dataset}` lists them)"
    )]
    NoSuchVersion {
        /// The dataset.
        dataset: String,
        /// The version that was asked for.
        version: u64,
        /// The newest version there is.
        latest: u64,
    },
    /// Another writer committed between reading and committing.
    #[error(
        "dataset '{dataset}' was changed by another writer: this commit started from {started_from}, which is no longer the newest version; nothing was lost, run the command again"
    )]
    Conflict {
        /// The dataset.
        dataset: String,
        /// The version that the losing commit was based on.
        started_from: String,
    },
    /// The log of a dataset cannot be read.
    #[error(
        "the log of dataset '{dataset}' cannot be read: {source}; its data files are untouched, restore the folder '_delta_log' from a copy, read an older version (at_version('{dataset}', n)), or remove the dataset and build or land it again"
    )]
    Log {
        /// The dataset.
        dataset: String,
        /// What the Delta log reader said.
        source: Box<DeltaTableError>,
    },
    /// The log of a version is not what was written.
    #[error(
        "the log of dataset '{dataset}' is damaged: version {version} is not what was committed (checksum); its data files are untouched: restore the folder '_delta_log' from a copy, read an older version (at_version('{dataset}', n)), or remove the dataset and build or land it again"
    )]
    DamagedLog {
        /// The dataset.
        dataset: String,
        /// The version.
        version: u64,
    },
    /// A version could not be written to the log.
    #[error(
        "committing a version of dataset '{dataset}' failed: {source}; readers see the version before, or the new one in full if only the summary of the log could not be written (`kairos history {dataset}`); see to the storage and run the command again"
    )]
    Commit {
        /// The dataset.
        dataset: String,
        /// What the Delta log writer said.
        source: Box<DeltaTableError>,
    },
    /// A store that lets two writers create the same object.
    #[error(
        "'{location}' cannot hold a lake: its server ignores conditional writes (If-None-Match: * on PUT), so of two writers both would win and one version would be lost\nhelp: use a server that honours them, such as Amazon S3 or a current MinIO; nothing was committed"
    )]
    NoConditionalWrites {
        /// The lake.
        location: String,
    },
    /// Another process holds a lock.
    #[error("'{name}' is under way already: {holder}\nhelp: wait for it to end; nothing was begun here")]
    Locked {
        /// What is locked.
        name: String,
        /// Who holds it.
        holder: String,
    },
    /// A lock cannot be taken at all.
    #[error("cannot take the lock '{name}' in the folder '_locks' of the lake: {reason}")]
    Lock {
        /// What was to be locked.
        name: String,
        /// What the operating system said.
        reason: String,
    },
    /// A log entry holds something this version of Kairos does not understand.
    #[error("version {version} of dataset '{dataset}' cannot be used: {reason}")]
    Unsupported {
        /// The dataset.
        dataset: String,
        /// The version.
        version: u64,
        /// What is not understood.
        reason: String,
    },
    /// A data file that a version names is not there.
    #[error(
        "file '{file}' of dataset '{dataset}' is gone: version {version} cannot be read in full; if it is an old version, `kairos vacuum` has removed it, else restore the file, build or land '{dataset}' again, or read an older version (`kairos history {dataset}`, then at_version('{dataset}', n))"
    )]
    MissingFile {
        /// The dataset.
        dataset: String,
        /// The version that was being read.
        version: u64,
        /// The file.
        file: String,
    },
    /// A data file is not what was written.
    #[error(
        "file '{file}' of dataset '{dataset}' (version {version}) is damaged: {reason}; restore it from a copy, build or land '{dataset}' again, or read an older version (`kairos history {dataset}`, then at_version('{dataset}', n))"
    )]
    DamagedFile {
        /// The dataset.
        dataset: String,
        /// The version that was being read.
        version: u64,
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A column cannot be stored.
    #[error("column '{column}' of dataset '{dataset}' cannot be stored: {reason}")]
    Column {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The rows given to the writer are not in the order that the layout declares.
    #[error("dataset '{dataset}': rows are not sorted by {order}; end the statement with ORDER BY {order}")]
    Unsorted {
        /// The dataset.
        dataset: String,
        /// The declared order.
        order: String,
    },
    /// Columns cannot be copied, since their rows are others.
    #[error("the columns of dataset '{dataset}' cannot be copied as they are stored: {reason}")]
    Unlike {
        /// The dataset whose columns were to be copied.
        dataset: String,
        /// What differs.
        reason: String,
    },
    /// Storage failed.
    #[error("storage failed at '{location}': {source}")]
    Storage {
        /// Where.
        location: String,
        /// What the object store said.
        source: object_store::Error,
    },
    /// A bucket does not answer, or refuses.
    #[error("cannot use {location} at {endpoint}: {reason}\nhelp: {help}")]
    Bucket {
        /// What was asked for.
        location: String,
        /// The server.
        endpoint: String,
        /// What it said, or that it said nothing.
        reason: String,
        /// What to check.
        help: &'static str,
    },
    /// Writing Parquet failed.
    #[error("writing '{path}' failed: {source}")]
    Write {
        /// The file.
        path: String,
        /// What the Parquet writer said.
        source: ParquetError,
    },
    /// Arrow refused a conversion.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// The query that feeds a write failed.
    #[error(transparent)]
    Query(#[from] DataFusionError),
}

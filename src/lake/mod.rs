//! Versioned Parquet datasets on an object store.
//!
//! A dataset is a folder of Parquet files plus a Delta Lake log, so every Delta reader opens it with time travel and
//! every Parquet reader can read one version's folder. This module opens, scans, writes and commits datasets; it knows
//! no SQL and no finance, and it reaches storage only through [`object_store`], but for the rows of files on this machine's
//! disk, which are read faster without it.
//!
//! ```text
//! <lake>/<dataset>/_delta_log/00000000000000000007.json      what the versions are
//! <lake>/<dataset>/v00000007-1f0c9a2e/part-00000.parquet     a derived dataset: one folder per version
//! <lake>/<dataset>/year=2024/part-1f0c9a2e-00000.parquet     a raw dataset: one folder per year, rewritten when touched
//! ```
//!
//! A version is visible once its log entry exists, and the entry is written with put-if-absent, which is atomic on a
//! local disk and on S3. Whatever a crash leaves behind is a file that no version names.

mod bucket;
mod buffer;
mod checksum;
mod contact;
mod disk;
mod error;
mod finite;
mod layout;
mod location;
mod lock;
mod log;
mod log_cache;
mod place;
mod promise;
mod read;
mod record;
mod scan;
mod seal;
mod snapshot;
mod splice;
mod statistics;
mod vacuum;
mod writer;

pub use checksum::{Blocks, Checksums, Tail};
pub use error::LakeError;
pub use layout::Layout;
pub use location::Lake;
pub use lock::{Holder, Lock};
pub use log::{HistoryEntry, NewVersion};
pub use record::{ColumnRecord, CommitRecord};
pub use scan::DatasetProvider;
pub(crate) use scan::ranges_of_leading;
pub use snapshot::{ColumnSummary, DataFile, Snapshot};
pub(crate) use splice::{Source, Splice, SpliceWriter, Stored, lines_up};
pub use statistics::Bounds;
pub use vacuum::{Garbage, Keep};
pub(crate) use writer::to_stored;
pub use writer::{DatasetWriter, Written, storable_schema};

/// The result of a lake operation.
pub type Result<T, E = LakeError> = std::result::Result<T, E>;

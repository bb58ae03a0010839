//! Raw vendor tables: what they look like, how their files are read, and how rows are merged into the lake.
//!
//! Landing goes one way:
//!
//! ```text
//! files ── reader ──► batches as written ── validate ──► typed rows ── stage ──► sorted, with the stored rows ── merge ──► lake
//!          CSV, gz, zip, Parquet           └─► bad rows ── rejects ──► raw/_rejected
//! ```
//!
//! Everything is streamed, so a file of any size needs the same memory, and every bad row is known before anything is
//! committed.

mod columns;
mod error;
mod files;
mod intake;
mod land;
mod merge;
mod progress;
mod reader;
mod rejects;
mod schema;
mod stage;
pub mod synth;
mod upsert;
mod validate;
pub mod vendor;

pub use error::RawError;
pub use files::{FolderListing, list_folder};
pub use land::{LandOptions, LandSummary, REJECTED_DATASET, land, land_empty};
pub use progress::{OnProgress, Progress};
pub use rejects::RejectedRow;
pub use schema::RawTable;

/// The result of reading or landing raw data.
pub type Result<T, E = RawError> = std::result::Result<T, E>;

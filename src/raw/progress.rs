//! How far a landing is.

/// Where a landing stands.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// Rows of a file were read.
    Reading {
        /// The file, as it was given.
        file: &'a str,
        /// Bytes of it that were read; compressed ones if it is compressed.
        bytes: u64,
        /// Its size in bytes.
        total_bytes: u64,
        /// Rows read from it.
        rows: u64,
    },
    /// A year was merged and written.
    Merging {
        /// Years done.
        done: usize,
        /// Years in all; 1 for a table that is not kept by year.
        total: usize,
    },
}

/// Is told how a landing proceeds; called from another thread, often, so it should be quick.
pub type OnProgress = dyn Fn(Progress<'_>) + Send + Sync;

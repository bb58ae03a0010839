//! CSV inside gzip and ZIP.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::{Counted, Sink, csv};
use crate::raw::{RawError, Result};

/// Text that inflates to more than this many times its size is no data: prices make about five times, filings ten.
const GREATEST_RATIO: u64 = 100;
/// Up to this size it does not matter.
const HARMLESS_BYTES: u64 = 64 << 20;

/// Reads a gzip file that holds CSV; several gzip streams in a row are one text, as for `gunzip`.
pub(super) fn read_gzip(name: &str, file: File, sink: &mut impl Sink) -> Result<()> {
    let (input, bytes) = Counted::new(file);
    csv::read(name, Inflated::new(MultiGzDecoder::new(input), &bytes), &bytes, sink)
}

/// Reads every `.csv` member of a ZIP archive in the archive's order; other members are left alone.
pub(super) fn read_zip(name: &str, file: File, sink: &mut impl Sink) -> Result<()> {
    let failed = |source| RawError::Zip { file: name.to_owned(), source };
    let (input, bytes) = Counted::new(file);
    let mut archive = ZipArchive::new(BufReader::new(input)).map_err(failed)?;
    let members: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let is_csv = |member: &&String| {
        // macOS adds a shadow file of its own to each member.
        member.to_ascii_lowercase().ends_with(".csv") && !member.starts_with("__MACOSX/")
    };
    let wanted: Vec<&String> = members.iter().filter(is_csv).collect();
    if wanted.is_empty() {
        return Err(RawError::NoCsvInZip { file: name.to_owned(), members: members.join(", ") });
    }
    for member in wanted {
        let input = archive.by_name(member).map_err(failed)?;
        csv::read(&format!("{name}/{member}"), Inflated::new(input, &bytes), &bytes, sink)?;
    }
    Ok(())
}

/// Inflated text that ends in an error if a small file would fill the disk.
struct Inflated<R> {
    inner: R,
    /// What was read of the compressed file, and how much that was before this text.
    compressed: Arc<AtomicU64>,
    before: u64,
    bytes: u64,
}

impl<R> Inflated<R> {
    fn new(inner: R, compressed: &Arc<AtomicU64>) -> Self {
        Self { inner, compressed: compressed.clone(), before: compressed.load(Ordering::Relaxed), bytes: 0 }
    }
}

impl<R: Read> Read for Inflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        let compressed = self.compressed.load(Ordering::Relaxed).saturating_sub(self.before).max(1);
        if self.bytes > HARMLESS_BYTES && self.bytes > GREATEST_RATIO.saturating_mul(compressed) {
            let reason = format!("it inflates to more than {GREATEST_RATIO} times its size, which no data does");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(count)
    }
}

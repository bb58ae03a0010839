//! Checksums of a data file's blocks: computed while it is written, kept in the log, compared whenever it is read.
//!
//! Parquet's own page checksums are not written by the `parquet` crate, and compressed pages with a flipped bit often
//! decode to other numbers without complaint. Blocks of fixed size cover every byte, the footer included, and can be
//! checked whatever part of the file a query asks for.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use bytes::Bytes;
use flate2::Crc;
use futures::future::{BoxFuture, FutureExt, TryFutureExt};
use object_store::buffered::BufWriter;
use parquet::arrow::async_writer::AsyncFileWriter;
use parquet::errors::{ParquetError, Result};

/// Bytes of a block: small against a column chunk, so that little is read only to be checked, and large enough that the
/// checksums of a file are a few kilobytes.
const BLOCK: u64 = 64 * 1024;

/// The CRC-32 of each block of a file, the last of which may be shorter. As text: eight hex digits per block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checksums(Vec<u32>);

impl Checksums {
    /// The whole blocks that hold `range` of a file of `size` bytes.
    pub(super) fn blocks_of(range: &Range<u64>, size: u64) -> Range<u64> {
        let end = range.end.div_ceil(BLOCK) * BLOCK;
        range.start / BLOCK * BLOCK..end.min(size).max(range.end)
    }

    /// Whether `bytes`, which begin at the block boundary `start`, are what was written.
    pub(super) fn hold(&self, start: u64, bytes: &[u8]) -> bool {
        let first = (start / BLOCK) as usize;
        let blocks = bytes.chunks(BLOCK as usize).enumerate();
        blocks.into_iter().all(|(at, block)| self.0.get(first + at) == Some(&crc(block)))
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

impl fmt::Display for Checksums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|sum| write!(f, "{sum:08x}"))
    }
}

impl FromStr for Checksums {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.as_bytes().chunks(8).map(|digits| std::str::from_utf8(digits).unwrap_or_default());
        let sums = digits.map(|digits| match digits.len() {
            8 => u32::from_str_radix(digits, 16).map_err(|e| e.to_string()),
            n => Err(format!("expected eight hex digits per block, found {n}")),
        });
        Ok(Self(sums.collect::<Result<_, _>>()?))
    }
}

/// Passes a file on to storage and sums up its blocks.
pub(super) struct ChecksumWriter {
    to: BufWriter,
    done: Vec<u32>,
    open: Crc,
}

impl ChecksumWriter {
    pub(super) fn new(to: BufWriter) -> Self {
        Self { to, done: Vec::new(), open: Crc::new() }
    }

    /// How many bytes were written, and their checksums.
    pub(super) fn finish(mut self) -> (u64, Checksums) {
        let size = self.done.len() as u64 * BLOCK + u64::from(self.open.amount());
        if self.open.amount() > 0 {
            self.done.push(self.open.sum());
        }
        (size, Checksums(self.done))
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let fits = (BLOCK - u64::from(self.open.amount())) as usize;
            let (block, rest) = bytes.split_at(fits.min(bytes.len()));
            self.open.update(block);
            if u64::from(self.open.amount()) == BLOCK {
                self.done.push(self.open.sum());
                self.open.reset();
            }
            bytes = rest;
        }
    }
}

impl AsyncFileWriter for ChecksumWriter {
    fn write(&mut self, bytes: Bytes) -> BoxFuture<'_, Result<()>> {
        self.add(&bytes);
        self.to.put(bytes).map_err(|error| ParquetError::External(Box::new(error))).boxed()
    }

    fn complete(&mut self) -> BoxFuture<'_, Result<()>> {
        AsyncFileWriter::complete(&mut self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pieces: &[&[u8]]) -> Checksums {
        let store = std::sync::Arc::new(object_store::memory::InMemory::new());
        let mut writer = ChecksumWriter::new(BufWriter::new(store, "x".into()));
        pieces.iter().for_each(|piece| writer.add(piece));
        let (size, sums) = writer.finish();
        assert_eq!(size, pieces.iter().map(|piece| piece.len() as u64).sum::<u64>());
        sums
    }

    #[test]
    fn every_block_is_checked_however_it_was_written() {
        let mut file: Vec<u8> = (0..3 * BLOCK + 17).map(|n| (n * n % 251) as u8).collect();
        let sums = written(&[&file[..5], &file[5..100_000], &file[100_000..]]);
        assert_eq!(sums, written(&[&file]));
        assert_eq!(sums.0.len(), 4);
        assert_eq!(sums.to_string().parse(), Ok(sums.clone()));
        assert!(sums.hold(0, &file) && sums.hold(2 * BLOCK, &file[2 * BLOCK as usize..]));
        let range = Checksums::blocks_of(&(BLOCK + 3..BLOCK + 4), file.len() as u64);
        assert_eq!(range, BLOCK..2 * BLOCK);
        assert_eq!(Checksums::blocks_of(&(3 * BLOCK..3 * BLOCK + 1), file.len() as u64).end, file.len() as u64);
        file[2 * BLOCK as usize] ^= 1;
        assert!(sums.hold(0, &file[..2 * BLOCK as usize]) && !sums.hold(0, &file));
        assert!("0123456".parse::<Checksums>().is_err() && "0123456g".parse::<Checksums>().is_err());
        assert_eq!("".parse(), Ok(Checksums::default()));
    }
}

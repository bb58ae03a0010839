//! Checksums of a data file: computed while it is written, compared whenever it is read.
//!
//! Parquet's own page checksums are not written by the `parquet` crate, and compressed pages with a flipped bit often
//! decode to other numbers without complaint. Blocks of fixed size cover every byte of the rows, whatever part of them a
//! query asks for. Their sums stand behind the rows, where readers of Parquet do not look. With the page indexes and the
//! footer, which whoever reads the file needs, they make its tail; where that begins and its sum stand in the log.
//!
//! ```text
//! ┃ PAR1 row group … row group ┃ sums ┃ page indexes ┃ footer PAR1 ┃
//! ┃ block ┃ block ┃ block ┃ b. ┃             tail                  ┃
//! ```
//!
//! Files of earlier releases have larger blocks, up to their end, and all sums in the log.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use crc32fast::Hasher;
use object_store::buffered::BufWriter;
use parquet::errors::{ParquetError, Result};
use tokio::io::AsyncWriteExt;

/// Bytes of a block: small against a page, so that little is read only to be checked, and large enough that the sums are a
/// fraction of the footer.
const BLOCK: u64 = 16 * 1024;
/// Bytes of a block whose sum stands in the log.
const BLOCK_OF_LOG: u64 = 64 * 1024;
/// Bytes of a sum: CRC-32, little endian.
const SUM: usize = size_of::<u32>();

/// What the log says that the bytes of a file must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checksums {
    /// The file has the sums of its rows.
    InFile(Tail),
    /// The log has the sums of the whole file.
    InLog(Arc<Blocks>),
}

/// The end of a file, from the first byte behind its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Where it begins.
    pub start: u64,
    sum: u32,
}

impl Tail {
    /// That of a file of `size` bytes, as the log has it: `start:sum`, the sum in eight hex digits.
    ///
    /// # Errors
    /// If the text is something else.
    pub(super) fn from_log(text: &str, size: u64) -> Result<Self, String> {
        let parts = text.split_once(':');
        let parts = parts.and_then(|(start, sum)| Some((start.parse().ok()?, u32::from_str_radix(sum, 16).ok()?)));
        match parts {
            Some((start, sum)) if start <= size => Ok(Self { start, sum }),
            _ => Err(format!("expected `start:sum` with a start within {size} bytes, found '{text}'")),
        }
    }

    /// As the log has it.
    pub(super) fn to_log(self) -> String {
        format!("{}:{:08x}", self.start, self.sum)
    }

    /// The blocks of the rows, if `tail` is what was written.
    pub(super) fn blocks(self, tail: &[u8]) -> Option<Blocks> {
        let sums = tail.get(..self.start.div_ceil(BLOCK) as usize * SUM)?;
        let sums = sums.as_chunks::<SUM>().0.iter().copied().map(u32::from_le_bytes).collect();
        (crc32fast::hash(tail) == self.sum).then_some(Blocks { block: BLOCK, end: self.start, sums })
    }
}

/// The CRC-32 of each block of a file's first bytes, the last of which may be shorter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks {
    /// Bytes of a block.
    block: u64,
    /// Where the last one ends.
    end: u64,
    sums: Vec<u32>,
}

impl Blocks {
    /// Those of a file of `size` bytes, as the log has them: eight hex digits per block.
    ///
    /// # Errors
    /// If the text is something else.
    pub(super) fn from_log(text: &str, size: u64) -> Result<Self, String> {
        let digits = text.as_bytes().chunks(8).map(|digits| std::str::from_utf8(digits).unwrap_or_default());
        let sums = digits.map(|digits| match digits.len() {
            8 => u32::from_str_radix(digits, 16).map_err(|e| e.to_string()),
            n => Err(format!("expected eight hex digits per block, found {n}")),
        });
        Ok(Self { block: BLOCK_OF_LOG, end: size, sums: sums.collect::<Result<_, _>>()? })
    }

    /// As the log has them.
    pub(super) fn to_log(&self) -> String {
        self.sums.iter().map(|sum| format!("{sum:08x}")).collect()
    }

    /// The whole blocks that hold a range; `None` if it ends behind the last one.
    pub(super) fn around(&self, range: &Range<u64>) -> Option<Range<u64>> {
        let end = (range.end.div_ceil(self.block) * self.block).min(self.end);
        (range.start <= range.end && range.end <= end).then(|| range.start / self.block * self.block..end)
    }

    /// Whether `bytes`, which begin at the block boundary `start`, are what was written.
    pub(super) fn hold(&self, start: u64, bytes: &[u8]) -> bool {
        let first = (start / self.block) as usize;
        let mut blocks = bytes.chunks(self.block as usize).enumerate();
        blocks.all(|(at, block)| self.sums.get(first + at) == Some(&crc32fast::hash(block)))
    }
}

/// Passes a file on to storage and sums up its blocks.
pub(super) struct ChecksumWriter {
    to: BufWriter,
    done: Vec<u32>,
    open: Hasher,
}

impl ChecksumWriter {
    pub(super) fn new(to: BufWriter) -> Self {
        Self { to, done: Vec::new(), open: Hasher::new() }
    }

    /// Writes rows.
    ///
    /// # Errors
    /// If storage fails.
    pub(super) async fn write(&mut self, rows: Bytes) -> Result<()> {
        self.add(&rows);
        self.to.put(rows).await.map_err(external)
    }

    /// The sums of the rows' blocks, with which the tail begins.
    pub(super) fn sums(&self) -> Vec<u8> {
        let open = (self.open.total_len() > 0).then(|| self.open.clone().finalize());
        self.done.iter().copied().chain(open).flat_map(u32::to_le_bytes).collect()
    }

    /// Writes the tail and closes the file. Returns its size, and what the log says of it.
    ///
    /// # Errors
    /// If storage fails.
    pub(super) async fn finish(mut self, tail: Bytes) -> Result<(u64, Tail)> {
        let start = self.done.len() as u64 * BLOCK + self.open.total_len();
        let (size, sum) = (start + tail.len() as u64, crc32fast::hash(&tail));
        self.to.put(tail).await.map_err(external)?;
        self.to.shutdown().await.map_err(external)?;
        Ok((size, Tail { start, sum }))
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let fits = (BLOCK - self.open.total_len()) as usize;
            let (block, rest) = bytes.split_at(fits.min(bytes.len()));
            self.open.update(block);
            if self.open.total_len() == BLOCK {
                self.done.push(std::mem::take(&mut self.open).finalize());
            }
            bytes = rest;
        }
    }
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> ParquetError {
    ParquetError::External(Box::new(error))
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;

    use super::*;

    /// The bytes of the file and its tail's entry.
    async fn written(pieces: &[&[u8]]) -> (Bytes, Tail) {
        let store = Arc::new(InMemory::new());
        let mut writer = ChecksumWriter::new(BufWriter::new(store.clone(), "x".into()));
        for piece in pieces {
            writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        let tail = [&writer.sums(), b"footer".as_slice()].concat();
        let (size, tail) = writer.finish(tail.into()).await.unwrap();
        let file = store.get(&"x".into()).await.unwrap().bytes().await.unwrap();
        assert_eq!(size, file.len() as u64);
        (file, tail)
    }

    #[tokio::test]
    async fn every_byte_is_checked_however_it_was_written() {
        let rows: Vec<u8> = (0..3 * BLOCK + 17).map(|n| (n * n % 251) as u8).collect();
        let (file, tail) = written(&[&rows[..5], &rows[5..40_000], &rows[40_000..]]).await;
        assert_eq!((file.clone(), tail), written(&[&rows]).await);
        assert_eq!(tail.start, rows.len() as u64);
        let end = &file[rows.len()..];
        assert_eq!(end.len(), 4 * SUM + 6);
        let blocks = tail.blocks(end).unwrap();
        assert!(blocks.hold(0, &rows) && blocks.hold(2 * BLOCK, &rows[2 * BLOCK as usize..]));
        let mut changed = rows.clone();
        changed[2 * BLOCK as usize] ^= 1;
        assert!(blocks.hold(0, &changed[..2 * BLOCK as usize]) && !blocks.hold(0, &changed));
        for at in 0..end.len() {
            let mut end = end.to_vec();
            end[at] ^= 1;
            assert_eq!(tail.blocks(&end), None, "{at}");
        }
        assert_eq!(tail.blocks(&end[1..]), None);
        assert_eq!(tail.blocks(&[]), None);
        assert_eq!(written(&[]).await.1.start, 0);
    }

    #[test]
    fn ranges_are_widened_to_blocks_that_were_summed() {
        let blocks = Blocks { block: BLOCK, end: 3 * BLOCK + 17, sums: vec![0; 4] };
        assert_eq!(blocks.around(&(BLOCK + 3..BLOCK + 4)), Some(BLOCK..2 * BLOCK));
        assert_eq!(blocks.around(&(BLOCK..2 * BLOCK)), Some(BLOCK..2 * BLOCK));
        assert_eq!(blocks.around(&(3 * BLOCK..3 * BLOCK + 1)), Some(3 * BLOCK..3 * BLOCK + 17));
        assert_eq!(blocks.around(&(0..3 * BLOCK + 18)), None);
    }

    #[test]
    fn texts_of_the_log_are_read_as_they_were_written() {
        let tail = Tail { start: 123_456, sum: 0xab };
        assert_eq!(tail.to_log(), "123456:000000ab");
        assert_eq!(Tail::from_log(&tail.to_log(), 123_456), Ok(tail));
        for odd in ["", "12", "12:", "x:00000001", "12:0000000g", "123457:00000001"] {
            assert!(Tail::from_log(odd, 123_456).is_err(), "{odd}");
        }
        let text = "0123456789abcdef";
        let blocks = Blocks::from_log(text, BLOCK_OF_LOG + 1).unwrap();
        assert_eq!((blocks.sums.as_slice(), blocks.end), ([0x0123_4567, 0x89ab_cdef].as_slice(), BLOCK_OF_LOG + 1));
        assert_eq!(blocks.to_log(), text);
        assert!(Blocks::from_log("0123456", 9).is_err() && Blocks::from_log("0123456g", 9).is_err());
        assert!(Blocks::from_log("", 0).unwrap().hold(0, &[]));
    }
}

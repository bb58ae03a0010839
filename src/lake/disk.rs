//! A data file on this machine's disk, read into memory of reads before.
//!
//! [`object_store`] hands each read to another thread and fills new memory with zeros for it. A few columns of a row group
//! that are in the system's cache are copied before another thread is awake, and memory that the process has not touched yet
//! costs the kernel as much time as the copy.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::task::spawn_blocking;

/// Bytes that are read where they are wanted. For more, which the disk may have to fetch, other threads wait.
const AT_ONCE: u64 = 4 << 20;

/// One file.
#[derive(Debug, Clone)]
pub(super) struct DiskFile {
    path: PathBuf,
    memory: Arc<ReadMemory>,
}

impl DiskFile {
    pub(super) fn new(path: PathBuf, memory: Arc<ReadMemory>) -> Self {
        Self { path, memory }
    }

    /// The bytes of these ranges, in their order.
    ///
    /// # Errors
    /// If the file cannot be opened or read; [`io::ErrorKind::UnexpectedEof`] if it ends before a range does.
    pub(super) async fn read(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        if ranges.iter().map(|range| range.end - range.start).sum::<u64>() <= AT_ONCE {
            return self.read_now(ranges);
        }
        let (file, ranges) = (self.clone(), ranges.to_vec());
        spawn_blocking(move || file.read_now(&ranges)).await.map_err(io::Error::other)?
    }

    fn read_now(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        let mut file = File::open(&self.path)?;
        let read = |range: &Range<u64>| {
            let len = (range.end - range.start) as usize;
            let mut bytes = self.memory.take(len);
            file.seek(SeekFrom::Start(range.start))?;
            file.read_exact(&mut bytes[..len])?;
            Ok(self.memory.keep(bytes).slice(..len))
        };
        ranges.iter().map(read).collect()
    }
}

/// The memory of reads, for those that follow once nobody holds it.
#[derive(Debug, Default)]
pub(super) struct ReadMemory(Mutex<Vec<Bytes>>);

impl ReadMemory {
    /// At least so many bytes, whatever is in them.
    fn take(&self, len: usize) -> BytesMut {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Much larger memory would be held for the sake of a few bytes.
        let fits = |bytes: &Bytes| (len..=2 * len).contains(&bytes.len()) && bytes.is_unique();
        if let Some(at) = kept.iter().position(fits)
            && let Ok(bytes) = kept.swap_remove(at).try_into_mut()
        {
            return bytes;
        }
        // One for one, so that there never is more than was held at a time.
        if let Some(at) = kept.iter().position(Bytes::is_unique) {
            kept.swap_remove(at);
        }
        BytesMut::zeroed(len + len / ROOM)
    }

    fn keep(&self, bytes: BytesMut) -> Bytes {
        let bytes = bytes.freeze();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.clone());
        bytes
    }
}

/// The part of new memory that is left for a longer read: the row groups of a column differ by their missing values.
const ROOM: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// What is at each place of a file.
    fn byte(at: u64) -> u8 {
        (at ^ at >> 8 ^ at >> 16) as u8
    }

    /// A file of so many bytes and its reader.
    fn file(bytes: u64) -> (tempfile::TempDir, DiskFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part-00000.parquet");
        std::fs::write(&path, (0..bytes).map(byte).collect::<Vec<_>>()).unwrap();
        (folder, DiskFile::new(path, Arc::default()))
    }

    fn one(file: &DiskFile, range: Range<u64>) -> io::Result<Bytes> {
        Ok(file.read_now(std::slice::from_ref(&range))?.remove(0))
    }

    fn expected(range: &Range<u64>) -> Vec<u8> {
        range.clone().map(byte).collect()
    }

    #[test]
    fn ranges_are_read_whatever_was_read_before_and_is_still_held() {
        let (_folder, file) = file(70_000);
        let mut held: Vec<(Range<u64>, Bytes)> = Vec::new();
        for round in 0..200_u64 {
            let ranges: Vec<_> = (0..3).map(|at| (round * 331 + at) % 60_000).map(|at| at..at + round * 43).collect();
            let read = file.read_now(&ranges).unwrap();
            held.extend(ranges.into_iter().zip(read));
            for (range, bytes) in &held {
                assert_eq!(bytes, &expected(range), "{range:?} in round {round}");
            }
            held.retain(|(range, _)| range.start % 3 == round % 3);
        }
    }

    #[test]
    fn memory_that_nobody_holds_is_read_into_again() {
        let (_folder, file) = file(70_000);
        let at = |bytes: &Bytes| bytes.as_ptr();
        let first = one(&file, 5..40_000).unwrap();
        let place = at(&first);
        let second = one(&file, 6..40_000).unwrap();
        assert_ne!(at(&second), place, "the first is still held");
        let part = first.slice(7..8);
        drop(first);
        assert_ne!(at(&one(&file, 6..40_000).unwrap()), place, "a part of the first is still held");
        drop((part, second));
        let again = file.read_now(&[9..44_000, 0..10]).unwrap();
        assert_eq!((at(&again[0]), &again[0]), (place, &Bytes::from(expected(&(9..44_000)))));
        assert_eq!(again[1], expected(&(0..10)));
        drop(again);
        let few = one(&file, 0..10).unwrap();
        assert!(
            few.len() == 10 && file.memory.0.lock().unwrap().iter().all(|kept| !kept.is_unique() || kept.len() > 20)
        );
    }

    #[tokio::test]
    async fn much_is_read_as_little_is() {
        let bytes = 3 * AT_ONCE + 7;
        let (_folder, file) = file(bytes);
        for ranges in [vec![0..0, 0..bytes], vec![5..9, 1..AT_ONCE, AT_ONCE..bytes], vec![1..2, 0..1], vec![]] {
            assert_eq!(
                file.read(&ranges).await.unwrap(),
                ranges.iter().map(expected).collect::<Vec<_>>(),
                "{ranges:?}"
            );
        }
        assert_eq!(file.read(&[0..1, 0..bytes + 1]).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_file_that_ends_too_early_or_is_not_there_says_so() {
        let (folder, file) = file(100);
        assert_eq!(one(&file, 90..101).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(one(&file, 90..100).unwrap(), expected(&(90..100)));
        let absent = DiskFile::new(folder.path().join("part-00001.parquet"), Arc::default());
        assert_eq!(one(&absent, 0..1).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}

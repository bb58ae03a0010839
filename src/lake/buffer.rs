//! Where Parquet's writer, which does not wait for a store, leaves its bytes until they are passed on.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// The bytes that were written since they were last taken. Clones share them: one is the writer's, one whoever's takes them.
#[derive(Clone, Default)]
pub(super) struct Buffer(Arc<Mutex<Vec<u8>>>);

/// Bytes of what was written before that may come with what is written next: Parquet's writer has a `std::io::BufWriter` of
/// this size in front.
const HELD_BACK: usize = 8 * 1024;

impl Buffer {
    /// Makes room for so many bytes, which then are not moved while they are written.
    pub(super) fn reserve(&self, bytes: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).reserve(bytes + HELD_BACK);
    }

    pub(super) fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

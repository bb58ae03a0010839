//! Reading data files for DataFusion: whatever is wrong with one is said with its name, its dataset and what to do.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{ParquetFileMetrics, ParquetFileReaderFactory};
use datafusion::error::Result;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use tokio::sync::OnceCell;

use super::checksum::{Blocks, Checksums, Tail};
use super::disk::{DiskFile, ReadMemory};
use super::{Lake, LakeError, Snapshot};

/// Opens the files of one version.
#[derive(Debug)]
pub(super) struct CheckedReaders {
    lake: Lake,
    dataset: String,
    version: u64,
    checksums: HashMap<Path, Checksums>,
    find_pages: bool,
    memory: Arc<ReadMemory>,
}

impl CheckedReaders {
    pub(super) fn new(lake: &Lake, snapshot: &Snapshot) -> Self {
        let known = snapshot.files().iter().filter_map(|file| {
            let location = lake.child(&format!("{}/{}", snapshot.dataset(), file.path));
            Some((location, file.checksums.clone()?))
        });
        Self {
            lake: lake.clone(),
            dataset: snapshot.dataset().to_owned(),
            version: snapshot.version(),
            checksums: known.collect(),
            find_pages: false,
            memory: Arc::default(),
        }
    }

    /// Whether readers look up where pages are, so that whoever wants few rows of a row group need not read all pages of
    /// its columns. DataFusion looks that up only of files that have bounds of each page, and ours have none.
    pub(super) fn with_find_pages(self, find_pages: bool) -> Self {
        Self { find_pages, ..self }
    }

    /// Opens a file of the version, whose first request takes `metadata_size_hint` bytes from its end.
    pub(super) fn open(
        &self,
        file: ObjectMeta,
        metrics: ParquetFileMetrics,
        metadata_size_hint: Option<usize>,
    ) -> CheckedReader {
        CheckedReader {
            on_disk: self.lake.on_disk(&file.location).map(|path| DiskFile::new(path, self.memory.clone())),
            lake: self.lake.clone(),
            dataset: self.dataset.clone(),
            version: self.version,
            checksums: self.checksums.get(&file.location).cloned(),
            find_pages: self.find_pages,
            tail: OnceCell::new(),
            size: file.size,
            metrics,
            metadata_size_hint,
            location: file.location,
        }
    }
}

impl ParquetFileReaderFactory for CheckedReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let metrics = ParquetFileMetrics::new(partition, file.object_meta.location.as_ref(), metrics);
        Ok(Box::new(self.open(file.object_meta, metrics, metadata_size_hint)))
    }
}

/// Reads one file in whole blocks, compares their checksums and hands out what was asked for.
pub(super) struct CheckedReader {
    lake: Lake,
    dataset: String,
    version: u64,
    location: Path,
    size: u64,
    /// `None` for a file of another storage.
    on_disk: Option<DiskFile>,
    /// `None` for files of other programs, which have no checksums.
    checksums: Option<Checksums>,
    find_pages: bool,
    /// The file's tail once it was read, and the blocks of its rows.
    tail: OnceCell<(Bytes, Blocks)>,
    metrics: ParquetFileMetrics,
    metadata_size_hint: Option<usize>,
}

impl CheckedReader {
    /// The bytes of these ranges, in their order.
    pub(super) async fn read(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>, ParquetError> {
        if let Some(beyond) = ranges.iter().find(|range| range.end > self.size || range.start > range.end) {
            let reason = format!("its footer points to bytes {beyond:?} of {}", self.size);
            return Err(self.damaged(reason));
        }
        match &self.checksums {
            None => self.fetch(&ranges).await,
            Some(Checksums::InLog(blocks)) => self.read_blocks(blocks, &ranges).await,
            Some(Checksums::InFile(tail)) => {
                let (bytes, blocks) = self.tail.get_or_try_init(|| self.read_tail(*tail)).await?;
                if ranges.iter().any(|range| range.start < tail.start) {
                    return self.read_blocks(blocks, &ranges).await;
                }
                let within = |range: &Range<u64>| bytes.slice(relative(range, tail.start));
                Ok(ranges.iter().map(within).collect())
            }
        }
    }

    async fn read_tail(&self, tail: Tail) -> Result<(Bytes, Blocks), ParquetError> {
        let range = tail.start..self.size;
        let bytes = self.fetch(std::slice::from_ref(&range)).await?.remove(0);
        self.check_length(&range, &bytes)?;
        let blocks = tail.blocks(&bytes).ok_or_else(|| self.changed())?;
        Ok((bytes, blocks))
    }

    /// Ranges of the rows, or of a file that has no tail.
    async fn read_blocks(&self, blocks: &Blocks, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, ParquetError> {
        let runs = runs_of_blocks(blocks, ranges).ok_or_else(|| {
            self.damaged("its footer points to bytes that are not among those of its rows".to_owned())
        })?;
        let requests = try_join_all(requests(&runs).map(|runs| self.fetch_blocks(blocks, runs))).await?;
        let bytes = requests.concat();
        let within = |range: &Range<u64>| {
            let at = runs.partition_point(|run| run.end < range.end);
            bytes[at].slice(relative(range, runs[at].start))
        };
        Ok(ranges.iter().map(within).collect())
    }

    /// Runs of whole blocks, if they are what was written.
    async fn fetch_blocks(&self, blocks: &Blocks, runs: &[Range<u64>]) -> Result<Vec<Bytes>, ParquetError> {
        let bytes = self.fetch(runs).await?;
        for (run, bytes) in runs.iter().zip(&bytes) {
            self.check_length(run, bytes)?;
            if !blocks.hold(run.start, bytes) {
                return Err(self.changed());
            }
        }
        Ok(bytes)
    }

    fn check_length(&self, range: &Range<u64>, bytes: &Bytes) -> Result<(), ParquetError> {
        match bytes.len() as u64 == range.end - range.start {
            true => Ok(()),
            false => Err(self.too_short()),
        }
    }

    async fn fetch(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, ParquetError> {
        let bytes: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        self.metrics.bytes_scanned.add(bytes as usize);
        if let Some(file) = &self.on_disk {
            return file.read(ranges).await.map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => self.missing(),
                io::ErrorKind::UnexpectedEof => self.too_short(),
                _ => self.damaged(error.to_string()),
            });
        }
        self.lake.store().get_ranges(&self.location, ranges).await.map_err(|error| match error {
            object_store::Error::NotFound { .. } => self.missing(),
            other => self.damaged(other.to_string()),
        })
    }

    fn too_short(&self) -> ParquetError {
        self.damaged(format!("it is shorter than the {} bytes that were written", self.size))
    }

    fn changed(&self) -> ParquetError {
        self.damaged("its bytes are not those that were written (checksum)".to_owned())
    }

    fn missing(&self) -> ParquetError {
        let (dataset, file) = (self.dataset.clone(), self.lake.shown(&self.location));
        ParquetError::External(Box::new(LakeError::MissingFile { dataset, version: self.version, file }))
    }

    fn damaged(&self, reason: String) -> ParquetError {
        let (dataset, file) = (self.dataset.clone(), self.lake.shown(&self.location));
        ParquetError::External(Box::new(LakeError::DamagedFile { dataset, version: self.version, file, reason }))
    }
}

/// A run that is so long is not continued, so that its memory serves the next request and does not come from the system and
/// go back each time: with all columns of a row group in one piece, reading a matrix took the kernel as long as the program.
const LONG_RUN: u64 = 4 << 20;

/// The range, counted from `start`.
fn relative(range: &Range<u64>, start: u64) -> Range<usize> {
    (range.start - start) as usize..(range.end - start) as usize
}

/// The whole blocks that hold the ranges, ascending, those that touch as one unless it gets long; `None` if a range is
/// in none.
fn runs_of_blocks(blocks: &Blocks, ranges: &[Range<u64>]) -> Option<Vec<Range<u64>>> {
    let mut around = ranges.iter().map(|range| blocks.around(range)).collect::<Option<Vec<_>>>()?;
    around.sort_by_key(|block| block.start);
    let mut runs: Vec<Range<u64>> = Vec::new();
    for block in around {
        match runs.last_mut() {
            Some(run) if block.end <= run.end => {}
            Some(run) if block.start <= run.end && run.end - run.start < LONG_RUN => run.end = block.end,
            _ => runs.push(block),
        }
    }
    Some(runs)
}

/// The runs in requests that are answered at the same time: of a disk by a thread each, of which more than one pays for
/// many bytes only.
fn requests(runs: &[Range<u64>]) -> impl Iterator<Item = &[Range<u64>]> {
    let bytes: u64 = runs.iter().map(|run| run.end - run.start).sum();
    let most = (bytes / LONG_RUN).max(1) as usize;
    runs.chunks(runs.len().div_ceil(most).max(1))
}

impl AsyncFileReader for CheckedReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        async move { Ok(self.read(vec![range]).await?.remove(0)) }.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        self.read(ranges).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        async move {
            let hint = match &self.checksums {
                Some(Checksums::InFile(tail)) => Some((self.size - tail.start) as usize),
                _ => self.metadata_size_hint,
            };
            let mut reader = ParquetMetaDataReader::new().with_prefetch_hint(hint);
            if let Some(options) = options {
                reader = reader
                    .with_metadata_options(Some(options.metadata_options().clone()))
                    .with_column_index_policy(options.column_index_policy())
                    .with_offset_index_policy(options.offset_index_policy());
            }
            if self.find_pages {
                reader = reader.with_offset_index_policy(PageIndexPolicy::Optional);
            }
            let size = self.size;
            match reader.load_and_finish(&mut *self, size).await {
                Ok(metadata) => Ok(Arc::new(metadata)),
                Err(ParquetError::External(named)) => Err(ParquetError::External(named)),
                Err(other) => Err(self.damaged(other.to_string())),
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_share_a_block_are_read_once() {
        let block = 64 * 1024;
        let runs = |ranges: &[Range<u64>], size| runs_of_blocks(&Blocks::from_log("", size).unwrap(), ranges);
        let ranges = [5 * block..5 * block + 1, 1..2, block - 1..block + 1];
        assert_eq!(runs(&ranges, 6 * block), Some(vec![0..2 * block, 5 * block..6 * block]));
        assert_eq!(runs(&[10..20, 21..22], 25).unwrap().first(), Some(&(0..25)));
        assert_eq!(runs(&[10..20, 21..26], 25), None);
    }

    #[test]
    fn many_bytes_are_read_in_several_requests() {
        let of = |count: u64, bytes: u64| (0..count).map(|at| 2 * at * bytes..(2 * at + 1) * bytes).collect::<Vec<_>>();
        let split = |runs: &[Range<u64>]| requests(runs).map(<[_]>::len).collect::<Vec<_>>();
        assert!(split(&[]).is_empty());
        assert_eq!(split(&of(5, 1000)), [5]);
        assert_eq!(split(&of(3, 10 * LONG_RUN)), [1, 1, 1]);
        assert_eq!(split(&of(10, LONG_RUN / 3)), [4, 4, 2]);
    }

    #[test]
    fn every_range_is_within_the_first_run_that_ends_behind_it() {
        let columns: Vec<_> = (0..100).map(|column| column * 300_001 + 7..(column + 1) * 300_001 - 3).collect();
        let runs = runs_of_blocks(&Blocks::from_log("", 40_000_000).unwrap(), &columns).unwrap();
        assert!(runs.len() > 5 && runs.iter().all(|run| run.end - run.start < LONG_RUN + 400_000));
        for column in &columns {
            let run = &runs[runs.partition_point(|run| run.end < column.end)];
            assert!(run.start <= column.start && column.end <= run.end, "{column:?} in {run:?}");
        }
    }
}

//! Reading data files for DataFusion: whatever is wrong with one is said with its name, its dataset and what to do.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{ParquetFileMetrics, ParquetFileReaderFactory};
use datafusion::error::Result;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use super::checksum::Checksums;
use super::{Lake, LakeError, Snapshot};

/// Opens the files of one version.
#[derive(Debug)]
pub(super) struct CheckedReaders {
    lake: Lake,
    dataset: String,
    version: u64,
    checksums: HashMap<Path, Arc<Checksums>>,
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
        }
    }

    /// Opens a file of the version, whose first request takes `metadata_size_hint` bytes from its end.
    pub(super) fn open(
        &self,
        file: ObjectMeta,
        metrics: ParquetFileMetrics,
        metadata_size_hint: Option<usize>,
    ) -> CheckedReader {
        CheckedReader {
            lake: self.lake.clone(),
            dataset: self.dataset.clone(),
            version: self.version,
            checksums: self.checksums.get(&file.location).cloned(),
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
    /// `None` for files of other programs, which have no checksums.
    checksums: Option<Arc<Checksums>>,
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
        let Some(checksums) = &self.checksums else {
            return self.fetch(&ranges).await;
        };
        let runs = runs_of_blocks(&ranges, self.size);
        let blocks = self.fetch(&runs).await?;
        for (run, bytes) in runs.iter().zip(&blocks) {
            if bytes.len() as u64 != run.end - run.start {
                return Err(self.damaged(format!("it is shorter than the {} bytes that were written", self.size)));
            }
            if !checksums.hold(run.start, bytes) {
                return Err(self.damaged("its bytes are not those that were written (checksum)".to_owned()));
            }
        }
        let within = |range: &Range<u64>| {
            let at = runs.partition_point(|run| run.end < range.end);
            let start = runs[at].start;
            blocks[at].slice((range.start - start) as usize..(range.end - start) as usize)
        };
        Ok(ranges.iter().map(within).collect())
    }

    async fn fetch(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, ParquetError> {
        let bytes: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        self.metrics.bytes_scanned.add(bytes as usize);
        self.lake.store().get_ranges(&self.location, ranges).await.map_err(|error| match error {
            object_store::Error::NotFound { .. } => self.missing(),
            other => self.damaged(other.to_string()),
        })
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

/// The whole blocks that hold the ranges, ascending, those that touch as one unless it gets long.
fn runs_of_blocks(ranges: &[Range<u64>], size: u64) -> Vec<Range<u64>> {
    let mut blocks: Vec<_> = ranges.iter().map(|range| Checksums::blocks_of(range, size)).collect();
    blocks.sort_by_key(|block| block.start);
    let mut runs: Vec<Range<u64>> = Vec::new();
    for block in blocks {
        match runs.last_mut() {
            Some(run) if block.end <= run.end => {}
            Some(run) if block.start <= run.end && run.end - run.start < LONG_RUN => run.end = block.end,
            _ => runs.push(block),
        }
    }
    runs
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
            let mut reader = ParquetMetaDataReader::new().with_prefetch_hint(self.metadata_size_hint);
            if let Some(options) = options {
                reader = reader
                    .with_metadata_options(Some(options.metadata_options().clone()))
                    .with_column_index_policy(options.column_index_policy())
                    .with_offset_index_policy(options.offset_index_policy());
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
        let runs = runs_of_blocks(&[5 * block..5 * block + 1, 1..2, block - 1..block + 1], 6 * block);
        assert_eq!(runs, [0..2 * block, 5 * block..6 * block]);
        assert_eq!(runs_of_blocks(&[10..20, 21..22], 25).first(), Some(&(0..25)));
    }

    #[test]
    fn every_range_is_within_the_first_run_that_ends_behind_it() {
        let columns: Vec<_> = (0..100).map(|column| column * 300_001 + 7..(column + 1) * 300_001 - 3).collect();
        let runs = runs_of_blocks(&columns, 40_000_000);
        assert!(runs.len() > 5 && runs.iter().all(|run| run.end - run.start < LONG_RUN + 400_000));
        for column in &columns {
            let run = &runs[runs.partition_point(|run| run.end < column.end)];
            assert!(run.start <= column.start && column.end <= run.end, "{column:?} in {run:?}");
        }
    }
}

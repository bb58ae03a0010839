//! One file that columns are copied from.

use std::sync::Arc;

use datafusion::datasource::physical_plan::ParquetFileMetrics;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};

use super::chunk::Chunk;
use crate::lake::read::{CheckedReader, CheckedReaders};
use crate::lake::{DatasetProvider, LakeError, Result, Snapshot};

/// An open file of a dataset.
pub(super) struct Donor {
    snapshot: Arc<Snapshot>,
    path: String,
    reader: CheckedReader,
    footer: Arc<ParquetMetaData>,
    /// Where the file has each column of the dataset's schema; `None` for one that it lacks, or that is nested.
    leaves: Vec<Option<usize>>,
}

impl Donor {
    /// Opens the file at this position of a version.
    pub(super) async fn open(provider: &DatasetProvider, file: usize) -> Result<Self> {
        let snapshot = provider.snapshot();
        let missing = || LakeError::Unlike {
            dataset: snapshot.dataset().to_owned(),
            reason: format!("it has no file number {}", file + 1),
        };
        let file = snapshot.files().get(file).ok_or_else(missing)?;
        let metrics = ParquetFileMetrics::new(0, &file.path, &ExecutionPlanMetricsSet::new());
        let mut reader = CheckedReaders::new(provider.lake(), snapshot).open(provider.object(file), metrics, None);
        let options = ArrowReaderOptions::new()
            .with_offset_index_policy(PageIndexPolicy::Optional)
            .with_encoding_stats_as_mask(false);
        let footer =
            reader.get_metadata(Some(&options)).await.map_err(|error| read_error(snapshot, &file.path, error))?;
        let stored = footer.file_metadata().schema_descr();
        let leaf = |name: &String| {
            let is_it = |path: &[String]| matches!(path, [only] if only == name);
            stored.columns().iter().position(|column| is_it(column.path().parts()))
        };
        let leaves = snapshot.schema().fields().iter().map(|field| leaf(field.name())).collect();
        Ok(Self { snapshot: snapshot.clone(), path: file.path.clone(), reader, footer, leaves })
    }

    /// The row count of each row group.
    pub(super) fn row_groups(&self) -> Vec<usize> {
        self.footer.row_groups().iter().map(|group| group.num_rows() as usize).collect()
    }

    /// These columns of a row group, in one request.
    pub(super) async fn chunks(&self, group: usize, columns: Vec<usize>) -> Result<Vec<Chunk>> {
        let leaves = columns.iter().map(|column| self.leaves.get(*column).copied().flatten());
        let leaves =
            leaves.collect::<Option<Vec<usize>>>().ok_or_else(|| self.unlike("a column is not in its file"))?;
        let range = |leaf: &usize| {
            let (start, len) = self.footer.row_group(group).column(*leaf).byte_range();
            start..start + len
        };
        let bytes = self.reader.read(leaves.iter().map(range).collect()).await;
        let bytes = bytes.map_err(|error| self.failed(error))?;
        let chunk = |(leaf, bytes)| Chunk { footer: self.footer.clone(), group, leaf, bytes };
        Ok(leaves.into_iter().zip(bytes).map(chunk).collect())
    }

    /// That its columns cannot be copied.
    pub(super) fn unlike(&self, reason: impl Into<String>) -> LakeError {
        LakeError::Unlike { dataset: self.snapshot.dataset().to_owned(), reason: reason.into() }
    }

    /// That it cannot be read.
    pub(super) fn failed(&self, error: ParquetError) -> LakeError {
        read_error(&self.snapshot, &self.path, error)
    }
}

/// What is wrong with a file, as its reader says it.
fn read_error(snapshot: &Snapshot, path: &str, error: ParquetError) -> LakeError {
    let damaged = |reason: String| LakeError::DamagedFile {
        dataset: snapshot.dataset().to_owned(),
        version: snapshot.version(),
        file: path.to_owned(),
        reason,
    };
    match error {
        ParquetError::External(named) => match named.downcast::<LakeError>() {
            Ok(named) => *named,
            Err(other) => damaged(other.to_string()),
        },
        other => damaged(other.to_string()),
    }
}

//! Where the files of a version are written, and what the log says of one that is.

use std::sync::Arc;

use chrono::Utc;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::parquet::errors::ParquetError;
use object_store::buffered::BufWriter;
use parquet::file::writer::SerializedFileWriter;

use super::buffer::Buffer;
use super::checksum::ChecksumWriter;
use super::{Bounds, Checksums, DataFile, Lake, LakeError, Result, statistics};

/// Bytes of a part that is uploaded by itself: the least that S3 takes.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Parts of a file that are uploaded at the same time, each of which is held until it is stored.
const PARTS_UNDER_WAY: usize = 2;

/// Where the files of one writer go: `<dataset>/<folder>/<stem>-00000.parquet` and so on.
pub(super) struct Place {
    lake: Lake,
    dataset: String,
    folder: String,
    stem: String,
}

impl Place {
    pub(super) fn new(lake: &Lake, dataset: &str, folder: &str, stem: &str) -> Self {
        let [dataset, folder, stem] = [dataset, folder, stem].map(str::to_owned);
        Self { lake: lake.clone(), dataset, folder, stem }
    }

    /// The path of a file below the dataset's folder, and what writes it.
    pub(super) fn file(&self, number: usize) -> (String, ChecksumWriter) {
        let name = format!("{}-{number:05}.parquet", self.stem);
        let path = if self.folder.is_empty() { name } else { format!("{}/{name}", self.folder) };
        let target = self.lake.child(&format!("{}/{path}", self.dataset));
        let parts = BufWriter::with_capacity(self.lake.store().clone(), target, PART_BYTES);
        (path, ChecksumWriter::new(parts.with_max_concurrency(PARTS_UNDER_WAY)))
    }
}

/// Ends a file that has all its rows. What it returns is how the log will have it.
pub(super) async fn close(
    path: String,
    schema: &SchemaRef,
    mut writer: SerializedFileWriter<Buffer>,
    mut to: ChecksumWriter,
    not_finite: Vec<String>,
) -> Result<DataFile> {
    let failed = |source| write_error(&path, source);
    let buffer = writer.inner().clone();
    writer.flush().map_err(|source| failed(source.into()))?;
    to.write(buffer.take()).await.map_err(failed)?;
    writer.write_all(&to.sums()).map_err(|source| failed(source.into()))?;
    let metadata = writer.finish().map_err(failed)?;
    let (size, tail) = to.finish(buffer.take()).await.map_err(failed)?;
    let mut known = DFParquetMetadata::statistics_from_parquet_metadata(&metadata, schema)?;
    let bounds = Some(Arc::new(Bounds::take(schema, &mut known)));
    // Through the log's own form, so that a version looks the same before and after it is committed.
    let text = statistics::to_json(schema, &known);
    let statistics = Arc::new(statistics::from_json(schema, Some(&text)));
    let modified = Utc::now().timestamp_millis();
    let (checksums, not_finite) = (Some(Checksums::InFile(tail)), Some(not_finite.into()));
    Ok(DataFile { path, size, modified, statistics, bounds, checksums, not_finite })
}

pub(super) fn write_error(path: &str, source: ParquetError) -> LakeError {
    LakeError::Write { path: path.to_owned(), source }
}

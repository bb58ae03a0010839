//! Rows into one Parquet file per value of a column, with bounded memory however many values there are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::compute::partition;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use futures::StreamExt;

use super::{EngineError, Result};

/// Bytes that the open files may hold before the largest of them writes what it has.
const BUFFER: usize = 256 * 1024 * 1024;
/// The folder of rows without a value, as Hive and Spark call it.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// Writes `folder/column=value/part-00000.parquet` for each value, without the column itself, and returns the rows.
///
/// If the rows are `grouped` by the column, one file is open at a time.
///
/// # Errors
/// If the query or a write fails.
pub(super) async fn write_partitions(
    mut rows: SendableRecordBatchStream,
    column: &str,
    grouped: bool,
    folder: &Path,
) -> Result<u64> {
    let at = rows.schema().index_of(column)?;
    let mut files = Files::new(folder, column, &without(&rows.schema(), at)?)?;
    let mut count = 0;
    while let Some(batch) = rows.next().await {
        let mut batch = batch?;
        let values = batch.remove_column(at);
        count += batch.num_rows() as u64;
        for run in partition(std::slice::from_ref(&values))?.ranges() {
            let value = match values.is_null(run.start) {
                true => NO_VALUE.to_owned(),
                false => array_value_to_string(&values, run.start)?,
            };
            if grouped && !files.open.contains_key(&value) {
                files.close()?;
            }
            files.write(&value, &batch.slice(run.start, run.len()))?;
        }
        files.shrink()?;
    }
    files.close()?;
    Ok(count)
}

fn without(schema: &Schema, at: usize) -> Result<SchemaRef> {
    let others: Vec<usize> = (0..schema.fields().len()).filter(|other| *other != at).collect();
    Ok(schema.project(&others)?.into())
}

/// The files that are being written, by value.
struct Files {
    folder: PathBuf,
    column: String,
    schema: SchemaRef,
    properties: WriterProperties,
    open: BTreeMap<String, ArrowWriter<BufWriter<File>>>,
}

impl Files {
    fn new(folder: &Path, column: &str, schema: &SchemaRef) -> Result<Self> {
        let level = ZstdLevel::try_new(3).map_err(ArrowError::from)?;
        Ok(Self {
            folder: folder.to_owned(),
            column: column.to_owned(),
            schema: schema.clone(),
            properties: WriterProperties::builder().set_compression(Compression::ZSTD(level)).build(),
            open: BTreeMap::new(),
        })
    }

    fn write(&mut self, value: &str, rows: &RecordBatch) -> Result<()> {
        if !self.open.contains_key(value) {
            let writer = self.create(value)?;
            self.open.insert(value.to_owned(), writer);
        }
        if let Some(writer) = self.open.get_mut(value) {
            writer.write(rows).map_err(written)?;
        }
        Ok(())
    }

    fn create(&self, value: &str) -> Result<ArrowWriter<BufWriter<File>>> {
        let folder = self.folder.join(format!("{}={}", self.column, escaped(value)));
        let path = folder.join("part-00000.parquet");
        let failed = |source| EngineError::File { path: path.display().to_string(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let file = BufWriter::new(File::create_new(&path).map_err(failed)?);
        ArrowWriter::try_new(file, self.schema.clone(), Some(self.properties.clone())).map_err(written)
    }

    /// Lets the largest files write a row group until all together hold no more than they may.
    fn shrink(&mut self) -> Result<()> {
        while self.open.values().map(ArrowWriter::memory_size).sum::<usize>() > BUFFER {
            let Some(largest) = self.open.values_mut().max_by_key(|writer| writer.memory_size()) else { break };
            largest.flush().map_err(written)?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        for writer in std::mem::take(&mut self.open).into_values() {
            writer.close().map_err(written)?;
        }
        Ok(())
    }
}

fn written(error: ParquetError) -> EngineError {
    ArrowError::from(error).into()
}

/// A value as a folder's name: what file systems or Hive's `=` would misread is written `%2F`.
fn escaped(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._- ".contains(c);
    value.chars().map(|c| if plain(c) { c.to_string() } else { format!("%{:02X}", u32::from(c)) }).collect()
}

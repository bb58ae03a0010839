//! Rows of a query into a file or a pipe.

use std::io::{self, Write};
use std::path::Path;

use datafusion::arrow::array::{RecordBatch, RecordBatchWriter};
use datafusion::arrow::csv::WriterBuilder;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use futures::StreamExt;

use super::{EngineError, Result};

/// A form in which rows leave Kairos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated with a header; missing values are empty.
    Csv,
    /// One JSON object per line; missing values are left out.
    Json,
    /// Parquet, zstd.
    Parquet,
}

impl Format {
    /// The format that a file name asks for.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "json" | "jsonl" | "ndjson" => Some(Self::Json),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The usual ending of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }
}

/// Writes all rows and returns how many there were.
///
/// # Errors
/// If the query or the write fails.
pub async fn write_rows(rows: SendableRecordBatchStream, format: Format, to: impl Write + Send) -> Result<u64> {
    let to = io::BufWriter::new(to);
    match format {
        Format::Csv => drain(rows, WriterBuilder::new().with_header(true).build(to)).await,
        Format::Json => drain(rows, LineDelimitedWriter::new(to)).await,
        Format::Parquet => {
            let level = ZstdLevel::try_new(3).map_err(ArrowError::from)?;
            let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
            let writer = ArrowWriter::try_new(to, rows.schema(), Some(properties)).map_err(ArrowError::from)?;
            drain(rows, writer).await
        }
    }
}

/// Writes all rows to a file that appears under its name only when it is complete.
///
/// # Errors
/// If the query or the write fails; a file that was there before is then unchanged.
pub async fn write_file(rows: SendableRecordBatchStream, format: Format, path: &Path) -> Result<u64> {
    let failed = |source: io::Error| EngineError::File { path: path.display().to_string(), source };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let count = write_rows(rows, format, file.as_file()).await?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(count)
}

async fn drain(mut rows: SendableRecordBatchStream, mut writer: impl RecordBatchWriter) -> Result<u64> {
    let mut count = 0;
    let mut empty = true;
    let schema: SchemaRef = rows.schema();
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        count += batch.num_rows() as u64;
        empty = false;
        writer.write(&batch)?;
    }
    if empty {
        // So that a header is written where there are no rows.
        writer.write(&RecordBatch::new_empty(schema))?;
    }
    writer.close()?;
    Ok(count)
}

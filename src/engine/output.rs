//! Rows of a query into a file or a pipe.

use std::io::{self, Write};
use std::path::Path;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::csv::WriterBuilder;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;
use futures::{TryStreamExt, stream};
use tokio::runtime::Handle;

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
    match format {
        Format::Csv => {
            // Also where there are no rows.
            let header = csv(&RecordBatch::new_empty(rows.schema()), true)?;
            write_text(rows, &header, |rows| csv(rows, false), to).await
        }
        Format::Json => write_text(rows, &[], json, to).await,
        Format::Parquet => write_parquet(rows, io::BufWriter::new(to)).await,
    }
}

/// Values that are printed at a time: some milliseconds of work.
const PIECE: usize = 1 << 15;

/// Writes all rows to a file that appears under its name only when it is complete.
///
/// # Errors
/// If the query or the write fails; a file that was there before is then unchanged.
pub async fn write_file(rows: SendableRecordBatchStream, format: Format, path: &Path) -> Result<u64> {
    let failed = |source: io::Error| EngineError::File { path: path.display().to_string(), source };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let written = write_rows(rows, format, file.as_file()).await;
    let count = written.map_err(|error| match error {
        EngineError::Output(source) => failed(source),
        error => error,
    })?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(count)
}

/// Turns rows into text on all threads and writes it in their order: printing a number takes longer than reading it.
async fn write_text(
    rows: SendableRecordBatchStream,
    header: &[u8],
    text: fn(&RecordBatch) -> Result<Vec<u8>, ArrowError>,
    mut to: impl Write,
) -> Result<u64> {
    let printed = |piece: RecordBatch| async move {
        let rows = piece.num_rows();
        let text = tokio::spawn(async move { text(&piece) }).await;
        let text = text.map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok::<_, DataFusionError>((rows, text?))
    };
    let threads = Handle::current().metrics().num_workers();
    let pieces = rows.map_ok(|batch| stream::iter(pieces(batch).map(Ok::<_, DataFusionError>))).try_flatten();
    // Twice as many as there are threads: a piece that is done waits for those before it, and its thread does not.
    let mut texts = pieces.map_ok(printed).try_buffered(2 * threads);
    let mut next = texts.try_next().await?;
    // Not before a query that fails at once.
    to.write_all(header).map_err(EngineError::Output)?;
    let mut count = 0;
    while let Some((rows, text)) = next {
        to.write_all(&text).map_err(EngineError::Output)?;
        count += rows as u64;
        next = texts.try_next().await?;
    }
    to.flush().map_err(EngineError::Output)?;
    Ok(count)
}

/// The batch in pieces of some [`PIECE`] values.
fn pieces(batch: RecordBatch) -> impl Iterator<Item = RecordBatch> {
    let rows = (PIECE / batch.num_columns().max(1)).max(1);
    (0..batch.num_rows()).step_by(rows).map(move |start| batch.slice(start, rows.min(batch.num_rows() - start)))
}

fn csv(rows: &RecordBatch, header: bool) -> Result<Vec<u8>, ArrowError> {
    let mut text = Vec::new();
    WriterBuilder::new().with_header(header).build(&mut text).write(rows)?;
    Ok(text)
}

fn json(rows: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(rows)?;
    writer.finish()?;
    Ok(writer.into_inner())
}

async fn write_parquet(mut rows: SendableRecordBatchStream, to: impl Write + Send) -> Result<u64> {
    let level = ZstdLevel::try_new(3).map_err(ArrowError::from)?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let mut writer = ArrowWriter::try_new(to, rows.schema(), Some(properties)).map_err(ArrowError::from)?;
    let mut count = 0;
    while let Some(batch) = rows.try_next().await? {
        writer.write(&batch).map_err(ArrowError::from)?;
        count += batch.num_rows() as u64;
    }
    writer.close().map_err(ArrowError::from)?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Float64Array, StringArray};
    use datafusion::arrow::compute::concat_batches;
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

    use super::*;

    fn batch(rows: std::ops::Range<usize>) -> RecordBatch {
        let names: StringArray = rows.clone().map(|row| (row % 7 > 0).then(|| format!("\"{row}\", é"))).collect();
        let numbers: Float64Array = rows.map(|row| (row % 5 > 0).then_some(row as f64 / 7.0)).collect();
        let columns: [(_, ArrayRef); 2] = [("name", Arc::new(names)), ("x", Arc::new(numbers))];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
    async fn pieces_are_printed_as_a_whole_is() {
        let batches = [batch(0..1), batch(1..1), batch(1..3 * PIECE + 5), batch(3 * PIECE + 5..3 * PIECE + 9)];
        let whole = concat_batches(&batches[0].schema(), &batches).unwrap();
        let one = RecordBatch::new_empty(whole.schema());
        for (rows, whole) in [(batches.to_vec(), whole), (vec![one.clone()], one.clone()), (vec![], one)] {
            for (format, text) in [(Format::Csv, csv(&whole, true)), (Format::Json, json(&whole))] {
                let rows = stream::iter(rows.clone().into_iter().map(Ok));
                let rows = Box::pin(RecordBatchStreamAdapter::new(whole.schema(), rows));
                let mut written = Vec::new();
                let count = write_rows(rows, format, &mut written).await.unwrap();
                assert!(count == whole.num_rows() as u64 && written == text.unwrap(), "{format:?} {count}");
            }
        }
    }
}

//! Bad rows: counted, the first ones kept for the message, all of them kept for the lake if they are set aside.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::parquet::arrow::ArrowWriter;

use super::Result;
use super::reader::{Malformed, Position, Record};
use super::validate::BadCell;

/// How many bad rows a message shows.
const SHOWN: usize = 20;
/// Bad rows are written to the temporary file this many at a time.
const BUFFERED_ROWS: usize = 1024;
/// Or when their text is this long.
const BUFFERED_BYTES: usize = 8 << 20;

/// A row of a file that cannot be landed.
#[derive(Debug, Clone)]
pub struct RejectedRow {
    /// The file, with the member for a ZIP archive.
    pub file: String,
    /// The column that is wrong; `None` if the whole record is.
    pub column: Option<String>,
    /// What the file has in that column; `None` if nothing.
    pub value: Option<String>,
    /// What is wrong.
    pub reason: String,
    position: Position,
    record: String,
}

impl RejectedRow {
    pub(super) fn with_cell(file: &str, record: Record, cell: BadCell) -> Self {
        Self {
            file: file.to_owned(),
            column: Some(cell.column),
            value: cell.value,
            reason: cell.reason.to_owned(),
            position: record.position,
            record: record.text,
        }
    }

    pub(super) fn malformed(file: &str, malformed: &Malformed) -> Self {
        Self {
            file: file.to_owned(),
            column: None,
            value: None,
            reason: malformed.reason.clone(),
            position: malformed.record.position,
            record: malformed.record.text.clone(),
        }
    }

    /// The line of a text file in which the record begins (the header is line 1), or the row of a Parquet file, from 1.
    pub fn line(&self) -> u64 {
        self.position.number()
    }

    /// The whole record as it was written.
    pub fn record(&self) -> &str {
        &self.record
    }
}

impl fmt::Display for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.file, self.position)?;
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        match &self.value {
            Some(value) => write!(f, ": '{value}' {}", self.reason),
            None => write!(f, ": {}", self.reason),
        }
    }
}

/// Columns of the dataset of rejected rows.
pub(super) static REJECTED_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let landed_at = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        text("table"),
        text("file"),
        Field::new("line", DataType::Int64, true),
        text("column"),
        text("value"),
        text("reason"),
        Field::new("landed_at", landed_at, true),
        text("record"),
    ]))
});

/// Collects bad rows.
pub(super) struct Rejects {
    table: &'static str,
    landed_at: DateTime<Utc>,
    /// How many there are.
    pub total: u64,
    /// The first of them.
    pub first: Vec<RejectedRow>,
    spool: Option<Spool>,
}

/// A temporary file with all of them.
struct Spool {
    path: PathBuf,
    writer: ArrowWriter<File>,
    buffered: Vec<RejectedRow>,
    buffered_bytes: usize,
}

impl Rejects {
    /// With a path, all bad rows are written there; without, only counted.
    pub fn new(table: &'static str, path: Option<&Path>) -> Result<Self> {
        let spool = path.map(Spool::create).transpose()?;
        Ok(Self { table, landed_at: Utc::now(), total: 0, first: Vec::new(), spool })
    }

    /// Whether a row would only be counted, so that its text need not be looked up.
    pub fn only_counts(&self) -> bool {
        self.spool.is_none() && self.first.len() >= SHOWN
    }

    /// Counts rows without looking at them.
    pub fn count(&mut self, rows: usize) {
        self.total += rows as u64;
    }

    /// Whether all bad rows are kept, so that the good ones can be landed.
    pub fn keeps_all(&self) -> bool {
        self.spool.is_some()
    }

    /// Takes a bad row.
    pub fn add(&mut self, row: RejectedRow) -> Result<()> {
        self.total += 1;
        if self.first.len() < SHOWN {
            self.first.push(row.clone());
        }
        if let Some(spool) = &mut self.spool {
            spool.buffered_bytes += row.record.len();
            spool.buffered.push(row);
            if spool.buffered.len() >= BUFFERED_ROWS || spool.buffered_bytes >= BUFFERED_BYTES {
                spool.flush(self.table, self.landed_at)?;
            }
        }
        Ok(())
    }

    /// Closes the temporary file; its path, if there is a bad row in it.
    pub fn finish(&mut self) -> Result<Option<PathBuf>> {
        let Some(mut spool) = self.spool.take() else {
            return Ok(None);
        };
        spool.flush(self.table, self.landed_at)?;
        spool.writer.close()?;
        Ok((self.total > 0).then_some(spool.path))
    }
}

impl Spool {
    fn create(path: &Path) -> Result<Self> {
        let writer = ArrowWriter::try_new(File::create(path)?, REJECTED_SCHEMA.clone(), None)?;
        Ok(Self { path: path.to_owned(), writer, buffered: Vec::new(), buffered_bytes: 0 })
    }

    fn flush(&mut self, table: &str, landed_at: DateTime<Utc>) -> Result<()> {
        let rows = std::mem::take(&mut self.buffered);
        self.buffered_bytes = 0;
        self.writer.write(&to_batch(table, landed_at, &rows)?)?;
        // A row group per write keeps the memory for unfinished ones small.
        self.writer.flush()?;
        Ok(())
    }
}

fn to_batch(table: &str, landed_at: DateTime<Utc>, rows: &[RejectedRow]) -> Result<RecordBatch> {
    fn text<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
        Arc::new(values.collect::<StringArray>())
    }
    let time = TimestampMicrosecondArray::from(vec![landed_at.timestamp_micros(); rows.len()]);
    let columns: Vec<ArrayRef> = vec![
        text(rows.iter().map(|_| Some(table))),
        text(rows.iter().map(|row| Some(row.file.as_str()))),
        Arc::new(rows.iter().map(|row| row.line() as i64).collect::<Int64Array>()),
        text(rows.iter().map(|row| row.column.as_deref())),
        text(rows.iter().map(|row| row.value.as_deref())),
        text(rows.iter().map(|row| Some(row.reason.as_str()))),
        Arc::new(time.with_timezone("UTC")),
        text(rows.iter().map(|row| Some(row.record.as_str()))),
    ];
    Ok(RecordBatch::try_new(REJECTED_SCHEMA.clone(), columns)?)
}

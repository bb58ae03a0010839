//! Reads vendor files as batches of columns, without changing a value.
//!
//! The format is told by the first bytes, not by the name: vendors and browsers disagree about names. A ZIP archive is
//! read as the CSV files it holds, one after the other.

mod archive;
mod csv;
mod parquet;

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::display::array_value_to_string;

use super::{RawError, Result};

/// Rows of a batch.
const BATCH_ROWS: usize = 8192;

/// Receives what is read. An error of the receiver ends the reading.
pub(super) trait Sink {
    /// A file, or a member of a ZIP archive, begins.
    fn begin(&mut self, source: &Source) -> Result<()>;
    /// The next rows of it.
    fn chunk(&mut self, chunk: &Chunk) -> Result<()>;
}

/// A file, or a member of a ZIP archive.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Name for messages: the path, with the member for an archive.
    pub name: String,
    /// Column names in lower case, with the types of the file; all text for CSV.
    pub schema: SchemaRef,
    /// Whether it is CSV, where types are not known.
    pub is_csv: bool,
}

/// Consecutive rows of a source.
pub(super) struct Chunk {
    /// The rows; an empty CSV field is NULL.
    pub rows: RecordBatch,
    /// Records that are not rows, because their fields do not match the header or are not text.
    pub malformed: Vec<Malformed>,
    /// Bytes of the file that have been read so far.
    pub bytes: u64,
    origin: Arc<Origin>,
    /// For each of `rows`, which row of the batch in the file it is; `None` if they are the same.
    places: Option<Vec<usize>>,
}

/// A record that is not a row.
#[derive(Debug, Clone)]
pub(super) struct Malformed {
    /// What and where it is.
    pub record: Record,
    /// What is wrong.
    pub reason: String,
}

/// The place of a row in its file, and its text.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// Where it begins.
    pub position: Position,
    /// The text of the record; for Parquet `column=value` pairs.
    pub text: String,
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// A line of a text file; the header is in line 1.
    Line(u64),
    /// A row of a Parquet file.
    Row(u64),
}

impl Position {
    /// The bare number.
    pub fn number(self) -> u64 {
        match self {
            Position::Line(n) | Position::Row(n) => n,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Line(n) => write!(f, "line {n}"),
            Position::Row(n) => write!(f, "row {n}"),
        }
    }
}

enum Origin {
    Csv(csv::Text),
    Parquet { first_row: u64, rows: RecordBatch },
}

impl Chunk {
    fn new(rows: RecordBatch, malformed: Vec<Malformed>, bytes: u64, origin: Origin) -> Self {
        Self { rows, malformed, bytes, origin: Arc::new(origin), places: None }
    }

    /// The place and text of a row of `rows`. Meant for the few rows that are reported.
    pub fn record(&self, row: usize) -> Record {
        let row = self.places.as_ref().map_or(row, |places| places[row]);
        match self.origin.as_ref() {
            Origin::Csv(text) => text.record(row),
            Origin::Parquet { first_row, rows } => {
                let position = Position::Row(first_row + row as u64);
                Record { position, text: describe(rows, row) }
            }
        }
    }

    /// The same stretch of the file as other columns, `rows`, made of those rows that are not `unreadable`; these, with
    /// the reason why, become records that are not rows.
    pub fn mapped(&self, rows: RecordBatch, unreadable: Vec<(usize, String)>) -> Self {
        let mut malformed = self.malformed.clone();
        malformed.extend(
            unreadable.iter().map(|(row, reason)| Malformed { record: self.record(*row), reason: reason.clone() }),
        );
        let is_read = |row: &usize| unreadable.iter().all(|(other, _)| other != row);
        let places = match unreadable.is_empty() {
            true => self.places.clone(),
            false => Some((0..self.rows.num_rows()).filter(is_read).collect()),
        };
        Self { rows, malformed, bytes: self.bytes, origin: self.origin.clone(), places }
    }
}

/// `column=value` for the columns that have a value.
fn describe(rows: &RecordBatch, row: usize) -> String {
    let schema = rows.schema();
    let present = schema.fields().iter().zip(rows.columns()).filter(|(_, column)| column.is_valid(row));
    let pairs = present.map(|(field, column)| {
        let value = array_value_to_string(column, row).unwrap_or_else(|_| "?".into());
        format!("{}={value}", field.name())
    });
    pairs.collect::<Vec<_>>().join(", ")
}

/// Reads a file of any supported format into `sink`.
///
/// # Errors
/// If the file cannot be read to its end, its columns have no usable names, or `sink` fails.
pub(super) fn read_file(path: &Path, sink: &mut impl Sink) -> Result<()> {
    let name = path.display().to_string();
    let failed = |source| RawError::Read { file: name.clone(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut magic = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut magic).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    match magic.as_slice() {
        [] => Err(RawError::Empty { file: name }),
        b"PAR1" => parquet::read(&name, file, sink),
        [b'P', b'K', ..] => archive::read_zip(&name, file, sink),
        [0x1f, 0x8b, ..] => archive::read_gzip(&name, file, sink),
        _ => {
            let (input, bytes) = Counted::new(file);
            csv::read(&name, input, &bytes, sink)
        }
    }
}

/// Brings column names to lower case and refuses those that cannot name a column.
fn column_names<'a>(file: &str, names: impl Iterator<Item = &'a str>) -> Result<Vec<String>> {
    let refused = |reason: String| RawError::Header { file: file.to_owned(), reason };
    let mut seen: Vec<String> = Vec::new();
    for (at, name) in names.enumerate() {
        let name = name.trim().to_lowercase();
        if name.is_empty() {
            return Err(refused(format!("column {} has no name", at + 1)));
        }
        if name.starts_with("__") {
            return Err(refused(format!("the name '{name}' begins with '__', which is reserved")));
        }
        if seen.contains(&name) {
            return Err(refused(format!("'{name}' occurs twice")));
        }
        seen.push(name);
    }
    Ok(seen)
}

/// Counts the bytes that pass, for the progress display.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    fn new(inner: R) -> (Self, Arc<AtomicU64>) {
        let bytes = Arc::new(AtomicU64::new(0));
        (Self { inner, bytes: bytes.clone() }, bytes)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests;

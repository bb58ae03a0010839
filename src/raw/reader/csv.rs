//! CSV text as columns of text.
//!
//! Fields are split by `csv-core`, the state machine inside arrow's own CSV reader. Arrow's reader itself gives up at the
//! first record with a wrong number of fields and counts records instead of lines; here such a record is set aside, the
//! rest of the file is read on, and the text of a batch is kept so that any row can be shown as it was written.

use std::io::Read;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use csv_core::ReadRecordResult;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use datafusion::arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;

use super::{BATCH_ROWS, Chunk, Malformed, Origin, Position, Record, Sink, Source, column_names};
use crate::raw::{RawError, Result};

/// Bytes that are read at a time.
const READ_BYTES: usize = 1 << 18;
/// A batch ends when its text is this long, however few rows that is.
const BATCH_BYTES: usize = 8 << 20;
/// A longer record is taken for a quote that was never closed, which would otherwise swallow the rest of the file.
const LONGEST_RECORD: usize = 4 << 20;

/// Reads CSV with a header line. `bytes` counts what has been read of the file itself.
pub(super) fn read(name: &str, input: impl Read, bytes: &AtomicU64, sink: &mut impl Sink) -> Result<()> {
    let mut records = Records::new(name, input);
    let header = records.header()?;
    let fields = header.iter().map(|name| Field::new(name, DataType::Utf8, true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    sink.begin(&Source { name: name.to_owned(), schema: schema.clone(), is_csv: true })?;
    while let Some(chunk) = records.next_chunk(&schema, bytes)? {
        sink.chunk(&chunk)?;
    }
    Ok(())
}

/// The text of a batch and where in it each row lies.
pub(super) struct Text {
    bytes: Vec<u8>,
    rows: Vec<Range<usize>>,
    /// Number of the line in which `bytes` begins.
    first_line: u64,
    /// Where in `bytes` lines end; found when a line number is first asked for.
    line_ends: OnceLock<Vec<usize>>,
}

impl Text {
    pub(super) fn record(&self, row: usize) -> Record {
        self.record_at(&self.rows[row])
    }

    /// The record in a range, which may begin with the end of the line before and with blank lines.
    fn record_at(&self, range: &Range<usize>) -> Record {
        let start = first_character(&self.bytes, range);
        let line_ends = self.line_ends.get_or_init(|| line_breaks(&self.bytes).collect());
        let line = self.first_line + line_ends.partition_point(|end| *end < start) as u64;
        let text = String::from_utf8_lossy(&self.bytes[start..range.end]);
        Record { position: Position::Line(line), text: text.trim_end_matches(['\r', '\n']).to_owned() }
    }
}

/// Where a record begins after the line break and the blank lines that the parser skipped before it.
fn first_character(text: &[u8], range: &Range<usize>) -> usize {
    let is_break = |byte: &&u8| matches!(**byte, b'\r' | b'\n');
    range.start + text[range.clone()].iter().take_while(is_break).count()
}

fn line_breaks(bytes: &[u8]) -> impl Iterator<Item = usize> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at)
}

/// Splits text into records, a batch at a time.
struct Records<'a, R> {
    name: &'a str,
    input: R,
    at_end: bool,
    parser: csv_core::Reader,
    /// Text that was read and not handed out.
    text: Vec<u8>,
    /// How much of `text` the parser has seen.
    parsed: usize,
    fields: Fields,
}

/// The unquoted fields of consecutive records, one after the other.
#[derive(Default)]
struct Fields {
    bytes: Vec<u8>,
    /// Where each field ends in `bytes`.
    ends: Vec<usize>,
    /// How much of `bytes` and `ends` is in use; both are longer, so that the parser has room.
    bytes_used: usize,
    ends_used: usize,
}

impl Fields {
    /// Forgets the fields after the first `ends`.
    fn truncate(&mut self, ends: usize) {
        self.ends_used = ends;
        self.bytes_used = if ends == 0 { 0 } else { self.ends[ends - 1] };
    }

    fn range(&self, field: usize) -> Range<usize> {
        let start = if field == 0 { 0 } else { self.ends[field - 1] };
        start..self.ends[field]
    }

    fn get(&self, field: usize) -> &[u8] {
        &self.bytes[self.range(field)]
    }
}

impl<'a, R: Read> Records<'a, R> {
    fn new(name: &'a str, input: R) -> Self {
        let parser = csv_core::Reader::new();
        let (text, parsed, fields) = (Vec::new(), 0, Fields::default());
        Self { name, input, at_end: false, parser, text, parsed, fields }
    }

    fn header(&mut self) -> Result<Vec<String>> {
        let Some(_) = self.next_record()? else {
            return Err(RawError::Empty { file: self.name.to_owned() });
        };
        let refused = |reason: &str| RawError::Header { file: self.name.to_owned(), reason: reason.to_owned() };
        let names = (0..self.fields.ends_used).map(|field| std::str::from_utf8(self.fields.get(field)));
        let names: Vec<&str> =
            names.collect::<std::result::Result<_, _>>().map_err(|_| refused("line 1 is not UTF-8 text"))?;
        let names = column_names(self.name, names.into_iter())?;
        self.take_parsed();
        Ok(names)
    }

    /// Hands out the text that the parser has seen and keeps the rest.
    fn take_parsed(&mut self) -> Vec<u8> {
        let rest = self.text.split_off(self.parsed);
        self.parsed = 0;
        std::mem::replace(&mut self.text, rest)
    }

    /// The next rows, or `None` at the end of the file.
    fn next_chunk(&mut self, schema: &SchemaRef, bytes: &AtomicU64) -> Result<Option<Chunk>> {
        self.fields.truncate(0);
        let width = schema.fields().len();
        let first_line = self.parser.line();
        let (mut rows, mut misshapen) = (Vec::with_capacity(BATCH_ROWS), Vec::new());
        while rows.len() + misshapen.len() < BATCH_ROWS && self.parsed < BATCH_BYTES {
            let Some(range) = self.next_record()? else {
                break;
            };
            let found = self.fields.ends_used - rows.len() * width;
            if found == width {
                rows.push(range);
            } else {
                self.fields.truncate(rows.len() * width);
                misshapen.push((range, found));
            }
        }
        if rows.is_empty() && misshapen.is_empty() {
            return Ok(None);
        }
        let mut text = Text { bytes: self.take_parsed(), rows, first_line, line_ends: OnceLock::new() };
        let wrong_count = |(range, found): &(Range<usize>, usize)| Malformed {
            record: text.record_at(range),
            reason: format!("expected {width} fields as in the header, found {found}"),
        };
        let mut malformed: Vec<Malformed> = misshapen.iter().map(wrong_count).collect();
        let rows = match self.columns(schema, text.rows.len()) {
            Ok(rows) => rows,
            Err(_) => {
                malformed.extend(self.set_aside_non_text(schema, &mut text));
                self.columns(schema, text.rows.len())?
            }
        };
        let bytes = bytes.load(Ordering::Relaxed);
        Ok(Some(Chunk::new(rows, malformed, bytes, Origin::Csv(text))))
    }

    /// The fields of the batch as text columns. An error means that some field is not UTF-8.
    fn columns(&self, schema: &SchemaRef, rows: usize) -> Result<RecordBatch, ArrowError> {
        let width = schema.fields().len();
        let column = |column: usize| {
            let fields = (0..rows).map(|row| self.fields.get(row * width + column));
            text_column(fields, rows)
        };
        let columns = (0..width).map(column).collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema.clone(), columns, &options)
    }

    /// Takes rows with a field that is not UTF-8 out of the batch.
    fn set_aside_non_text(&mut self, schema: &SchemaRef, text: &mut Text) -> Vec<Malformed> {
        let width = schema.fields().len();
        let (mut kept, mut malformed, mut ends, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (row, range) in text.rows.iter().enumerate() {
            let fields = row * width..(row + 1) * width;
            let is_text = |field: &usize| std::str::from_utf8(self.fields.get(*field)).is_ok();
            if let Some(bad) = fields.clone().find(|field| !is_text(field)) {
                let reason = format!("column {} is not UTF-8 text", schema.field(bad - row * width).name());
                malformed.push(Malformed { record: text.record_at(range), reason });
                continue;
            }
            kept.push(range.clone());
            for field in fields {
                bytes.extend_from_slice(self.fields.get(field));
                ends.push(bytes.len());
            }
        }
        self.fields = Fields { bytes_used: bytes.len(), ends_used: ends.len(), bytes, ends };
        text.rows = kept;
        malformed
    }

    /// Appends the fields of the next record and returns where in `text` it lies; `None` at the end.
    fn next_record(&mut self) -> Result<Option<Range<usize>>> {
        let (start, base) = (self.parsed, self.fields.bytes_used);
        let first_end = self.fields.ends_used;
        loop {
            if self.parsed == self.text.len() && !self.at_end {
                self.fill()?;
            }
            if self.parsed - start > LONGEST_RECORD {
                let begin = first_character(&self.text, &(start..self.parsed));
                let line = self.parser.line() - line_breaks(&self.text[begin..self.parsed]).count() as u64;
                let (file, limit) = (self.name.to_owned(), LONGEST_RECORD);
                return Err(RawError::RecordTooLong { file, line, limit });
            }
            let fields = &mut self.fields;
            let (result, read, written, ended) = self.parser.read_record(
                &self.text[self.parsed..],
                &mut fields.bytes[fields.bytes_used..],
                &mut fields.ends[fields.ends_used..],
            );
            self.parsed += read;
            fields.bytes_used += written;
            fields.ends_used += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => fields.bytes.resize(fields.bytes.len() * 2 + READ_BYTES, 0),
                ReadRecordResult::OutputEndsFull => fields.ends.resize(fields.ends.len() * 2 + BATCH_ROWS, 0),
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::Record => {
                    // The parser counts from the start of the record.
                    fields.ends[first_end..fields.ends_used].iter_mut().for_each(|end| *end += base);
                    return Ok(Some(start..self.parsed));
                }
            }
        }
    }

    /// Reads on until `READ_BYTES` more are there or the input ends.
    fn fill(&mut self) -> Result<()> {
        let read = self.input.by_ref().take(READ_BYTES as u64).read_to_end(&mut self.text);
        let read = read.map_err(|source| RawError::Read { file: self.name.to_owned(), source })?;
        self.at_end = read < READ_BYTES;
        Ok(())
    }
}

/// A column of text in which an empty field is NULL.
fn text_column<'a>(fields: impl Iterator<Item = &'a [u8]> + Clone, rows: usize) -> Result<ArrayRef, ArrowError> {
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0_i32);
    let mut bytes = Vec::new();
    for field in fields.clone() {
        bytes.extend_from_slice(field);
        // A batch's text is far below 2 GiB.
        offsets.push(bytes.len() as i32);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    let nulls = fields.map(|field| !field.is_empty()).collect::<NullBuffer>();
    let nulls = (nulls.null_count() > 0).then_some(nulls);
    Ok(Arc::new(StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls)?))
}

//! Typed rows in temporary files, by year, until all files are read and known to be good.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::{DatePart, date_part, partition, sort_to_indices, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use tempfile::TempDir;

use super::{RawTable, Result};

/// The column that numbers rows in the order in which they were read, over all files of a landing.
pub(super) const SEQUENCE: &str = "__sequence";

/// What unfinished row groups may hold together, however many years are open.
const BUFFERED_BYTES: usize = 128 << 20;

/// The year of a row; `None` in a table that is not kept by year.
pub(super) type Year = Option<i32>;

/// Rows on their way in.
pub(super) struct Stage {
    folder: TempDir,
    table: &'static RawTable,
    sets: Vec<Set>,
    rows: u64,
}

/// Rows of files that have the same columns.
struct Set {
    columns: SchemaRef,
    schema: SchemaRef,
    writers: BTreeMap<Year, ArrowWriter<File>>,
}

/// Rows that are ready to be merged. The temporary folder goes away with this value.
pub(super) struct Staged {
    folder: TempDir,
    /// The columns of each set of files that have the same columns.
    pub sets: Vec<SchemaRef>,
    /// The years that have rows, and in which sets.
    pub years: BTreeMap<Year, Vec<usize>>,
    /// Rows in all.
    pub rows: u64,
}

impl Stage {
    pub fn new(table: &'static RawTable) -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, table, sets: Vec::new(), rows: 0 })
    }

    /// The temporary folder, for what else must be kept as long.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The number of the set for files with these columns.
    pub fn set(&mut self, columns: &SchemaRef) -> usize {
        if let Some(at) = self.sets.iter().position(|set| &set.columns == columns) {
            return at;
        }
        let sequence = Arc::new(Field::new(SEQUENCE, DataType::Int64, false));
        let schema: Vec<_> = columns.fields().iter().cloned().chain([sequence]).collect();
        let schema = Arc::new(Schema::new(schema));
        self.sets.push(Set { columns: columns.clone(), schema, writers: BTreeMap::new() });
        self.sets.len() - 1
    }

    /// The columns of each set.
    pub fn sets(&self) -> impl Iterator<Item = &SchemaRef> {
        self.sets.iter().map(|set| &set.columns)
    }

    /// Adds rows to a set.
    pub fn write(&mut self, set: usize, rows: &RecordBatch) -> Result<()> {
        let first = self.rows as i64;
        self.rows += rows.num_rows() as u64;
        let sequence: ArrayRef = Arc::new(Int64Array::from_iter_values(first..self.rows as i64));
        let columns = rows.columns().iter().cloned().chain([sequence]).collect();
        let Set { schema, writers, .. } = &mut self.sets[set];
        let rows = RecordBatch::try_new(schema.clone(), columns)?;
        for (year, rows) in by_year(self.table, rows)? {
            let writer = match writers.entry(year) {
                Entry::Occupied(open) => open.into_mut(),
                Entry::Vacant(new) => {
                    let file = File::create(path(&self.folder, set, year))?;
                    new.insert(ArrowWriter::try_new(file, schema.clone(), Some(properties()))?)
                }
            };
            writer.write(&rows)?;
        }
        self.relieve()
    }

    /// Closes row groups when the unfinished ones have become too large together.
    fn relieve(&mut self) -> Result<()> {
        let sizes = self.sets.iter().flat_map(|set| set.writers.values()).map(ArrowWriter::memory_size);
        if sizes.sum::<usize>() > BUFFERED_BYTES {
            for writer in self.sets.iter_mut().flat_map(|set| set.writers.values_mut()) {
                writer.flush()?;
            }
        }
        Ok(())
    }

    /// Closes the temporary files.
    pub fn finish(self) -> Result<Staged> {
        let (mut sets, mut years) = (Vec::new(), BTreeMap::<Year, Vec<usize>>::new());
        for (at, set) in self.sets.into_iter().enumerate() {
            sets.push(set.columns);
            for (year, writer) in set.writers {
                writer.close()?;
                years.entry(year).or_default().push(at);
            }
        }
        Ok(Staged { folder: self.folder, sets, years, rows: self.rows })
    }
}

impl Staged {
    /// The temporary file with a set's rows of a year: the set's columns and [`SEQUENCE`].
    pub fn path(&self, set: usize, year: Year) -> PathBuf {
        path(&self.folder, set, year)
    }
}

fn path(folder: &TempDir, set: usize, year: Year) -> PathBuf {
    let year = year.map_or("all".to_owned(), |year| year.to_string());
    folder.path().join(format!("{set}-{year}.parquet"))
}

/// The rows of each year.
fn by_year(table: &RawTable, rows: RecordBatch) -> Result<Vec<(Year, RecordBatch)>> {
    if rows.num_rows() == 0 {
        return Ok(Vec::new());
    }
    let Some(column) = table.partition_date else {
        return Ok(vec![(None, rows)]);
    };
    let years = date_part(rows.column(rows.schema().index_of(column)?), DatePart::Year)?;
    let first = years.as_primitive::<Int32Type>().value(0);
    if years.as_primitive::<Int32Type>().values().iter().all(|year| *year == first) {
        return Ok(vec![(Some(first), rows)]);
    }
    // Rows of a year may change places here; the sequence number remembers their order.
    let order = sort_to_indices(&years, None, None)?;
    let rows = take_record_batch(&rows, &order)?;
    let years = date_part(rows.column(rows.schema().index_of(column)?), DatePart::Year)?;
    let runs = partition(std::slice::from_ref(&years))?.ranges().into_iter();
    let years = years.as_primitive::<Int32Type>();
    Ok(runs.map(|run| (Some(years.value(run.start)), rows.slice(run.start, run.len()))).collect())
}

/// Written once and read once: cheap compression, no dictionaries, no statistics.
fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_max_row_group_row_count(Some(128 * 1024))
        .build()
}

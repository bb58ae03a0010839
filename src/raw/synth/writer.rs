//! Writes the tables as files.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::csv;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::{Format, SynthError, TableSummary};

/// Rows per row group.
const ROW_GROUP: usize = 128 * 1024;

/// A file that grows by batches.
pub struct TableWriter {
    name: &'static str,
    path: PathBuf,
    sink: Sink,
    rows: u64,
}

enum Sink {
    Parquet(Box<ArrowWriter<File>>),
    Csv(Box<csv::Writer<BufWriter<File>>>),
}

impl TableWriter {
    /// Creates `<folder>/<name>.<extension>` for batches of `schema`, over a file of that name.
    pub fn create(folder: &Path, name: &'static str, schema: SchemaRef, format: Format) -> Result<Self, SynthError> {
        let path = folder.join(name).with_extension(format.extension());
        let file = File::create(&path).map_err(|source| SynthError::Io { path: path.clone(), source })?;
        let sink = match format {
            Format::Parquet => {
                let properties = properties(&schema);
                let writer = ArrowWriter::try_new(file, schema, Some(properties))
                    .map_err(|source| SynthError::Parquet { path: path.clone(), source })?;
                Sink::Parquet(Box::new(writer))
            }
            Format::Csv => Sink::Csv(Box::new(csv::Writer::new(BufWriter::new(file)))),
        };
        Ok(Self { name, path, sink, rows: 0 })
    }

    /// Appends a batch.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), SynthError> {
        let path = || self.path.clone();
        match &mut self.sink {
            Sink::Parquet(writer) => {
                writer.write(batch).map_err(|source| SynthError::Parquet { path: path(), source })?;
            }
            Sink::Csv(writer) => {
                writer.write(batch).map_err(|source| SynthError::Csv { path: path(), source })?;
            }
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Completes the file.
    pub fn finish(self) -> Result<TableSummary, SynthError> {
        let Self { name, path, sink, rows } = self;
        match sink {
            Sink::Parquet(writer) => {
                writer.close().map_err(|source| SynthError::Parquet { path: path.clone(), source })?;
            }
            Sink::Csv(writer) => {
                let flushed = writer.into_inner().into_inner();
                flushed.map_err(|error| SynthError::Io { path: path.clone(), source: error.into_error() })?;
            }
        }
        let bytes = fs::metadata(&path).map_err(|source| SynthError::Io { path: path.clone(), source })?.len();
        Ok(TableSummary { table: name, rows, bytes, path })
    }
}

/// Prices and ratios hardly repeat, so a dictionary costs time and saves nothing; texts and dates
/// do.
fn properties(schema: &Schema) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_sorting_columns(sorting(schema));
    for field in schema.fields().iter().filter(|field| *field.data_type() == DataType::Float64) {
        let column = ColumnPath::from(field.name().as_str());
        properties = properties.set_column_dictionary_enabled(column, false);
    }
    properties.build()
}

/// Tables with a row per ticker and date come in that order.
fn sorting(schema: &Schema) -> Option<Vec<SortingColumn>> {
    let by_ticker_and_date =
        schema.fields().len() > 2 && schema.field(0).name() == "ticker" && schema.field(1).name() == "date";
    let ascending = |column_idx: i32| SortingColumn { column_idx, descending: false, nulls_first: false };
    by_ticker_and_date.then(|| vec![ascending(0), ascending(1)])
}

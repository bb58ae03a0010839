//! Files of any source as files of the vendor: each column of a raw table as an SQL expression over the file's columns.
//!
//! ```toml
//! table = "sep"
//!
//! [columns]
//! ticker   = "upper(name)"
//! date     = "to_date(date, '%Y%m%d')"
//! close    = "close"
//! closeadj = "\"adj close\""
//! ```
//!
//! Names of a file's columns are in lower case, as they are when a file of the vendor is read; in CSV all are text. Two
//! more are there if the file has none of that name: `file`, its name without folder and endings, and `row`, from 1.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::prelude::SessionContext;
use serde::Deserialize;

use super::reader::{Chunk, Sink, Source};
use super::{RawError, RawTable, Result};

/// The columns that every file has besides its own.
const FILE: &str = "file";
const ROW: &str = "row";

/// How files of a source become rows of a raw table.
#[derive(Debug, Clone)]
pub struct Mapping {
    path: PathBuf,
    table: &'static RawTable,
    /// The table's columns and the expression of each, in the table's order.
    columns: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    table: String,
    columns: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// If it cannot be read, is not of this form, names an unknown table, or lacks a column that the table must have.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| RawError::Read { file: name.clone(), source })?;
        let refused = |reason: String| RawError::Mapping { file: name.clone(), reason };
        let text: Text = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        let table = RawTable::find(&text.table)?;
        let missing: Vec<&str> =
            table.required.iter().filter(|column| !text.columns.contains_key(**column)).copied().collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(refused(format!("a table '{}' must have {missing}: give each an expression", table.name)));
        }
        let schema = table.schema();
        let place = |column: &str| schema.index_of(column).unwrap_or(usize::MAX);
        let mut columns: Vec<(String, String)> = text.columns.into_iter().collect();
        if let Some((column, _)) = columns.iter().find(|(column, _)| place(column) == usize::MAX) {
            let known: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let near = kairos_udfs::nearest(column, known.iter().copied());
            let near = if near.is_empty() { known.join(", ") } else { near.join(" or ") };
            return Err(refused(format!("'{}' has no column '{column}'; did you mean {near}?", table.name)));
        }
        columns.sort_by_key(|(column, _)| place(column));
        Ok(Self { path: path.to_path_buf(), table, columns })
    }

    /// The table whose rows come out.
    pub fn table(&self) -> &'static RawTable {
        self.table
    }

    /// What receives the rows of a file and hands `inner` those of the table.
    pub(super) fn on<'a, S: Sink>(&'a self, file: &Path, inner: &'a mut S) -> Mapped<'a, S> {
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let stem = name.split('.').next().unwrap_or_default().to_owned();
        Mapped { mapping: self, stem, inner, open: None, rows: 0 }
    }

    /// The expressions, ready for the columns of a file.
    fn compile(&self, source: &Source) -> Result<Open> {
        let input = with_place(&source.schema);
        let columns = DFSchema::try_from(input.clone())?;
        let session = SessionContext::new();
        let (mut fields, mut expressions) = (Vec::new(), Vec::new());
        for (column, text) in &self.columns {
            let refused = |error: datafusion::error::DataFusionError| {
                let found: Vec<&str> = input.fields().iter().map(|field| field.name().as_str()).collect();
                let error = error.strip_backtrace();
                let reason = format!("{column} = \"{text}\" does not fit '{}': {error}", source.name);
                RawError::Mapping {
                    file: self.path.display().to_string(),
                    reason: format!("{reason}\nhelp: the columns there are {}", found.join(", ")),
                }
            };
            let compiled = session.parse_sql_expr(text, &columns).and_then(|parsed| {
                let expression = session.create_physical_expr(parsed, &columns)?;
                Ok((expression.data_type(&input)?, expression))
            });
            let (data_type, expression) = compiled.map_err(refused)?;
            fields.push(Field::new(column, data_type, true));
            expressions.push(expression);
        }
        Ok(Open { input, output: Arc::new(Schema::new(fields)), expressions })
    }
}

/// With the columns that say where a row stands, unless the file has columns of that name.
fn with_place(schema: &SchemaRef) -> SchemaRef {
    let place = [(FILE, DataType::Utf8), (ROW, DataType::Int64)];
    let place = place.into_iter().filter(|(name, _)| schema.index_of(name).is_err());
    let place = place.map(|(name, data_type)| Arc::new(Field::new(name, data_type, true)));
    Arc::new(Schema::new(schema.fields().iter().cloned().chain(place).collect::<Vec<_>>()))
}

/// A [`Sink`] for a file's own columns.
pub(super) struct Mapped<'a, S> {
    mapping: &'a Mapping,
    stem: String,
    inner: &'a mut S,
    open: Option<Open>,
    /// Rows of the file before this batch.
    rows: i64,
}

/// The expressions for the source that is being read.
struct Open {
    input: SchemaRef,
    output: SchemaRef,
    expressions: Vec<Arc<dyn PhysicalExpr>>,
}

impl<S: Sink> Sink for Mapped<'_, S> {
    fn begin(&mut self, source: &Source) -> Result<()> {
        let open = self.mapping.compile(source)?;
        let schema = open.output.clone();
        self.open = Some(open);
        self.inner.begin(&Source { name: source.name.clone(), schema, is_csv: false })
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<()> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        let (first, rows) = (self.rows + 1, chunk.rows.num_rows() as i64);
        self.rows += rows;
        let place = open.input.fields()[chunk.rows.num_columns()..].iter().map(|field| match field.name().as_str() {
            FILE => Arc::new(StringArray::from(vec![self.stem.as_str(); rows as usize])) as ArrayRef,
            _ => Arc::new(Int64Array::from_iter_values(first..first + rows)),
        });
        let columns = chunk.rows.columns().iter().cloned().chain(place);
        let input = RecordBatch::try_new(open.input.clone(), columns.collect())?;
        let mapped = match open.evaluate(&input) {
            Ok(rows) => chunk.mapped(rows, Vec::new()),
            Err(_) => {
                let (rows, unreadable) = open.evaluate_singly(&input)?;
                chunk.mapped(rows, unreadable)
            }
        };
        self.inner.chunk(&mapped)
    }
}

impl Open {
    fn evaluate(&self, input: &RecordBatch) -> Result<RecordBatch> {
        let rows = input.num_rows();
        let columns = self.expressions.iter().map(|e| Ok(e.evaluate(input)?.into_array(rows)?));
        Ok(RecordBatch::try_new(self.output.clone(), columns.collect::<Result<_>>()?)?)
    }

    /// Row by row, to find those that an expression fails on.
    fn evaluate_singly(&self, input: &RecordBatch) -> Result<(RecordBatch, Vec<(usize, String)>)> {
        let (mut read, mut unreadable) = (Vec::new(), Vec::new());
        for row in 0..input.num_rows() {
            match self.evaluate(&input.slice(row, 1)) {
                Ok(rows) => read.push(rows),
                Err(RawError::Query(error)) => unreadable.push((row, error.strip_backtrace())),
                Err(error) => unreadable.push((row, error.to_string())),
            }
        }
        Ok((concat_batches(&self.output, &read)?, unreadable))
    }
}

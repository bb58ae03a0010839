//! One version of a dataset, as a reader sees it.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::{ScalarValue, Statistics};
use deltalake_core::table::state::DeltaTableState;

use super::seal::Entries;
use super::{Bounds, Checksums, Layout};

/// A data file of a version.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Path below the dataset's folder.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// When it was written, milliseconds since 1970.
    pub modified: i64,
    /// Row count, bounds and null counts, but for what stands in `bounds`.
    pub statistics: Arc<Statistics>,
    /// Bounds and null counts that are not parsed; `None` if all are among the statistics.
    pub bounds: Option<Arc<Bounds>>,
    /// What its bytes must be; `None` if another program wrote it.
    pub checksums: Option<Checksums>,
    /// Its `Float64` columns that have a NaN or an infinity; `None` if nobody looked.
    pub not_finite: Option<Arc<[String]>>,
}

impl DataFile {
    /// Rows in the file.
    pub fn rows(&self) -> u64 {
        self.statistics.num_rows.get_value().copied().unwrap_or(0) as u64
    }

    /// The same file with the bounds and null counts of these columns of the version's schema among its statistics.
    pub(super) fn knowing(&self, schema: &Schema, columns: &HashSet<usize>) -> Self {
        let mut file = self.clone();
        if let Some(bounds) = &self.bounds {
            bounds.add_to(&mut file.statistics, schema, columns);
        }
        file
    }

    /// The folder of the file below the dataset's folder; empty at the top.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// A committed version of a dataset: its schema, its files and how they are arranged. Never changes, whatever is
/// committed later.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(super) dataset: String,
    pub(super) state: DeltaTableState,
    pub(super) schema: SchemaRef,
    pub(super) layout: Layout,
    pub(super) files: Vec<DataFile>,
    /// What the log says of the files, for the seal of the version that follows.
    pub(super) entries: Entries,
}

impl Snapshot {
    /// The dataset's name.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The version's number, from 0.
    pub fn version(&self) -> u64 {
        self.state.version()
    }

    /// Columns and types.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How the rows are arranged.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The data files, ordered by path.
    pub fn files(&self) -> &[DataFile] {
        &self.files
    }

    /// Rows in all files.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(DataFile::rows).sum()
    }

    /// The positions of the files in each range of the leading column, if the ranges begin at these values.
    pub(crate) fn files_from(&self, starts: &[String]) -> Vec<Vec<usize>> {
        let mut ranges = vec![Vec::new(); starts.len() + 1];
        for (at, file) in self.files.iter().enumerate() {
            ranges[super::scan::range_at(file, starts)].push(at);
        }
        ranges
    }

    /// Bytes in all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// What the files' footers say of one column over a whole version.
#[derive(Debug, Clone)]
pub struct ColumnSummary {
    /// The column.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Missing values, if every file counts them.
    pub nulls: Option<u64>,
    /// A lower bound of its values, which is the minimum unless it is a long text.
    pub min: Option<ScalarValue>,
    /// An upper bound of its values.
    pub max: Option<ScalarValue>,
}

impl Snapshot {
    /// One summary per column, from the log alone; no data file is read.
    pub fn columns(&self) -> Vec<ColumnSummary> {
        let all = (0..self.schema.fields().len()).collect();
        let files: Vec<DataFile> = self.files.iter().map(|file| file.knowing(&self.schema, &all)).collect();
        let bounds = super::scan::total(files.iter().map(|file| file.statistics.as_ref()));
        let columns = self.schema.fields().iter().enumerate().map(|(at, field)| {
            let of = bounds.as_ref().map(|total| &total.column_statistics[at]);
            ColumnSummary {
                name: field.name().clone(),
                data_type: field.data_type().clone(),
                nulls: of.and_then(|c| c.null_count.get_value()).map(|n| *n as u64),
                min: of.and_then(|c| c.min_value.get_value()).cloned(),
                max: of.and_then(|c| c.max_value.get_value()).cloned(),
            }
        });
        columns.collect()
    }
}

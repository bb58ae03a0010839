//! The datasets under check, and what the lake's log knows of them without reading a row.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::ScalarValue;

use super::Result;
use super::header::role;
use crate::lake::{ColumnSummary, Lake, Snapshot};
use crate::pipeline::{Kind, Pipeline};
use crate::raw::RawTable;

/// The phase of the raw tables.
pub const RAW_PHASE: &str = "raw";
/// The schema of the two tables about the datasets under check.
pub(super) const SCHEMA: &str = "checked";

/// A dataset under check.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its name in SQL: `feat_beta`, `raw.sep`.
    pub name: String,
    /// The folder of its file; [`RAW_PHASE`] for raw tables.
    pub phase: String,
    /// The columns that identify a row: the vendor's key of a raw table that must have values, the order of the rows of a
    /// derived dataset. Empty if it has no order.
    pub key: Vec<String>,
    /// What its file says after `-- Role:`, such as `target`.
    pub role: Option<String>,
    /// The version under check.
    pub snapshot: Arc<Snapshot>,
}

impl Subject {
    /// Every dataset of the pipeline and every raw table of which the lake has a version.
    ///
    /// # Errors
    /// If the lake cannot be read.
    pub async fn all(lake: &Lake, pipeline: &Pipeline) -> Result<Vec<Self>> {
        let mut subjects = Vec::new();
        for table in RawTable::all() {
            subjects.extend(Self::find(lake, pipeline, &format!("raw.{}", table.name)).await?);
        }
        for node in pipeline.graph.nodes().iter().filter(|node| node.step.kind == Kind::Table) {
            subjects.extend(Self::find(lake, pipeline, &node.step.dataset).await?);
        }
        Ok(subjects)
    }

    /// The dataset of this name, `None` if the lake has no version of it.
    ///
    /// # Errors
    /// If the lake cannot be read.
    pub async fn find(lake: &Lake, pipeline: &Pipeline, name: &str) -> Result<Option<Self>> {
        let Some(snapshot) = lake.snapshot(&Lake::dataset_of(name)).await? else {
            return Ok(None);
        };
        let phase = phase_of(pipeline, name).unwrap_or_default();
        let key = match name.strip_prefix("raw.").and_then(|table| RawTable::find(table).ok()) {
            Some(table) => {
                let mandatory = table.key.iter().filter(|column| table.is_mandatory(column));
                mandatory.map(|column| (*column).to_owned()).collect()
            }
            None => snapshot.layout().sort.clone(),
        };
        let role = role(pipeline, name).map(|role| role.to_string());
        Ok(Some(Self { name: name.to_owned(), phase, key, role, snapshot: Arc::new(snapshot) }))
    }

    /// Whether it is a raw table.
    pub fn is_raw(&self) -> bool {
        self.phase == RAW_PHASE
    }

    /// The columns of numbers that are not in the key.
    pub fn numeric_columns(&self) -> impl Iterator<Item = &str> {
        let fields = self.snapshot.schema().fields().iter();
        fields
            .filter(|field| field.data_type().is_numeric() && !self.key.contains(field.name()))
            .map(|f| f.name().as_str())
    }
}

/// The phase of a dataset: the folder of its file, [`RAW_PHASE`] for a raw table.
pub(super) fn phase_of(pipeline: &Pipeline, dataset: &str) -> Option<String> {
    if dataset.starts_with("raw.") {
        return Some(RAW_PHASE.to_owned());
    }
    pipeline.step(dataset).map(|step| step.phase.clone())
}

/// `checked.datasets`: one row per dataset under check.
pub(super) fn datasets(subjects: &[Subject]) -> Result<Arc<dyn TableProvider>> {
    let dated: Vec<Option<ColumnSummary>> = subjects.iter().map(date_column).collect();
    table(vec![
        ("dataset", text(subjects.iter().map(|s| s.name.clone()))),
        ("phase", text(subjects.iter().map(|s| s.phase.clone()))),
        ("key", text(subjects.iter().map(|s| s.key.join(", ")))),
        ("rows", Arc::new(subjects.iter().map(|s| Some(s.snapshot.rows() as i64)).collect::<Int64Array>())),
        ("first_date", dates(dated.iter().map(|c| c.as_ref().and_then(|c| c.min.as_ref())))),
        ("last_date", dates(dated.iter().map(|c| c.as_ref().and_then(|c| c.max.as_ref())))),
    ])
}

/// `checked.columns`: one row per column of the datasets under check.
pub(super) fn columns(subjects: &[Subject]) -> Result<Arc<dyn TableProvider>> {
    let of = |subject: &'_ Subject| {
        let summaries = subject.snapshot.columns().into_iter();
        summaries.map(|summary| (subject.clone(), summary)).collect::<Vec<_>>()
    };
    let all: Vec<(Subject, ColumnSummary)> = subjects.iter().flat_map(of).collect();
    let integer = |value: Option<u64>| value.map(|value| value as i64);
    table(vec![
        ("dataset", text(all.iter().map(|(s, _)| s.name.clone()))),
        ("phase", text(all.iter().map(|(s, _)| s.phase.clone()))),
        ("column_name", text(all.iter().map(|(_, c)| c.name.clone()))),
        ("data_type", text(all.iter().map(|(_, c)| c.data_type.to_string()))),
        ("is_key", Arc::new(all.iter().map(|(s, c)| Some(s.key.contains(&c.name))).collect::<BooleanArray>())),
        ("is_number", Arc::new(all.iter().map(|(_, c)| Some(c.data_type.is_numeric())).collect::<BooleanArray>())),
        ("rows", Arc::new(all.iter().map(|(s, _)| integer(Some(s.snapshot.rows()))).collect::<Int64Array>())),
        ("nulls", Arc::new(all.iter().map(|(_, c)| integer(c.nulls)).collect::<Int64Array>())),
        ("min", numbers(all.iter().map(|(_, c)| c.min.as_ref()))),
        ("max", numbers(all.iter().map(|(_, c)| c.max.as_ref()))),
        ("first_date", dates(all.iter().map(|(_, c)| c.min.as_ref()))),
        ("last_date", dates(all.iter().map(|(_, c)| c.max.as_ref()))),
    ])
}

/// The date of a row: `date`, or the date that a raw table is stored by.
fn date_column(subject: &Subject) -> Option<ColumnSummary> {
    let raw = subject.name.strip_prefix("raw.").and_then(|table| RawTable::find(table).ok());
    let name = raw.map_or(Some("date"), |table| table.partition_date)?;
    let is_date = |column: &ColumnSummary| column.data_type == DataType::Date32 && column.name == name;
    subject.snapshot.columns().into_iter().find(is_date)
}

fn table(columns: Vec<(&str, ArrayRef)>) -> Result<Arc<dyn TableProvider>> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))?;
    Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
}

fn text(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn dates<'a>(values: impl Iterator<Item = Option<&'a ScalarValue>>) -> ArrayRef {
    let day = |value: Option<&ScalarValue>| match value {
        Some(ScalarValue::Date32(day)) => *day,
        _ => None,
    };
    Arc::new(values.map(day).collect::<Date32Array>())
}

fn numbers<'a>(values: impl Iterator<Item = Option<&'a ScalarValue>>) -> ArrayRef {
    let number = |value: Option<&ScalarValue>| match value?.cast_to(&DataType::Float64) {
        Ok(ScalarValue::Float64(number)) if value.is_some_and(|v| v.data_type().is_numeric()) => number,
        _ => None,
    };
    Arc::new(values.map(number).collect::<Float64Array>())
}

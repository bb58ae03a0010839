//! The rows of a dataset's version or of a view as plain files on disk.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Schema, UInt64Type};
use datafusion::config::CsvOptions;
use datafusion::dataframe::{DataFrame, DataFrameWriteOptions};
use datafusion::datasource::provider_as_source;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::functions::expr_fn::date_part;
use datafusion::logical_expr::{LogicalPlanBuilder, cast};
use datafusion::prelude::{ident, lit};

use super::partitioned::write_partitions;
use super::{Engine, EngineError, Format, Result, write_file};
use crate::lake::{DatasetProvider, Snapshot};

/// Rows with a name and an order, not yet read.
#[derive(Clone)]
pub struct Relation {
    name: String,
    sort: Vec<String>,
    frame: DataFrame,
}

impl Engine {
    /// The rows of a version of a dataset.
    ///
    /// # Errors
    /// If planning fails.
    pub fn stored(&self, snapshot: &Snapshot) -> Result<Relation> {
        let provider = Arc::new(DatasetProvider::new(self.lake(), Arc::new(snapshot.clone())));
        let scan = LogicalPlanBuilder::scan(snapshot.dataset(), provider_as_source(provider), None)?.build()?;
        let frame = DataFrame::new(self.session.clone(), scan);
        Relation::new(snapshot.dataset(), snapshot.layout().sort.clone(), frame)
    }

    /// The rows of a view over the datasets as they are now; `None` if there is no view of this name.
    ///
    /// # Errors
    /// If something that it reads does not exist.
    pub async fn viewed(&self, name: &str) -> Result<Option<Relation>> {
        let Some(view) = self.view(name) else {
            return Ok(None);
        };
        let select = self.parse(&format!("select * from \"{}\"", view.name))?;
        let planned = self.plan(select.into_iter().next().ok_or(EngineError::Empty)?).await?;
        let frame = DataFrame::new(planned.state, planned.logical);
        Ok(Some(Relation::new(name, view.sort.clone(), frame)?))
    }
}

/// A partition that everything with dates has, whether or not it has a column of this name.
const YEAR: &str = "year";

impl Relation {
    fn new(name: &str, sort: Vec<String>, frame: DataFrame) -> Result<Self> {
        let keys: Vec<_> = sort.iter().map(|name| ident(name).sort(true, false)).collect();
        let frame = if keys.is_empty() { frame } else { frame.sort(keys)? };
        Ok(Self { name: name.to_owned(), sort, frame })
    }

    /// The dataset or the view.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its columns.
    pub fn schema(&self) -> &Schema {
        self.frame.schema().as_arrow()
    }

    /// The columns by which the rows are sorted.
    pub fn sort(&self) -> &[String] {
        &self.sort
    }

    /// All rows in their order.
    ///
    /// # Errors
    /// If planning fails.
    pub async fn rows(self) -> Result<SendableRecordBatchStream> {
        Ok(self.frame.execute_stream().await?)
    }

    /// Writes all rows below `folder` and returns how many there are: one file in their order, or with `partition_by`
    /// one folder `column=value` for each value of a column or for each `year` of the dates.
    ///
    /// # Errors
    /// If the column does not exist, or reading or writing fails.
    pub async fn write_files(self, folder: &Path, format: Format, partition_by: Option<&str>) -> Result<u64> {
        let Some(column) = partition_by else {
            let path = folder.join(format!("part-00000.{}", format.extension()));
            return write_file(self.rows().await?, format, &path).await;
        };
        let has = |column: &str| self.schema().index_of(column).is_ok();
        let frame = match column {
            column if has(column) => self.frame,
            YEAR if has("date") => {
                let year = date_part(lit(YEAR), ident("date"));
                self.frame.with_column(YEAR, cast(year, DataType::Int32))?
            }
            _ => return Err(EngineError::UnknownColumn { dataset: self.name, column: column.into() }),
        };
        if format == Format::Parquet {
            let grouped = self.sort.first().is_some_and(|leading| leading == column);
            return write_partitions(frame.execute_stream().await?, column, grouped, folder).await;
        }
        let target = format!("{}/", folder.display());
        let options = DataFrameWriteOptions::new().with_partition_by(vec![column.to_owned()]);
        let written = if format == Format::Csv {
            frame.write_csv(&target, options, Some(CsvOptions::default().with_has_header(true))).await?
        } else {
            frame.write_json(&target, options, None).await?
        };
        Ok(written.iter().map(count).sum())
    }
}

/// The rows that DataFusion says it has written.
fn count(written: &RecordBatch) -> u64 {
    let counts = written.columns().first().and_then(|column| column.as_primitive_opt::<UInt64Type>());
    counts.map_or(0, |counts| counts.values().iter().sum())
}

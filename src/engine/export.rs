//! A dataset's current rows as plain files on disk.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
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

impl Engine {
    /// All rows of a version, in their order.
    ///
    /// # Errors
    /// If planning fails.
    pub async fn scan(&self, snapshot: &Snapshot) -> Result<SendableRecordBatchStream> {
        Ok(self.frame(snapshot)?.execute_stream().await?)
    }

    fn frame(&self, snapshot: &Snapshot) -> Result<DataFrame> {
        let provider = Arc::new(DatasetProvider::new(self.lake(), Arc::new(snapshot.clone())));
        let scan = LogicalPlanBuilder::scan(snapshot.dataset(), provider_as_source(provider), None)?;
        let sort = snapshot.layout().sort.iter().map(|name| ident(name).sort(true, false));
        let sort: Vec<_> = sort.collect();
        let plan = if sort.is_empty() { scan } else { scan.sort(sort)? };
        Ok(DataFrame::new(self.session.clone(), plan.build()?))
    }
}

/// A partition that every dataset with dates has, whether or not it has a column of this name.
const YEAR: &str = "year";

/// Writes a version below `folder` and returns its rows: one file in the dataset's order, or with `partition_by` one
/// folder `column=value` for each value of a column or for each `year` of the dates.
///
/// # Errors
/// If the column does not exist, or reading or writing fails.
pub async fn export_files(
    engine: &Engine,
    snapshot: &Snapshot,
    folder: &Path,
    format: Format,
    partition_by: Option<&str>,
) -> Result<u64> {
    let Some(column) = partition_by else {
        let path = folder.join(format!("part-00000.{}", format.extension()));
        return write_file(engine.scan(snapshot).await?, format, &path).await;
    };
    let has = |column: &str| snapshot.schema().index_of(column).is_ok();
    let frame = match column {
        column if has(column) => engine.frame(snapshot)?,
        YEAR if has("date") => {
            let year = date_part(lit(YEAR), ident("date"));
            engine.frame(snapshot)?.with_column(YEAR, cast(year, DataType::Int32))?
        }
        _ => return Err(EngineError::UnknownColumn { dataset: snapshot.dataset().into(), column: column.into() }),
    };
    if format == Format::Parquet {
        let grouped = snapshot.layout().sort.first().is_some_and(|leading| leading == column);
        return write_partitions(frame.execute_stream().await?, column, grouped, folder).await;
    }
    let target = format!("{}/", folder.display());
    let options = DataFrameWriteOptions::new().with_partition_by(vec![column.to_owned()]);
    if format == Format::Csv {
        frame.write_csv(&target, options, Some(CsvOptions::default().with_has_header(true))).await?;
    } else {
        frame.write_json(&target, options, None).await?;
    }
    Ok(snapshot.rows())
}

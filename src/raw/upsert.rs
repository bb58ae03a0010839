//! Merges the staged rows of a year with the stored ones and writes the result.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionConfig, SessionContext};
use futures::TryStreamExt;

use super::merge::{Counts, MergePlan, Merger, ORIGIN, STORED};
use super::stage::{SEQUENCE, Staged, Year};
use super::{RawError, RawTable, Result, Window};
use crate::lake::{DataFile, DatasetProvider, DatasetWriter, Lake, Layout, Snapshot};

/// One attempt to merge staged rows into one version of a dataset.
pub(super) struct Upsert {
    lake: Lake,
    table: &'static RawTable,
    staged: Arc<Staged>,
    base: Option<Arc<Snapshot>>,
    schema: SchemaRef,
    layout: Layout,
    window: Option<Window>,
    plan: MergePlan,
    session: SessionContext,
    /// Makes the names of this attempt's files different from all others.
    stem: String,
}

/// What became of one year, or of all.
#[derive(Default)]
pub(super) struct Merged {
    /// What became of the keys.
    pub counts: Counts,
    /// New files; none if nothing changed.
    pub add: Vec<DataFile>,
    /// The files that they replace.
    pub remove: Vec<DataFile>,
}

impl Upsert {
    /// An upsert into `base`, the newest version, if there is one, of files that hold every row of `window`.
    ///
    /// # Errors
    /// If a column has got another type since the rows were staged.
    pub fn new(
        lake: &Lake,
        table: &'static RawTable,
        staged: Arc<Staged>,
        base: Option<Arc<Snapshot>>,
        window: Option<Window>,
        memory_limit: usize,
    ) -> Result<Self> {
        let schema = merged_schema(table, base.as_deref(), &staged)?;
        let plan = MergePlan::new(schema.clone(), table.key, table.updated, &staged.sets)?.within(window.clone());
        let stem = format!("part-{}", uuid::Uuid::new_v4().simple());
        let session = session(lake, memory_limit)?;
        let layout = layout(table);
        Ok(Self { lake: lake.clone(), table, staged, base, schema, layout, window, plan, session, stem })
    }

    /// The columns of the new version.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The years that can change: those with staged rows, and those whose stored rows the files may no longer have.
    pub fn years(&self) -> Vec<Year> {
        let mut years: BTreeSet<Year> = self.staged.years.keys().copied().collect();
        if let Some(window) = &self.window {
            let stored = self.base.iter().flat_map(|base| base.files()).map(|file| year_of(file.folder()));
            years.extend(stored.filter(|year| window.reaches(*year, self.table.partition_date)));
        }
        years.into_iter().collect()
    }

    /// How the rows of the new version are arranged.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Merges one year. A first pass looks for the first change and writes nothing; only if there is one, a second
    /// pass writes. Most landings append, where the first change is in the first batch; and landing a file again reads
    /// and compares but never writes.
    ///
    /// # Errors
    /// If reading, sorting or writing fails. What was written then belongs to no version.
    pub async fn merge_year(&self, year: Year) -> Result<Merged> {
        let folder = folder_of(year);
        let remove = self.stored_files(&folder);
        if !remove.is_empty() {
            let counts = self.count_until_change(year).await?;
            if counts.changes() == 0 {
                return Ok(Merged { counts, ..Merged::default() });
            }
        }
        let (counts, add) = self.write(year, &folder).await?;
        Ok(Merged { counts, add, remove })
    }

    async fn count_until_change(&self, year: Year) -> Result<Counts> {
        let mut merger = Merger::new(&self.plan);
        let mut sorted = self.sorted(year).await?;
        while let Some(batch) = sorted.try_next().await? {
            merger.push(&batch)?;
            if merger.counts().changes() > 0 {
                return Ok(merger.counts());
            }
        }
        merger.finish()?;
        Ok(merger.counts())
    }

    async fn write(&self, year: Year, folder: &str) -> Result<(Counts, Vec<DataFile>)> {
        let (dataset, schema) = (self.table.dataset(), self.schema.clone());
        let mut writer = DatasetWriter::new(&self.lake, &dataset, folder, &self.stem, schema, &self.layout)?;
        let mut merger = Merger::new(&self.plan);
        let mut sorted = self.sorted(year).await?;
        while let Some(batch) = sorted.try_next().await? {
            for settled in merger.push(&batch)? {
                writer.write(&settled).await?;
            }
        }
        if let Some(settled) = merger.finish()? {
            writer.write(&settled).await?;
        }
        Ok((merger.counts(), writer.finish().await?.files))
    }

    async fn sorted(&self, year: Year) -> Result<SendableRecordBatchStream> {
        Ok(self.sorted_rows(year).await?.execute_stream().await?)
    }

    /// The stored and the staged rows of a year in the order that [`Merger`] needs. Stored rows are in order already;
    /// the planner sorts the staged ones, on disk if need be, and merges the two.
    async fn sorted_rows(&self, year: Year) -> Result<DataFrame> {
        let mut parts = Vec::new();
        if let Some(base) = &self.base {
            parts.push(self.stored(base, year)?);
        }
        for set in self.staged.years.get(&year).into_iter().flatten() {
            let path = self.staged.path(*set, year).display().to_string();
            let rows = self.session.read_parquet(path, ParquetReadOptions::default()).await?;
            parts.push(rows.select(self.columns(&self.staged.sets[*set], *set as i32, ident(SEQUENCE)))?);
        }
        let mut parts = parts.into_iter();
        let Some(first) = parts.next() else {
            return Ok(self.session.read_empty()?);
        };
        let all = parts.try_fold(first, DataFrame::union)?;
        let order = self.table.key.iter().copied().chain([SEQUENCE]);
        Ok(all.sort(order.map(|column| ident(column).sort(true, false)).collect())?)
    }

    fn stored(&self, base: &Arc<Snapshot>, year: Year) -> Result<DataFrame> {
        let mut rows = self.session.read_table(Arc::new(DatasetProvider::new(&self.lake, base.clone())))?;
        if let (Some(column), Some(year)) = (self.table.partition_date, year) {
            let (first, next) = (first_day(year), first_day(year + 1));
            rows = rows.filter(ident(column).gt_eq(lit(first)).and(ident(column).lt(lit(next))))?;
        }
        // A constant, so that the stored order counts as sorted by it too.
        Ok(rows.select(self.columns(base.schema(), STORED, lit(-1_i64)))?)
    }

    /// The new version's columns, NULL where `present` lacks one, and what the merge needs besides.
    fn columns(&self, present: &Schema, origin: i32, sequence: Expr) -> Vec<Expr> {
        let column = |field: &Arc<Field>| match present.index_of(field.name()) {
            Ok(_) => ident(field.name()),
            Err(_) => lit(null_of(field.data_type())).alias(field.name()),
        };
        let columns = self.schema.fields().iter().map(column);
        columns.chain([lit(origin).alias(ORIGIN), sequence.alias(SEQUENCE)]).collect()
    }

    fn stored_files(&self, folder: &str) -> Vec<DataFile> {
        let files = self.base.iter().flat_map(|base| base.files());
        files.filter(|file| file.folder() == folder).cloned().collect()
    }
}

fn folder_of(year: Year) -> String {
    year.map_or(String::new(), |year| format!("year={year}"))
}

fn year_of(folder: &str) -> Year {
    folder.strip_prefix("year=")?.parse().ok()
}

/// How the rows of a raw table are stored.
pub(super) fn layout(table: &RawTable) -> Layout {
    Layout::sorted_by(table.key.iter().copied())
}

/// A session that reads text as plain columns, keeps the order of files, and spills when it reaches the limit.
fn session(lake: &Lake, memory_limit: usize) -> Result<SessionContext> {
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(FairSpillPool::new(memory_limit)));
    let runtime = runtime.build_arc()?;
    lake.register_store(&runtime);
    let config = SessionConfig::new()
        .with_target_partitions(1)
        .set_bool("datafusion.execution.parquet.schema_force_view_types", false);
    Ok(SessionContext::new_with_config_rt(config, runtime))
}

/// The vendor's columns, the further ones that are stored, then the further ones that are new.
fn merged_schema(table: &RawTable, base: Option<&Snapshot>, staged: &Staged) -> Result<SchemaRef> {
    let mut fields: Vec<Arc<Field>> = table.schema().fields().iter().cloned().collect();
    let stored = base.map(|base| base.schema().clone());
    for field in stored.iter().chain(&staged.sets).flat_map(|schema| schema.fields()) {
        match fields.iter().find(|known| known.name() == field.name()) {
            None => fields.push(field.clone()),
            Some(known) if known.data_type() == field.data_type() => {}
            Some(known) => {
                return Err(RawError::ColumnChanged {
                    dataset: table.dataset(),
                    column: field.name().clone(),
                    stored: known.data_type().to_string(),
                    staged: field.data_type().to_string(),
                });
            }
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn first_day(year: i32) -> ScalarValue {
    let days = NaiveDate::from_ymd_opt(year, 1, 1).map(|day| day.to_epoch_days());
    ScalarValue::Date32(days)
}

fn null_of(data_type: &DataType) -> ScalarValue {
    ScalarValue::try_from(data_type).unwrap_or(ScalarValue::Null)
}

#[cfg(test)]
mod tests {
    use datafusion::physical_plan::displayable;

    use super::*;
    use crate::raw::intake::take_in;
    use crate::raw::land::{LandOptions, land};

    /// The promise of [`Upsert::sorted_rows`]: stored rows, of which there may be many, are not sorted again.
    #[tokio::test]
    async fn only_staged_rows_are_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sf2.csv");
        let header = "ticker,filingdate,formtype,ownername,transactioncode,transactionvalue,rownum";
        std::fs::write(&file, format!("{header}\nA,2024-01-02,4,DOE,P,1,1\n")).unwrap();
        let lake = Lake::open(folder.path().join("lake").to_str().unwrap()).unwrap();
        let table = RawTable::find("sf2").unwrap();
        land(&lake, table, std::slice::from_ref(&file), &LandOptions::default()).await.unwrap();

        let taken = take_in(table, &[file], None, None, false, &|_| {}).unwrap();
        let base = lake.snapshot(&table.dataset()).await.unwrap().map(Arc::new);
        let upsert = Upsert::new(&lake, table, Arc::new(taken.staged), base, None, 1 << 26).unwrap();
        let plan = upsert.sorted_rows(Some(2024)).await.unwrap().create_physical_plan().await.unwrap();
        let plan = displayable(plan.as_ref()).indent(false).to_string();
        assert_eq!(plan.matches("SortExec").count(), 1, "{plan}");
        assert!(plan.trim_start().starts_with("SortPreservingMergeExec"), "{plan}");
        let (sort, stored) = (plan.find("SortExec").unwrap(), plan.find("raw/sf2").unwrap());
        assert!(stored < sort, "the stored rows come first, above the sort of the staged ones: {plan}");
    }
}

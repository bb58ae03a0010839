//! Scanning a version with DataFusion's Parquet source, telling the planner what the files promise.
//!
//! Two promises save a sort and a repartition in every per-ticker query: within a folder the rows are ordered by the
//! layout's columns, and a value of the leading column lives in one file only. The scan therefore declares an output
//! ordering, and for a folder cut at known splits a range partitioning on the leading column.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_expr::{Partitioning, RangePartitioning, SplitPoint};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::ObjectMeta;

use super::read::CheckedReaders;
use super::{DataFile, Lake, Snapshot};

/// A dataset's version as a table for DataFusion.
#[derive(Debug, Clone)]
pub struct DatasetProvider {
    lake: Lake,
    snapshot: Arc<Snapshot>,
}

impl DatasetProvider {
    /// The table that reads this version.
    pub fn new(lake: &Lake, snapshot: Arc<Snapshot>) -> Self {
        Self { lake: lake.clone(), snapshot }
    }

    /// The lake that the version is in.
    pub(crate) fn lake(&self) -> &Lake {
        &self.lake
    }

    /// The version it reads.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// The files that can hold rows satisfying `predicate`, judged by their bounds.
    fn prune(&self, predicate: &Arc<dyn PhysicalExpr>) -> Result<Vec<&DataFile>> {
        let schema = self.snapshot.schema();
        let pruning = PruningPredicateBuilder::new().with_file_schema(schema.clone()).try_build(predicate.clone())?;
        let asked = columns_of(predicate);
        // Of the columns that are asked for only: a matrix has many, in many files.
        let positions: Vec<usize> = asked.iter().copied().collect();
        let columns = Arc::new(schema.project(&positions)?);
        let bounds =
            |file: &DataFile| Arc::new(as_bounds(&file.knowing(schema, &asked).statistics, &columns, &positions));
        let files = self.snapshot.files();
        let keep = pruning.prune(&PrunableStatistics::new(files.iter().map(bounds).collect(), columns.clone()))?;
        Ok(files.iter().zip(keep).filter_map(|(file, keep)| keep.then_some(file)).collect())
    }

    /// Ascending, nulls last, by the layout's columns.
    fn ordering(&self) -> Result<Option<LexOrdering>> {
        let options = SortOptions { descending: false, nulls_first: false };
        let sort = self.snapshot.layout().sort.iter().map(|name| {
            let column = Column::new_with_schema(name, self.snapshot.schema())?;
            Ok(PhysicalSortExpr::new(Arc::new(column), options))
        });
        Ok(LexOrdering::new(sort.collect::<Result<Vec<_>>>()?))
    }

    /// Where a file of the version is in its store.
    pub(super) fn object(&self, file: &DataFile) -> ObjectMeta {
        let dataset = self.lake.child(self.snapshot.dataset());
        let location = file.path.split('/').fold(dataset, |at, part| at.join(part));
        ObjectMeta {
            location,
            last_modified: DateTime::from_timestamp_millis(file.modified).unwrap_or(DateTime::<Utc>::MIN_UTC),
            size: file.size,
            e_tag: None,
            version: None,
        }
    }

    /// The positions of the version's files in each group of a scan, if the scan reads all rows of the version, in the
    /// order of its files.
    pub(crate) fn all_files_in(&self, scan: &FileScanConfig) -> Option<Vec<Vec<usize>>> {
        if scan.limit.is_some() || scan.file_source().filter().is_some() {
            return None;
        }
        let mut files = self.snapshot.files().iter().map(|file| self.object(file).location).enumerate();
        let mut next = |file: &PartitionedFile| match files.next() {
            Some((at, path)) if path == file.object_meta.location && file.range.is_none() => Some(at),
            _ => None,
        };
        let groups = scan.file_groups.iter().map(|group| group.files().iter().map(&mut next).collect());
        let groups = groups.collect::<Option<Vec<Vec<usize>>>>();
        groups.filter(|_| files.next().is_none())
    }

    fn partitioned_file(&self, file: &DataFile) -> PartitionedFile {
        PartitionedFile::from(self.object(file)).with_statistics(file.statistics.clone())
    }

    /// Files in groups that are read one after the other, and the values at which the groups begin if the groups are
    /// ranges of the leading column.
    fn groups(&self, files: &[&DataFile], target: usize) -> (Vec<FileGroup>, Option<Vec<String>>) {
        let layout = self.snapshot.layout();
        if layout.sort.is_empty() {
            let files = files.iter().map(|file| self.partitioned_file(file)).collect();
            return (FileGroup::new(files).split_files(target), None);
        }
        let runs = files.chunk_by(|a, b| a.folder() == b.folder()).collect::<Vec<_>>();
        match runs.as_slice() {
            [run] => match range_starts(run, &layout.splits, target) {
                Some(starts) => (self.group_by_range(run, &starts), Some(starts)),
                None => (vec![self.group(run)], Some(Vec::new())),
            },
            runs => (runs.iter().map(|run| self.group(run)).collect(), None),
        }
    }

    fn group(&self, files: &[&DataFile]) -> FileGroup {
        FileGroup::new(files.iter().map(|file| self.partitioned_file(file)).collect())
    }

    fn group_by_range(&self, files: &[&DataFile], starts: &[String]) -> Vec<FileGroup> {
        let mut groups = vec![FileGroup::default(); starts.len() + 1];
        for file in files {
            groups[range_at(file, starts)].push(self.partitioned_file(file));
        }
        groups
    }

    fn range_partitioning(&self, ordering: &LexOrdering, starts: Vec<String>) -> Result<Partitioning> {
        let points = starts.into_iter().map(|start| SplitPoint::new(vec![ScalarValue::Utf8(Some(start))]));
        Ok(Partitioning::Range(ranges_of_leading(ordering, points.collect())?))
    }
}

/// Rows of this order cut at these values of its leading column, as datasets are.
pub(crate) fn ranges_of_leading(ordering: &LexOrdering, starts: Vec<SplitPoint>) -> Result<RangePartitioning> {
    let leading = LexOrdering::new([ordering.first().clone()]).unwrap_or_else(|| ordering.clone());
    RangePartitioning::try_new(leading, starts)
}

/// The positions of the columns in an expression.
fn columns_of(expression: &Arc<dyn PhysicalExpr>) -> HashSet<usize> {
    collect_columns(expression).iter().map(Column::index).collect()
}

/// Some of the layout's splits, as many as make about `target` groups of similar size of the files that are left.
/// Datasets with the same splits and the same filter get the same groups. `None` if one group is enough.
fn range_starts(files: &[&DataFile], splits: &[String], target: usize) -> Option<Vec<String>> {
    let range = |file: &&DataFile| leading_minimum(file).map(|min| splits.partition_point(|s| s.as_str() <= min));
    let mut ranges = files.iter().map(range).collect::<Option<Vec<usize>>>()?;
    ranges.dedup();
    let groups = target.min(ranges.len());
    let starts = (1..groups).map(|group| ranges[group * ranges.len() / groups]);
    let starts: Vec<String> = starts.map(|range| splits[range - 1].clone()).collect();
    (!starts.is_empty()).then_some(starts)
}

/// The statistics of the `columns` at these positions with bounds declared exact, which is what pruning asks for; a bound cut
/// short still bounds. One that is not known, as of a column without a value, is a NULL of the column's type: of another type,
/// it would make the bounds of all files unknown. Only for pruning: taken as exact elsewhere, `max(name)` would be answered
/// with a cut text.
fn as_bounds(statistics: &Statistics, columns: &Schema, positions: &[usize]) -> Statistics {
    let exact = |bound: &Precision<ScalarValue>, field: &Field| {
        let known = bound.get_value().cloned().or_else(|| ScalarValue::try_new_null(field.data_type()).ok());
        known.map_or(Precision::Absent, Precision::Exact)
    };
    let bounds = positions.iter().zip(columns.fields()).map(|(&at, field)| {
        let column = &statistics.column_statistics[at];
        let (min_value, max_value) = (exact(&column.min_value, field), exact(&column.max_value, field));
        ColumnStatistics { min_value, max_value, ..column.clone() }
    });
    let (num_rows, total_byte_size) = (statistics.num_rows, statistics.total_byte_size);
    Statistics { num_rows, total_byte_size, column_statistics: bounds.collect() }
}

/// Which of the ranges of the leading column that begin at these values, and one before them, a file belongs to.
pub(super) fn range_at(file: &DataFile, starts: &[String]) -> usize {
    leading_minimum(file).map_or(0, |min| starts.partition_point(|start| start.as_str() <= min))
}

fn leading_minimum(file: &DataFile) -> Option<&str> {
    let bounds = file.statistics.column_statistics.first()?;
    match bounds.min_value.get_value() {
        Some(ScalarValue::Utf8(Some(text))) => Some(text),
        _ => None,
    }
}

#[async_trait]
impl TableProvider for DatasetProvider {
    fn schema(&self) -> SchemaRef {
        self.snapshot.schema().clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        let mut statistics = Statistics::new_unknown(self.snapshot.schema());
        statistics.num_rows = Precision::Exact(self.snapshot.rows() as usize);
        Some(statistics)
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // Files and row groups are skipped by their bounds; the rows that remain are filtered above the scan.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = self.snapshot.schema();
        let predicate = match conjunction(filters.to_vec()) {
            Some(filter) => {
                let schema = DFSchema::try_from(schema.as_ref().clone())?;
                Some(session.create_physical_expr(filter, &schema)?)
            }
            None => None,
        };
        let files = match &predicate {
            Some(predicate) => self.prune(predicate)?,
            None => self.snapshot.files().iter().collect(),
        };
        if files.is_empty() {
            let projected = projection.map_or(Ok(schema.clone()), |at| schema.project(at).map(Arc::new))?;
            return Ok(Arc::new(EmptyExec::new(projected)));
        }
        let filtered = predicate.as_ref().map_or(HashSet::new(), columns_of);
        let mut asked = filtered.clone();
        asked.extend(projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect()));
        let files: Vec<DataFile> = files.into_iter().map(|file| file.knowing(schema, &asked)).collect();
        let files: Vec<&DataFile> = files.iter().collect();
        // A filter is asked before the other columns are decoded: a date's rows lie one in a thousand. Each row group is then
        // read in two steps, which in a bucket takes twice as long.
        let filter_first = !self.lake.is_remote();
        // Then the rows of a ticker lie together, in few pages; those of a date in all.
        let leading = self.snapshot.layout().sort.first().and_then(|name| schema.index_of(name).ok());
        let in_few_pages = filter_first && leading.is_some_and(|leading| filtered.contains(&leading));
        let readers = Arc::new(CheckedReaders::new(&self.lake, &self.snapshot).with_find_pages(in_few_pages));
        let mut source = ParquetSource::new(schema.clone())
            .with_parquet_file_reader_factory(readers)
            .with_pushdown_filters(filter_first);
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate);
        }
        let (groups, starts) = self.groups(&files, session.config().target_partitions());
        let ordering = self.ordering()?;
        let partitioning = match (&ordering, starts) {
            (Some(ordering), Some(starts)) if !starts.is_empty() => Some(self.range_partitioning(ordering, starts)?),
            _ => None,
        };
        let statistics = total(files.iter().map(|file| file.statistics.as_ref()));
        let statistics = statistics.unwrap_or_else(|| Statistics::new_unknown(schema));
        let config = FileScanConfigBuilder::new(self.lake.store_url().clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_output_ordering(ordering.into_iter().collect())
            .with_output_partitioning(partitioning)
            .with_preserve_order(!self.snapshot.layout().sort.is_empty())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// Totals over files, and the bounds of each column over them; `None` if there are no files. A column that some file
/// says nothing about stays unknown.
pub(super) fn total<'a>(mut files: impl Iterator<Item = &'a Statistics>) -> Option<Statistics> {
    let mut total = files.next()?.clone();
    for file in files {
        for (column, of_file) in total.column_statistics.iter_mut().zip(&file.column_statistics) {
            if is_all_null(column, &total.num_rows) {
                column.min_value = of_file.min_value.clone();
                column.max_value = of_file.max_value.clone();
            } else if !is_all_null(of_file, &file.num_rows) {
                column.min_value = column.min_value.min(&of_file.min_value);
                column.max_value = column.max_value.max(&of_file.max_value);
            }
            column.null_count = column.null_count.add(&of_file.null_count);
        }
        total.num_rows = total.num_rows.add(&file.num_rows);
    }
    Some(total)
}

fn is_all_null(column: &ColumnStatistics, rows: &Precision<usize>) -> bool {
    column.null_count.get_value().is_some_and(|nulls| rows.get_value() == Some(nulls))
}

//! `CREATE OR REPLACE TABLE x AS SELECT …`: from a plan to a committed version.
//!
//! The statement's `ORDER BY` becomes the dataset's order. If an input is cut at known tickers, the output is cut at
//! the same ones and every range is computed, sorted if need be, and written by its own task: a per-ticker statement
//! then runs from file to file without moving a row, and a per-date one moves each row to its date and back once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::execution::{SendableRecordBatchStream, SessionState};
use datafusion::logical_expr::{CreateMemoryTable, Expr, LogicalPlan};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, Partitioning, PhysicalSortExpr, SplitPoint};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::scalar_subquery::ScalarSubqueryExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, execute_stream, execute_stream_partitioned};

use super::assemble::Assembly;
use super::splice::Spliced;
use super::store::{Stored, Writer, folder, stem, store};
use super::{EngineError, Result};
use crate::lake::{
    ColumnRecord, CommitRecord, DataFile, DatasetProvider, DatasetWriter, Lake, LakeError, Layout, NewVersion,
    Snapshot, SpliceWriter, ranges_of_leading, storable_schema,
};

/// A version that a statement committed.
#[derive(Debug, Clone)]
pub struct Built {
    /// The dataset.
    pub dataset: String,
    /// Its new version.
    pub version: u64,
    /// Rows in it.
    pub rows: u64,
    /// Bytes in its files.
    pub bytes: u64,
    /// Number of files.
    pub files: usize,
    /// Columns that were copied from other datasets as they are encoded.
    pub copied: usize,
    /// Wall time from planning to commit.
    pub seconds: f64,
}

/// One `CREATE TABLE … AS` on its way to a commit.
pub(super) struct Job<'a> {
    pub lake: &'a Lake,
    pub state: &'a SessionState,
    pub create: &'a CreateMemoryTable,
    pub record: CommitRecord,
    pub started: Instant,
}

/// A plan whose partitions, one after the other, are the rows of the dataset in their order.
#[derive(Clone)]
pub(super) struct Arranged {
    pub plan: Arc<dyn ExecutionPlan>,
    pub layout: Layout,
    pub schema: SchemaRef,
}

impl Job<'_> {
    pub(super) async fn run(self) -> Result<Built> {
        let dataset = self.create.name.table().to_owned();
        if self.create.name.schema().is_some_and(|schema| schema == super::session::RAW_SCHEMA) {
            return Err(EngineError::Unsupported {
                what: "creating a raw dataset from SQL",
                instead: "land files with `kairos land`, or choose a name without 'raw.'",
            });
        }
        Lake::check_name(&dataset)?;
        let base = self.lake.snapshot(&dataset).await?;
        if base.is_some() && !self.create.or_replace {
            return Err(EngineError::Exists(dataset));
        }
        let arranged = self.arrange().await?;
        let Stored { files, layout, first_dates, copied } = self.write(&dataset, base.as_ref(), &arranged).await?;
        let rows = files.iter().map(DataFile::rows).sum();
        let bytes = files.iter().map(|file| file.size).sum();
        let count = files.len();
        let record = CommitRecord {
            operation: "build".to_owned(),
            inputs: self.record.inputs.into_iter().chain(inputs(&self.create.input)?).collect(),
            rows,
            seconds: self.started.elapsed().as_secs_f64(),
            kairos_version: env!("CARGO_PKG_VERSION").to_owned(),
            columns: columns(&self.create.input, &arranged.schema, first_dates)?,
            ..self.record
        };
        let remove = base.as_ref().map_or(Vec::new(), |base| base.files().to_vec());
        let new = NewVersion { base: base.as_ref(), schema: arranged.schema, layout, add: files, remove, record };
        let version = self.lake.commit(&dataset, new).await?;
        let seconds = self.started.elapsed().as_secs_f64();
        Ok(Built { dataset, version, rows, bytes, files: count, copied, seconds })
    }

    async fn arrange(&self) -> Result<Arranged> {
        let arranged = physical_plan(self.state, self.create).await?;
        Ok(Arranged { plan: super::cancel::yielding_joins(arranged.plan)?, ..arranged })
    }

    /// Writes the rows, and copies what is stored elsewhere as it has to be.
    async fn write(&self, dataset: &str, base: Option<&Snapshot>, arranged: &Arranged) -> Result<Stored> {
        if let Some(spliced) = Spliced::of(self.state, self.create, arranged).await? {
            let copied = spliced.copied();
            return match self.splice(dataset, base, arranged, spliced).await {
                Err(EngineError::Lake(unlike @ LakeError::Unlike { .. })) => {
                    tracing::info!("{dataset}: {unlike}");
                    // A plan that ran is used up.
                    self.compute(dataset, base, &self.arrange().await?).await
                }
                stored => stored.inspect(|_| tracing::debug!("{dataset}: {copied} columns are copies")),
            };
        }
        self.compute(dataset, base, arranged).await
    }

    /// Computes and encodes all columns.
    async fn compute(&self, dataset: &str, base: Option<&Snapshot>, arranged: &Arranged) -> Result<Stored> {
        let streams = self.streams(arranged)?;
        let folder = folder(base);
        let writer = |part: usize| {
            let stem = stem(part);
            DatasetWriter::new(self.lake, dataset, &folder, &stem, arranged.schema.clone(), &arranged.layout)
        };
        let writers = (0..streams.len()).map(|part| Ok(Writer::Rows(writer(part)?)));
        let writers = writers.collect::<Result<Vec<_>>>()?;
        store(streams.into_iter().zip(writers), &arranged.schema, &arranged.layout).await
    }

    /// Copies the columns that are stored elsewhere and computes the others.
    async fn splice(
        &self,
        dataset: &str,
        base: Option<&Snapshot>,
        arranged: &Arranged,
        spliced: Spliced,
    ) -> Result<Stored> {
        let (streams, folder) = (self.streams(&spliced.rows)?, folder(base));
        let copied = spliced.copied();
        let writers = spliced.files.into_iter().enumerate().map(|(part, files)| {
            let writer = SpliceWriter::new(self.lake, dataset, &folder, &stem(part), spliced.splice.clone(), files);
            Writer::Splice(writer)
        });
        let mut stored = store(streams.into_iter().zip(writers), &spliced.rows.schema, &arranged.layout).await?;
        stored.first_dates.extend(spliced.first_dates);
        stored.copied = copied;
        Ok(stored)
    }

    /// The partitions of a plan, as they are computed.
    fn streams(&self, arranged: &Arranged) -> Result<Vec<SendableRecordBatchStream>> {
        let (plan, context) = (arranged.plan.clone(), self.state.task_ctx());
        Ok(match arranged.layout.splits.is_empty() {
            true => vec![execute_stream(plan, context)?],
            false => execute_stream_partitioned(plan, context)?,
        })
    }
}

/// Plans the statement's query so that its rows come in the order, and cut at the tickers, of the dataset to be.
pub(super) async fn physical_plan(state: &SessionState, create: &CreateMemoryTable) -> Result<Arranged> {
    let sort = sort_columns(&create.input);
    let plan = state.create_physical_plan(&create.input).await?;
    let schema = storable_schema(create.name.table(), &plan.schema())?;
    let text = |name: &&String| schema.field_with_name(name).is_ok_and(|f| f.data_type() == &DataType::Utf8);
    let splits = match sort.first().filter(text) {
        Some(leading) => input_splits(&create.input, leading)?,
        None => Vec::new(),
    };
    let ordering = ordering(&plan, &sort)?;
    let Some(ordering) = ordering else {
        return Ok(Arranged { plan, layout: Layout::default(), schema });
    };
    let target = state.config().target_partitions();
    match cut(plan.clone(), &ordering, &splits, target)? {
        Some(cut) => Ok(Arranged { plan: cut, layout: Layout { sort, splits }, schema }),
        None => Ok(Arranged { plan, layout: Layout { sort, splits: Vec::new() }, schema }),
    }
}

/// The plan with one partition per range of the leading column, each in order; `None` if that is not worth while.
fn cut(
    plan: Arc<dyn ExecutionPlan>,
    ordering: &LexOrdering,
    splits: &[String],
    target: usize,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if splits.is_empty() || target < 2 {
        return Ok(None);
    }
    // Its subqueries are computed once, whichever partition asks first.
    if let Some(whole) = plan.downcast_ref::<ScalarSubqueryExec>() {
        let cut = cut(whole.input().clone(), ordering, splits, target)?;
        let (subqueries, results) = (whole.subqueries(), whole.results());
        return Ok(cut.map(|cut| Arc::new(ScalarSubqueryExec::new(cut, subqueries.to_vec(), results.clone())) as _));
    }
    let merged = match plan.downcast_ref::<SortPreservingMergeExec>() {
        Some(merge) => merge.input().clone(),
        None => plan,
    };
    if is_cut(&merged, ordering)? {
        return Ok(Some(merged));
    }
    let unsorted = match merged.downcast_ref::<SortExec>() {
        Some(sort) if sort.fetch().is_none() => sort.input().clone(),
        Some(_) => return Ok(None),
        None => merged,
    };
    // DataFusion sorts to one partition before it knows that ranges will do.
    if is_cut(&unsorted, ordering)? {
        return Ok(Some(unsorted));
    }
    let groups = target.min(splits.len() + 1);
    let starts = (1..groups).map(|group| splits[group * (splits.len() + 1) / groups - 1].clone());
    let points = starts.map(|start| SplitPoint::new(vec![ScalarValue::Utf8(Some(start))])).collect();
    let ranges = Partitioning::Range(ranges_of_leading(ordering, points)?);
    let dealt = Arc::new(RepartitionExec::try_new(unsorted, ranges)?);
    Ok(Some(Arc::new(SortExec::new(ordering.clone(), dealt).with_preserve_partitioning(true))))
}

/// Whether the partitions already are ranges of the leading column, in order.
pub(super) fn is_cut(plan: &Arc<dyn ExecutionPlan>, ordering: &LexOrdering) -> datafusion::error::Result<bool> {
    let Partitioning::Range(range) = plan.output_partitioning() else {
        return Ok(false);
    };
    let by_leading = range.ordering().len() == 1 && range.ordering().first().expr.eq(&ordering.first().expr);
    Ok(by_leading && plan.equivalence_properties().ordering_satisfy(ordering.iter().cloned())?)
}

fn ordering(plan: &Arc<dyn ExecutionPlan>, sort: &[String]) -> Result<Option<LexOrdering>> {
    let options = SortOptions { descending: false, nulls_first: false };
    let columns = sort.iter().map(|name| {
        let column = Column::new_with_schema(name, &plan.schema())?;
        Ok(PhysicalSortExpr::new(Arc::new(column), options))
    });
    Ok(LexOrdering::new(columns.collect::<Result<Vec<_>>>()?))
}

/// The columns of the statement's `ORDER BY`, as far as they are plain, ascending and selected.
fn sort_columns(plan: &LogicalPlan) -> Vec<String> {
    let sort = match plan {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => sort,
        LogicalPlan::Projection(projection) => match projection.input.as_ref() {
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => sort,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    let plain = sort.expr.iter().map_while(|key| match &key.expr {
        Expr::Column(column) if key.asc && !key.nulls_first => Some(column.name.clone()),
        _ => None,
    });
    let schema = plan.schema();
    plain.take_while(|name| schema.has_column_with_unqualified_name(name)).collect()
}

/// Where the largest input that is sorted by the same column is cut.
fn input_splits(plan: &LogicalPlan, leading: &str) -> Result<Vec<String>> {
    let mut largest: Option<Arc<Snapshot>> = None;
    for snapshot in scanned(plan)? {
        let fits = snapshot.layout().sort.first().is_some_and(|first| first == leading);
        let larger = largest.as_ref().is_none_or(|best| best.rows() < snapshot.rows());
        if fits && larger && !snapshot.layout().splits.is_empty() {
            largest = Some(snapshot);
        }
    }
    Ok(largest.map_or(Vec::new(), |snapshot| snapshot.layout().splits.clone()))
}

/// The datasets that a plan reads and the version of each.
fn inputs(plan: &LogicalPlan) -> Result<BTreeMap<String, u64>> {
    let scanned = scanned(plan)?;
    Ok(scanned.iter().map(|snapshot| (snapshot.dataset().replace('/', "."), snapshot.version())).collect())
}

/// What the commit says of each column: where it comes from in an assembly, and its first date.
fn columns(
    plan: &LogicalPlan,
    schema: &SchemaRef,
    mut first: BTreeMap<String, String>,
) -> Result<BTreeMap<String, ColumnRecord>> {
    let mut sources = BTreeMap::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
            && let Some(assembly) = provider.downcast_ref::<Assembly>()
        {
            sources.extend(assembly.sources());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let records = schema.fields().iter().map(|field| {
        let (source, first_date) = (sources.remove(field.name()), first.remove(field.name()));
        let record = ColumnRecord { source, first_date };
        (field.name().clone(), record)
    });
    Ok(records.filter(|(_, record)| *record != ColumnRecord::default()).collect())
}

fn scanned(plan: &LogicalPlan) -> Result<Vec<Arc<Snapshot>>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
        {
            if let Some(dataset) = provider.downcast_ref::<DatasetProvider>() {
                found.push(dataset.snapshot().clone());
            } else if let Some(assembly) = provider.downcast_ref::<Assembly>() {
                found.extend(assembly.snapshots().cloned());
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

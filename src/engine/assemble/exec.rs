//! The operator: reads the base and the datasets range by range, in step, and lays their columns side by side.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{SortOptions, cast};
use datafusion::arrow::datatypes::{DataType, Float64Type, SchemaRef};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::future::try_join_all;
use futures::{StreamExt, stream};

use super::AssembleError;
use super::columns::KEY;
use super::cursor::{Aligned, Cursor, Surplus};
use crate::engine::in_step::Keyed;
use crate::engine::keys::Keys;
use crate::lake::DatasetProvider;

/// Where every plan below has the ticker and the date.
pub(super) const KEY_COLUMNS: [usize; 2] = [0, 1];

/// Where a column of the result comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// A key of the base: 0 is the ticker, 1 the date.
    Key(usize),
    /// A column of an input, both by position; an input's first two columns are its keys.
    Input(usize, usize),
}

/// Two columns that must be equal, with the names to say it if they are not.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub copy: (usize, usize),
    pub source: (usize, usize),
    pub copy_name: String,
    pub source_name: String,
}

/// What to compute: the same for every partition.
#[derive(Debug, Clone)]
pub(super) struct Assembled {
    /// The base, then the datasets, one for each input.
    pub sources: Vec<DatasetProvider>,
    pub schema: SchemaRef,
    pub columns: Vec<From>,
    pub checks: Vec<Check>,
}

impl Assembled {
    fn base(&self) -> &str {
        self.sources.first().map_or("", |base| base.snapshot().dataset())
    }

    fn datasets(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().skip(1).map(|dataset| dataset.snapshot().dataset())
    }
}

/// Reads a base and datasets in step. Every plan below has the keys as its first two columns.
#[derive(Debug)]
pub(in crate::engine) struct AssembleExec {
    pub(super) what: Arc<Assembled>,
    /// The base, then the datasets, as they are planned.
    pub(super) inputs: Vec<Arc<dyn ExecutionPlan>>,
    /// The same, ordered and cut like the base. Not among the children: the optimiser takes a repartitioning for its own
    /// and would remove it.
    arranged: Vec<Arc<dyn ExecutionPlan>>,
    leftover: Arc<Leftover>,
    properties: Arc<PlanProperties>,
}

impl AssembleExec {
    pub(super) fn new(what: Arc<Assembled>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Self> {
        let keyed = |plan: &Arc<dyn ExecutionPlan>| Keyed { plan: plan.clone(), key: KEY_COLUMNS };
        let base = keyed(&inputs[0]).leading()?;
        let partitioning = base.output_partitioning().clone();
        let leading = keyed(&base);
        let others = inputs[1..].iter().map(|input| keyed(input).following(&leading));
        let arranged: Vec<_> = [Ok(base)].into_iter().chain(others).collect::<Result<_>>()?;
        let properties = Arc::new(properties(&what, &partitioning)?);
        let leftover = Leftover::of(partitioning.partition_count(), inputs.len() - 1);
        Ok(Self { what, inputs, arranged, leftover, properties })
    }
}

/// The base's order and ranges, as far as its keys are among the columns.
fn properties(what: &Assembled, base: &Partitioning) -> Result<PlanProperties> {
    let position = |key| what.columns.iter().position(|from| *from == From::Key(key));
    let options = SortOptions { descending: false, nulls_first: false };
    let sort = |key: usize| {
        let at = position(key)?;
        Some(PhysicalSortExpr::new(Arc::new(Column::new(KEY[key], at)), options))
    };
    let ordering = LexOrdering::new([0, 1].into_iter().map_while(sort));
    let partitioning = match (base, LexOrdering::new(sort(0))) {
        (Partitioning::Range(range), Some(leading)) => Partitioning::Range(
            datafusion::physical_expr::RangePartitioning::try_new(leading, range.split_points().to_vec())?,
        ),
        (base, _) => Partitioning::UnknownPartitioning(base.partition_count()),
    };
    let equivalence = EquivalenceProperties::new_with_orderings(what.schema.clone(), ordering);
    Ok(PlanProperties::new(equivalence, partitioning, EmissionType::Incremental, Boundedness::Bounded))
}

impl DisplayAs for AssembleExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let datasets: Vec<&str> = self.what.datasets().collect();
        write!(f, "AssembleExec: base={}, datasets=[{}]", self.what.base(), datasets.join(", "))?;
        let moved = self.inputs.iter().zip(&self.arranged).skip(1).zip(datasets);
        let moved = moved.filter(|((input, arranged), _)| !Arc::ptr_eq(input, arranged));
        let moved: Vec<&str> = moved.map(|(_, dataset)| dataset).collect();
        if moved.is_empty() { Ok(()) } else { write!(f, ", rearranged=[{}]", moved.join(", ")) }
    }
}

impl ExecutionPlan for AssembleExec {
    fn name(&self) -> &str {
        "AssembleExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.inputs.len()]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(self.what.clone(), children)?))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(self.what.clone(), children)?))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let base = self.arranged[0].execute(partition, context.clone())?;
        let inputs = self.arranged[1..].iter().zip(self.what.datasets());
        let open = |(plan, name): (&Arc<dyn ExecutionPlan>, &str)| {
            Ok(Cursor::new(name.into(), plan.execute(partition, context.clone())?))
        };
        let cursors = inputs.map(open).collect::<Result<Vec<_>>>()?;
        let step = Step { what: self.what.clone(), base, cursors, leftover: self.leftover.clone(), last: None };
        let rows =
            stream::try_unfold(step, |mut step| async move { Ok(step.next().await?.map(|batch| (batch, step))) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.what.schema.clone(), rows)))
    }
}

/// One partition on its way.
struct Step {
    what: Arc<Assembled>,
    base: SendableRecordBatchStream,
    cursors: Vec<Cursor>,
    leftover: Arc<Leftover>,
    /// The keys of the base's last batch.
    last: Option<Keys>,
}

impl Step {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let Some(batch) = self.base.next().await.transpose()? else {
            self.finish().await?;
            return Ok(None);
        };
        let keys = Keys::of(&batch, KEY_COLUMNS)?;
        let before = self.last.as_ref().filter(|last| last.len() > 0).map(|last| (last, last.len() - 1));
        if let Some(what) = keys.fault(before) {
            return Err(external(AssembleError::Base { dataset: self.what.base().to_owned(), what }));
        }
        // All at once, so that datasets on a distant store are fetched side by side.
        let aligned = try_join_all(self.cursors.iter_mut().map(|cursor| cursor.align(&keys))).await?;
        for check in &self.what.checks {
            verify(check, &aligned, &keys, &self.cursors)?;
        }
        let columns = self.what.columns.iter().zip(self.what.schema.fields()).map(|(from, field)| match from {
            From::Key(key) => Ok(batch.column(*key).clone()),
            From::Input(input, column) => {
                let stored = self.cursors[*input].type_of(*column);
                converted(aligned[*input].column(*column, &stored)?, field.data_type())
            }
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let assembled = RecordBatch::try_new_with_options(self.what.schema.clone(), columns, &options)?;
        if batch.num_rows() > 0 {
            self.last = Some(keys);
        }
        Ok(Some(assembled))
    }

    async fn finish(&mut self) -> Result<()> {
        try_join_all(self.cursors.iter_mut().map(Cursor::finish)).await?;
        self.leftover.add(&self.what, self.cursors.iter().map(|cursor| cursor.surplus));
        Ok(())
    }
}

/// What the datasets have beside the base's rows, gathered over the partitions and said once.
#[derive(Debug)]
struct Leftover {
    partitions: AtomicUsize,
    surplus: Mutex<Vec<Surplus>>,
}

impl Leftover {
    fn of(partitions: usize, datasets: usize) -> Arc<Self> {
        Arc::new(Self { partitions: partitions.into(), surplus: Mutex::new(vec![Surplus::default(); datasets]) })
    }

    /// Adds a partition; the last one says what was left out.
    fn add(&self, what: &Assembled, surplus: impl Iterator<Item = Surplus>) {
        let mut total = self.surplus.lock().unwrap_or_else(PoisonError::into_inner);
        for (total, surplus) in total.iter_mut().zip(surplus) {
            total.orphans += surplus.orphans;
            total.repeated += surplus.repeated;
        }
        if self.partitions.fetch_sub(1, Ordering::SeqCst) != 1 {
            return;
        }
        let shown = total.iter().zip(what.datasets()).filter(|(surplus, _)| **surplus != Surplus::default());
        let shown =
            shown.map(|(s, dataset)| format!("{dataset} {} without a row there, {} repeated", s.orphans, s.repeated));
        let shown: Vec<String> = shown.collect();
        if !shown.is_empty() {
            tracing::warn!("rows left out of an assembly with the keys of {}: {}", what.base(), shown.join("; "));
        }
    }
}

/// In the type of the result; what is no finite number is missing.
fn converted(column: ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    let column = if column.data_type() == data_type { column } else { cast(&column, data_type)? };
    let Some(numbers) = column.as_primitive_opt::<Float64Type>() else {
        return Ok(column);
    };
    if numbers.values().iter().all(|x| x.is_finite()) {
        return Ok(column);
    }
    let finite: Float64Array = numbers.iter().map(|x| x.filter(|x| x.is_finite())).collect();
    Ok(Arc::new(finite))
}

/// Fails at the first row that both datasets have with different values.
fn verify(check: &Check, aligned: &[Aligned], keys: &Keys, cursors: &[Cursor]) -> Result<()> {
    let read = |(input, column): (usize, usize)| {
        let stored = cursors[input].type_of(column);
        let data_type = if stored.is_numeric() { DataType::Float64 } else { stored.clone() };
        converted(aligned[input].column(column, &stored)?, &data_type)
    };
    let (copy, source) = (read(check.copy)?, read(check.source)?);
    if copy.as_ref() == source.as_ref() {
        return Ok(());
    }
    let (ours, theirs) = (aligned[check.copy.0].presence(), aligned[check.source.0].presence());
    let differs = |row: &usize| copy.slice(*row, 1).as_ref() != source.slice(*row, 1).as_ref();
    let Some(row) = (0..keys.len()).filter(|row| ours[*row] && theirs[*row]).find(differs) else {
        return Ok(());
    };
    let shown = |column: &ArrayRef| match column.is_null(row) {
        true => Ok("NULL".to_owned()),
        false => array_value_to_string(column, row),
    };
    Err(external(AssembleError::NotACopy {
        copy: check.copy_name.clone(),
        source_column: check.source_name.clone(),
        key: format!("ticker {}, date {}", keys.shown_ticker(row), keys.shown_date(row)),
        expected: shown(&source)?,
        found: shown(&copy)?,
    }))
}

fn external(error: AssembleError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

//! The operator: reads the relations, sorted by their keys, and hands them to the function as a whole.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::{SortOptions, concat_batches};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{exec_datafusion_err, internal_datafusion_err};
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, OrderingRequirements, Partitioning, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, PlanProperties};
use futures::{StreamExt, TryStreamExt, stream};

use super::call::Call;
use super::declaration::RelationSpec;
use super::error::TableFunctionError;

/// How many threads a table function uses, as an extension of the session's configuration; without it as many as queries
/// have partitions.
#[derive(Debug, Clone, Copy)]
pub struct Threads(pub usize);

/// Evaluates a call. One partition: what a table function computes from one row may depend on all others.
#[derive(Debug)]
pub(crate) struct TableFunctionExec {
    pub(crate) call: Arc<Call>,
    pub(crate) inputs: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
}

impl TableFunctionExec {
    pub(crate) fn new(call: Arc<Call>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Self> {
        let ordering = ordering(call.function.order, &call.schema)?;
        let equivalence = EquivalenceProperties::new_with_orderings(call.schema.clone(), [ordering]);
        let partitioning = Partitioning::UnknownPartitioning(1);
        let properties = PlanProperties::new(equivalence, partitioning, EmissionType::Final, Boundedness::Bounded);
        Ok(Self { call, inputs, properties: Arc::new(properties) })
    }
}

/// Ascending by these columns, missing values last.
fn ordering(columns: &[&str], schema: &SchemaRef) -> Result<LexOrdering> {
    let options = SortOptions { descending: false, nulls_first: false };
    let key = |name: &&str| Ok(PhysicalSortExpr::new(Arc::new(Column::new_with_schema(name, schema)?), options));
    let keys = columns.iter().map(key).collect::<Result<Vec<_>>>()?;
    LexOrdering::new(keys).ok_or_else(|| internal_datafusion_err!("a table function without an order"))
}

impl DisplayAs for TableFunctionExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableFunctionExec: {}(", self.call.function.name)?;
        for (at, (name, value)) in self.call.options.iter().enumerate() {
            write!(f, "{}{name} => {value}", if at == 0 { "" } else { ", " })?;
        }
        write!(f, ")")
    }
}

impl ExecutionPlan for TableFunctionExec {
    fn name(&self) -> &str {
        "TableFunctionExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![Distribution::SinglePartition; self.inputs.len()]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let relations = self.call.function.relations.iter().zip(&self.inputs);
        relations.map(|(relation, input)| ordering(relation.key, &input.schema()).ok().map(Into::into)).collect()
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
        Ok(Arc::new(Self::new(self.call.clone(), children)?))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(self.call.clone(), children)?))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return Err(internal_datafusion_err!("a table function has one partition, not {}", partition + 1));
        }
        let call = self.call.clone();
        let inputs = self.inputs.iter().map(|input| input.execute(0, context.clone())).collect::<Result<Vec<_>>>()?;
        let schema = call.schema.clone();
        let rows = stream::once(async move { evaluate(call, inputs, context).await }).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}

async fn evaluate(
    call: Arc<Call>,
    inputs: Vec<SendableRecordBatchStream>,
    context: Arc<TaskContext>,
) -> Result<stream::BoxStream<'static, Result<RecordBatch>>> {
    let held = MemoryConsumer::new(call.function.name).register(context.memory_pool());
    let mut relations = Vec::new();
    for (input, relation) in inputs.into_iter().zip(&call.function.relations) {
        let rows = collect(input, &held).await?;
        check_key(call.function.name, relation, &rows)?;
        relations.push(rows);
    }
    let config = context.session_config();
    let threads = config.get_extension::<Threads>().map_or(config.target_partitions(), |threads| threads.0);
    let computed = tokio::task::spawn_blocking(move || call.evaluate.evaluate(&relations, threads));
    let rows = computed.await.map_err(|error| exec_datafusion_err!("a table function stopped: {error}"))??;
    held.try_grow(rows.get_array_memory_size())?;
    let size = context.session_config().batch_size().max(1);
    let starts = (0..rows.num_rows()).step_by(size);
    let parts = starts.map(move |at| {
        let _held = &held; // until the last part is taken
        Ok(rows.slice(at, size.min(rows.num_rows() - at)))
    });
    Ok(stream::iter(parts).boxed())
}

/// All rows as one batch.
async fn collect(mut rows: SendableRecordBatchStream, held: &MemoryReservation) -> Result<RecordBatch> {
    let schema = rows.schema();
    let mut batches = Vec::new();
    while let Some(batch) = rows.next().await.transpose()? {
        held.try_grow(batch.get_array_memory_size())?;
        batches.push(batch);
    }
    Ok(concat_batches(&schema, &batches)?)
}

/// A key that is missing or repeated is an error of the query, not a row to be dropped in silence.
fn check_key(function: &'static str, relation: &RelationSpec, rows: &RecordBatch) -> Result<()> {
    let relation_name = relation.name;
    let mut keys: Vec<&ArrayRef> = Vec::new();
    for column in relation.key {
        let values = rows.column_by_name(column).ok_or_else(|| internal_datafusion_err!("no column {column}"))?;
        if values.logical_null_count() > 0 {
            return Err(TableFunctionError::MissingKey { function, relation: relation_name, column }.into());
        }
        keys.push(values);
    }
    let Some(row) = (1..rows.num_rows()).find(|row| keys.iter().all(|key| same(key, *row))) else {
        return Ok(());
    };
    let shown = keys.iter().zip(relation.key).map(|(values, name)| {
        let value = array_value_to_string(values, row)?;
        Ok(format!("{name} {value}"))
    });
    let key = shown.collect::<Result<Vec<String>>>()?.join(", ");
    Err(TableFunctionError::DuplicateKey { function, relation: relation_name, key }.into())
}

/// Whether a row of a key column repeats the row before.
fn same(key: &ArrayRef, row: usize) -> bool {
    if let Some(dates) = key.as_primitive_opt::<datafusion::arrow::datatypes::Date32Type>() {
        return dates.value(row) == dates.value(row - 1);
    }
    key.as_string_opt::<i32>().is_some_and(|texts| texts.value(row) == texts.value(row - 1))
}

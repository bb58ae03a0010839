//! Windows over all rows of a key wherever they are, such as the cross-section of a date.
//!
//! Rows of a date are spread over all tickers. DataFusion moves whole rows to their date, sorts them, and a dataset
//! ordered by ticker then moves and sorts them back. Here no row moves: the arguments of the functions are gathered key
//! by key, and the results go back to the rows they belong to, so that order and partitioning of the input remain.

mod gathered;

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array, new_empty_array};
use datafusion::arrow::compute::{concat, take};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr::window::WindowExpr;
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{CardinalityEffect, ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::WindowAggExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use futures::future::{BoxFuture, Shared, try_join_all};
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use super::replace::replace;
use gathered::{Gatherer, Places};

/// How many functions are computed at a time. Each needs its arguments once more, in the order of the keys.
const FUNCTIONS_AT_ONCE: usize = 4;

/// Replaces DataFusion's window operator where rows of a key are spread over the input and their order does not matter.
/// It comes before the rules that would sort and move the rows.
#[derive(Debug)]
pub(super) struct CrossSections;

impl PhysicalOptimizerRule for CrossSections {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        replace(plan, |node| Ok(CrossSectionExec::in_place_of(node)?.map(|cross_section| Arc::new(cross_section) as _)))
    }

    fn name(&self) -> &str {
        "cross_sections"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Computes window functions over all rows of a key and leaves the rows where they are.
pub(super) struct CrossSectionExec {
    /// DataFusion's operator for the same windows, which knows the schema and what of the input's order remains.
    window: Arc<dyn ExecutionPlan>,
    functions: Vec<Arc<dyn WindowExpr>>,
    started: Mutex<Option<Computation>>,
}

/// The rows and results of all partitions, once they are there.
type Computation = Shared<BoxFuture<'static, Result<Arc<Computed>, Arc<DataFusionError>>>>;

impl CrossSectionExec {
    fn in_place_of(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Self>> {
        let Some(window) = node.downcast_ref::<WindowAggExec>() else {
            return Ok(None);
        };
        let functions = window.window_expr().to_vec();
        let keys = functions[0].partition_by().to_vec();
        let alike = functions.iter().all(|function| function.partition_by() == keys && function.order_by().is_empty());
        // Keys that come one after the other need not be gathered.
        let sorted = keys.iter().map(|key| PhysicalSortExpr::new_default(key.clone()).nulls_last());
        let gathered = window.input().equivalence_properties().ordering_satisfy(sorted)?;
        let fits = alike && !keys.is_empty() && !gathered;
        Ok(fits.then(|| Self::new(node.clone(), functions)))
    }

    fn new(window: Arc<dyn ExecutionPlan>, functions: Vec<Arc<dyn WindowExpr>>) -> Self {
        Self { window, functions, started: Mutex::new(None) }
    }

    fn input(&self) -> &Arc<dyn ExecutionPlan> {
        self.window.children()[0]
    }

    /// Starts reading all partitions, whoever asks first, since no result is known before all rows are.
    fn computation(&self, context: &Arc<TaskContext>) -> Result<Computation> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = started.as_ref() {
            return Ok(running.clone());
        }
        let parts = 0..self.input().output_partitioning().partition_count();
        let readers = parts.map(|part| {
            let rows = self.input().execute(part, context.clone())?;
            let held = MemoryConsumer::new(format!("CrossSectionExec[{part}]")).register(context.memory_pool());
            Ok(SpawnedTask::spawn(read(rows, held)))
        });
        let readers: Vec<_> = readers.collect::<Result<_>>()?;
        let (functions, schema) = (self.functions.clone(), self.input().schema());
        let computed = async move {
            let parts = try_join_all(readers.into_iter().map(SpawnedTask::join_unwind)).await;
            let parts = parts.map_err(|e| DataFusionError::External(Box::new(e)))?;
            let parts = parts.into_iter().collect::<Result<Vec<_>>>()?;
            Ok(Arc::new(Computed::new(parts, &functions, &schema)?))
        };
        let computed = computed.map(|result: Result<_>| result.map_err(Arc::new)).boxed().shared();
        Ok(started.insert(computed).clone())
    }
}

/// The rows of one partition that have not been passed on, and the memory they hold.
struct Part {
    rows: VecDeque<RecordBatch>,
    held: MemoryReservation,
}

async fn read(mut rows: SendableRecordBatchStream, held: MemoryReservation) -> Result<Part> {
    let mut part = Part { rows: VecDeque::new(), held };
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        part.held.try_grow(batch.get_array_memory_size())?;
        part.rows.push_back(batch);
    }
    Ok(part)
}

struct Computed {
    parts: Vec<Mutex<Part>>,
    /// The number of rows before each partition.
    starts: Vec<usize>,
    /// For each row in the order of the partitions, its place among the rows gathered by key.
    places: UInt32Array,
    /// The result of each function in the gathered order.
    results: Vec<ArrayRef>,
}

impl Computed {
    fn new(parts: Vec<Part>, functions: &[Arc<dyn WindowExpr>], schema: &SchemaRef) -> Result<Self> {
        let batches: Vec<&RecordBatch> = parts.iter().flat_map(|part| &part.rows).collect();
        let places = Places::new(functions[0].partition_by(), &batches, schema)?;
        let mut gatherer = Gatherer::new(&batches, &places, schema);
        let mut results = Vec::new();
        // A few functions at a time: what they read is gathered for them and let go.
        for functions in functions.chunks(FUNCTIONS_AT_ONCE) {
            let gathered = gatherer.gather(read_by(functions))?;
            let groups = gatherer.groups(&gathered)?;
            for function in functions {
                results.push(evaluate(function, &groups)?);
            }
            drop(groups);
            gatherer.let_go(gathered);
        }
        let rows = |part: &Part| part.rows.iter().map(RecordBatch::num_rows).sum::<usize>();
        let starts = parts.iter().scan(0, |end, part| Some(std::mem::replace(end, *end + rows(part)))).collect();
        let parts = parts.into_iter().map(Mutex::new).collect();
        Ok(Self { parts, starts, places: places.of_rows.into(), results })
    }

    /// The next batch of a partition, which has `done` rows behind it, with its results. The rows are let go.
    fn next(&self, part: usize, done: &mut usize, schema: &SchemaRef) -> Option<Result<RecordBatch>> {
        let batch = {
            let mut part = self.parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            let batch = part.rows.pop_front()?;
            part.held.shrink(batch.get_array_memory_size());
            batch
        };
        let places = self.places.slice(self.starts[part] + *done, batch.num_rows());
        *done += batch.num_rows();
        Some(self.with_results(&batch, &places, schema))
    }

    fn with_results(&self, batch: &RecordBatch, places: &UInt32Array, schema: &SchemaRef) -> Result<RecordBatch> {
        let mut output = batch.columns().to_vec();
        for result in &self.results {
            output.push(take(result, places, None)?);
        }
        Ok(RecordBatch::try_new(schema.clone(), output)?)
    }
}

/// The results of a function for all groups, one after the other.
fn evaluate(function: &Arc<dyn WindowExpr>, groups: &[RecordBatch]) -> Result<ArrayRef> {
    let results = groups.iter().map(|group| function.evaluate(group)).collect::<Result<Vec<_>>>()?;
    match results.is_empty() {
        true => Ok(new_empty_array(function.field()?.data_type())),
        false => Ok(concat(&results.iter().map(|result| result as &dyn Array).collect::<Vec<_>>())?),
    }
}

/// The positions of the columns that some functions read.
fn read_by(functions: &[Arc<dyn WindowExpr>]) -> BTreeSet<usize> {
    let arguments = functions.iter().flat_map(|function| function.expressions());
    arguments.flat_map(|argument| collect_columns(&argument)).map(|column| column.index()).collect()
}

impl fmt::Debug for CrossSectionExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrossSectionExec").field("window", &self.window).finish_non_exhaustive()
    }
}

impl DisplayAs for CrossSectionExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let list = |texts: Vec<String>| texts.join(", ");
        let keys = list(self.functions[0].partition_by().iter().map(ToString::to_string).collect());
        let functions = list(self.functions.iter().map(|function| function.name().to_owned()).collect());
        write!(f, "CrossSectionExec: key=[{keys}], functions=[{functions}]")
    }
}

impl ExecutionPlan for CrossSectionExec {
    fn name(&self) -> &str {
        "CrossSectionExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.window.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.window.children()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.window.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let window = self.window.clone().replace_children(children, options)?;
        Ok(Arc::new(Self::new(window, self.functions.clone())))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn execute(&self, part: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let computation = self.computation(&context)?;
        let schema = self.schema();
        let batches = async move {
            let computed = computation.await.map_err(DataFusionError::Shared)?;
            let mut done = 0;
            Ok::<_, DataFusionError>(stream::iter(std::iter::from_fn(move || computed.next(part, &mut done, &schema))))
        };
        let batches = stream::once(batches).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

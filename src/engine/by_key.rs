//! Windows over rows that already come key by key, such as ticker by ticker.
//!
//! DataFusion computes such windows either row by row, through a value of a dynamic type each, or over all rows of a
//! partition at once. Here a handful of whole keys are computed at a time: each by one call of the function over plain
//! arrays, so that memory holds a few tickers rather than the table, and the columns are still in the cache when the
//! next operator reads them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::make_comparator;
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::compute::{SortOptions, concat, concat_batches};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::window::WindowExpr;
use datafusion::physical_expr_common::sort_expr::OrderingRequirements;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{CardinalityEffect, ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, InputOrderMode, PlanProperties,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::gallop::end_of;
use super::replace::replace;

/// Replaces DataFusion's window operators wherever the input comes key by key.
#[derive(Debug)]
pub(super) struct WindowsByKey;

impl PhysicalOptimizerRule for WindowsByKey {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        replace(plan, |node| Ok(ByKeyExec::in_place_of(node).map(|by_key| Arc::new(by_key) as _)))
    }

    fn name(&self) -> &str {
        "windows_by_key"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Computes window functions for whole keys, as they come.
#[derive(Debug)]
pub(super) struct ByKeyExec {
    /// DataFusion's operator for the same windows, which knows what they ask of the input and promise of the output.
    window: Arc<dyn ExecutionPlan>,
    functions: Vec<Arc<dyn WindowExpr>>,
}

impl ByKeyExec {
    fn in_place_of(window: &Arc<dyn ExecutionPlan>) -> Option<Self> {
        let functions = match (window.downcast_ref::<WindowAggExec>(), window.downcast_ref::<BoundedWindowAggExec>()) {
            (Some(whole), _) => whole.window_expr(),
            (_, Some(bounded)) if bounded.input_order_mode == InputOrderMode::Sorted => bounded.window_expr(),
            _ => return None,
        };
        let keys = functions.first()?.partition_by();
        let same = functions.iter().all(|function| function.partition_by() == keys);
        (same && !keys.is_empty()).then(|| Self { window: window.clone(), functions: functions.to_vec() })
    }

    fn keys(&self) -> &[Arc<dyn PhysicalExpr>] {
        self.functions[0].partition_by()
    }
}

impl DisplayAs for ByKeyExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let list = |texts: Vec<String>| texts.join(", ");
        let keys = list(self.keys().iter().map(ToString::to_string).collect());
        let functions = list(self.functions.iter().map(|function| function.name().to_owned()).collect());
        write!(f, "ByKeyExec: key=[{keys}], functions=[{functions}]")
    }
}

impl ExecutionPlan for ByKeyExec {
    fn name(&self) -> &str {
        "ByKeyExec"
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
        Ok(Arc::new(Self { window, functions: self.functions.clone() }))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        self.window.required_input_ordering()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        self.window.input_distribution_requirements()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn execute(&self, part: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.window.children()[0].execute(part, context)?;
        let mut open =
            OpenKey { schema: self.schema(), functions: self.functions.clone(), rows: Vec::new(), key: None };
        // The end of the input closes the last key.
        let input = input.map(|batch| batch.map(Some)).chain(stream::once(async { Ok(None) }));
        let output = input.map(move |batch| match batch? {
            Some(batch) => open.take(batch),
            None => open.close(),
        });
        let output = output.try_filter_map(|batch| std::future::ready(Ok(batch)));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), output)))
    }
}

/// Rows of the key that may go on with the next batch.
struct OpenKey {
    schema: SchemaRef,
    functions: Vec<Arc<dyn WindowExpr>>,
    rows: Vec<RecordBatch>,
    /// The key's values, one row each.
    key: Option<Vec<ArrayRef>>,
}

impl OpenKey {
    /// Takes in a batch and computes the keys that it completes.
    fn take(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        if batch.num_rows() == 0 {
            return Ok(None);
        }
        let keys = columns(self.functions[0].partition_by(), &batch)?;
        let last = stretches(&keys)?.pop().map_or(0, |last| last.start);
        let goes_on = last == 0 && self.continues(&keys)?;
        if goes_on {
            self.rows.push(batch);
            return Ok(None);
        }
        self.rows.push(batch.slice(0, last));
        let complete = self.close()?;
        self.rows = vec![batch.slice(last, batch.num_rows() - last)];
        self.key = Some(keys.iter().map(|key| key.slice(last, 1)).collect());
        Ok(complete)
    }

    /// Whether the first of these keys is the open one.
    fn continues(&self, keys: &[ArrayRef]) -> Result<bool> {
        let Some(open) = &self.key else {
            return Ok(false);
        };
        for (open, key) in open.iter().zip(keys) {
            if make_comparator(open, key, SortOptions::default())?(0, 0).is_ne() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Computes the rows at hand, which are whole keys.
    fn close(&mut self) -> Result<Option<RecordBatch>> {
        let Some(first) = self.rows.first() else {
            return Ok(None);
        };
        let rows = concat_batches(&first.schema(), &self.rows)?;
        self.rows.clear();
        if rows.num_rows() == 0 {
            return Ok(None);
        }
        let keys = stretches(&columns(self.functions[0].partition_by(), &rows)?)?;
        let keys: Vec<RecordBatch> = keys.into_iter().map(|key| rows.slice(key.start, key.len())).collect();
        let mut output = rows.columns().to_vec();
        for function in &self.functions {
            let results = keys.iter().map(|key| function.evaluate(key)).collect::<Result<Vec<_>>>()?;
            output.push(concat(&results.iter().map(|result| result as &dyn Array).collect::<Vec<_>>())?);
        }
        Ok(Some(RecordBatch::try_new(self.schema.clone(), output)?))
    }
}

/// The rows of each key. Those of one lie together, so that not every row is compared with the one before.
fn stretches(keys: &[ArrayRef]) -> Result<Vec<Range<usize>>> {
    let rows = keys.first().map_or(0, |key| key.len());
    let compare = keys.iter().map(|key| make_comparator(key, key, SortOptions::default()));
    let compare = compare.collect::<std::result::Result<Vec<_>, _>>()?;
    let (mut found, mut start) = (Vec::new(), 0);
    while start < rows {
        let end = end_of(start, rows, |row| compare.iter().all(|compare| compare(start, row).is_eq()));
        found.push(start..end);
        start = end;
    }
    Ok(found)
}

/// The values of these expressions for each row.
pub(super) fn columns(expressions: &[Arc<dyn PhysicalExpr>], batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
    let rows = batch.num_rows();
    expressions.iter().map(|expression| expression.evaluate(batch)?.into_array(rows)).collect()
}

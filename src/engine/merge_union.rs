//! Unions of datasets that are read in the order of their keys, such as sessions and filings.
//!
//! DataFusion deals the rows of a union out by the hash of the ticker and sorts them, and a dataset that is ordered by ticker
//! sorts them back. Here the input with the most rows is read as it lies in the lake, in order and cut at its tickers. The
//! others are brought there, unless they lie so, and the rows of all are merged as they come.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::plan_err;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, Partitioning, PhysicalExpr, PhysicalSortExpr, RangePartitioning, SplitPoint,
};
use datafusion::physical_expr_common::sort_expr::OrderingRequirements;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::streaming_merge::StreamingMergeBuilder;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};

use super::replace::replace;
use super::small_sides::rows_read;
use crate::lake::ranges_of_leading;

/// Replaces the sort of a union whose largest input is in that order already. It comes last, when it is known which order is
/// asked for.
#[derive(Debug)]
pub(super) struct MergeUnions;

impl PhysicalOptimizerRule for MergeUnions {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        replace(plan, in_place_of)
    }

    fn name(&self) -> &str {
        "merge_unions"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The merged union in place of one that is dealt out by the first column that it is then sorted by.
fn in_place_of(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(sort) = node.downcast_ref::<SortExec>().filter(|sort| sort.fetch().is_none()) else {
        return Ok(None);
    };
    let Some(dealt) = sort.input().downcast_ref::<RepartitionExec>() else {
        return Ok(None);
    };
    let by_first = match dealt.partitioning() {
        Partitioning::Hash(by, _) => by.len() == 1 && by[0].eq(&sort.expr().first().expr),
        _ => false,
    };
    let Some(union) = dealt.input().downcast_ref::<UnionExec>().filter(|_| by_first) else {
        return Ok(None);
    };
    let Some(ranges) = ranges_of_largest(union.inputs(), sort.expr())? else {
        return Ok(None);
    };
    let inputs = union.inputs().iter().map(|input| arranged(input, sort.expr(), ranges.split_points()));
    let merged = MergeUnionExec::new(inputs.collect::<Result<_>>()?, union.schema(), sort.expr().clone(), ranges);
    Ok(Some(Arc::new(merged)))
}

/// The ranges that the input with the most rows is cut at, if it comes in order.
fn ranges_of_largest(inputs: &[Arc<dyn ExecutionPlan>], order: &LexOrdering) -> Result<Option<RangePartitioning>> {
    let rows = inputs.iter().map(rows_read).collect::<Result<Option<Vec<_>>>>()?;
    let Some((_, largest)) = rows.and_then(|rows| rows.into_iter().zip(inputs).max_by_key(|(rows, _)| *rows)) else {
        return Ok(None);
    };
    let (Some(own), Partitioning::Range(range)) = (order_of(largest, order), largest.output_partitioning()) else {
        return Ok(None);
    };
    match range.ordering().iter().eq([own.first()]) && is_in_order(largest, &own)? {
        true => ranges_of_leading(order, range.split_points().to_vec()).map(Some),
        false => Ok(None),
    }
}

/// An input in order and cut at these values of the first column: as it is if it is stored so.
fn arranged(
    input: &Arc<dyn ExecutionPlan>,
    order: &LexOrdering,
    starts: &[SplitPoint],
) -> Result<Arc<dyn ExecutionPlan>> {
    let Some(order) = order_of(input, order) else {
        return plan_err!("a union is ordered by an expression: {order}");
    };
    let ranges = Partitioning::Range(ranges_of_leading(&order, starts.to_vec())?);
    let cut = match input.output_partitioning() == &ranges {
        true => input.clone(),
        false => Arc::new(RepartitionExec::try_new(input.clone(), ranges)?),
    };
    Ok(match is_in_order(&cut, &order)? {
        true => cut,
        false => Arc::new(SortExec::new(order, cut).with_preserve_partitioning(true)),
    })
}

/// The order of the union by the names that the columns have in an input; nothing if it is not by columns.
fn order_of(input: &Arc<dyn ExecutionPlan>, order: &LexOrdering) -> Option<LexOrdering> {
    let schema = input.schema();
    let by = order.iter().map(|by| {
        let at = by.expr.downcast_ref::<Column>()?.index();
        Some(PhysicalSortExpr::new(Arc::new(Column::new(schema.field(at).name(), at)), by.options))
    });
    LexOrdering::new(by.collect::<Option<Vec<_>>>()?)
}

fn is_in_order(input: &Arc<dyn ExecutionPlan>, order: &LexOrdering) -> Result<bool> {
    input.equivalence_properties().ordering_satisfy(order.iter().cloned())
}

/// Merges, range by range, inputs that come in the same order.
#[derive(Debug)]
struct MergeUnionExec {
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    order: LexOrdering,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl MergeUnionExec {
    /// Merges inputs that come in this order, each in these ranges, to rows with the columns of `schema`.
    fn new(
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        schema: SchemaRef,
        order: LexOrdering,
        ranges: RangePartitioning,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new_with_orderings(schema, [order.clone()]),
            Partitioning::Range(ranges),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { inputs, order, properties: Arc::new(properties), metrics: ExecutionPlanMetricsSet::new() }
    }
}

impl DisplayAs for MergeUnionExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MergeUnionExec: order=[{}]", self.order)
    }
}

impl ExecutionPlan for MergeUnionExec {
    fn name(&self) -> &str {
        "MergeUnionExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true; self.inputs.len()]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        self.inputs.iter().map(|input| order_of(input, &self.order).map(OrderingRequirements::from)).collect()
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
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (order, properties) = (self.order.clone(), self.properties.clone());
        Ok(Arc::new(Self { inputs, order, properties, metrics: ExecutionPlanMetricsSet::new() }))
    }

    fn with_new_children(self: Arc<Self>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(inputs, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, part: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let streams = self.inputs.iter().map(|input| input.execute(part, context.clone()));
        let held = MemoryConsumer::new(format!("MergeUnionExec[{part}]")).register(context.memory_pool());
        StreamingMergeBuilder::new()
            .with_streams(streams.collect::<Result<_>>()?)
            .with_schema(self.schema())
            .with_expressions(&self.order)
            .with_metrics(BaselineMetrics::new(&self.metrics, part))
            .with_batch_size(context.session_config().batch_size())
            .with_reservation(held)
            // Rows that are alike come in the order of the inputs.
            .with_round_robin_tie_breaker(false)
            .build()
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

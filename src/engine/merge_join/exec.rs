//! The operator: one stream per partition, which reads the left side and finds the partners of its rows on the right.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::JoinType;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::equivalence::join_equivalence_properties;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr_common::sort_expr::OrderingRequirements;
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::joins::utils::build_join_schema;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use futures::{StreamExt, stream};

use super::partners::Partners;
use crate::engine::in_step::Keyed;
use crate::engine::keys::Keys;

/// Which rows of the left side come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Those with a partner.
    Inner,
    /// All; without a partner, the right side's columns are NULL.
    Left,
}

/// Joins two sides by ticker and date in one pass over both.
#[derive(Debug)]
pub(in crate::engine) struct MergeJoinExec {
    /// The sides as they are planned.
    inputs: [Arc<dyn ExecutionPlan>; 2],
    keys: [[usize; 2]; 2],
    /// The same in step. A rule may have moved rows below since this join was chosen; then they are moved back here. Not
    /// among the children: the optimiser takes a repartitioning for its own and would remove it.
    arranged: [Arc<dyn ExecutionPlan>; 2],
    kind: Kind,
    properties: Arc<PlanProperties>,
}

impl MergeJoinExec {
    pub(super) fn new(left: Keyed, right: Keyed, kind: Kind) -> Result<Self> {
        let keys = [left.key, right.key];
        let leading = Keyed { plan: left.leading()?, key: left.key };
        let following = Keyed { plan: right.following(&leading)?, key: right.key };
        let properties = Arc::new(properties(&leading, &following, kind)?);
        let arranged = [leading.plan, following.plan];
        Ok(Self { inputs: [left.plan, right.plan], keys, arranged, kind, properties })
    }

    /// The side of which each row comes out at least once, in the order in which it comes.
    pub(in crate::engine) fn outer_side(&self) -> Option<&Arc<dyn ExecutionPlan>> {
        let as_it_comes = Arc::ptr_eq(&self.inputs[0], &self.arranged[0]);
        (self.kind == Kind::Left && as_it_comes).then_some(&self.inputs[0])
    }
}

fn properties(left: &Keyed, right: &Keyed, kind: Kind) -> Result<PlanProperties> {
    let column = |side: &Keyed, at: usize| {
        Arc::new(Column::new(side.plan.schema().field(at).name(), at)) as Arc<dyn PhysicalExpr>
    };
    let on = left.key.into_iter().zip(right.key).map(|(a, b)| (column(left, a), column(right, b)));
    let on: Vec<_> = on.collect();
    let join_type = match kind {
        Kind::Inner => JoinType::Inner,
        Kind::Left => JoinType::Left,
    };
    let (schema, _) = build_join_schema(&left.plan.schema(), &right.plan.schema(), &join_type);
    let sides = [left, right].map(|side| side.plan.equivalence_properties().clone());
    let [of_left, of_right] = sides;
    let equivalence =
        join_equivalence_properties(of_left, of_right, &join_type, Arc::new(schema), &[true, false], None, &on)?;
    // The left side's columns come first, so its partitioning reads the same.
    let partitioning = left.plan.output_partitioning().clone();
    Ok(PlanProperties::new(equivalence, partitioning, EmissionType::Incremental, Boundedness::Bounded))
}

impl DisplayAs for MergeJoinExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = [self.inputs[0].schema(), self.inputs[1].schema()];
        let name = |side: usize, part: usize| schema[side].field(self.keys[side][part]).name().clone();
        let on = [0, 1].map(|part| format!("{} = {}", name(0, part), name(1, part)));
        write!(f, "MergeJoinExec: type={:?}, on=[{}]", self.kind, on.join(", "))?;
        let moved = (0..2).filter(|side| !Arc::ptr_eq(&self.inputs[*side], &self.arranged[*side]));
        let moved: Vec<&str> = moved.map(|side| ["left", "right"][side]).collect();
        if moved.is_empty() { Ok(()) } else { write!(f, ", sorted=[{}]", moved.join(", ")) }
    }
}

impl ExecutionPlan for MergeJoinExec {
    fn name(&self) -> &str {
        "MergeJoinExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    /// Not so, although the left side's order remains: the optimiser would move a sort that is wanted above below, where it
    /// takes the order by key.
    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false, false]
    }

    /// The order by key of each side that is read as it comes.
    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let required = |side: usize| {
            let side_as_it_comes = Arc::ptr_eq(&self.inputs[side], &self.arranged[side]);
            let keyed = Keyed { plan: self.inputs[side].clone(), key: self.keys[side] };
            keyed.order().ok().filter(|_| side_as_it_comes).map(OrderingRequirements::from)
        };
        vec![required(0), required(1)]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false, false]
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
        let side = |at: usize| Keyed { plan: children[at].clone(), key: self.keys[at] };
        Ok(Arc::new(Self::new(side(0), side(1), self.kind)?))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let left = self.arranged[0].execute(partition, context.clone())?;
        let right = Partners::new(self.arranged[1].execute(partition, context)?, self.keys[1]);
        let step = Step { left, current: None, right, key: self.keys[0], kind: self.kind, schema: self.schema() };
        let rows = stream::try_unfold(step, |mut step| async move { Ok(step.next().await?.map(|rows| (rows, step))) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

/// One partition on its way.
struct Step {
    left: SendableRecordBatchStream,
    /// The batch of the left side that is being paired, its keys, and the next row.
    current: Option<(RecordBatch, Keys, usize)>,
    right: Partners,
    key: [usize; 2],
    kind: Kind,
    schema: SchemaRef,
}

impl Step {
    /// The next rows, if there are any.
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let Some((batch, keys, row)) = self.current.as_mut().filter(|(_, keys, row)| *row < keys.len()) else {
                let Some(batch) = self.left.next().await.transpose()? else {
                    return Ok(None);
                };
                let keys = Keys::of(&batch, self.key)?;
                self.current = Some((batch, keys, 0));
                continue;
            };
            let (pairs, next) = self.right.of(keys, *row, self.kind == Kind::Left).await?;
            *row = next;
            if pairs.len() > 0 {
                return Ok(Some(pairs.rows(batch, &self.schema)?));
            }
        }
    }
}

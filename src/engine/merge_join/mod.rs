//! Joins of datasets by ticker and date, read in step.
//!
//! Datasets lie in the lake in the order of this key and cut at the same tickers. DataFusion would deal the rows of both
//! sides out by the hash of the key, hold one side in a table, and sort the result back. Here both are read once, side by
//! side, and nothing is held: where they have the same rows, their columns are passed on as they are.
//!
//! ```text
//! rule (which joins) ─► exec (both sides, partition by partition) ─► partners (keys in step) ─► pairs (rows to columns)
//! ```

mod exec;
mod pairs;
mod partners;

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinType, NullEquality};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};

use super::in_step::Keyed;
use exec::{Kind, MergeJoinExec};

/// Replaces inner and left joins by ticker and date whose sides come in that order and cut alike. It comes before the rules
/// that would move and sort the rows.
#[derive(Debug)]
pub(super) struct MergeJoins;

impl PhysicalOptimizerRule for MergeJoins {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let replaced = plan.transform_up(|node| {
            Ok(match in_place_of(&node)? {
                Some(join) => Transformed::yes(join),
                None => Transformed::no(node),
            })
        });
        replaced.data()
    }

    fn name(&self) -> &str {
        "merge_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn in_place_of(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(join) = node.downcast_ref::<HashJoinExec>() else {
        return Ok(None);
    };
    let kind = match join.join_type() {
        JoinType::Inner => Kind::Inner,
        JoinType::Left => Kind::Left,
        _ => return Ok(None),
    };
    let plain = join.filter().is_none() && join.fetch().is_none();
    if !plain || join.null_equality() != NullEquality::NullEqualsNothing {
        return Ok(None);
    }
    let Some((left, right)) = sides(join)? else {
        return Ok(None);
    };
    let merged: Arc<dyn ExecutionPlan> = Arc::new(MergeJoinExec::new(left, right, kind, join.join_schema().clone())?);
    let Some(projection) = &join.projection else {
        return Ok(Some(merged));
    };
    let schema = merged.schema();
    let output = projection.iter().map(|&at| {
        let name = schema.field(at).name();
        ProjectionExpr::new(Arc::new(Column::new(name, at)), name.clone())
    });
    Ok(Some(Arc::new(ProjectionExec::try_new(output.collect::<Vec<_>>(), merged)?)))
}

/// Both sides with their keys, if the join is by ticker and date and they can be read in step.
fn sides(join: &HashJoinExec) -> Result<Option<(Keyed, Keyed)>> {
    let place = |key: &Arc<dyn PhysicalExpr>| key.downcast_ref::<Column>().map(Column::index);
    let pairs = join.on().iter().map(|(left, right)| Some((place(left)?, place(right)?)));
    let Some(pairs) = pairs.collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let &[first, second] = pairs.as_slice() else {
        return Ok(None);
    };
    // Either order of the conditions will do.
    for [ticker, date] in [[first, second], [second, first]] {
        let left = Keyed { plan: join.left().clone(), key: [ticker.0, date.0] };
        let right = Keyed { plan: join.right().clone(), key: [ticker.1, date.1] };
        let types = left.has_key_types() && right.has_key_types();
        if types && left.is_ordered()? && right.is_ordered()? && left.is_cut_like(&right)? {
            return Ok(Some((left, right)));
        }
    }
    Ok(None)
}

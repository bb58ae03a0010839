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
#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::{JoinType, NullEquality};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};

use super::in_step::Keyed;
use super::replace::replace;
use super::small_sides::rows_read;
use exec::Kind;
pub(super) use exec::MergeJoinExec;

/// Replaces inner and outer joins by ticker and date of which one side comes in that order and cut by ticker. The other one
/// does so as well, or is brought there. It comes after the rules that collect small sides, which leaves the rows of the
/// other side where they are, and before those that would move and sort the rows.
#[derive(Debug)]
pub(super) struct MergeJoins;

/// A side is moved and sorted if it reads up to this many times the rows of the one that leads.
const MOST_TIMES: usize = 2;

impl PhysicalOptimizerRule for MergeJoins {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        replace(plan, in_place_of)
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
    let plain = join.filter().is_none() && join.fetch().is_none();
    let Some((left, right)) = sides(join).filter(|_| plain && join.null_equality() == NullEquality::NullEqualsNothing)
    else {
        return Ok(None);
    };
    let may_lead = match join.join_type() {
        JoinType::Inner => [true, true],
        JoinType::Left => [true, false],
        JoinType::Right => [false, true],
        _ => return Ok(None),
    };
    let kind = if *join.join_type() == JoinType::Inner { Kind::Inner } else { Kind::Left };
    let collected = *join.partition_mode() == PartitionMode::CollectLeft;
    let merged = if may_lead[0] && follows(&right, &left, collected)? {
        Arc::new(MergeJoinExec::new(left, right, kind)?)
    } else if may_lead[1] && follows(&left, &right, collected)? {
        Arc::new(MergeJoinExec::new(right, left, kind)?)
    } else {
        return Ok(None);
    };
    output_of(join, merged).map(Some)
}

/// Both sides with their keys, if the join is by ticker and date.
fn sides(join: &HashJoinExec) -> Option<(Keyed, Keyed)> {
    let place = |key: &Arc<dyn PhysicalExpr>| key.downcast_ref::<Column>().map(Column::index);
    let pairs = join.on().iter().map(|(left, right)| Some((place(left)?, place(right)?)));
    let pairs = pairs.collect::<Option<Vec<_>>>()?;
    let &[first, second] = pairs.as_slice() else {
        return None;
    };
    // Either order of the conditions will do.
    let by = |ticker: (usize, usize), date: (usize, usize)| {
        let left = Keyed { plan: join.left().clone(), key: [ticker.0, date.0] };
        let right = Keyed { plan: join.right().clone(), key: [ticker.1, date.1] };
        (left.has_key_types() && right.has_key_types()).then_some((left, right))
    };
    by(first, second).or_else(|| by(second, first))
}

/// Whether `side` is worth reading in step with `leading`: as it comes, or after it is moved and sorted, where a hash table
/// would be held, not smaller than that, and the rows of both moved.
fn follows(side: &Keyed, leading: &Keyed, collected: bool) -> Result<bool> {
    if !leading.is_ordered()? || !leading.is_cut_by_ticker()? {
        return Ok(false);
    }
    if side.is_ordered()? && side.is_cut_like(leading)? {
        return Ok(true);
    }
    let (few, many) = (rows_read(&side.plan)?, rows_read(&leading.plan)?);
    Ok(!collected && few.zip(many).is_some_and(|(few, many)| few <= many.saturating_mul(MOST_TIMES)))
}

/// The columns of the join in the order in which it was planned.
fn output_of(join: &HashJoinExec, merged: Arc<MergeJoinExec>) -> Result<Arc<dyn ExecutionPlan>> {
    let (left, right) = (join.left().schema().fields().len(), join.right().schema().fields().len());
    let place = |at: usize| match Arc::ptr_eq(merged.children()[0], join.left()) {
        true => at,
        false if at < left => at + right,
        false => at - left,
    };
    let all: Vec<usize> = (0..left + right).collect();
    let wanted = join.projection.as_ref().map_or(all.as_slice(), |projection| projection.as_ref());
    let places: Vec<usize> = wanted.iter().map(|at| place(*at)).collect();
    if places == all {
        return Ok(merged);
    }
    let schema = join.schema();
    let output = places.into_iter().zip(schema.fields()).map(|(at, field)| {
        let name = merged.schema().field(at).name().clone();
        ProjectionExpr::new(Arc::new(Column::new(&name, at)), field.name().clone())
    });
    Ok(Arc::new(ProjectionExec::try_new(output.collect::<Vec<_>>(), merged.clone())?))
}

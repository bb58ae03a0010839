//! Joins of many rows with few, such as sessions with filings.
//!
//! Where DataFusion does not know how large a side is, it deals the rows of both out by the hash of the key, and the many
//! rows have to be sorted back. Here the few are collected and the many stream past them: they keep order and partitions.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::{JoinType, ScalarValue};
use datafusion::error::Result;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use datafusion::physical_plan::union::UnionExec;

use super::replace::replace;

/// A side that reads more rows is never collected, since a collected side must fit into memory. All filings of the vendor
/// are about three million rows.
const MOST: usize = 1 << 22;

/// The other side must read this many times as many rows.
const TIMES: usize = 4;

/// Collects the side of a join that reads few rows. It comes after the rule that decides by statistics, which know little
/// about filters, windows and joins, and before the rules that move and sort rows.
#[derive(Debug)]
pub(super) struct SmallSides;

impl PhysicalOptimizerRule for SmallSides {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        replace(plan, collected)
    }

    fn name(&self) -> &str {
        "small_sides"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The join with its small side collected; nothing if neither is small, or if all rows of the small side must come out.
fn collected(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(join) = node.downcast_ref::<HashJoinExec>() else {
        return Ok(None);
    };
    if *join.partition_mode() != PartitionMode::Partitioned {
        return Ok(None);
    }
    let (Some(left), Some(right)) = (rows_read(join.left())?, rows_read(join.right())?) else {
        return Ok(None);
    };
    let small = |few: usize, many: usize| few <= MOST && few.saturating_mul(TIMES) <= many;
    Ok(match join.join_type() {
        JoinType::Inner | JoinType::Right if small(left, right) => {
            Some(Arc::new(join.builder().with_partition_mode(PartitionMode::CollectLeft).build()?))
        }
        JoinType::Inner | JoinType::Left if small(right, left) => Some(join.swap_inputs(PartitionMode::CollectLeft)?),
        _ => None,
    })
}

/// Rows of what is scanned below a node, an estimate of its size; nothing if something is not known. A join is as large as its
/// larger side, since one side of most joins has each key once. Of rows grouped by date there are no more than days.
pub(super) fn rows_read(node: &Arc<dyn ExecutionPlan>) -> Result<Option<usize>> {
    if let Some(aggregate) = node.downcast_ref::<AggregateExec>()
        && let Some(days) = days_of(aggregate)?
    {
        return Ok(rows_read(aggregate.input())?.map(|rows| rows.min(days)));
    }
    let children = node.children();
    if children.is_empty() {
        let statistics = StatisticsContext::new().compute(node.as_ref(), &StatisticsArgs::new())?;
        return Ok(statistics.num_rows.get_value().copied());
    }
    let of_children = children.into_iter().map(rows_read).collect::<Result<Option<Vec<_>>>>()?;
    let together = if node.is::<UnionExec>() { usize::saturating_add } else { usize::max };
    Ok(of_children.map(|rows| rows.into_iter().fold(0, together)))
}

/// How many days there are from the first to the last of the dates that rows are grouped by; nothing if by something else.
fn days_of(aggregate: &AggregateExec) -> Result<Option<usize>> {
    let [(key, _)] = aggregate.group_expr().expr() else {
        return Ok(None);
    };
    let Some(key) = key.downcast_ref::<Column>() else {
        return Ok(None);
    };
    let statistics = StatisticsContext::new().compute(aggregate.input().as_ref(), &StatisticsArgs::new())?;
    let column = &statistics.column_statistics[key.index()];
    Ok(match (column.min_value.get_value(), column.max_value.get_value()) {
        (Some(ScalarValue::Date32(Some(first))), Some(ScalarValue::Date32(Some(last)))) => {
            usize::try_from(last.saturating_sub(*first)).ok().map(|days| days + 1)
        }
        _ => None,
    })
}

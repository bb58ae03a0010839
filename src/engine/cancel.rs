//! So that Ctrl-C is heard.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::{CrossJoinExec, NestedLoopJoinExec};

use super::Result;

/// Lets joins that make many rows of few hand back control now and then.
///
/// DataFusion does so where rows are read; a cross join may compute for hours between two reads, and a query that never
/// hands back control cannot be cancelled.
pub(super) fn yielding_joins(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let yielding = plan.transform_up(|node| {
        let multiplies = node.is::<CrossJoinExec>() || node.is::<NestedLoopJoinExec>();
        Ok(if multiplies { Transformed::yes(Arc::new(CooperativeExec::new(node)) as _) } else { Transformed::no(node) })
    });
    Ok(yielding.data()?)
}

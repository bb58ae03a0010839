//! So that Ctrl-C is heard.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::{CrossJoinExec, NestedLoopJoinExec};

use super::Result;
use super::replace::replace;

/// Lets joins that make many rows of few hand back control now and then.
///
/// DataFusion does so where rows are read; a cross join may compute for hours between two reads, and a query that never
/// hands back control cannot be cancelled.
pub(super) fn yielding_joins(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let yielding = replace(plan, |node| {
        let multiplies = node.is::<CrossJoinExec>() || node.is::<NestedLoopJoinExec>();
        Ok(multiplies.then(|| Arc::new(CooperativeExec::new(node.clone())) as _))
    });
    Ok(yielding?)
}

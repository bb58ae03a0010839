//! How rules of the physical optimiser replace operators.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;

/// The plan with every node that `by` has something else for replaced, from the leaves up.
pub(super) fn replace(
    plan: Arc<dyn ExecutionPlan>,
    by: impl Fn(&Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let replaced = plan.transform_up(|node| Ok(by(&node)?.map_or_else(|| Transformed::no(node), Transformed::yes)));
    replaced.data()
}

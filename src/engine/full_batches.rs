//! Queries that find few rows in many, and want them in the order of tickers.
//!
//! `select … where date = … order by ticker` reads the ranges of a dataset and merges them by ticker. No row of the second
//! range is wanted before the first one is at its end, and DataFusion lets it compute one batch until then. A scan that
//! filters gives what it finds in a row group as a batch, however few rows that are, so one core works. In batches of full
//! size the one batch is all that a range finds, and all cores work.

use std::sync::Arc;

#[expect(
    deprecated,
    reason = "what took its place is part of operators that filter; a scan that filters has it not"
)]
use datafusion::physical_plan::coalesce_batches::CoalesceBatchesExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use super::Result;
use super::build::is_cut;
use super::replace::replace;

/// Lets every merge of ranges take full batches. A merge of rows from here and there takes from all of its inputs anyway, and
/// one that stops after some rows should not compute more.
#[expect(deprecated, reason = "as above")]
pub(super) fn full_batches_of_ranges(
    plan: Arc<dyn ExecutionPlan>,
    batch_size: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(replace(plan, |node| {
        let Some(merge) = node.downcast_ref::<SortPreservingMergeExec>().filter(|merge| merge.fetch().is_none()) else {
            return Ok(None);
        };
        let input = merge.input();
        if input.output_partitioning().partition_count() < 2 || !is_cut(input, merge.expr())? {
            return Ok(None);
        }
        let full = Arc::new(CoalesceBatchesExec::new(input.clone(), batch_size));
        Ok(Some(Arc::new(SortPreservingMergeExec::new(merge.expr().clone(), full))))
    })?)
}

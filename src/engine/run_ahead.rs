//! Ranges of tickers that are put together in order, but computed at the same time.
//!
//! `select … where date = … order by ticker` reads the ranges of a dataset and merges them by ticker. No row of the second
//! range is wanted before the first one is at its end, and DataFusion lets it compute a single batch until then: one core
//! works. Here each range goes on, as far as memory is set aside for what waits, and all cores work on a query that finds
//! few rows in many.

use std::sync::Arc;

use datafusion::physical_plan::buffer::BufferExec;
#[expect(deprecated, reason = "as below")]
use datafusion::physical_plan::coalesce_batches::CoalesceBatchesExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use super::Result;
use super::build::is_cut;
use super::replace::replace;

/// Bytes of a range that may wait.
const AHEAD: usize = 16 << 20;

/// Lets the ranges of every merge run ahead. A merge of rows from here and there takes from all of them anyway, and one that
/// stops after some rows should not compute more.
pub(super) fn ranges_run_ahead(plan: Arc<dyn ExecutionPlan>, batch_size: usize) -> Result<Arc<dyn ExecutionPlan>> {
    Ok(replace(plan, |node| {
        let Some(merge) = node.downcast_ref::<SortPreservingMergeExec>().filter(|merge| merge.fetch().is_none()) else {
            return Ok(None);
        };
        let input = merge.input();
        if input.output_partitioning().partition_count() < 2 || !is_cut(input, merge.expr())? {
            return Ok(None);
        }
        let ahead = Arc::new(BufferExec::new(in_full_batches(input.clone(), batch_size), AHEAD));
        Ok(Some(Arc::new(SortPreservingMergeExec::new(merge.expr().clone(), ahead))))
    })?)
}

/// The same rows in batches of full size. A scan gives those that it finds in a row group in a batch that takes as much memory
/// as if it had found all.
#[expect(deprecated, reason = "what took its place is part of operators that filter; a scan that filters has it not")]
fn in_full_batches(plan: Arc<dyn ExecutionPlan>, batch_size: usize) -> Arc<dyn ExecutionPlan> {
    Arc::new(CoalesceBatchesExec::new(plan, batch_size))
}

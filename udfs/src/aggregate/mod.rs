//! Aggregate functions: one file per function or family, and the shell they share.

mod collected;
mod function;
mod newey_west_t;
mod performance;
mod spearman;

use function::AggregateFunction;

/// All aggregate functions of this crate.
pub(crate) fn functions() -> Vec<AggregateFunction> {
    let mut functions = vec![newey_west_t::function(), spearman::function()];
    functions.extend(performance::functions());
    functions
}

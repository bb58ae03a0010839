//! Aggregate functions: one file per function or family, and the shell they share.

mod collected;
mod correlation;
mod function;
mod moments;
mod newey_west_t;
mod performance;

use function::AggregateFunction;

/// All aggregate functions of this crate.
pub(crate) fn functions() -> Vec<AggregateFunction> {
    let mut functions = vec![newey_west_t::function()];
    functions.extend(correlation::functions());
    functions.extend(moments::functions());
    functions.extend(performance::functions());
    functions
}

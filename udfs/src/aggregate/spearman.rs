//! `spearman(x, y)`: rank correlation.

use super::function::AggregateFunction;
use crate::kernels;

pub(super) fn function() -> AggregateFunction {
    AggregateFunction::new(
        "spearman",
        "Spearman's rank correlation of the rows in which x and y are present, with average ranks for equal values; \
         NULL if either does not vary.",
        |columns| Ok(kernels::spearman(columns[0], columns[1])),
    )
    .series("x", "One variable.")
    .series("y", "The other variable.")
}

//! `stable_mean(x)` and `stable_std(x)`: moments that are the same whatever the order of the rows.
//!
//! Not `mean`, which DataFusion knows as another name of `avg`.

use super::function::AggregateFunction;
use crate::kernels;

pub(super) fn functions() -> Vec<AggregateFunction> {
    vec![
        AggregateFunction::new(
            "stable_mean",
            "Mean of the values that are present, the same whatever the order of the rows, to the last digit; NULL if there \
             are none.",
            |columns| Ok(kernels::mean(columns[0])),
        )
        .series("x", "The values."),
        AggregateFunction::new(
            "stable_std",
            "Standard deviation (divisor n - 1) of the values that are present, the same whatever the order of the rows, to \
             the last digit; NULL with fewer than two.",
            |columns| Ok(kernels::std(columns[0])),
        )
        .series("x", "The values."),
    ]
}

//! `mean_of(x1, x2, …)`

use super::function::ScalarFunction;
use crate::kernels;

pub(super) fn function() -> ScalarFunction {
    ScalarFunction::variadic(
        "mean_of",
        "Arithmetic mean of the arguments that are present; NULL if none is.",
        &["x"],
        |operands, row| kernels::mean_of(operands.iter().map(|operand| operand.at(row))),
    )
}

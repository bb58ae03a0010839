//! `safe_div(a, b)`

use super::function::ScalarFunction;
use crate::kernels;

pub(super) fn function() -> ScalarFunction {
    ScalarFunction::binary(
        "safe_div",
        "a / b; NULL if b is 0, or if an operand or the quotient is NULL or not finite.",
        &["a", "b"],
        kernels::safe_div,
    )
}

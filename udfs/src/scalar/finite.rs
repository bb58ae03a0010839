//! `finite(x)`

use super::function::ScalarFunction;
use crate::kernels;

pub(super) fn function() -> ScalarFunction {
    ScalarFunction::unary("finite", "x itself, or NULL if it is NaN or infinite.", &["x"], kernels::finite)
}

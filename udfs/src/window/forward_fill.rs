//! `forward_fill(x)`: the last value that is present.

use super::arguments::Kind;
use super::function::{WindowFunction, on_series};
use crate::kernels;

pub(super) fn function() -> WindowFunction {
    WindowFunction::new(
        "forward_fill",
        "The last present value of x at or before the row; NULL before the first.",
        |_| Ok(on_series(kernels::forward_fill)),
    )
    .required("x", Kind::Series, "The series, ordered in time.")
}

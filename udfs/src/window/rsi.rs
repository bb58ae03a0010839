//! `rsi(x, n)`: Wilder's relative strength index.

use super::arguments::Kind;
use super::function::{WindowFunction, on_series};
use crate::kernels;

pub(super) fn function() -> WindowFunction {
    WindowFunction::new(
        "rsi",
        "Wilder's relative strength index, 0 to 100, over n changes of x; NULL for the first n rows \
         and where x or its predecessor is missing.",
        |constants| {
            let n = constants.required_count("n")?;
            Ok(on_series(move |x| kernels::rsi(x, n)))
        },
    )
    .required("x", Kind::Series, "The price, ordered in time.")
    .required("n", Kind::Count, "Number of changes averaged; 14 by convention.")
}

//! `ewm_mean(x, span)` and `ewm_mean_alpha(x, alpha)`: the exponentially weighted mean.

use super::arguments::Kind;
use super::function::{WindowFunction, on_series};
use crate::kernels;

const SERIES: &str = "The series, ordered in time. A missing value repeats the last result.";

pub(super) fn functions() -> [WindowFunction; 2] {
    [by_span(), by_alpha()]
}

fn by_span() -> WindowFunction {
    WindowFunction::new(
        "ewm_mean",
        "Exponentially weighted mean with alpha = 2 / (span + 1), started at the first value; as \
         pandas ewm(span=…, adjust=False).mean().",
        |constants| {
            let span = constants.required_number("span", "a number >= 1", |span| span >= 1.0)?;
            let alpha = kernels::smoothing_of_span(span);
            Ok(on_series(move |x| kernels::ewm_mean(x, alpha)))
        },
    )
    .required("x", Kind::Series, SERIES)
    .required("span", Kind::Number, "Rows of the simple mean whose weights have the same centre, at least 1.")
}

fn by_alpha() -> WindowFunction {
    WindowFunction::new(
        "ewm_mean_alpha",
        "Exponentially weighted mean (1 - alpha) * previous + alpha * x, started at the first \
         value; as pandas ewm(alpha=…, adjust=False).mean().",
        |constants| {
            let accept = |alpha| alpha > 0.0 && alpha <= 1.0;
            let alpha = constants.required_number("alpha", "a number in (0, 1]", accept)?;
            Ok(on_series(move |x| kernels::ewm_mean(x, alpha)))
        },
    )
    .required("x", Kind::Series, SERIES)
    .required("alpha", Kind::Number, "Weight of the newest value, in (0, 1].")
}

//! `rolling_*(x, n [, min_periods])`: statistics of one series over the trailing n rows.

use super::arguments::{Constants, Kind};
use super::function::{WindowFunction, on_series};
use crate::error::ArgumentError;
use crate::kernels::{self, Window};

type Kernel = fn(&[f64], Window) -> Vec<f64>;

pub(super) fn functions() -> Vec<WindowFunction> {
    let table: [(_, _, Kernel); 8] = [
        ("rolling_mean", "Mean over the last n rows.", kernels::rolling_mean),
        (
            "rolling_std",
            "Standard deviation (divisor n - 1) over the last n rows; 0 if they are all equal.",
            kernels::rolling_std,
        ),
        ("rolling_min", "Minimum over the last n rows.", kernels::rolling_min),
        ("rolling_max", "Maximum over the last n rows.", kernels::rolling_max),
        ("rolling_sum", "Sum over the last n rows.", kernels::rolling_sum),
        (
            "rolling_zscore",
            "(x - mean) / standard deviation over the last n rows, the current one included; NULL \
             if they are all equal or x is missing.",
            kernels::rolling_zscore,
        ),
        (
            "rolling_skew",
            "Sample skewness over the last n rows, as pandas skew(); NULL if they are all equal.",
            kernels::rolling_skew,
        ),
        (
            "rolling_kurt",
            "Sample excess kurtosis over the last n rows, as pandas kurt(); NULL if they are all \
             equal.",
            kernels::rolling_kurt,
        ),
    ];
    table.map(|(name, description, kernel)| function(name, description, kernel)).into()
}

fn function(name: &'static str, description: &'static str, kernel: Kernel) -> WindowFunction {
    let function = WindowFunction::new(name, description, move |constants| {
        let window = window(constants)?;
        Ok(on_series(move |x| kernel(x, window)))
    });
    with_window(function.required("x", Kind::Series, "The series, ordered in time."))
}

/// Adds the arguments that describe the window.
pub(super) fn with_window(function: WindowFunction) -> WindowFunction {
    function.required("n", Kind::Count, "Length of the window in rows.").optional(
        "min_periods",
        Kind::Count,
        "NULL while fewer values than this are present in the window; by default n.",
    )
}

/// The window that a call asks for.
pub(super) fn window(constants: &Constants) -> Result<Window, ArgumentError> {
    let rows = constants.required_count("n")?;
    let min_periods = constants.count("min_periods")?.unwrap_or(rows);
    Window::new(rows, min_periods)
        .ok_or_else(|| constants.invalid("min_periods", format!("at most n = {rows}"), min_periods))
}

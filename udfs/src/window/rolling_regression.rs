//! `rolling_*(y, x, n [, min_periods])`: regression of y on x over the trailing n rows.

use super::arguments::Kind;
use super::function::{WindowFunction, on_pair};
use super::rolling::{window, with_window};
use crate::kernels::{self, Window};

type Kernel = fn(&[f64], &[f64], Window) -> Vec<f64>;

pub(super) fn functions() -> Vec<WindowFunction> {
    let table: [(_, _, Kernel); 4] = [
        (
            "rolling_beta",
            "Slope of the least-squares line of y on x over the last n rows, cov(y, x) / var(x); \
             NULL if x does not vary.",
            kernels::rolling_beta,
        ),
        (
            "rolling_alpha",
            "Intercept of the least-squares line of y on x over the last n rows, \
             mean(y) - beta * mean(x); NULL if x does not vary.",
            kernels::rolling_alpha,
        ),
        (
            "rolling_corr",
            "Pearson correlation of y and x over the last n rows; NULL if either does not vary.",
            kernels::rolling_corr,
        ),
        (
            "rolling_resid_std",
            "Standard deviation of the residuals of the least-squares line of y on x over the last \
             n rows, sqrt(SSE / (n - 2)); NULL if x does not vary.",
            kernels::rolling_resid_std,
        ),
    ];
    table.map(|(name, description, kernel)| function(name, description, kernel)).into()
}

fn function(name: &'static str, description: &'static str, kernel: Kernel) -> WindowFunction {
    let function = WindowFunction::new(name, description, move |constants| {
        let window = window(constants)?;
        Ok(on_pair(move |y, x| kernel(y, x, window)))
    })
    .required("y", Kind::Series, "The dependent series, e.g. returns of the stock.")
    .required("x", Kind::Series, "The independent series, e.g. returns of the market.");
    with_window(function)
}

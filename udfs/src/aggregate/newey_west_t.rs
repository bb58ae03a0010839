//! `newey_west_t(x, lag order by date)`: t-statistic of a mean of overlapping observations.

use super::function::{AggregateFunction, constant};
use crate::kernels;

pub(super) fn function() -> AggregateFunction {
    AggregateFunction::new(
        "newey_west_t",
        "t-statistic of the mean of x with the variance of Newey and West: autocovariances up to lag with Bartlett \
         weights. NULL with fewer than two values, or if the variance is not positive.",
        |columns| {
            let whole = |lag: f64| lag >= 0.0 && lag.fract() == 0.0;
            let lag = constant("newey_west_t", "lag", "a whole number, 0 or more", columns[1], whole)?;
            Ok(lag.map_or(f64::NAN, |lag| kernels::newey_west_t(columns[0], lag as usize)))
        },
    )
    .series("x", "The observations, e.g. daily information coefficients.")
    .series("lag", "Observations that overlap with the next ones: h - 1 for returns over h rows.")
    .ordered("date")
}

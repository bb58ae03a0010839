//! `sharpe`, `annualized_return`, `annualized_vol`, `max_drawdown`: figures of a series of returns.

use super::function::{AggregateFunction, constant};
use crate::kernels;

pub(super) fn functions() -> Vec<AggregateFunction> {
    vec![
        annual(
            "sharpe",
            "Square root of periods times mean / standard deviation (divisor n - 1) of r; NULL with fewer than two \
             returns, or if they do not vary.",
            kernels::sharpe,
        ),
        annual(
            "annualized_return",
            "Compounded growth per year, (product of 1 + r)^(periods / n) - 1; -1 after a loss of everything.",
            kernels::annualized_return,
        ),
        annual(
            "annualized_vol",
            "Square root of periods times the standard deviation (divisor n - 1) of r; NULL with fewer than two \
             returns.",
            kernels::annualized_vol,
        ),
        annual(
            "sortino",
            "Square root of periods times mean / downside deviation (root mean square of the losses over all n) of r; NULL \
             without returns or losses.",
            kernels::sortino,
        ),
        AggregateFunction::new(
            "total_return",
            "Compounded growth over all rows, product of 1 + r, less 1; -1 after a loss of everything.",
            |columns| Ok(kernels::total_return(columns[0])),
        )
        .series("r", "Simple returns.")
        .ordered("date"),
        AggregateFunction::new(
            "max_drawdown",
            "Largest loss from a peak of the compounded returns, a negative number; equity begins at 1, which is a \
             peak.",
            |columns| Ok(kernels::max_drawdown(columns[0])),
        )
        .series("r", "Simple returns.")
        .ordered("date"),
    ]
}

fn annual(name: &'static str, description: &'static str, kernel: fn(&[f64], f64) -> f64) -> AggregateFunction {
    let evaluate = move |columns: &[&[f64]]| {
        let periods = constant(name, "periods", "a positive number", columns[1], |periods| periods > 0.0)?;
        Ok(periods.map_or(f64::NAN, |periods| kernel(columns[0], periods)))
    };
    AggregateFunction::new(name, description, evaluate)
        .series("r", "Simple returns.")
        .series("periods", "Returns per year: 252 for daily ones.")
}

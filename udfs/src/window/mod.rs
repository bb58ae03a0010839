//! Window functions: one file per function or family, and the shell they share.

mod arguments;
mod ewm;
mod forward_fill;
mod function;
mod neutralize;
mod quantile;
mod rank_pct;
mod rolling;
mod rolling_regression;
mod rolling_sum_by;
mod rsi;
mod winsorize;
mod winsorized_zscore;
mod zscore;

use function::WindowFunction;

/// All window functions of this crate.
pub(crate) fn functions() -> Vec<WindowFunction> {
    let mut functions = vec![
        forward_fill::function(),
        neutralize::function(),
        quantile::function(),
        rank_pct::function(),
        rolling_sum_by::function(),
        rsi::function(),
        winsorize::function(),
        winsorized_zscore::function(),
        zscore::function(),
    ];
    functions.extend(ewm::functions());
    functions.extend(rolling::functions());
    functions.extend(rolling_regression::functions());
    functions
}

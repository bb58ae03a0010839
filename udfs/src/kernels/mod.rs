//! Numeric code on slices: no Arrow, no DataFusion.
//!
//! One convention holds everywhere. A series is a `&[f64]` in which every value that is not finite
//! (NaN, +∞, −∞) is *missing*; a result is a `Vec<f64>` of the same length in which NaN is missing.
//! A result that overflows may be infinite, and a caller treats that as missing too.

mod blend;
mod correlation;
mod elementwise;
mod ewm;
mod forward_fill;
mod moments;
mod neutralize;
mod newey_west;
mod ntile;
pub mod optimize;
mod parallel;
mod performance;
pub mod portfolio;
mod quantile;
mod rank;
mod ranking;
mod rebalance;
mod regime;
mod reproducible_sum;
mod rolling_extremes;
mod rolling_mean;
mod rolling_regression;
mod rolling_shape;
mod rolling_spread;
mod rsi;
mod sliding;
mod sorting;
mod window;
mod winsorize;
mod zscore;

pub use blend::{MissingWeight, blend};
pub use correlation::{pearson, spearman};
pub use elementwise::{bounded_inverse, clip, finite, mean_of, safe_div, symlog1p};
pub use ewm::{ewm_mean, smoothing_of_span};
pub use forward_fill::forward_fill;
pub use moments::{mean, std};
pub use neutralize::neutralize;
pub use newey_west::newey_west_t;
pub use ntile::{GroupMeans, Groups, group_means, ntile};
pub use performance::{annualized_return, annualized_vol, max_drawdown, sharpe, sortino, total_return};
pub use quantile::quantile;
pub use rank::rank_pct;
pub use ranking::{Presence, Ranking};
pub use regime::{Band, regime_label};
pub use rolling_extremes::{rolling_max, rolling_min};
pub use rolling_mean::{rolling_mean, rolling_sum, rolling_sum_by};
pub use rolling_regression::{rolling_alpha, rolling_beta, rolling_corr, rolling_resid_std};
pub use rolling_shape::{rolling_kurt, rolling_skew};
pub use rolling_spread::{rolling_std, rolling_zscore};
pub use rsi::rsi;
pub use window::Window;
pub use winsorize::winsorize;
pub use zscore::{Degenerate, ZScore};

/// How every kernel writes a missing result.
const MISSING: f64 = f64::NAN;

/// A spread at or below this times `max(1, scale)` is rounding noise, not variation (spec 02 §11.3).
const FLATNESS: f64 = 1e-12;

/// The value, or nothing if it is missing.
#[inline]
fn present(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

//! Characteristics that tell a little about later returns: the weak truth that factor research can
//! find in this market.
//!
//! A security with characteristic z earns z times the return of the style, times its own daily
//! volatility. The style's return has a small positive mean, so the rank correlation of z with the
//! next five days is about mean·√5, and a deviation, so that no factor works all the time.

use rand_chacha::ChaCha8Rng;

use super::random::normal;

/// Number of styles: value, quality, momentum, reversal, insider trades.
pub const STYLES: usize = 5;

/// Mean daily return per unit of each style, in units of daily volatility.
const MEAN: [f64; STYLES] = [0.013, 0.009, 0.010, 0.012, 0.022];

/// Deviation of the daily return of a style.
const DEVIATION: [f64; STYLES] = [0.03, 0.03, 0.03, 0.03, 0.0];

/// No characteristic counts for more than this many deviations.
const LIMIT: f64 = 2.5;

/// Standard scores of one security, zero where unknown.
#[derive(Clone, Copy, Default)]
pub struct Characteristics {
    /// Cheapness against book value, earnings and sales.
    pub value: f64,
    /// Return on assets and small accruals.
    pub quality: f64,
    /// Return over the last year without the last month.
    pub momentum: f64,
    /// Minus the return over the last month.
    pub reversal: f64,
    /// Recent purchases less sales by insiders.
    pub insiders: f64,
}

impl Characteristics {
    /// Return to expect, in units of the security's daily volatility, given the styles' returns.
    pub fn reward(&self, styles: &[f64; STYLES]) -> f64 {
        let scores = [self.value, self.quality, self.momentum, self.reversal, self.insiders];
        let product = |(score, style): (f64, &f64)| score.clamp(-LIMIT, LIMIT) * style;
        scores.into_iter().zip(styles).map(product).sum()
    }
}

/// The styles' returns of one session.
pub fn returns(rng: &mut ChaCha8Rng) -> [f64; STYLES] {
    std::array::from_fn(|style| MEAN[style] + DEVIATION[style] * normal(rng))
}

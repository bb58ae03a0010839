//! How a session of trading looks, given where the price goes: open, high, low, volume, halts and
//! quiet days.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::path::to_tick;
use super::random::{chance, normal};
use super::traits::Traits;

/// What happens in a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Shares change hands.
    Traded,
    /// The price is carried forward and volume is zero.
    Untraded,
    /// There is no row.
    Absent,
}

/// Prices and volume of a session.
pub struct Prices {
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Shares traded.
    pub volume: f64,
}

impl Prices {
    /// A session without trades.
    pub fn unchanged(price: f64) -> Self {
        Self { open: price, high: price, low: price, close: price, volume: 0.0 }
    }
}

/// The venue of one security.
pub struct Venue {
    halts: f64,
    missing: f64,
    untraded: f64,
    turnover: f64,
    halted: usize,
}

impl Venue {
    /// The venue of a security with `traits`.
    pub fn new(traits: &Traits) -> Self {
        let Traits { halts, missing, untraded, turnover, .. } = *traits;
        Self { halts, missing, untraded, turnover, halted: 0 }
    }

    /// Decides what happens in the next session.
    pub fn next(&mut self, rng: &mut ChaCha8Rng) -> Status {
        if self.halted == 0 && chance(rng, self.halts) {
            self.halted = rng.random_range(3..=15);
        }
        if self.halted > 0 {
            self.halted -= 1;
            return Status::Absent;
        }
        match rng.random::<f64>() {
            draw if draw < self.missing => Status::Absent,
            draw if draw < self.missing + self.untraded => Status::Untraded,
            _ => Status::Traded,
        }
    }

    /// A traded session that ends at `close` after `previous` (both per share of this day).
    /// `activity` is the size of the move in daily deviations of `volatility`.
    pub fn trade(
        &self,
        rng: &mut ChaCha8Rng,
        (previous, close): (f64, f64),
        volatility: f64,
        activity: f64,
        shares: f64,
    ) -> Prices {
        let overnight = 0.4 * (close / previous).ln() + 0.3 * volatility * normal(rng);
        let open = previous * overnight.exp();
        let above = (0.45 * volatility * normal(rng).abs()).exp();
        let below = (0.45 * volatility * normal(rng).abs()).exp();
        let crowd = (0.4 * activity.abs().min(6.0) - 0.4 + 0.35 * normal(rng)).exp();
        Prices {
            open: to_tick(open),
            high: to_tick(open.max(close) * above),
            low: to_tick(open.min(close) / below),
            close: to_tick(close),
            volume: (shares * self.turnover * crowd).round().max(1.0),
        }
    }
}

//! Splits and dividends: what a board decides, given the price.

use rand_chacha::ChaCha8Rng;

use super::random::{chance, pick};
use super::traits::Traits;

/// Share ratios for dear shares, smallest first.
const SPLITS: [f64; 6] = [2.0, 3.0, 4.0, 5.0, 10.0, 20.0];

/// Share ratios for cheap shares, mildest first.
const JOINS: [f64; 5] = [0.2, 0.1, 0.05, 0.04, 0.02];

/// Mean sessions between the reason for a split and the split.
const DELIBERATION: f64 = 40.0;

/// Sessions over which a board looks at the price before it sets the dividend.
const MEMORY: f64 = 250.0;

/// Policy and memory of a board.
pub struct Board {
    split_above: f64,
    join_below: f64,
    dividend_yield: f64,
    sessions_between: usize,
    sessions_left: usize,
    usual_price: f64,
}

impl Board {
    /// The board of a security; `phase` spreads the ex-dates of different boards.
    pub fn new(traits: &Traits, phase: usize) -> Self {
        let sessions_between = 252 / traits.payments.max(1);
        Self {
            split_above: traits.split_above,
            join_below: traits.join_below,
            dividend_yield: traits.dividend_yield / traits.payments.max(1) as f64,
            sessions_between,
            sessions_left: 1 + phase % sessions_between,
            usual_price: traits.price,
        }
    }

    /// New shares per old share, 1 on most days, given the price before.
    pub fn split(&mut self, rng: &mut ChaCha8Rng, price: f64) -> f64 {
        let (wanted, due) = (price > self.split_above, price < self.join_below);
        if !(wanted || due) || !chance(rng, 1.0 / DELIBERATION) {
            return 1.0;
        }
        let ratio = if due {
            JOINS.iter().copied().find(|ratio| price / ratio > 4.0).unwrap_or(0.02)
        } else if chance(rng, 0.08) {
            1.5
        } else {
            let enough = SPLITS.iter().position(|ratio| price / ratio < 0.6 * self.split_above).unwrap_or(0);
            let choices = &SPLITS[enough..(enough + 2).min(SPLITS.len())];
            pick(rng, choices).copied().unwrap_or(2.0)
        };
        self.usual_price /= ratio;
        ratio
    }

    /// The dividend per share that goes ex, 0 on most days; `traded` is false on days that can have
    /// no ex-date.
    pub fn dividend(&mut self, price: f64, traded: bool) -> f64 {
        self.usual_price += (price - self.usual_price) / MEMORY;
        self.sessions_left = self.sessions_left.saturating_sub(1);
        if self.sessions_left > 0 || !traded {
            return 0.0;
        }
        self.sessions_left = self.sessions_between;
        let amount = (self.dividend_yield * self.usual_price * 1e3).round() / 1e3;
        // In trouble the dividend is the first thing to go.
        if price > 2.0 && amount < 0.1 * price { amount } else { 0.0 }
    }
}

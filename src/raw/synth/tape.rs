//! Turns returns into rows: the price of a security through splits, dividends, halts and quiet
//! days.

use rand_chacha::ChaCha8Rng;

use super::corporate_actions::Board;
use super::path::{Bar, to_tick};
use super::trading::{Prices, Status, Venue};
use super::traits::Traits;

/// The lowest price there is.
const LOWEST: f64 = 1e-4;

/// Prices of one security so far.
pub struct Tape {
    board: Board,
    venue: Venue,
    price: f64,
    factor: f64,
    bars: Vec<Bar>,
}

/// What a session brings.
pub struct Move {
    /// Position in the calendar.
    pub session: usize,
    /// Logarithmic total return.
    pub change: f64,
    /// Daily deviation.
    pub volatility: f64,
    /// Size of the surprise in daily deviations; it draws volume.
    pub activity: f64,
    /// Shares outstanding, in shares at the start.
    pub shares: f64,
    /// Quarters reported, see [`Bar::reported`].
    pub reported: usize,
    /// True for sessions that must have an ordinary row: the first and the last ones.
    pub required: bool,
}

impl Tape {
    /// The tape of a security with `traits`; `phase` spreads the ex-dates of different ones.
    pub fn new(traits: &Traits, phase: usize) -> Self {
        Self {
            board: Board::new(traits, phase),
            venue: Venue::new(traits),
            price: traits.price,
            factor: 1.0,
            bars: Vec::new(),
        }
    }

    /// Price per share, also on days without a row.
    pub fn price(&self) -> f64 {
        self.price
    }

    /// Shares now per share at the start.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// The rows and the final factor.
    pub fn into_bars(self) -> (Vec<Bar>, f64) {
        (self.bars, self.factor)
    }

    /// Records a session and returns the dividends it pays, in USD. Splits and ex-dates fall on
    /// traded sessions.
    pub fn record(&mut self, rng: &mut ChaCha8Rng, step: &Move) -> f64 {
        let price = (self.price * step.change.exp()).max(LOWEST);
        let drawn = self.venue.next(rng);
        let status = if step.required { Status::Traded } else { drawn };
        let eventful = status == Status::Traded && !step.required;
        let declared = self.board.dividend(price, eventful);
        let split = if eventful { self.board.split(rng, price) } else { 1.0 };
        // On a common day the dividend is paid per new share; it is declared in hundredths of a
        // cent.
        let dividend = (declared / split * 1e4).round() / 1e4;
        self.price = (price / split - dividend).max(LOWEST);
        self.factor *= split;
        let shares = (step.shares * self.factor).round().max(1.0);
        let previous = self.bars.last().map_or(self.price, |bar| bar.close / split);
        // A long halt can leave the old price below the dividend.
        let opening = (previous - dividend).max(0.5 * previous);
        let prices = match status {
            Status::Absent => return 0.0,
            Status::Untraded => Prices::unchanged(previous),
            Status::Traded => {
                let to = (opening, to_tick(self.price));
                self.venue.trade(rng, to, step.volatility, step.activity, shares)
            }
        };
        let Prices { open, high, low, close, volume } = prices;
        let &Move { session, reported, .. } = step;
        self.bars.push(Bar { session, open, high, low, close, volume, shares, split, dividend, reported });
        dividend * shares
    }
}

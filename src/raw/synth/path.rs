//! The simulated life of one security, as it was traded, and the vendor's adjustments of it.

use super::calendar::Calendar;
use super::filings::Quarter;
use super::frame::rounded;
use super::statement::Statement;

/// One session of a security with a row in the price table. Prices and shares are those of the day,
/// unadjusted.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// Position in the calendar.
    pub session: usize,
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
    /// Shares outstanding.
    pub shares: f64,
    /// New shares per old share from this session on; 1 without a split.
    pub split: f64,
    /// Dividend per share that a buyer of this session no longer gets; 0 without.
    pub dividend: f64,
    /// Number of quarters up to the last one filed by this day; 0 before the first filing.
    pub reported: usize,
}

/// The life of one security.
#[derive(Default)]
pub struct Path {
    /// Sessions with a price, warm-up included, in order.
    pub bars: Vec<Bar>,
    /// Shares at the end per share at the start of the simulation.
    pub factor: f64,
    /// Fiscal quarters of the issuer; empty when it files no statements.
    pub quarters: Vec<Quarter>,
    /// Statements of the quarters that ended, in the same order.
    pub statements: Vec<Statement>,
    /// Adjustment of each bar.
    pub adjustments: Vec<Adjustment>,
}

/// Factors between the prices of a session and the vendor's adjusted prices.
#[derive(Clone, Copy, Debug)]
pub struct Adjustment {
    /// Traded price over split-adjusted price (`m` in spec 01, section 1.1).
    pub split: f64,
    /// Price adjusted for splits and dividends over price adjusted for splits.
    pub dividend: f64,
}

impl Path {
    /// The bars that are written, those after the warm-up, with their adjustments.
    pub fn written(&self, calendar: &Calendar) -> (&[Bar], &[Adjustment]) {
        let first = self.bars.partition_point(|bar| bar.session < calendar.first());
        (&self.bars[first..], &self.adjustments[first..])
    }

    /// The last bar on or before a session, with its adjustment.
    pub fn at(&self, session: usize) -> Option<(&Bar, Adjustment)> {
        let last = self.bars.partition_point(|bar| bar.session <= session).checked_sub(1)?;
        Some((&self.bars[last], self.adjustments[last]))
    }
}

impl Bar {
    /// Market capitalisation in USD.
    pub fn market_cap(&self) -> f64 {
        self.close * self.shares
    }
}

impl Adjustment {
    /// A traded price adjusted for later splits. Exact where there are none.
    pub fn price(&self, traded: f64) -> f64 {
        if self.split == 1.0 { traded } else { to_fine_tick(traded / self.split) }
    }

    /// A traded price adjusted for later splits and dividends. Exact where there are none.
    pub fn total_return_price(&self, traded: f64) -> f64 {
        if self.dividend == 1.0 { self.price(traded) } else { to_fine_tick(traded / self.split * self.dividend) }
    }

    /// A volume adjusted for later splits.
    pub fn volume(&self, traded: f64) -> f64 {
        rounded(traded * self.split, 3)
    }
}

/// Factors for each of `bars`, as of the last of them, where both factors are 1.
///
/// With `d` paid on the ex-date t the factor before is `close_t / (close_t + d)` of the one after,
/// so that the change of the adjusted close is the total return `(close_t + d) / close_{t−1}` (spec
/// 01, check V9).
pub fn adjustments(bars: &[Bar]) -> Vec<Adjustment> {
    let mut factors = Adjustment { split: 1.0, dividend: 1.0 };
    let mut adjustments: Vec<Adjustment> = bars
        .iter()
        .rev()
        .map(|bar| {
            let current = factors;
            factors.split *= bar.split;
            factors.dividend *= bar.close / (bar.close + bar.dividend);
            current
        })
        .collect();
    adjustments.reverse();
    adjustments
}

/// Rounds a price to the tick of its venue: a cent, or a hundredth of a cent below one dollar.
/// Never below one tick.
pub fn to_tick(price: f64) -> f64 {
    if price >= 1.0 { (price * 100.0).round() / 100.0 } else { to_fine_tick(price) }
}

/// Rounds to a hundredth of a cent: adjusted prices need more digits than traded ones, or the split
/// factor would wobble from day to day.
pub fn to_fine_tick(price: f64) -> f64 {
    ((price * 1e4).round() / 1e4).max(1e-4)
}

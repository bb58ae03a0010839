//! What is known of the names on one rebalance date.

/// The number of a sector that is not known.
pub const NO_SECTOR: u32 = u32::MAX;

/// The names of one rebalance date, in the order of their tickers. All slices are of one length; a number that is
/// missing is NaN.
#[derive(Debug, Clone, Copy)]
pub struct CrossSection<'a> {
    /// The number of each ticker, ascending. A ticker has the same number on every date.
    pub ticker: &'a [u32],
    /// The signal.
    pub alpha: &'a [f64],
    /// Standard deviation of daily returns.
    pub volatility: &'a [f64],
    /// Beta to the market.
    pub beta: &'a [f64],
    /// The number of the sector, [`NO_SECTOR`] if it is not known.
    pub sector: &'a [u32],
    /// Whether the name belongs to the cross-section of the date: is ranked and may be traded into. Any other can only
    /// be kept or sold.
    pub eligible: &'a [bool],
    /// Simple return from this date's execution to that of the next date. A missing one counts as 0.
    pub period_return: &'a [f64],
}

impl CrossSection<'_> {
    /// How many names there are.
    pub fn len(&self) -> usize {
        self.ticker.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.ticker.is_empty()
    }

    /// Whether the name of a row is eligible and has a signal. Scores and the shares of sectors are taken over these.
    pub fn is_ranked(&self, row: usize) -> bool {
        self.eligible[row] && self.alpha[row].is_finite()
    }

    /// The row of a ticker, if it is there.
    pub fn row_of(&self, ticker: u32) -> Option<usize> {
        self.ticker.binary_search(&ticker).ok()
    }
}

//! The trailing window of the rolling functions.

/// A trailing window: the current row and the `rows − 1` rows before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    rows: usize,
    min_periods: usize,
}

impl Window {
    /// A window of `rows` rows whose result is missing while fewer than `min_periods` of its values
    /// are present. Nothing unless `1 ≤ min_periods ≤ rows`.
    pub fn new(rows: usize, min_periods: usize) -> Option<Self> {
        (1..=rows).contains(&min_periods).then_some(Self { rows, min_periods })
    }

    /// Length of the window in rows.
    pub fn rows(self) -> usize {
        self.rows
    }

    /// Number of present values below which the result is missing.
    pub fn min_periods(self) -> usize {
        self.min_periods
    }

    /// First row of the window that ends at `row`.
    #[inline]
    pub(super) fn start(self, row: usize) -> usize {
        (row + 1).saturating_sub(self.rows)
    }
}

//! The engine of all rolling functions: summaries of a sliding window without subtraction.
//!
//! Adding the value that enters and subtracting the one that leaves loses precision for good when a
//! large value leaves, and needs re-anchoring rules. Here nothing is ever subtracted. A window is the
//! merger of two summaries, as in a queue made of two stacks: `older[k]` covers rows `k` to the pivot,
//! `newer` the rows after it. When the pivot leaves the window, the newest present row becomes the
//! pivot and the older summaries are rebuilt from it backwards. A row enters each part at most once,
//! so the cost per row does not depend on the length of the window.
//!
//! Summaries hold sums of differences from the pivot's value. The pivot always lies inside the
//! window, so a difference never exceeds the window's own range R. Since the sum of squared
//! deviations is at least R²/2, the relative error of a variance stays below about n²·ε for any data
//! (typically n·ε), also with outliers of 10¹⁵ in and out of the window.

use std::ops::Range;

use super::{MISSING, Window};

/// What is remembered of a set of rows: cheap to extend by a row and to merge.
pub(super) trait Summary: Copy {
    /// The present value or values of one row.
    type Row: Copy;

    /// Summary of no rows.
    const EMPTY: Self;

    /// The summary with one more row, measured from the pivot.
    fn with(self, row: Self::Row, pivot: Self::Row) -> Self;

    /// The summary of both sets of rows; both measured from the same pivot.
    fn merge(self, other: Self) -> Self;
}

/// One window with enough values.
pub(super) struct Frame<S: Summary> {
    /// Summary of the present rows.
    pub summary: S,
    /// The row from which the summary measures.
    pub pivot: S::Row,
    /// Number of present rows, at least 1.
    pub count: f64,
    /// The rows of the window, missing ones included.
    pub rows: Range<usize>,
}

/// Evaluates `statistic` on the window that ends at each of `length` rows; missing where the window
/// has fewer than `min_periods` present rows. `row` gives the values of a row if they are present.
pub(super) fn slide<S: Summary>(
    length: usize,
    window: Window,
    row: impl Fn(usize) -> Option<S::Row>,
    statistic: impl Fn(Frame<S>) -> f64,
) -> Vec<f64> {
    let start = |end| window.start(end);
    slide_from(length, start, window.min_periods(), row, statistic)
}

/// The same for windows of any length: the one that ends at row `end` begins at `start(end)`, which
/// never decreases and never exceeds `end`.
pub(super) fn slide_from<S: Summary>(
    length: usize,
    mut start: impl FnMut(usize) -> usize,
    min_periods: usize,
    row: impl Fn(usize) -> Option<S::Row>,
    statistic: impl Fn(Frame<S>) -> f64,
) -> Vec<f64> {
    let mut result = vec![MISSING; length];
    let mut queue = Queue::<S>::default();
    let (mut count, mut begun) = (0, 0);
    for (end, result) in result.iter_mut().enumerate() {
        let start = start(end);
        count -= (begun..start).filter(|left| row(*left).is_some()).count();
        begun = start;
        if let Some(value) = row(end) {
            count += 1;
            queue.push(end, value);
        }
        if count >= min_periods {
            *result = queue.window_from(start, &row).map_or(MISSING, |(summary, pivot)| {
                let rows = start..end + 1;
                statistic(Frame { summary, pivot, count: count as f64, rows })
            });
        }
    }
    result
}

/// The two stacks.
struct Queue<S: Summary> {
    /// `older[k]` summarises the rows from `pivot.0 − k` to the pivot.
    older: Vec<S>,
    /// Summary of the rows after the pivot.
    newer: S,
    /// Position and values of the pivot.
    pivot: Option<(usize, S::Row)>,
    /// Position and values of the newest present row.
    newest: Option<(usize, S::Row)>,
}

impl<S: Summary> Default for Queue<S> {
    fn default() -> Self {
        Self { older: Vec::new(), newer: S::EMPTY, pivot: None, newest: None }
    }
}

impl<S: Summary> Queue<S> {
    /// Takes in the next present row.
    #[inline]
    fn push(&mut self, position: usize, row: S::Row) {
        self.newest = Some((position, row));
        if let Some((_, pivot)) = self.pivot {
            self.newer = self.newer.with(row, pivot);
        }
    }

    /// The summary of all rows from `start` on, and the pivot it measures from. Nothing if all of
    /// them are missing. `start` must not decrease from call to call.
    #[inline]
    fn window_from(&mut self, start: usize, row: impl Fn(usize) -> Option<S::Row>) -> Option<(S, S::Row)> {
        let (position, pivot) = match self.pivot {
            Some(pivot) if pivot.0 >= start => pivot,
            _ => self.rebuild(start, row)?,
        };
        Some((self.older[position - start].merge(self.newer), pivot))
    }

    /// Makes the newest present row the pivot.
    fn rebuild(&mut self, start: usize, row: impl Fn(usize) -> Option<S::Row>) -> Option<(usize, S::Row)> {
        let (position, pivot) = self.newest.filter(|(position, _)| *position >= start)?;
        self.older.clear();
        self.newer = S::EMPTY;
        let mut summary = S::EMPTY;
        for value in (start..=position).rev().map(row) {
            if let Some(value) = value {
                summary = summary.with(value, pivot);
            }
            self.older.push(summary);
        }
        self.pivot = Some((position, pivot));
        self.pivot
    }
}

/// The smaller value; a bare comparison compiles to one instruction, `f64::min` must also rule out NaN.
#[inline]
pub(super) fn smaller(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

/// The larger value.
#[inline]
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

//! The row of `metrics` of a security: where its price, volume and risk stand on its last session.

use std::iter::once as one;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use chrono::{Datelike, NaiveDate};

use super::World;
use super::frame::{Frame, rounded};
use super::path::{Adjustment, Bar, Path};
use super::security::Security;

/// Sessions of a month, a quarter, a year and five years.
const MONTH: usize = 21;
const QUARTER: usize = 63;
const YEAR: usize = 252;
const FIVE_YEARS: usize = 5 * YEAR;

/// Sessions of a week.
const WEEK: usize = 5;

struct Series<'a> {
    world: &'a World,
    bars: &'a [Bar],
    adjustments: &'a [Adjustment],
    /// Closes adjusted for splits.
    closes: Vec<f64>,
    /// Closes adjusted for splits and dividends.
    total: Vec<f64>,
    volumes: Vec<f64>,
}

/// The row of one security, dated by its last session. What needs a longer history than there is,
/// is NULL.
pub fn rows(world: &World, security: &Security, path: &Path) -> Result<RecordBatch, ArrowError> {
    let (bars, adjustments) = path.written(&world.calendar);
    let pairs = || bars.iter().zip(adjustments);
    let series = Series {
        world,
        bars,
        adjustments,
        closes: pairs().map(|(bar, adjustment)| adjustment.price(bar.close)).collect(),
        total: pairs().map(|(bar, adjustment)| adjustment.total_return_price(bar.close)).collect(),
        volumes: pairs().map(|(bar, adjustment)| adjustment.volume(bar.volume)).collect(),
    };
    let date = bars.last().map(|bar| world.calendar.date(bar.session));
    Frame::new()
        .text("ticker", one(Some(&security.ticker)))
        .date("date", one(date))
        .date("lastupdated", one(date))
        .number("price", one(series.closes.last().copied()))
        .number("volume", one(series.volumes.last().copied()))
        .number("volumeavg1m", one(mean(&series.volumes, MONTH, 1)))
        .number("volumeavg3m", one(mean(&series.volumes, QUARTER, 1)))
        .number("beta1y", one(series.beta(YEAR)))
        .number("beta5y", one(series.beta(FIVE_YEARS)))
        .number("high52w", one(extreme(&series.closes, YEAR, f64::max)))
        .number("low52w", one(extreme(&series.closes, YEAR, f64::min)))
        .number("high5y", one(extreme(&series.closes, FIVE_YEARS, f64::max)))
        .number("low5y", one(extreme(&series.closes, FIVE_YEARS, f64::min)))
        .number("ma50d", one(mean(&series.closes, 50, 1)))
        .number("ma200d", one(mean(&series.closes, 200, 1)))
        .number("ma50w", one(mean(&series.closes, 50, WEEK)))
        .number("ma200w", one(mean(&series.closes, 200, WEEK)))
        .number("return1y", one(series.change(YEAR)))
        .number("return5y", one(series.change(FIVE_YEARS)))
        .number("returnytd", one(date.and_then(|date| series.this_year(date))))
        .number("dividendyieldforward", one(series.forward_yield(security.traits.payments)))
        .number("dividendyieldtrailing", one(series.trailing_yield()))
        .finish()
}

impl Series<'_> {
    /// Total return over the last `rows` rows.
    fn change(&self, rows: usize) -> Option<f64> {
        let before = self.total.get(self.total.len().checked_sub(rows + 1)?)?;
        Some(rounded(self.total.last()? / before - 1.0, 4))
    }

    /// Total return since the end of the year before `date`.
    fn this_year(&self, date: NaiveDate) -> Option<f64> {
        let in_year = |bar: &&Bar| self.world.calendar.date(bar.session).year() == date.year();
        self.change(self.bars.iter().rev().take_while(in_year).count())
    }

    /// Slope of the returns over the last `rows` rows on those of the market.
    fn beta(&self, rows: usize) -> Option<f64> {
        let from = self.total.len().checked_sub(rows + 1)?;
        let market = |row: usize| self.world.market[self.bars[row].session].market_level;
        let returns = (from + 1..self.total.len()).map(|row| {
            let own = (self.total[row] / self.total[row - 1]).ln();
            (own, market(row) - market(row - 1))
        });
        let pairs: Vec<(f64, f64)> = returns.collect();
        let count = pairs.len() as f64;
        let (sum_own, sum_market) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        let deviation = |pair: &(f64, f64)| (pair.0 - sum_own / count, pair.1 - sum_market / count);
        let covariance: f64 = pairs.iter().map(deviation).map(|(own, market)| own * market).sum();
        let variance: f64 = pairs.iter().map(deviation).map(|(_, market)| market * market).sum();
        (variance > 0.0).then(|| rounded(covariance / variance, 3))
    }

    /// Dividends of the last year over the price.
    fn trailing_yield(&self) -> Option<f64> {
        Some(rounded(self.dividends().sum::<f64>() / self.closes.last()?, 4))
    }

    /// The last dividend, paid `times` a year, over the price; 0 when the last year saw none.
    fn forward_yield(&self, times: usize) -> Option<f64> {
        let last = self.dividends().next_back().unwrap_or(0.0);
        Some(rounded(last * times as f64 / self.closes.last()?, 4))
    }

    /// Dividends of the last year per share of today.
    fn dividends(&self) -> impl DoubleEndedIterator<Item = f64> {
        let from = self.bars.len().saturating_sub(YEAR);
        let pairs = self.bars[from..].iter().zip(&self.adjustments[from..]);
        pairs.filter(|(bar, _)| bar.dividend > 0.0).map(|(bar, adjustment)| bar.dividend / adjustment.split)
    }
}

/// Mean of every `step`-th of the last values, `count` of them; `None` when there are fewer.
fn mean(values: &[f64], count: usize, step: usize) -> Option<f64> {
    let picked: Vec<f64> = values.iter().rev().step_by(step).take(count).copied().collect();
    (picked.len() == count).then(|| rounded(picked.iter().sum::<f64>() / count as f64, 3))
}

/// Largest or smallest of the last `count` values, or of all when there are fewer.
fn extreme(values: &[f64], count: usize, choose: fn(f64, f64) -> f64) -> Option<f64> {
    values.iter().rev().take(count).copied().reduce(choose)
}

//! The volatility that the covariance of its names expects of a book (spec 06 §6.3, `ex_ante_cov`).

use super::returns::Returns;
use super::risk_model::RiskModel;
use crate::kernels::parallel::in_parallel;
use crate::kernels::present;

/// The book of one date, decided at the close of `day`.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The date, in days since 1970-01-01.
    pub day: i32,
    /// Number of the ticker and weight, a share of capital. A weight of 0 or a missing one is none.
    pub weights: Vec<(u32, f64)>,
}

/// What is expected of a book.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// `√(n·w'Σw)` with Σ the covariance of daily returns and n the days of a year; NaN for a book without names, and where
    /// there are not enough returns for a covariance.
    pub volatility: f64,
    /// How many names the book holds.
    pub names: usize,
    /// How many of them have too few returns, and so the median variance of the others and no covariances.
    pub with_median_variance: usize,
}

/// What is expected of each book. Each depends on its date and earlier ones only, not on the number of threads.
pub fn expected_volatility(
    books: &[Held],
    returns: &Returns,
    model: &RiskModel,
    days_per_year: f64,
    threads: usize,
) -> Vec<Expected> {
    in_parallel(books, threads, |book| expected(book, returns, model, days_per_year))
}

fn expected(book: &Held, returns: &Returns, model: &RiskModel, days_per_year: f64) -> Expected {
    let held = book.weights.iter().filter(|(_, weight)| *weight != 0.0 && present(*weight).is_some());
    let (tickers, weights): (Vec<u32>, Vec<f64>) = held.copied().unzip();
    let estimate = model.estimate(returns, book.day, &tickers);
    let variance = estimate.as_ref().map_or(f64::NAN, |estimate| estimate.covariance.variance_of(&weights));
    Expected {
        volatility: (days_per_year * variance).sqrt(),
        names: tickers.len(),
        with_median_variance: estimate.map_or(0, |estimate| estimate.with_median_variance),
    }
}

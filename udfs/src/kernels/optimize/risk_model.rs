//! The covariance of the candidates of one date (spec 06 §6.4).

use super::covariance::Covariance;
use super::estimator::Estimator;
use super::returns::Returns;
use crate::kernels::quantile;

/// How the covariance of a date is estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RiskModel {
    /// The estimator. Default: `Diagonal` with intensity 0.3.
    pub estimator: Estimator,
    /// Exactly how many trading rows are used. Default 60.
    pub window: usize,
    /// A name with returns on a smaller share of the rows gets the median variance of the others and no covariances.
    /// Default 0.8.
    pub min_observed: f64,
    /// No variance is below this quantile of all variances: a stale price must not look like safety. Default 0.05.
    pub floor_quantile: f64,
    /// Added to every variance. Default 1e−6.
    pub ridge: f64,
}

impl Default for RiskModel {
    fn default() -> Self {
        let estimator = Estimator::Diagonal { intensity: 0.3 };
        Self { estimator, window: 60, min_observed: 0.8, floor_quantile: 0.05, ridge: 1e-6 }
    }
}

/// The covariance of one date, and for how many names the data did not suffice.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The covariance of daily returns.
    pub covariance: Covariance,
    /// Names with too few returns: they have the median variance.
    pub with_median_variance: usize,
    /// Names whose variance was below the floor.
    pub floored: usize,
}

impl RiskModel {
    /// The covariance of some names as it is known at the close of a day. Nothing if the panel has not enough rows, or
    /// no name has enough returns, or none of them has any variance.
    pub fn estimate(&self, returns: &Returns, day: i32, tickers: &[u32]) -> Option<Estimate> {
        let mut sample = returns.trading_rows(day, self.window, tickers)?;
        let needed = (self.min_observed * self.window as f64).max(2.0);
        let observed = |name: &usize| sample.name(*name).iter().filter(|value| value.is_finite()).count() as f64;
        let short: Vec<usize> = (0..tickers.len()).filter(|name| observed(name) < needed).collect();
        short.iter().for_each(|name| sample.forget(*name));
        let mut covariance = self.estimator.covariance(sample);
        let mut variances = covariance.variances();
        let is_known = |name: &usize| short.binary_search(name).is_err();
        let mut known: Vec<f64> = (0..tickers.len()).filter(is_known).map(|name| variances[name]).collect();
        let median = quantile(&mut known, 0.5)?;
        let floor = quantile(&mut known, self.floor_quantile)?;
        if !(median > 0.0 && median.is_finite()) {
            return None;
        }
        for name in &short {
            covariance.add_specific(*name, median);
            variances[*name] = median;
        }
        let mut floored = 0;
        for (name, variance) in variances.into_iter().enumerate() {
            floored += usize::from(variance < floor);
            covariance.add_specific(name, (floor - variance).max(0.0) + self.ridge);
        }
        Some(Estimate { covariance, with_median_variance: short.len(), floored })
    }
}

//! Statistics of a series of returns or of any number per period. A value that is not finite is missing; NaN is how a
//! missing result is written.

use std::collections::BTreeMap;

use kairos_udfs::kernels::{Window, newey_west_t, rolling_mean, rolling_std};

/// The value of 1 invested before the first period, at the start and after each period: one more than returns.
/// A missing return leaves it as it is; a loss of everything leaves 0 for good.
pub(super) fn equity(returns: &[f64]) -> Vec<f64> {
    let mut value = 1.0_f64;
    let after = returns.iter().map(|ret| {
        if ret.is_finite() {
            value = (value * (1.0 + ret)).max(0.0);
        }
        value
    });
    let after: Vec<f64> = after.collect();
    std::iter::once(1.0).chain(after).collect()
}

/// Arithmetic Sharpe ratio of the last `window` returns, annualised (spec 06 §6.8); missing before there are as many,
/// and where they do not vary.
pub(super) fn rolling_sharpe(returns: &[f64], window: usize, periods_per_year: f64) -> Vec<f64> {
    let Some(window) = Window::new(window, window) else { return vec![f64::NAN; returns.len()] };
    let (means, deviations) = (rolling_mean(returns, window), rolling_std(returns, window));
    let ratio = |(mean, deviation): (f64, f64)| {
        if deviation > 0.0 { periods_per_year.sqrt() * mean / deviation } else { f64::NAN }
    };
    means.into_iter().zip(deviations).map(ratio).collect()
}

/// Annualised deviation of the last `window` returns; missing before there are as many.
pub(super) fn rolling_volatility(returns: &[f64], window: usize, periods_per_year: f64) -> Vec<f64> {
    let Some(window) = Window::new(window, window) else { return vec![f64::NAN; returns.len()] };
    rolling_std(returns, window).into_iter().map(|deviation| deviation * periods_per_year.sqrt()).collect()
}

/// Mean of the last `window` values with its standard error after Newey and West over `lag`; both missing before half
/// of the window is present.
pub(super) fn rolling_mean_with_error(values: &[f64], window: usize, lag: usize) -> (Vec<f64>, Vec<f64>) {
    let Some(trailing) = Window::new(window, window.div_ceil(2)) else { return Default::default() };
    let means = rolling_mean(values, trailing);
    let error = |(at, mean): (usize, &f64)| {
        let t = newey_west_t(&values[(at + 1).saturating_sub(window)..=at], lag);
        if mean.is_finite() && t != 0.0 { (mean / t).abs() } else { f64::NAN }
    };
    let errors = means.iter().enumerate().map(error).collect();
    (means, errors)
}

/// Returns compounded by some part of the calendar; a part without a single return is left out.
pub(super) fn compounded<K: Ord>(returns: impl IntoIterator<Item = (K, f64)>) -> BTreeMap<K, f64> {
    let mut parts = BTreeMap::new();
    for (part, ret) in returns.into_iter().filter(|(_, ret)| ret.is_finite()) {
        let growth = parts.entry(part).or_insert(1.0);
        *growth *= 1.0 + ret;
    }
    parts.into_iter().map(|(part, growth)| (part, growth - 1.0)).collect()
}

/// 1 / Σ share², where shares are of the sum of absolute weights: as many equal weights would be as concentrated.
/// Missing without weights.
pub(super) fn effective_number(weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().map(|weight| weight.abs()).sum();
    let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
    if squares > 0.0 { total * total / squares } else { f64::NAN }
}

/// The running sum; a missing value adds nothing. Missing before the first value.
pub(super) fn cumulative(values: &[f64]) -> Vec<f64> {
    let mut sum = f64::NAN;
    let add = |value: &f64| {
        if value.is_finite() {
            sum = if sum.is_nan() { *value } else { sum + value };
        }
        sum
    };
    values.iter().map(add).collect()
}

/// What is said of a series in a table below its chart. Positions are those of the extremes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    pub last: f64,
    pub mean: f64,
    pub lowest: (usize, f64),
    pub highest: (usize, f64),
}

/// The summary of the present values; nothing if there are none.
pub(super) fn summary(values: &[f64]) -> Option<Summary> {
    let present: Vec<_> = values.iter().copied().enumerate().filter(|(_, value)| value.is_finite()).collect();
    let (_, last) = *present.last()?;
    let mean = present.iter().map(|(_, value)| value).sum::<f64>() / present.len() as f64;
    let lowest = present.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let highest = present.iter().copied().rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Summary { last, mean, lowest, highest })
}

/// Whether there is a single value.
pub(super) fn any(values: &[f64]) -> bool {
    values.iter().any(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (at, (a, b)) in found.iter().zip(expected).enumerate() {
            assert!((a - b).abs() < 1e-12 || (a.is_nan() && b.is_nan()), "{at}: {a} is not {b}");
        }
    }

    #[test]
    fn equity_begins_at_one_and_never_falls_below_zero() {
        close(&equity(&[0.1, -0.5, NAN, 0.2]), &[1.0, 1.1, 0.55, 0.55, 0.66]);
        close(&equity(&[0.1, -1.3, 0.05]), &[1.0, 1.1, 0.0, 0.0]);
        close(&equity(&[]), &[1.0]);
    }

    #[test]
    fn the_worked_example_of_the_spec() {
        // Spec 06 §8.7: annualised with 252/5.
        let port = [-0.04, 0.03, 0.01, -0.02, 0.05, 0.02];
        assert!((equity(&port)[6] - 1.0482029510).abs() < 1e-9);
        let sharpe = rolling_sharpe(&port, 6, 252.0 / 5.0);
        assert!((sharpe[5] - 1.7864740025).abs() < 1e-9);
        assert!(sharpe[..5].iter().all(|s| s.is_nan()));
        assert!((rolling_volatility(&port, 6, 252.0 / 5.0)[5] - 0.2350999787).abs() < 1e-9);
    }

    #[test]
    fn returns_that_do_not_vary_have_no_sharpe() {
        assert!(rolling_sharpe(&[0.01; 5], 3, 50.0).iter().all(|s| s.is_nan()));
        assert!(rolling_sharpe(&[0.01, 0.02], 0, 50.0).iter().all(|s| s.is_nan()));
    }

    #[test]
    fn the_error_of_a_mean_of_independent_values() {
        let values = [0.1, 0.3, 0.2, 0.6];
        let (means, errors) = rolling_mean_with_error(&values, 4, 0);
        assert!(means[0].is_nan() && (means[3] - 0.3).abs() < 1e-12);
        // Without lags: the deviation with divisor n, over √n.
        let error = (values.iter().map(|v| (v - 0.3_f64).powi(2)).sum::<f64>() / 4.0 / 4.0).sqrt();
        assert!((errors[3] - error).abs() < 1e-12, "{}", errors[3]);
    }

    #[test]
    fn months_compound_and_empty_ones_are_absent() {
        let found = compounded([((2024, 1), 0.1), ((2024, 1), 0.1), ((2024, 2), NAN), ((2024, 3), -0.5)]);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [(2024, 1), (2024, 3)]);
        assert!((found[&(2024, 1)] - 0.21).abs() < 1e-12 && found[&(2024, 3)] == -0.5);
    }

    #[test]
    fn effective_numbers() {
        assert!((effective_number(&[0.25; 4]) - 4.0).abs() < 1e-12);
        assert!((effective_number(&[0.5, -0.5]) - 2.0).abs() < 1e-12);
        assert!((effective_number(&[0.75, 0.25]) - 1.6).abs() < 1e-12);
        assert!(effective_number(&[]).is_nan() && effective_number(&[0.0]).is_nan());
    }

    #[test]
    fn sums_and_summaries_leave_out_what_is_missing() {
        close(&cumulative(&[NAN, 1.0, NAN, 2.0]), &[NAN, 1.0, 1.0, 3.0]);
        let found = summary(&[NAN, 3.0, 1.0, 3.0, 1.0, NAN]).unwrap();
        assert_eq!(found, Summary { last: 1.0, mean: 2.0, lowest: (2, 1.0), highest: (1, 3.0) });
        assert_eq!(summary(&[NAN]), None);
    }
}

//! Kernels that carry state: exponentially weighted mean, relative strength index, forward fill.

use kairos_udfs::kernels;
use rand::Rng;

use super::naive;
use super::series::{Expected, assert_matches, for_each_case, length, series};

/// The weight of every earlier value, written out. Error relative to the weighted absolute values.
fn weighted_means(x: &[f64], alpha: f64) -> Vec<Expected> {
    let mut weighted: Vec<(f64, f64)> = Vec::new();
    let mut result = Vec::new();
    for &value in x {
        weighted.iter_mut().for_each(|(weight, _)| *weight *= 1.0 - alpha);
        if value.is_finite() {
            let weight = if weighted.is_empty() { 1.0 } else { alpha };
            weighted.push((weight, value));
            let total = naive::sum(weighted.iter().map(|(weight, _)| *weight));
            weighted.iter_mut().for_each(|(weight, _)| *weight /= total);
            let mean = naive::sum(weighted.iter().map(|(weight, value)| weight * value));
            let scale = weighted.iter().map(|(weight, value)| weight * value.abs()).sum();
            result.push(Some((mean, scale)));
        } else {
            result.push(result.last().copied().flatten());
        }
    }
    result
}

#[test]
fn ewm_mean() {
    for_each_case(|case, random| {
        let rows = length(random).min(120);
        let x = series(random, rows);
        let alpha = match random.random_range(0..4) {
            0 => 1.0,
            1 => random.random_range(0.001..1.0),
            _ => kernels::smoothing_of_span(f64::from(random.random_range(1..60))),
        };
        assert_matches("ewm_mean", case, &kernels::ewm_mean(&x, alpha), &weighted_means(&x, alpha));
    });
}

/// Wilder's averages from the list of all changes so far. Error relative to 100.
fn strength(x: &[f64], n: usize) -> Expected {
    let changes: Vec<f64> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if !changes.last()?.is_finite() {
        return None;
    }
    let changes = naive::present(&changes);
    let (first, rest) = changes.split_at_checked(n)?;
    let average = |part: fn(f64) -> f64| {
        let seed = naive::sum(first.iter().map(|change| part(*change))) / n as f64;
        rest.iter().fold(seed, |average, change| (average * (n as f64 - 1.0) + part(*change)) / n as f64)
    };
    let (gain, loss) = (average(|change| change.max(0.0)), average(|change| (-change).max(0.0)));
    match (gain > 0.0, loss > 0.0) {
        (false, false) => None,
        (true, false) => Some((100.0, 100.0)),
        _ => Some((100.0 - 100.0 / (1.0 + gain / loss), 100.0)),
    }
}

#[test]
fn rsi() {
    for_each_case(|case, random| {
        let rows = length(random).min(120);
        let (x, n) = (series(random, rows), [1, 2, 3, 14, 500][random.random_range(0..5)]);
        let expected: Vec<_> = (0..rows).map(|row| strength(&x[..=row], n)).collect();
        assert_matches("rsi", case, &kernels::rsi(&x, n), &expected);
    });
}

#[test]
fn forward_fill() {
    for_each_case(|case, random| {
        let rows = length(random);
        let x = series(random, rows);
        let last = |row: usize| x[..=row].iter().rfind(|value| value.is_finite());
        let expected: Vec<_> = (0..rows).map(|row| last(row).map(|value| (*value, 0.0))).collect();
        assert_matches("forward_fill", case, &kernels::forward_fill(&x), &expected);
    });
}

//! Rolling kernels.

use kairos_udfs::kernels::{self, Window};
use rand::Rng;
use rand::rngs::StdRng;

use super::naive;
use super::series::{Expected, assert_matches, for_each_case, length, series};

/// Tiny, usual and huge windows, half of them with fewer required values than rows.
fn window(random: &mut StdRng) -> Window {
    let lengths = [1, 2, 3, 4, 5, 21, 63, 252, 1_000_000, usize::MAX];
    let rows = lengths[random.random_range(0..lengths.len())];
    let min_periods = match random.random_bool(0.5) {
        true => rows,
        false => random.random_range(1..=rows.min(8)),
    };
    Window::new(rows, min_periods).expect("1 <= min_periods <= rows")
}

/// The rows of the window that ends at `row`.
fn rows_until(row: usize, window: Window) -> std::ops::Range<usize> {
    (row + 1).saturating_sub(window.rows())..row + 1
}

fn check_series(what: &str, kernel: fn(&[f64], Window) -> Vec<f64>, naive: impl Fn(&[f64], f64) -> Expected) {
    for_each_case(|case, random| {
        let rows = length(random);
        let (x, window) = (series(random, rows), window(random));
        let expected = |row| {
            let values = naive::present(&x[rows_until(row, window)]);
            if values.len() < window.min_periods() { None } else { naive(&values, x[row]) }
        };
        let expected: Vec<_> = (0..rows).map(expected).collect();
        assert_matches(what, case, &kernel(&x, window), &expected);
    });
}

fn check_pair(what: &str, kernel: fn(&[f64], &[f64], Window) -> Vec<f64>, naive: fn(&[f64], &[f64]) -> Expected) {
    for_each_case(|case, random| {
        let rows = length(random);
        let (mut y, x, window) = (series(random, rows), series(random, rows), window(random));
        if random.random_bool(0.4) {
            // Related series, up to a perfect fit.
            let noise = [0.0, 1e-9, 0.1, 3.0][random.random_range(0..4)];
            let related = |x: &f64| 0.5 + 1.3 * x + noise * (random.random::<f64>() - 0.5);
            y = x.iter().map(related).collect();
        }
        let expected = |row| {
            let rows = rows_until(row, window);
            let (y, x) = naive::present_pairs(&y[rows.clone()], &x[rows]);
            if y.len() < window.min_periods() { None } else { naive(&y, &x) }
        };
        let expected: Vec<_> = (0..rows).map(expected).collect();
        assert_matches(what, case, &kernel(&y, &x, window), &expected);
    });
}

#[test]
fn mean() {
    check_series("rolling_mean", kernels::rolling_mean, |values, _| naive::mean(values));
}

#[test]
fn sum() {
    check_series("rolling_sum", kernels::rolling_sum, |values, _| naive::total(values));
}

/// Positions that skip some values, stand still, and now and then are missing or fall.
#[test]
fn sum_by() {
    for_each_case(|case, random| {
        let x = {
            let rows = length(random);
            series(random, rows)
        };
        let mut at = 0;
        let by: Vec<f64> = x
            .iter()
            .map(|_| {
                at += [0, 1, 1, 1, 2, 30][random.random_range(0..6)];
                match random.random_range(0..50) {
                    0 => f64::NAN,
                    1 => f64::from(at) - 5.0,
                    _ => f64::from(at),
                }
            })
            .collect();
        let span = [1.0, 2.0, 21.0, 60.0, 1e6][random.random_range(0..5)];
        let min_periods = random.random_range(1..5);
        let follows = |row: usize| by[row].is_finite() && !by[..row].iter().any(|before| *before > by[row]);
        let expected = |row: usize| {
            let inside = |other: &usize| follows(*other) && by[*other] > by[row] - span;
            let values = (0..=row).filter(inside).map(|other| x[other]);
            let values = naive::present(&values.collect::<Vec<_>>());
            (follows(row) && values.len() >= min_periods).then(|| naive::total(&values))?
        };
        let expected: Vec<_> = (0..x.len()).map(expected).collect();
        let found = kernels::rolling_sum_by(&x, &by, span, min_periods);
        assert_matches("rolling_sum_by", case, &found, &expected);
    });
}

#[test]
fn min() {
    check_series("rolling_min", kernels::rolling_min, |values, _| naive::minimum(values));
}

#[test]
fn max() {
    check_series("rolling_max", kernels::rolling_max, |values, _| naive::maximum(values));
}

#[test]
fn std() {
    check_series("rolling_std", kernels::rolling_std, |values, _| naive::deviation(values));
}

#[test]
fn zscore() {
    check_series("rolling_zscore", kernels::rolling_zscore, naive::score);
}

#[test]
fn skew() {
    check_series("rolling_skew", kernels::rolling_skew, |values, _| naive::skewness(values));
}

#[test]
fn kurt() {
    check_series("rolling_kurt", kernels::rolling_kurt, |values, _| naive::kurtosis(values));
}

#[test]
fn beta() {
    check_pair("rolling_beta", kernels::rolling_beta, naive::beta);
}

#[test]
fn alpha() {
    check_pair("rolling_alpha", kernels::rolling_alpha, naive::alpha);
}

#[test]
fn corr() {
    check_pair("rolling_corr", kernels::rolling_corr, naive::correlation);
}

#[test]
fn resid_std() {
    check_pair("rolling_resid_std", kernels::rolling_resid_std, naive::residual_deviation);
}

/// Ten years of rows in one window, an outlier as the worst possible pivot.
#[test]
fn long_windows_stay_exact() {
    let mut x: Vec<f64> = (0..6_000).map(|i| 1e6 + f64::from(i * 7919 % 1009)).collect();
    x[2_519] = 1e15;
    let y: Vec<f64> = x.iter().rev().copied().collect();
    let window = Window::new(2_520, 2_520).expect("valid window");
    let (std, kurt, beta) =
        (kernels::rolling_std(&x, window), kernels::rolling_kurt(&x, window), kernels::rolling_beta(&y, &x, window));
    for row in (2_519..6_000).step_by(97) {
        let rows = rows_until(row, window);
        let (y, x) = (&y[rows.clone()], &x[rows]);
        assert_matches("std", row as u64, &std[row..=row], &[naive::deviation(x)]);
        assert_matches("kurt", row as u64, &kurt[row..=row], &[naive::kurtosis(x)]);
        assert_matches("beta", row as u64, &beta[row..=row], &[naive::beta(y, x)]);
    }
}

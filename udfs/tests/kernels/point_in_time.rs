//! A result dated t must not change when later rows arrive: no kernel of a time series looks ahead.

use kairos_udfs::kernels::{self, Window};
use rand::Rng;

use super::series::{for_each_case, length, series};

type Kernel = Box<dyn Fn(&[f64], &[f64]) -> Vec<f64>>;

/// Every kernel that is used `partition by ticker order by date`.
fn kernels_of_time_series(window: Window) -> Vec<(&'static str, Kernel)> {
    let of = |kernel: fn(&[f64], Window) -> Vec<f64>| -> Kernel { Box::new(move |x, _| kernel(x, window)) };
    let of_pair =
        |kernel: fn(&[f64], &[f64], Window) -> Vec<f64>| -> Kernel { Box::new(move |x, y| kernel(y, x, window)) };
    vec![
        ("rolling_mean", of(kernels::rolling_mean)),
        ("rolling_sum", of(kernels::rolling_sum)),
        ("rolling_min", of(kernels::rolling_min)),
        ("rolling_max", of(kernels::rolling_max)),
        ("rolling_std", of(kernels::rolling_std)),
        ("rolling_zscore", of(kernels::rolling_zscore)),
        ("rolling_skew", of(kernels::rolling_skew)),
        ("rolling_kurt", of(kernels::rolling_kurt)),
        ("rolling_beta", of_pair(kernels::rolling_beta)),
        ("rolling_alpha", of_pair(kernels::rolling_alpha)),
        ("rolling_corr", of_pair(kernels::rolling_corr)),
        ("rolling_resid_std", of_pair(kernels::rolling_resid_std)),
        ("ewm_mean", Box::new(|x, _| kernels::ewm_mean(x, 0.1))),
        (
            "rolling_sum_by",
            Box::new(move |x, y| {
                let sessions: Vec<f64> = (0..y.len()).map(|row| (row * 3 / 2) as f64).collect();
                kernels::rolling_sum_by(x, &sessions, window.rows() as f64, 1)
            }),
        ),
        ("rsi", Box::new(|x, _| kernels::rsi(x, 14))),
        ("forward_fill", Box::new(|x, _| kernels::forward_fill(x))),
    ]
}

/// Bits, so that NaN equals NaN.
fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn later_rows_change_nothing() {
    for_each_case(|case, random| {
        let rows = length(random);
        let (x, y) = (series(random, rows), series(random, rows));
        let known = random.random_range(0..=rows);
        let n = [1, 3, 21, 63, 252][random.random_range(0..5)];
        let min_periods = random.random_range(1..=n);
        let window = Window::new(n, min_periods).expect("1 <= min_periods <= n");
        for (name, kernel) in kernels_of_time_series(window) {
            let before = bits(&kernel(&x[..known], &y[..known]));
            let after = bits(&kernel(&x, &y)[..known]);
            assert_eq!(before, after, "{name}, case {case}");
        }
    });
}

//! Naive statistics of one window, in as many passes as it takes.

use super::series::Expected;

/// The present values.
pub fn present(x: &[f64]) -> Vec<f64> {
    x.iter().copied().filter(|value| value.is_finite()).collect()
}

/// The rows in which both values are present.
pub fn present_pairs(y: &[f64], x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let pairs = y.iter().zip(x).filter(|(y, x)| y.is_finite() && x.is_finite());
    pairs.map(|(y, x)| (*y, *x)).unzip()
}

/// Sum with Neumaier's compensation.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (total, lost) = values.into_iter().fold((0.0_f64, 0.0), |(total, lost), value| {
        let next = total + value;
        let error = if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        (next, lost + error)
    });
    total + lost
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

/// Mean, corrected by the mean of what is left.
pub fn average(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = sum(values.iter().copied()) / n;
    mean + sum(values.iter().map(|value| value - mean)) / n
}

/// Deviations from the mean. Subtracting it in two parts keeps what a rounded mean would lose at a
/// high level with little movement.
pub fn deviations(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let mean = sum(values.iter().copied()) / n;
    let left: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let correction = sum(left.iter().copied()) / n;
    left.iter().map(|value| value - correction).collect()
}

/// Sum of (value − mean)^power.
fn central(values: &[f64], power: i32) -> f64 {
    sum(deviations(values).iter().map(|deviation| deviation.powi(power)))
}

fn flat(values: &[f64]) -> bool {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    high - low <= 1e-12 * largest(values).max(1.0)
}

/// Error relative to the largest value: the rounding of one value is already of that size.
pub fn mean(values: &[f64]) -> Expected {
    (!values.is_empty()).then(|| (average(values), largest(values)))
}

/// Error relative to the sum of absolute values.
pub fn total(values: &[f64]) -> Expected {
    let scale = values.iter().map(|value| value.abs()).sum();
    (!values.is_empty()).then(|| (sum(values.iter().copied()), scale))
}

/// Exact.
pub fn minimum(values: &[f64]) -> Expected {
    values.iter().copied().reduce(f64::min).map(|value| (value, 0.0))
}

/// Exact.
pub fn maximum(values: &[f64]) -> Expected {
    values.iter().copied().reduce(f64::max).map(|value| (value, 0.0))
}

/// Error relative to the deviation itself, also with an outlier of 1e15 in the window.
pub fn deviation(values: &[f64]) -> Expected {
    match values.len() {
        0 | 1 => None,
        _ if flat(values) => Some((0.0, 0.0)),
        n => {
            let deviation = (central(values, 2) / (n as f64 - 1.0)).sqrt();
            Some((deviation, deviation))
        }
    }
}

/// Absolute error, relative above 1.
pub fn score(values: &[f64], current: f64) -> Expected {
    let (deviation, _) = deviation(values).filter(|(deviation, _)| *deviation > 0.0)?;
    // The current row is the last present one of its window, if it is present at all.
    let score = deviations(values).last()? / deviation;
    current.is_finite().then_some((score, score.abs().max(1.0)))
}

/// Absolute error, relative above 1.
pub fn skewness(values: &[f64]) -> Expected {
    let n = values.len() as f64;
    if n < 3.0 || flat(values) {
        return None;
    }
    let skewness = (n * (n - 1.0)).sqrt() / (n - 2.0) * (central(values, 3) / n) / (central(values, 2) / n).powf(1.5);
    Some((skewness, skewness.abs().max(1.0)))
}

/// Absolute error, relative above 1. The formula is the one of spreadsheets, with the divisor n − 1:
/// n(n+1)/((n−1)(n−2)(n−3))·Σ((x−m)/s)⁴ − 3(n−1)²/((n−2)(n−3)).
pub fn kurtosis(values: &[f64]) -> Expected {
    let n = values.len() as f64;
    if n < 4.0 || flat(values) {
        return None;
    }
    let variance = central(values, 2) / (n - 1.0);
    let fourth = n * (n + 1.0) / ((n - 1.0) * (n - 2.0) * (n - 3.0)) * central(values, 4) / variance.powi(2);
    let kurtosis = fourth - 3.0 * (n - 1.0).powi(2) / ((n - 2.0) * (n - 3.0));
    Some((kurtosis, kurtosis.abs().max(1.0)))
}

/// Sums of squares and products of two series' deviations: (S_y, S_x, K).
fn comoments(y: &[f64], x: &[f64]) -> Option<(f64, f64, f64)> {
    if y.len() < 2 || flat(x) {
        return None;
    }
    let (dy, dx) = (deviations(y), deviations(x));
    let products = dy.iter().zip(&dx).map(|(y, x)| y * x);
    Some((central(y, 2), central(x, 2), sum(products)))
}

/// Error relative to the steepest slope two series of these deviations can have.
pub fn beta(y: &[f64], x: &[f64]) -> Expected {
    let (yy, xx, xy) = comoments(y, x)?;
    Some((xy / xx, (yy / xx).sqrt()))
}

/// Error relative to the sizes of y and of slope times x.
pub fn alpha(y: &[f64], x: &[f64]) -> Expected {
    let (yy, xx, xy) = comoments(y, x)?;
    let alpha = average(y) - xy / xx * average(x);
    Some((alpha, largest(y) + (yy / xx).sqrt() * largest(x)))
}

/// Absolute error.
pub fn correlation(y: &[f64], x: &[f64]) -> Expected {
    let (yy, xx, xy) = comoments(y, x)?;
    (!flat(y)).then(|| ((xy / (yy.sqrt() * xx.sqrt())).clamp(-1.0, 1.0), 1.0))
}

/// Error relative to the deviation of y.
pub fn residual_deviation(y: &[f64], x: &[f64]) -> Expected {
    let (yy, xx, xy) = comoments(y, x)?;
    if y.len() < 3 {
        return None;
    }
    let residuals: Vec<f64> = deviations(y).iter().zip(deviations(x)).map(|(y, x)| y - xy / xx * x).collect();
    let free = y.len() as f64 - 2.0;
    Some(((central(&residuals, 2) / free).sqrt(), (yy / free).sqrt()))
}

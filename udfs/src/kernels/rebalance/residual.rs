//! Neutralisation of exposures by regression (spec 06 §2.6.6).

use crate::kernels::{FLATNESS, present};

/// Replaces the exposures that are not 0 and have a beta by their residuals from a least-squares regression on `[1, β]`:
/// they then sum to 0, also when weighted by β. If all betas are equal only the mean is taken out, as in the solution of
/// minimum norm. A name without an exposure or without a beta keeps what it has and plays no part. With fewer than
/// `min_names` others nothing is changed.
pub(crate) fn residual(exposures: &mut [f64], beta: &[f64], min_names: usize) {
    let names: Vec<usize> =
        (0..exposures.len()).filter(|&i| exposures[i] != 0.0 && present(beta[i]).is_some()).collect();
    if names.len() < min_names.max(1) {
        return;
    }
    // The residual does not depend on the scale of the betas; at this one their squares do not overflow.
    let largest = names.iter().map(|&i| beta[i].abs()).fold(f64::MIN_POSITIVE, f64::max);
    let beta = centred(names.iter().map(|&i| beta[i] / largest).collect());
    let rest = centred(names.iter().map(|&i| exposures[i]).collect());
    let slope =
        if beta.iter().all(|beta| beta.abs() <= FLATNESS) { 0.0 } else { dot(&beta, &rest) / dot(&beta, &beta) };
    for ((&i, rest), beta) in names.iter().zip(rest).zip(beta) {
        exposures[i] = rest - slope * beta;
    }
}

fn centred(values: Vec<f64>) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.into_iter().map(|value| value - mean).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::residual;

    /// Spec 06 §8.4.
    #[test]
    fn worked_example() {
        let beta = [1.3, 0.9, 1.1, 0.8, 1.4, 0.6, 1.0];
        let exposure = [0.25, 0.15, 0.10, -0.20, -0.20, -0.10, 0.0];
        let expected = [
            0.207_651_245_6,
            0.167_437_722_4,
            0.087_544_484_0,
            -0.167_615_658_4,
            -0.257_295_373_7,
            -0.037_722_419_9,
            0.0,
        ];
        let mut neutral = exposure;
        residual(&mut neutral, &beta, 3);
        neutral.iter().zip(expected).for_each(|(found, expected)| assert!((found - expected).abs() < 5.1e-11));
        let gross: f64 = neutral.iter().map(|value| value.abs()).sum();
        assert!((gross - 0.925_266_903_914_590_7).abs() < 1e-15);
        assert!(neutral.iter().sum::<f64>().abs() < 1e-16);
        assert!(neutral.iter().zip(beta).map(|(value, beta)| value * beta).sum::<f64>().abs() < 1e-15);
        let mut two = [0.5, 0.0, -0.4];
        residual(&mut two, &[1.0, 1.2, 0.8], 3);
        assert_eq!(two, [0.5, 0.0, -0.4]);
    }

    /// A missing beta keeps its exposure; equal betas leave the mean to be taken out.
    #[test]
    fn missing_and_equal_betas() {
        let mut neutral = [0.3, 0.2, -0.1, 0.7];
        residual(&mut neutral, &[1.0, 1.0, 1.0, f64::NAN], 3);
        let expected = [0.3 - 0.4 / 3.0, 0.2 - 0.4 / 3.0, -0.1 - 0.4 / 3.0, 0.7];
        neutral.iter().zip(expected).for_each(|(found, expected)| assert!((found - expected).abs() < 1e-15));
    }
}

//! Neutralisation of exposures by regression (spec 06 §2.6.6).

/// A spread of betas at or below this, relative to their size if that is above 1, is none.
const FLAT: f64 = 1e-12;

/// Replaces the exposures that are not 0 and have a beta by their residuals from a least-squares regression on `[1, β]`:
/// they then sum to 0, also when weighted by β. If all betas are equal only the mean is taken out, as in the solution of
/// minimum norm. With fewer than `min_names` such exposures nothing is changed.
pub(crate) fn residual(exposure: &[f64], beta: &[f64], min_names: usize) -> Vec<f64> {
    let mut neutral = exposure.to_vec();
    let members: Vec<usize> = (0..exposure.len()).filter(|i| exposure[*i] != 0.0 && beta[*i].is_finite()).collect();
    if members.len() < min_names.max(1) {
        return neutral;
    }
    let mean = |value: &dyn Fn(usize) -> f64| members.iter().map(|i| value(*i)).sum::<f64>() / members.len() as f64;
    let (mean_exposure, mean_beta) = (mean(&|i| exposure[i]), mean(&|i| beta[i]));
    let variance = mean(&|i| (beta[i] - mean_beta).powi(2));
    let covariance = mean(&|i| (beta[i] - mean_beta) * (exposure[i] - mean_exposure));
    let slope = if variance.sqrt() > FLAT * mean_beta.abs().max(1.0) { covariance / variance } else { 0.0 };
    for &i in &members {
        neutral[i] = exposure[i] - mean_exposure - slope * (beta[i] - mean_beta);
    }
    neutral
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
        let neutral = residual(&exposure, &beta, 3);
        neutral.iter().zip(expected).for_each(|(found, expected)| assert!((found - expected).abs() < 5.1e-11));
        let gross: f64 = neutral.iter().map(|value| value.abs()).sum();
        assert!((gross - 0.925_266_903_914_590_7).abs() < 1e-15);
        assert!(neutral.iter().sum::<f64>().abs() < 1e-16);
        assert!(neutral.iter().zip(beta).map(|(value, beta)| value * beta).sum::<f64>().abs() < 1e-15);
        let two = [0.5, 0.0, -0.4];
        assert_eq!(residual(&two, &[1.0, 1.2, 0.8], 3), two);
    }

    /// A missing beta keeps its exposure; equal betas leave the mean to be taken out.
    #[test]
    fn missing_and_equal_betas() {
        let neutral = residual(&[0.3, 0.2, -0.1, 0.7], &[1.0, 1.0, 1.0, f64::NAN], 3);
        let expected = [0.3 - 0.4 / 3.0, 0.2 - 0.4 / 3.0, -0.1 - 0.4 / 3.0, 0.7];
        neutral.iter().zip(expected).for_each(|(found, expected)| assert!((found - expected).abs() < 1e-15));
    }
}

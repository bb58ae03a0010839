//! Estimators of the covariance matrix of daily returns.

use super::covariance::Covariance;
use super::dense::dot;
use super::eigen::symmetric_eigen;
use super::returns::Sample;

/// How a sample becomes a covariance matrix. S is the sample covariance with divisor T − 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Estimator {
    /// `λ·diag(S) + (1 − λ)·S` (spec 06 §2.7.2).
    Diagonal {
        /// λ in [0, 1].
        intensity: f64,
    },
    /// `δ·m·I + (1 − δ)·S` with m the mean variance and δ estimated from the sample: Ledoit and Wolf, "A
    /// well-conditioned estimator for large-dimensional covariance matrices", Journal of Multivariate Analysis 88
    /// (2004), with T − 1 for T because the means are estimated.
    LedoitWolf,
    /// The first principal components of S, and the rest of each variance as specific variance: a statistical factor
    /// model (Connor and Korajczyk, "Performance measurement with the arbitrage pricing theory", Journal of Financial
    /// Economics 15 (1986)), for many more names than days.
    Factors {
        /// How many components.
        count: usize,
    },
}

impl Estimator {
    /// The covariance of the names of a sample. The deviations of a name with missing returns are taken to be 0 there
    /// and scaled up elsewhere, so that its variance is that of the returns it has and the matrix stays positive
    /// semi-definite. A name with fewer than two returns has variance 0 and no part in anything.
    pub fn covariance(&self, sample: Sample) -> Covariance {
        let deviations = Deviations::of(sample);
        match *self {
            Self::Diagonal { intensity } => deviations.shrunk_to_diagonal(intensity.clamp(0.0, 1.0)),
            Self::LedoitWolf => deviations.shrunk_to_identity(),
            Self::Factors { count } => deviations.factor_model(count),
        }
    }
}

/// Deviations from the mean over `√(T − 1)`, one name after the other: `S = X'X`.
struct Deviations {
    rows: usize,
    values: Vec<f64>,
    /// Per name, 0 for one without returns.
    variances: Vec<f64>,
    /// Whether a name has returns enough for a variance.
    observed: Vec<bool>,
}

impl Deviations {
    fn of(sample: Sample) -> Self {
        let (rows, names) = (sample.rows(), sample.names());
        let mut values = sample.into_values();
        let (mut variances, mut observed) = (vec![0.0; names], vec![false; names]);
        let each = values.chunks_exact_mut(rows.max(1)).zip(variances.iter_mut().zip(&mut observed));
        for (returns, (variance, observed)) in each {
            let present = || returns.iter().copied().filter(|value| value.is_finite());
            let count = present().count();
            let mean = present().sum::<f64>() / count.max(1) as f64;
            *observed = count > 1;
            let scale = if *observed { ((count - 1) as f64).sqrt().recip() } else { 0.0 };
            returns.iter_mut().for_each(|value| {
                *value = if value.is_finite() { (*value - mean) * scale } else { 0.0 };
            });
            *variance = dot(returns, returns);
        }
        Self { rows, values, variances, observed }
    }

    fn shrunk_to_diagonal(self, intensity: f64) -> Covariance {
        let specific = self.variances.iter().map(|variance| intensity * variance).collect();
        self.shrunk(intensity, specific)
    }

    fn shrunk_to_identity(self) -> Covariance {
        let (intensity, mean) = self.ledoit_wolf();
        let specific = self.observed.iter().map(|observed| if *observed { intensity * mean } else { 0.0 }).collect();
        self.shrunk(intensity, specific)
    }

    fn shrunk(mut self, intensity: f64, specific: Vec<f64>) -> Covariance {
        let scale = (1.0 - intensity).sqrt();
        self.values.iter_mut().for_each(|value| *value *= scale);
        Covariance::new(specific, self.rows, self.values)
    }

    /// Intensity and mean variance. All sums over pairs of names are sums over pairs of days of `XX'`.
    fn ledoit_wolf(&self) -> (f64, f64) {
        let n = (self.rows as f64 - 1.0).max(1.0);
        let gram = self.gram();
        let names = self.observed.iter().filter(|observed| **observed).count().max(1) as f64;
        let mean = self.variances.iter().sum::<f64>() / names;
        let squares: f64 = gram.iter().map(|value| value * value).sum();
        let fourth: f64 = (0..self.rows).map(|row| gram[row * self.rows + row].powi(2)).sum::<f64>() * n;
        let distance = squares - names * mean * mean;
        let error = (fourth - squares) / n;
        // Without any distance to the target both are the same matrix.
        let intensity = if distance > 0.0 { (error / distance).clamp(0.0, 1.0) } else { 1.0 };
        (intensity, mean)
    }

    fn factor_model(&self, count: usize) -> Covariance {
        let factors = count.min(self.rows);
        let (_, vectors) = symmetric_eigen(self.rows, self.gram(), factors);
        let mut loadings = Vec::with_capacity(self.variances.len() * factors);
        let mut specific = Vec::with_capacity(self.variances.len());
        for (deviations, variance) in self.values.chunks_exact(self.rows.max(1)).zip(&self.variances) {
            let start = loadings.len();
            // An eigenvector v of XX' makes the factor v'X, whose squares sum to the eigenvalue.
            loadings.extend(vectors.iter().map(|vector| dot(vector, deviations)));
            let common: f64 = loadings[start..].iter().map(|loading| loading * loading).sum();
            specific.push((variance - common).max(0.0));
        }
        Covariance::new(specific, factors, loadings)
    }
    /// `XX'`, rows × rows. Four names at a time, since reading and writing the sums takes longer than the products.
    fn gram(&self) -> Vec<f64> {
        let rows = self.rows;
        let mut gram = vec![0.0; rows * rows];
        if rows == 0 {
            return gram;
        }
        let nobody = vec![0.0; rows];
        for four in self.values.chunks(4 * rows) {
            let name = |lane: usize| four.get(lane * rows..(lane + 1) * rows).unwrap_or(&nobody);
            let [a, b, c, d] = [name(0), name(1), name(2), name(3)];
            for (row, sums) in gram.chunks_exact_mut(rows).enumerate() {
                let others = a.iter().zip(b).zip(c.iter().zip(d));
                for (sum, ((other_a, other_b), (other_c, other_d))) in sums[..=row].iter_mut().zip(others) {
                    *sum += a[row] * other_a + b[row] * other_b + (c[row] * other_c + d[row] * other_d);
                }
            }
        }
        for row in 0..rows {
            (0..row).for_each(|column| gram[column * rows + row] = gram[row * rows + column]);
        }
        gram
    }
}

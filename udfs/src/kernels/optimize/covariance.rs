//! A covariance matrix that keeps its structure.

use super::dense::dot;

/// `Σ = diag(specific) + B'B`: what every estimator here yields, since a sample of T returns of n names makes a matrix
/// of rank below T. A solver that sees the factors works on T rows in place of n.
#[derive(Debug, Clone, PartialEq)]
pub struct Covariance {
    factors: usize,
    specific: Vec<f64>,
    /// The loadings of one name after the other, scaled so that every factor has variance 1.
    loadings: Vec<f64>,
}

impl Covariance {
    /// From the specific variance of each name and its loadings on factors of variance 1, one name after the other.
    pub(crate) fn new(specific: Vec<f64>, factors: usize, loadings: Vec<f64>) -> Self {
        debug_assert_eq!(loadings.len(), specific.len() * factors);
        Self { factors, specific, loadings }
    }

    /// A diagonal matrix.
    pub fn diagonal(variances: Vec<f64>) -> Self {
        Self::new(variances, 0, Vec::new())
    }

    /// From a symmetric matrix, one row after the other, of which the lower triangle is read: its Cholesky factor
    /// becomes the loadings. Nothing if the matrix is not positive semi-definite within rounding, or not finite.
    pub fn of_matrix(names: usize, matrix: &[f64]) -> Option<Self> {
        let scale = (0..names).map(|i| matrix[i * names + i]).fold(0.0, f64::max);
        let noise = scale * names as f64 * f64::EPSILON;
        let mut root = vec![0.0; names * names];
        for i in 0..names {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| root[i * names + k] * root[j * names + k]).sum();
                let left = matrix[i * names + j] - known;
                root[i * names + j] = match (i == j, root[j * names + j]) {
                    (true, _) if left > noise => left.sqrt(),
                    (false, pivot) if pivot > 0.0 => left / pivot,
                    // A pivot of 0: the name is a combination of earlier ones, and so must be its covariances.
                    _ if left.abs() <= noise.max(scale * 1e-10) => 0.0,
                    _ => return None,
                };
            }
        }
        root.iter().all(|value| value.is_finite()).then(|| Self::new(vec![0.0; names], names, root))
    }

    /// How many names there are.
    pub fn names(&self) -> usize {
        self.specific.len()
    }

    /// How many factors there are.
    pub fn factors(&self) -> usize {
        self.factors
    }

    /// What the factors do not explain of the variance of each name.
    pub fn specific(&self) -> &[f64] {
        &self.specific
    }

    /// The loadings of a name on the factors.
    pub fn loadings(&self, name: usize) -> &[f64] {
        &self.loadings[name * self.factors..(name + 1) * self.factors]
    }

    /// The covariance of two names.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        dot(self.loadings(i), self.loadings(j)) + if i == j { self.specific[i] } else { 0.0 }
    }

    /// The variance of every name.
    pub fn variances(&self) -> Vec<f64> {
        (0..self.names()).map(|name| self.get(name, name)).collect()
    }

    /// The whole matrix, one row after the other.
    pub fn dense(&self) -> Vec<f64> {
        let names = self.names();
        (0..names * names).map(|cell| self.get(cell / names, cell % names)).collect()
    }

    /// The variance `w'Σw` of a portfolio.
    pub fn variance_of(&self, weights: &[f64]) -> f64 {
        let mut exposure = vec![0.0; self.factors];
        let mut specific = 0.0;
        for (name, weight) in weights.iter().enumerate() {
            specific += weight * weight * self.specific[name];
            exposure.iter_mut().zip(self.loadings(name)).for_each(|(sum, loading)| *sum += weight * loading);
        }
        specific + exposure.iter().map(|value| value * value).sum::<f64>()
    }

    /// Adds to the specific variance of a name.
    pub(crate) fn add_specific(&mut self, name: usize, variance: f64) {
        self.specific[name] += variance;
    }
}

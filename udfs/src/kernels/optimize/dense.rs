//! Sums over dense vectors.

/// The scalar product, in four sums, which the processor adds up at the same time.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (whole, rest) = (a.chunks_exact(4), a.chunks_exact(4).remainder());
    let tail: f64 = rest.iter().zip(&b[a.len() - rest.len()..]).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 4];
    for (a, b) in whole.zip(b.chunks_exact(4)) {
        (0..4).for_each(|lane| sums[lane] += a[lane] * b[lane]);
    }
    sums.iter().sum::<f64>() + tail
}

//! Eigenvalues of a small symmetric matrix.

/// More sweeps than any matrix of finite numbers needs: convergence is quadratic.
const SWEEPS: usize = 60;

/// Eigenvalues in descending order and their unit eigenvectors, by Jacobi rotations (Golub and Van Loan, "Matrix
/// Computations", §8.5). The matrix is given one row after the other. The largest entry of a vector is positive, so that
/// the result does not depend on the path.
pub(crate) fn symmetric_eigen(n: usize, mut matrix: Vec<f64>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let total: f64 = matrix.iter().map(|value| value * value).sum();
    for _ in 0..SWEEPS {
        let off: f64 = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| matrix[i * n + j].powi(2)).sum();
        if off.is_nan() || off <= total * f64::EPSILON.powi(2) {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(n, &mut matrix, &mut vectors, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| matrix[b * n + b].total_cmp(&matrix[a * n + a]).then(a.cmp(b)));
    let values = order.iter().map(|&i| matrix[i * n + i]).collect();
    let vectors = order.iter().map(|&i| oriented(std::mem::take(&mut vectors[i]))).collect();
    (values, vectors)
}

/// Makes the entry (p, q) zero.
fn rotate(n: usize, matrix: &mut [f64], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    let entry = matrix[p * n + q];
    if entry == 0.0 {
        return;
    }
    let theta = (matrix[q * n + q] - matrix[p * n + p]) / (2.0 * entry);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = tangent.hypot(1.0).recip();
    let sine = tangent * cosine;
    for k in 0..n {
        let (a, b) = (matrix[k * n + p], matrix[k * n + q]);
        matrix[k * n + p] = cosine * a - sine * b;
        matrix[k * n + q] = sine * a + cosine * b;
    }
    let (above, below) = matrix.split_at_mut(q * n);
    turn(cosine, sine, &mut above[p * n..(p + 1) * n], &mut below[..n]);
    let (above, below) = vectors.split_at_mut(q);
    turn(cosine, sine, &mut above[p], &mut below[0]);
}

fn turn(cosine: f64, sine: f64, p: &mut [f64], q: &mut [f64]) {
    for (a, b) in p.iter_mut().zip(q) {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    }
}

fn oriented(mut vector: Vec<f64>) -> Vec<f64> {
    let largest = vector
        .iter()
        .copied()
        .fold(0.0_f64, |largest, value| if value.abs() > largest.abs() { value } else { largest });
    if largest < 0.0 {
        vector.iter_mut().for_each(|value| *value = -*value);
    }
    vector
}

//! Dense symmetric positive definite systems.

use super::dense::dot;

/// Solves `Ax = b` for a matrix of which the lower triangle is read, one row after the other, and which is overwritten by
/// its Cholesky factor. Nothing if the matrix is not positive definite.
pub(super) fn solve(matrix: &mut [f64], mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for row in 0..n {
        let (done, current) = matrix.split_at_mut(row * n);
        for column in 0..row {
            let pivot_row = &done[column * n..column * n + column];
            current[column] = (current[column] - dot(&current[..column], pivot_row)) / done[column * n + column];
        }
        let left = current[row] - dot(&current[..row], &current[..row]);
        if left.is_nan() || left <= 0.0 {
            return None;
        }
        current[row] = left.sqrt();
        b[row] = (b[row] - dot(&current[..row], &b[..row])) / current[row];
    }
    for row in (0..n).rev() {
        let value = b[row] / matrix[row * n + row];
        b[row] = value;
        let known = &matrix[row * n..row * n + row];
        b[..row].iter_mut().zip(known).for_each(|(b, entry)| *b -= value * entry);
    }
    Some(b)
}

//! Dense linear systems.

/// Solves `Ax = b` for a square matrix, one row after the other, by LU decomposition with partial pivoting. Nothing if
/// the matrix is singular within rounding or not finite.
pub(crate) fn solve(mut matrix: Vec<f64>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    let largest = matrix.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let noise = largest * n as f64 * f64::EPSILON;
    for column in 0..n {
        let size = |row: &usize| matrix[row * n + column].abs();
        let pivot = (column..n).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        if size(&pivot).is_nan() || size(&pivot) <= noise {
            return None;
        }
        if pivot != column {
            let (above, below) = matrix.split_at_mut(pivot * n);
            above[column * n..(column + 1) * n].swap_with_slice(&mut below[..n]);
            b.swap(column, pivot);
        }
        eliminate(&mut matrix, &mut b, column);
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|column| matrix[row * n + column] * b[column]).sum();
        b[row] = (b[row] - known) / matrix[row * n + row];
    }
    b.iter().all(|value| value.is_finite()).then_some(b)
}

/// Makes the entries below the pivot of a column zero.
fn eliminate(matrix: &mut [f64], b: &mut [f64], column: usize) {
    let n = b.len();
    let (above, below) = matrix.split_at_mut((column + 1) * n);
    let pivot = &above[column * n + column..];
    for (row, values) in below.chunks_exact_mut(n).enumerate() {
        let factor = values[column] / pivot[0];
        if factor != 0.0 {
            values[column..].iter_mut().zip(pivot).for_each(|(value, pivot)| *value -= factor * pivot);
            b[column + 1 + row] -= factor * b[column];
        }
    }
}

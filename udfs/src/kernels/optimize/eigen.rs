//! Eigenvalues of a symmetric matrix.

use super::dense::dot;

/// More steps than an eigenvalue of any matrix of finite numbers needs: convergence is cubic.
const STEPS: usize = 60;

/// The largest eigenvalues in descending order and their unit eigenvectors, by reduction to tridiagonal form and implicit
/// QL steps (Golub and Van Loan, "Matrix Computations", §8.3). The matrix is given one row after the other. The largest
/// entry of a vector is positive, so that the result does not depend on the path.
pub(crate) fn symmetric_eigen(n: usize, matrix: Vec<f64>, count: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let (mut tridiagonal, reflections) = Tridiagonal::of(n, matrix);
    let rotations = tridiagonal.diagonalise();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| tridiagonal.diagonal[*b].total_cmp(&tridiagonal.diagonal[*a]).then(a.cmp(b)));
    order.truncate(count);
    let values = order.iter().map(|&i| tridiagonal.diagonal[i]).collect();
    let original = |mut vector: Vec<f64>| {
        reflections.iter().rev().for_each(|reflection| reflection.apply(&mut vector));
        oriented(vector)
    };
    (values, eigenvectors(n, &rotations, &order).into_iter().map(original).collect())
}

/// A turn in the plane of the axes `at` and `at + 1`.
struct Rotation {
    at: usize,
    cosine: f64,
    sine: f64,
}

/// The eigenvectors of a tridiagonal matrix that are wanted, from the rotations that made it diagonal. Turning only these
/// back takes a fraction of the time of turning all vectors on the way.
fn eigenvectors(n: usize, rotations: &[Rotation], wanted: &[usize]) -> Vec<Vec<f64>> {
    let unit = |row: usize| wanted.iter().map(|&i| f64::from(u8::from(i == row))).collect();
    let mut rows: Vec<Vec<f64>> = (0..n).map(unit).collect();
    for &Rotation { at, cosine, sine } in rotations.iter().rev() {
        let (below, above) = rows.split_at_mut(at + 1);
        for (a, b) in below[at].iter_mut().zip(&mut above[0]) {
            (*a, *b) = (cosine * *a + sine * *b, cosine * *b - sine * *a);
        }
    }
    (0..wanted.len()).map(|place| rows.iter().map(|row| row[place]).collect()).collect()
}

/// `1 − scale·vv'`, with v in the last entries.
struct Reflection {
    scale: f64,
    vector: Vec<f64>,
}

impl Reflection {
    /// The one that turns x into a multiple of the first unit vector, and the multiple.
    fn of(x: impl Iterator<Item = f64>) -> (Self, f64) {
        let mut vector: Vec<f64> = x.collect();
        let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        let image = if vector[0] > 0.0 { -length } else { length };
        vector[0] -= image;
        let square: f64 = vector.iter().map(|value| value * value).sum();
        (Self { scale: if square > 0.0 { 2.0 / square } else { 0.0 }, vector }, image)
    }

    fn apply(&self, x: &mut [f64]) {
        let last = x.len() - self.vector.len();
        let along = self.scale * dot(&self.vector, &x[last..]);
        add(&mut x[last..], -along, &self.vector);
    }
}

struct Tridiagonal {
    diagonal: Vec<f64>,
    /// The entries next to the diagonal, and a 0.
    beside: Vec<f64>,
}

impl Tridiagonal {
    /// The tridiagonal matrix that reflections, one after the other, make of a symmetric one.
    fn of(n: usize, mut matrix: Vec<f64>) -> (Self, Vec<Reflection>) {
        let mut beside = vec![0.0; n];
        let mut reflections = Vec::with_capacity(n);
        for k in 0..n.saturating_sub(1) {
            let (reflection, image) = Reflection::of((k + 1..n).map(|row| matrix[row * n + k]));
            beside[k] = image;
            let Reflection { scale, vector } = &reflection;
            // `(1 − scale·vv')A(1 − scale·vv') = A − vw' − wv'`.
            let mut w: Vec<f64> =
                (k + 1..n).map(|row| scale * dot(&matrix[row * n + k + 1..(row + 1) * n], vector)).collect();
            let along = 0.5 * scale * dot(&w, vector);
            add(&mut w, -along, vector);
            for (row, values) in matrix.chunks_exact_mut(n).skip(k + 1).enumerate() {
                let (along_v, along_w) = (w[row], vector[row]);
                for (value, (v, w)) in values[k + 1..].iter_mut().zip(vector.iter().zip(&w)) {
                    *value -= along_v * v + along_w * w;
                }
            }
            reflections.push(reflection);
        }
        (Self { diagonal: (0..n).map(|row| matrix[row * n + row]).collect(), beside }, reflections)
    }

    /// Makes the entries beside the diagonal 0, by these rotations one after the other.
    fn diagonalise(&mut self) -> Vec<Rotation> {
        let n = self.diagonal.len();
        let mut rotations = Vec::with_capacity(n * n);
        for first in 0..n {
            for _ in 0..STEPS {
                let last = (first..n - 1).find(|i| self.splits_after(*i)).unwrap_or(n - 1);
                if last == first {
                    break;
                }
                self.step(first, last, &mut rotations);
            }
        }
        rotations
    }

    fn splits_after(&self, i: usize) -> bool {
        let size = self.diagonal[i].abs() + self.diagonal[i + 1].abs();
        self.beside[i].abs() <= f64::EPSILON * size
    }

    /// One QL step with the shift of Wilkinson on the block `first..=last`.
    fn step(&mut self, first: usize, last: usize, rotations: &mut Vec<Rotation>) {
        let Self { diagonal, beside } = self;
        let ratio = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
        let shift = diagonal[first] - beside[first] / (ratio + ratio.hypot(1.0).copysign(ratio));
        let mut bulge = diagonal[last] - shift;
        let (mut sine, mut cosine, mut moved) = (1.0, 1.0, 0.0);
        for i in (first..last).rev() {
            let (off, kept) = (sine * beside[i], cosine * beside[i]);
            let length = off.hypot(bulge);
            beside[i + 1] = length;
            if length == 0.0 {
                // The block falls apart here.
                diagonal[i + 1] -= moved;
                beside[last] = 0.0;
                return;
            }
            (sine, cosine) = (off / length, bulge / length);
            let corner = diagonal[i + 1] - moved;
            let change = (diagonal[i] - corner) * sine + 2.0 * cosine * kept;
            moved = sine * change;
            diagonal[i + 1] = corner + moved;
            bulge = cosine * change - kept;
            rotations.push(Rotation { at: i, cosine, sine });
        }
        diagonal[first] -= moved;
        beside[first] = bulge;
        beside[last] = 0.0;
    }
}

fn add(to: &mut [f64], scale: f64, values: &[f64]) {
    to.iter_mut().zip(values).for_each(|(sum, value)| *sum += scale * value);
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

#[cfg(test)]
mod tests {
    use super::symmetric_eigen;

    /// `Av = λv`, unit vectors at right angles, the trace, for matrices of all sizes and ranks.
    #[test]
    fn definition() {
        for n in 1..25_usize {
            for rank in [1, 2, n / 2 + 1, n] {
                let factor = |i: usize, k: usize| ((7 * i + 3 * k * k + n) as f64).sin();
                let entry = |i: usize, j: usize| (0..rank).map(|k| factor(i, k) * factor(j, k)).sum::<f64>();
                let matrix: Vec<f64> = (0..n * n).map(|cell| entry(cell / n, cell % n)).collect();
                let (values, vectors) = symmetric_eigen(n, matrix.clone(), n);
                let trace: f64 = (0..n).map(|i| matrix[i * n + i]).sum();
                let noise = 1e-13 * trace;
                assert!((values.iter().sum::<f64>() - trace).abs() < noise);
                assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
                assert!(values[rank.min(n)..].iter().all(|value| value.abs() < noise));
                for (place, vector) in vectors.iter().enumerate() {
                    for (row, entry) in matrix.chunks_exact(n).zip(vector) {
                        let image: f64 = row.iter().zip(vector).map(|(a, v)| a * v).sum();
                        assert!((image - values[place] * entry).abs() < noise);
                    }
                    for (other, against) in vectors.iter().enumerate() {
                        let product: f64 = vector.iter().zip(against).map(|(a, b)| a * b).sum();
                        assert!((product - f64::from(u8::from(place == other))).abs() < 1e-13);
                    }
                }
                let (first, _) = symmetric_eigen(n, matrix, 1);
                assert_eq!(first, values[..1]);
            }
        }
    }

    #[test]
    fn nothing_and_what_is_not_a_number() {
        assert_eq!(symmetric_eigen(0, Vec::new(), 3), (Vec::new(), Vec::new()));
        assert_eq!(symmetric_eigen(3, vec![0.0; 9], 3).0, [0.0; 3]);
        assert_eq!(symmetric_eigen(2, vec![f64::NAN; 4], 2).0.len(), 2);
    }
}

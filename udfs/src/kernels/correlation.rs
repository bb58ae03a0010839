//! Correlation of two series.

use super::{FLATNESS, MISSING, Ranking};

/// Partial sums, so that the processor can work on several at once.
const LANES: usize = 4;

/// Pearson's correlation over the rows in which both values are present, in two passes; NaN with fewer than two such
/// rows, or if either side does not vary.
pub fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let present = |(x, y): &(&f64, &f64)| x.is_finite() && y.is_finite();
    let count: usize = x.iter().zip(y).map(|pair| usize::from(present(&pair))).sum();
    if count == x.len() {
        return of_present(x, y);
    }
    let mut both = (Vec::with_capacity(count), Vec::with_capacity(count));
    both.extend(x.iter().zip(y).filter(present));
    of_present(&both.0, &both.1)
}

fn of_present(x: &[f64], y: &[f64]) -> f64 {
    let (Some(of_x), Some(of_y)) = (Spread::of(x), Spread::of(y)) else {
        return MISSING;
    };
    let mut sums = [[0.0; LANES]; 3];
    let add = |sums: &mut [[f64; LANES]; 3], lane: usize, x: f64, y: f64| {
        let (dx, dy) = (of_x.deviation(x), of_y.deviation(y));
        sums[0][lane] += dx * dx;
        sums[1][lane] += dy * dy;
        sums[2][lane] += dx * dy;
    };
    let (xs, ys) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let rest = xs.remainder().iter().zip(ys.remainder()).enumerate();
    rest.for_each(|(lane, (x, y))| add(&mut sums, lane, *x, *y));
    for (x, y) in xs.zip(ys) {
        (0..LANES).for_each(|lane| add(&mut sums, lane, x[lane], y[lane]));
    }
    let [xx, yy, xy] = sums.map(|lanes| lanes.iter().sum::<f64>());
    (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0)
}

/// Where a series lies and how far it reaches.
struct Spread {
    /// Measured from one of the values, a little movement at a high level loses no digits.
    pivot: f64,
    /// Mean less the pivot.
    mean: f64,
    /// One over the largest distance from the pivot: in such units squares neither overflow nor vanish.
    unit: f64,
}

impl Spread {
    /// Nothing if the values do not vary.
    fn of(x: &[f64]) -> Option<Self> {
        let pivot = *x.first()?;
        let (mut sums, mut far, mut most) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        let larger = |a: f64, b: f64| if a > b { a } else { b };
        let mut add = |lane: usize, x: f64| {
            sums[lane] += x - pivot;
            far[lane] = larger(far[lane], (x - pivot).abs());
            most[lane] = larger(most[lane], x.abs());
        };
        let chunks = x.chunks_exact(LANES);
        chunks.remainder().iter().enumerate().for_each(|(lane, x)| add(lane, *x));
        for chunk in chunks {
            (0..LANES).for_each(|lane| add(lane, chunk[lane]));
        }
        let far = far.into_iter().fold(0.0, larger);
        let most = most.into_iter().fold(1.0, larger);
        (far > FLATNESS * most).then(|| Self {
            pivot,
            mean: sums.iter().sum::<f64>() / x.len() as f64,
            unit: far.recip(),
        })
    }

    fn deviation(&self, x: f64) -> f64 {
        (x - self.pivot - self.mean) * self.unit
    }
}

/// Spearman's rank correlation over the rows in which both values are present: [`pearson`] of their average ranks.
/// NaN if either side does not vary.
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    Ranking::of(x).correlation(&Ranking::of(y))
}

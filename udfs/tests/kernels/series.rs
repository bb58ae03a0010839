//! Random series with everything that goes wrong in real data, and the comparison of two results.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Number of random series per kernel.
pub const CASES: u64 = 10_000;

/// Runs `test` on every case's own random source, so that a failure can be repeated from its number.
pub fn for_each_case(mut test: impl FnMut(u64, &mut StdRng)) {
    for case in 0..CASES {
        test(case, &mut StdRng::seed_from_u64(case));
    }
}

/// A series of `length` values.
pub fn series(random: &mut StdRng, length: usize) -> Vec<f64> {
    let mut x = pattern(random, length);
    if random.random_bool(0.3) {
        // Outliers that enter and leave the window.
        for _ in 0..random.random_range(1..4) {
            replace(random, &mut x, &[1e15, -1e15, 1e13]);
        }
    }
    if random.random_bool(0.5) {
        let missing = [0.02, 0.2, 0.7][random.random_range(0..3)];
        for value in &mut x {
            if random.random_bool(missing) {
                *value = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][random.random_range(0..3)];
            }
        }
    }
    x
}

fn replace(random: &mut StdRng, x: &mut [f64], by: &[f64]) {
    if !x.is_empty() {
        let position = random.random_range(0..x.len());
        x[position] = by[random.random_range(0..by.len())];
    }
}

fn pattern(random: &mut StdRng, length: usize) -> Vec<f64> {
    let constant = [0.0, 0.1, -77.77, 1e9][random.random_range(0..4)];
    let mut level = 100.0;
    let kind = random.random_range(0..8);
    let mut value = |row: usize| match kind {
        // Prices and volumes.
        0 => {
            level *= 1.0 + 0.04 * (random.random::<f64>() - 0.5);
            level
        }
        1 => (1e6 * random.random::<f64>()).round(),
        // Returns around zero.
        2 => random.random::<f64>() - 0.5,
        // Few distinct values: many ties, often a flat short window.
        3 => f64::from(random.random_range(-1..2)),
        4 => constant,
        // Flat stretches between moves.
        5 => f64::from(u32::try_from(row / 9 % 3).unwrap_or(0)) * 1.1 + constant,
        // A high level with little movement: the worst case for power sums around zero.
        6 => 1e9 + 1e-3 * random.random::<f64>(),
        _ => 1e-9 * (random.random::<f64>() - 0.5),
    };
    (0..length).map(&mut value).collect()
}

/// A length from 0 to 400, short ones more often.
pub fn length(random: &mut StdRng) -> usize {
    let limit = [4, 40, 150, 400][random.random_range(0..4)];
    random.random_range(0..=limit)
}

/// What a naive version expects of one row: a value and the scale to which an error is relative.
pub type Expected = Option<(f64, f64)>;

/// Demands the same rows missing and an error of at most 1e−9 of the scale elsewhere.
pub fn assert_matches(what: &str, case: u64, found: &[f64], expected: &[Expected]) {
    assert_eq!(found.len(), expected.len(), "{what}, case {case}: length");
    for (row, (&found, expected)) in found.iter().zip(expected).enumerate() {
        match *expected {
            None => assert!(found.is_nan(), "{what}, case {case}, row {row}: {found}, not missing"),
            Some((value, scale)) => assert!(
                (found - value).abs() <= 1e-9 * scale,
                "{what}, case {case}, row {row}: {found}, expected {value} on scale {scale}"
            ),
        }
    }
}

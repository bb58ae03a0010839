//! Worked examples of spec 06 §8, to the printed digits.

use kairos_udfs::kernels::optimize::{
    Balance, Covariance, Estimator, Limits, Name, Problem, ProjectionLimits, Sample, Solver, Verdict, closed_form,
    project,
};

pub fn assert_near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance, "at {place}: {found}, expected {expected}");
    }
}

fn daily_returns(prices: &[f64]) -> Vec<f64> {
    prices.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect()
}

fn dense(volatility: &[f64], correlation: impl Fn(usize, usize) -> f64) -> Covariance {
    let n = volatility.len();
    let cell = |cell: usize| volatility[cell / n] * volatility[cell % n] * correlation(cell / n, cell % n);
    Covariance::of_matrix(n, &(0..n * n).map(cell).collect::<Vec<_>>()).unwrap()
}

/// Spec 06 §8.5.
#[test]
fn covariance() {
    let sample = Sample::of(&[
        daily_returns(&[100.0, 101.0, 100.0, 102.0, 103.0, 102.0]),
        daily_returns(&[50.0, 50.5, 50.5, 51.0, 50.0, 50.5]),
        daily_returns(&[20.0, 19.8, 20.2, 20.1, 20.3, 20.6]),
    ]);
    let upper = |covariance: &Covariance, ridge: f64| {
        let cells = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
        cells.map(|(i, j)| 1e4 * (covariance.get(i, j) + if i == j { ridge } else { 0.0 })).to_vec()
    };
    let plain = Estimator::Diagonal { intensity: 0.0 }.covariance(sample.clone());
    let expected =
        [1.767_112_457_3, -0.082_184_233_5, -1.415_105_285_3, 1.653_268_356_4, -0.645_130_952_7, 1.675_685_244_1];
    assert_near(&upper(&plain, 0.0), &expected, 5.1e-11);
    let shrunk = Estimator::Diagonal { intensity: 0.3 }.covariance(sample.clone());
    let expected =
        [1.777_112_457_3, -0.057_528_963_5, -0.990_573_699_7, 1.663_268_356_4, -0.451_591_666_9, 1.685_685_244_1];
    assert_near(&upper(&shrunk, 1e-6), &expected, 5.1e-11);
}

/// Ledoit–Wolf and principal components against their definitions, with more names than days.
#[test]
fn other_estimators() {
    let (rows, names) = (7_usize, 12_usize);
    let value =
        |row: usize, name: usize| ((3 * row + 5 * name) as f64).sin() * 0.01 + ((row * name) as f64).cos() * 0.02;
    let columns: Vec<Vec<f64>> = (0..names).map(|name| (0..rows).map(|row| value(row, name)).collect()).collect();
    let sample = Sample::of(&columns);
    let n = (rows - 1) as f64;
    let centred: Vec<Vec<f64>> = (columns.iter())
        .map(|column| {
            let mean = column.iter().sum::<f64>() / rows as f64;
            column.iter().map(|value| value - mean).collect()
        })
        .collect();
    let s = |i: usize, j: usize| centred[i].iter().zip(&centred[j]).map(|(a, b)| a * b).sum::<f64>() / n;
    let pairs = || (0..names).flat_map(|i| (0..names).map(move |j| (i, j)));
    let mean = (0..names).map(|i| s(i, i)).sum::<f64>() / names as f64;
    let target = |i: usize, j: usize| if i == j { mean } else { 0.0 };
    let distance: f64 = pairs().map(|(i, j)| (s(i, j) - target(i, j)).powi(2)).sum();
    let spread = |row: usize| pairs().map(|(i, j)| (centred[i][row] * centred[j][row] - s(i, j)).powi(2)).sum::<f64>();
    // Sum over days of ‖xx' − S‖²; with T days and divisor T − 1 one S² too few is taken off.
    let squares: f64 = pairs().map(|(i, j)| s(i, j).powi(2)).sum();
    let error = ((0..rows).map(spread).sum::<f64>() - squares) / (n * n);
    let intensity = (error / distance).clamp(0.0, 1.0);
    assert!(intensity > 0.01 && intensity < 0.99, "{intensity} tests nothing");
    let shrunk = Estimator::LedoitWolf.covariance(sample.clone());
    for (i, j) in pairs() {
        let expected = intensity * target(i, j) + (1.0 - intensity) * s(i, j);
        assert!((shrunk.get(i, j) - expected).abs() < 1e-16, "{i} {j}");
    }
    // All components explain everything; two leave the diagonal and the best approximation of rank 2.
    let all = Estimator::Factors { count: rows }.covariance(sample.clone());
    pairs().for_each(|(i, j)| assert!((all.get(i, j) - s(i, j)).abs() < 1e-16));
    let two = Estimator::Factors { count: 2 }.covariance(sample.clone());
    (0..names).for_each(|i| assert!((two.get(i, i) - s(i, i)).abs() < 1e-16));
    let loading = |factor: usize, name: usize| two.loadings(name)[factor];
    for factor in 0..2 {
        // S·b = λ·b with λ = b'b.
        let size: f64 = (0..names).map(|name| loading(factor, name).powi(2)).sum();
        for i in 0..names {
            let product: f64 = (0..names).map(|j| s(i, j) * loading(factor, j)).sum();
            assert!((product - size * loading(factor, i)).abs() < 1e-16);
        }
    }
}

/// Spec 06 §8.6 (a) and (b).
#[test]
fn closed_form_of_the_reference() {
    let (z, beta) = ([1.0, 0.5, -0.5, -1.0], [1.2, 0.8, 1.1, 0.9]);
    let weights = closed_form(&Covariance::diagonal(vec![0.04; 4]), &z, &beta, 1.0).unwrap();
    assert_near(&weights, &[17.5, 20.0, -16.25, -21.25], 1e-11);

    let correlation = |i: usize, j: usize| match (i.min(j), i.max(j)) {
        (0, 1) => 0.5,
        (0, 2) | (2, 3) => 0.3,
        (0, 3) => 0.2,
        (1, 2) => 0.4,
        (1, 3) => 0.1,
        _ => 1.0,
    };
    let covariance = dense(&[0.20, 0.25, 0.30, 0.15], correlation);
    let weights = closed_form(&covariance, &z, &beta, 1.0).unwrap();
    let expected = [14.844_383_660_1, 20.656_487_430_6, -11.938_331_774_8, -23.562_539_315_9];
    assert_near(&weights, &expected, 5.1e-11);
    let linear: f64 = weights.iter().zip(z).map(|(w, z)| w * z).sum();
    assert!((0.5 * covariance.variance_of(&weights) - linear + 27.352_166_289_3).abs() < 5.1e-11);
    let tenth = closed_form(&covariance, &z, &beta, 10.0).unwrap();
    assert_near(&tenth, &expected.map(|weight| weight / 10.0), 1e-11);
    assert_eq!(closed_form(&covariance, &z, &[1.0; 4], 1.0), None);
}

/// The problem of spec 06 §8.6 (c).
fn six_names(risk: f64, solver: Solver) -> (Vec<f64>, f64) {
    let expected = [0.009, 0.006, 0.003, -0.002, -0.006, -0.010];
    let beta = [1.2, 0.8, 1.0, 1.1, 0.9, 1.0];
    let name = |(expected, beta)| Name { range: (-0.25, 0.25), expected, beta, sector: 0, before: 0.0 };
    let names: Vec<Name> = expected.into_iter().zip(beta).map(name).collect();
    let covariance = dense(&[0.04, 0.05, 0.03, 0.04, 0.06, 0.05], |i, j| if i == j { 1.0 } else { 0.3 });
    let limits = Limits { gross: 1.0, sector_net: None, sector_gross: None, turnover: None };
    let balance = Balance::Neutral;
    let problem = Problem { names: &names, covariance: &covariance, risk, cost: 0.0, balance, limits, unit: 0.25 };
    let (solution, weights) = problem.solve(solver);
    assert_eq!(solution.verdict, Verdict::Solved);
    assert!(solution.residual.largest() <= 1e-6);
    let linear: f64 = weights.iter().zip(expected).map(|(w, mu)| w * mu).sum();
    let objective = 0.5 * risk * covariance.variance_of(&weights) - linear;
    if risk == 40.0 {
        // No inequality binds: the closed form of spec 06 §2.7.3.
        assert_near(&weights, &closed_form(&covariance, &expected, &beta, risk).unwrap(), 1e-8);
    }
    (weights, objective)
}

#[test]
fn program_of_six_names() {
    let cases = [
        (5.0, [0.25, 0.25, 0.0, -0.125, -0.125, -0.25], -0.006_381_25),
        (
            20.0,
            [0.222_623_345_4, 0.192_707_021_5, 0.084_669_633_1, -0.154_916_323_8, -0.095_083_676_2, -0.25],
            -0.003_920_603_2,
        ),
        (
            40.0,
            [0.126_892_551_9, 0.106_929_782_6, 0.066_958_157_3, -0.093_334_912_0, -0.053_409_373_4, -0.154_036_206_4],
            -0.002_015_987_1,
        ),
    ];
    for (risk, expected, best) in cases {
        for solver in [Solver::Osqp, Solver::Clarabel] {
            let (weights, objective) = six_names(risk, solver);
            assert_near(&weights, &expected, 1e-6);
            assert!((objective - best).abs() < 1e-9, "{objective}, expected {best}");
        }
    }
}

/// With slack limits the projection is the residual of the regression on [1, β] (8.4); with caps it is still neutral.
#[test]
fn projection() {
    let beta = [1.3, 0.9, 1.1, 0.8, 1.4, 0.6];
    let exposure = [0.25, 0.15, 0.10, -0.20, -0.20, -0.10];
    let residual =
        [0.207_651_245_6, 0.167_437_722_4, 0.087_544_484_0, -0.167_615_658_4, -0.257_295_373_7, -0.037_722_419_9];
    let sector = [0, 0, 1, 1, 2, 2];
    for solver in [Solver::Osqp, Solver::Clarabel] {
        let free = ProjectionLimits { name_cap: 1.0, gross: 1.0, sector_gross: None };
        let (_, weights) = project(&exposure, &beta, &sector, &free, solver);
        assert_near(&weights, &residual, 1e-7);
        let caps = [0.30, 0.20, 0.25];
        let tight = ProjectionLimits { name_cap: 0.18, gross: 0.7, sector_gross: Some(&caps) };
        let (solution, weights) = project(&exposure, &beta, &sector, &tight, solver);
        assert_eq!(solution.verdict, Verdict::Solved);
        assert!(weights.iter().sum::<f64>().abs() < 1e-8);
        assert!(weights.iter().zip(beta).map(|(w, beta)| w * beta).sum::<f64>().abs() < 1e-8);
        assert!(weights.iter().map(|w| w.abs()).sum::<f64>() < 0.7 + 1e-8);
        assert!(weights.iter().zip(exposure).all(|(w, e)| w * e >= 0.0 && w.abs() <= 0.18));
        for (place, cap) in caps.iter().enumerate() {
            assert!(weights[2 * place].abs() + weights[2 * place + 1].abs() < cap + 1e-8);
        }
    }
}

//! Caps on random legs: what must always hold, and the same weights found by bisection.

use kairos_udfs::kernels::portfolio::{Bounds, CapMethod, Caps, Construction, NO_SECTOR, propose};
use rand::Rng;
use rand::rngs::StdRng;

use super::super::series::for_each_case;
use super::names::{NO_CAPS, Names, PLAIN, targets};

fn leg(random: &mut StdRng) -> (Names, Construction) {
    let n = random.random_range(1..50);
    let share = |random: &mut StdRng| match random.random_range(0..6) {
        0 => 0.0,
        1 => f64::from(random.random_range(1..4)),
        2 => random.random::<f64>().powi(20),
        _ => random.random::<f64>(),
    };
    let sectors = random.random_range(1..9);
    let names = Names {
        sector: (0..n)
            .map(|_| if random.random_bool(0.1) { NO_SECTOR } else { random.random_range(0..sectors) })
            .collect(),
        eligible: (0..n).map(|_| random.random_bool(0.9)).collect(),
        ..Names::of(&(0..n).map(|_| share(random)).collect::<Vec<_>>())
    };
    let caps = Caps {
        name: [None, Some(0.02), Some(0.1), Some(0.3)][random.random_range(0..4)],
        sector_multiple: [None, Some(0.5), Some(1.1), Some(2.0)][random.random_range(0..4)],
        sector_limit: [None, Some(0.2)][random.random_range(0..2)],
        method: CapMethod::WaterFill,
    };
    (names, Construction { caps, n_long: random.random_range(1..=n), ..PLAIN })
}

/// The caps of each row's sector, from the definition.
fn sector_caps(names: &Names, caps: &Caps) -> Vec<f64> {
    let count = |row: usize| {
        let same = names.sector.iter().zip(&names.eligible).filter(|(s, e)| **s == names.sector[row] && **e).count();
        same as f64 / names.eligible.iter().filter(|eligible| **eligible).count() as f64
    };
    let cap = |row: usize| match names.sector[row] {
        NO_SECTOR => f64::INFINITY,
        _ => {
            let relative = caps.sector_multiple.map_or(f64::INFINITY, |multiple| multiple * count(row));
            relative.min(caps.sector_limit.unwrap_or(f64::INFINITY))
        }
    };
    (0..names.sector.len()).map(cap).collect()
}

/// The smallest level below 1e280 at which an increasing function reaches a value.
fn bisect(reached: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (1e-280_f64.ln(), 1e280_f64.ln());
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if reached(middle.exp()) { high = middle } else { low = middle }
    }
    high.exp()
}

/// Specification 07 §5.5: `w = min(u, μ_s · share)` by bisection on μ and, in each sector, on μ_s.
fn by_bisection(shares: &[f64], u: f64, sector: &[u32], caps: &[f64]) -> Vec<f64> {
    let members = |row: usize| (0..shares.len()).filter(move |other| sector[*other] == sector[row]);
    let of_sector = |row: usize, level: f64| members(row).map(|other| u.min(level * shares[other])).sum::<f64>();
    let firsts: Vec<usize> = (0..shares.len()).filter(|&row| members(row).next() == Some(row)).collect();
    let total = |level: f64| firsts.iter().map(|&row| of_sector(row, level).min(caps[row])).sum::<f64>();
    let level = bisect(|level| total(level) >= 1.0);
    let weight = |row: usize| {
        let over = of_sector(row, level) > caps[row];
        let level = if over { bisect(|level| of_sector(row, level) >= caps[row]) } else { level };
        u.min(level * shares[row])
    };
    (0..shares.len()).map(weight).collect()
}

#[test]
fn caps_hold_and_nothing_more_could_be_invested() {
    let (mut full, mut infeasible) = (0, 0);
    for_each_case(|case, random| {
        let (names, how) = leg(random);
        let proposal = propose(&names.view(), &how).unwrap();
        let weights = targets(&proposal);
        let caps = sector_caps(&names, &how.caps);
        let u = how.caps.name.unwrap_or(f64::INFINITY);
        let chosen = |row: usize| proposal.picks.iter().any(|pick| pick.row == row);
        let share = |row: usize| if chosen(row) { names.alpha[row] } else { 0.0 };
        let shares: Vec<f64> = (0..names.alpha.len()).map(share).collect();
        if shares.iter().all(|share| *share == 0.0) {
            assert!(proposal.is_empty());
            return;
        }
        // A sector sums to at most its cap, a name to at most its own.
        let mut most = 0.0;
        for (row, &weight) in weights.iter().enumerate() {
            assert!((0.0..=u + 1e-12).contains(&weight), "case {case}: {weight} above {u}");
            let members: Vec<usize> =
                (0..weights.len()).filter(|&other| names.sector[other] == names.sector[row]).collect();
            let sector: f64 = members.iter().map(|&other| weights[other]).sum();
            assert!(sector <= caps[row] + 2e-12, "case {case}: {sector} above {}", caps[row]);
            let room = members.iter().filter(|&&other| shares[other] > 0.0).map(|_| u.min(1.0)).sum::<f64>();
            if members[0] == row {
                most += caps[row].min(room);
            }
            // Within a sector, weights are proportional to shares below the cap of names.
            for other in members {
                let below = weight > 0.0 && weight < u && weights[other] > 0.0 && weights[other] < u;
                let skew = weight * shares[other] - weights[other] * shares[row];
                assert!(!below || skew.abs() <= 1e-12 * weight * shares[other], "case {case}: {skew}");
            }
        }
        let sum: f64 = weights.iter().sum();
        assert!((sum - most.min(1.0)).abs() < 1e-9, "case {case}: {sum} invested, {most} possible");
        let expected = by_bisection(&shares, u, &names.sector, &caps);
        for (found, expected) in weights.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-9, "case {case}: {weights:?}, expected {expected:?}");
        }
        full += usize::from(proposal.picks.iter().any(|pick| pick.bounds.contains(Bounds::SECTOR_CAP)));
        infeasible += usize::from(sum < 1.0 - 1e-9);
    });
    assert!(full > 2_000 && infeasible > 1_000, "{full} with a full sector, {infeasible} with cash");
}

#[test]
fn a_single_pass_is_the_definition() {
    for_each_case(|case, random| {
        let (names, mut how) = leg(random);
        how.caps.method = CapMethod::SinglePass;
        let uncapped = targets(&propose(&names.view(), &Construction { caps: NO_CAPS, ..how }).unwrap());
        let caps = sector_caps(&names, &how.caps);
        let divided = |w: Vec<f64>| {
            let sum = w.iter().sum::<f64>();
            w.into_iter().map(|w| if sum > 0.0 { w / sum } else { 0.0 }).collect::<Vec<_>>()
        };
        let w = divided(uncapped.iter().map(|w| w.min(how.caps.name.unwrap_or(1.0))).collect());
        let sector =
            |row: usize| (0..w.len()).filter(|&j| names.sector[j] == names.sector[row]).map(|j| w[j]).sum::<f64>();
        let cut = |row: usize| if sector(row) > caps[row] { w[row] * caps[row] / sector(row) } else { w[row] };
        let expected = divided((0..w.len()).map(cut).collect());
        for (found, expected) in targets(&propose(&names.view(), &how).unwrap()).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "case {case}: {found}, expected {expected}");
        }
    });
}

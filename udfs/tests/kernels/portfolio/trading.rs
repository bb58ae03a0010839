//! Turnover control: worked examples (specification 06 §8.2), and random books against a naive version.

use std::collections::BTreeMap;

use kairos_udfs::kernels::portfolio::{
    Bounds, Construction, Holdings, OnEmpty, Pick, Portfolio, Proposal, Status, Turnover, propose,
};
use rand::Rng;

use super::super::series::for_each_case;
use super::names::{Names, PLAIN, assert_near, weights};
use super::properties::market;

const LAST_DIGIT: f64 = 0.51e-10;

/// Chooses the names whose weight is not 0.
fn proposal(weights: &[f64]) -> Proposal {
    let pick = |(row, &target): (usize, &f64)| Pick { row, rank: row as i32 + 1, target, bounds: Bounds::NONE };
    let picks = weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0).map(pick).collect();
    Proposal { z: vec![0.0; weights.len()], picks }
}

fn trade(turnover: Turnover, wanted: &[&[f64]], period_return: &[f64]) -> Vec<Portfolio> {
    let names = Names { period_return: period_return.to_vec(), ..Names::of(&vec![0.0; period_return.len()]) };
    let mut holdings = Holdings::default();
    let how = Construction { turnover, ..PLAIN };
    wanted.iter().map(|wanted| holdings.rebalance(&names.view(), &proposal(wanted), &how)).collect()
}

const OLD: &[f64] = &[0.5, 0.3, 0.2, 0.0, 0.0];
const NEW: &[f64] = &[0.2, 0.2, 0.0, 0.6, 0.0];

#[test]
fn restricted_as_the_reference() {
    let how = Turnover::Restrict { lambda: 0.20, cap: 0.20 };
    let found = trade(how, &[OLD, NEW, &[0.4, 0.0, 0.0, 0.4, 0.2]], &[0.05, -0.02, 0.01, 0.0, 0.0]);
    assert_near("bought at once", &weights(&found[0], 5), OLD, 0.0);
    assert_near("first", &weights(&found[1], 5), &[0.45, 0.2833333333, 0.0, 0.10, 0.0], LAST_DIGIT);
    assert_near("invested", &[found[1].net()], &[0.8333333333], LAST_DIGIT);
    assert_eq!(found[1].positions[0].bounds, Bounds::TURNOVER_CAP);
    let expected = [0.5076923077, 0.0, 0.0, 0.1846153846, 0.0461538462];
    assert_near("second", &weights(&found[2], 5), &expected, LAST_DIGIT);
    assert_near("invested", &[found[2].net()], &[0.7384615385], LAST_DIGIT);
    assert_eq!(found[2].positions[0].bounds, Bounds::NONE);
    // The example compares with {A .45, B .2833…, D .10}: A +.0577, B −.2833, D +.0846, E +.0462.
    let change = 0.5076923077 - 0.45 + 0.2833333333 + 0.1846153846 - 0.10 + 0.0461538462;
    assert_near("turnover", &[2.0 * found[2].turnover()], &[change], 1e-9);
}

#[test]
fn the_reference_skips_a_date() {
    let how = Construction { turnover: Turnover::Restrict { lambda: 0.2, cap: 0.2 }, on_empty: OnEmpty::Skip, ..PLAIN };
    let (all, one) = (Names::of(&[0.0; 5]), Names { ticker: vec![7], ..Names::of(&[0.0]) });
    let mut holdings = Holdings::default();
    holdings.rebalance(&all.view(), &proposal(OLD), &how);
    // Name 7 is the only one of a date without a signal: the book is not touched, though none of its names is there.
    let skipped = holdings.rebalance(&one.view(), &proposal(&[0.0]), &how);
    assert_eq!((skipped.status, skipped.positions.len()), (Status::Skipped, 0));
    let next = holdings.rebalance(&all.view(), &proposal(NEW), &how);
    assert_near("as without the date", &weights(&next, 5), &[0.45, 0.2833333333, 0.0, 0.10, 0.0], LAST_DIGIT);
}

#[test]
fn full_book() {
    let still = [0.0; 5];
    let full = |lambda, cap_one_way| Turnover::FullBook { lambda, cap_one_way, dust: 1e-4 };
    let found = trade(full(0.5, 0.20), &[OLD, NEW], &still);
    let expected = [0.40, 0.2666666667, 0.1333333333, 0.20, 0.0];
    assert_near("half of the way", &weights(&found[1], 5), &expected, LAST_DIGIT);
    assert_near("costs", &[2.0 * found[1].turnover() * 0.001, found[1].cash()], &[4e-4, 0.0], 1e-15);
    assert!(found[1].positions.iter().all(|position| position.bounds == Bounds::TURNOVER_CAP));
    let found = trade(full(0.2, 0.10), &[OLD, NEW], &still);
    let expected = [0.45, 0.2833333333, 0.1666666667, 0.10, 0.0];
    assert_near("a fifth", &weights(&found[1], 5), &expected, LAST_DIGIT);
    let found = trade(full(0.2, 1.0), &[OLD, NEW], &[0.05, -0.02, 0.01, 0.0, 0.0]);
    let before: Vec<f64> = found[1].positions.iter().map(|position| position.before).collect();
    assert_near("drift", &before, &[0.5142017630, 0.2879529873, 0.1978452498, 0.0], LAST_DIGIT);
}

/// Specification 07 §12, E3: A B C D E F, and H in place 6.
#[test]
fn live_smoothing() {
    let prior: &[f64] = &[0.30, 0.0, 0.20, 0.0, 0.0, 0.30, 0.20];
    let still = [0.0; 7];
    // The reference, on its own target of E2: half of the way, measured on the five names that it wants.
    let own: &[f64] = &[0.3136497654, 0.1259637612, 0.3660995589, 0.1207729469, 0.0735139677, 0.0, 0.0];
    let expected = [0.4090998436, 0.0839758408, 0.3773997059, 0.0805152979, 0.0490093118, 0.0, 0.0];
    for (cap_one_way, binds) in [(0.30, false), (0.1251, false)] {
        let found = trade(Turnover::Picks { lambda: 0.5, cap_one_way }, &[prior, own], &still);
        assert_near("reference", &weights(&found[1], 7), &expected, 2.0 * LAST_DIGIT);
        assert_eq!(found[1].positions[0].bounds.contains(Bounds::TURNOVER_CAP), binds);
        assert_near("what it trades", &[found[1].turnover()], &[0.50], 1e-9);
    }
    let capped = trade(Turnover::Picks { lambda: 0.5, cap_one_way: 0.0625 }, &[prior, own], &still).remove(1);
    assert!(capped.positions[0].bounds.contains(Bounds::TURNOVER_CAP), "0.125 is above 0.0625");
    let half = |name: usize| prior[name] + 0.25 * (own[name] - prior[name]);
    let sum: f64 = (0..5).map(half).sum();
    assert_near("capped", &weights(&capped, 7)[..5], &[0, 1, 2, 3, 4].map(|name| half(name) / sum), 1e-9);
    // Exact, on the exact target of E2: over all that is held or wanted.
    let exact: &[f64] = &[0.30, 0.10, 0.30, 0.20, 0.10, 0.0, 0.0];
    let full = |cap_one_way| Turnover::FullBook { lambda: 0.5, cap_one_way, dust: 5e-4 };
    let found = trade(full(0.30), &[prior, exact], &still).remove(1);
    assert_near("within the cap", &weights(&found, 7), &[0.30, 0.05, 0.25, 0.10, 0.05, 0.15, 0.10], 1e-15);
    assert_near("turnover", &[found.turnover(), found.cash()], &[0.25, 0.0], 1e-15);
    let found = trade(full(0.10), &[prior, exact], &still).remove(1);
    assert_near("at the cap", &weights(&found, 7), &[0.30, 0.02, 0.22, 0.04, 0.02, 0.24, 0.16], 1e-15);
    assert_near("turnover", &[found.turnover(), found.cash()], &[0.10, 0.0], 1e-15);
}

#[test]
fn what_is_left_of_a_name_is_closed() {
    let how = Turnover::FullBook { lambda: 0.5, cap_one_way: 1.0, dust: 0.06 };
    let found = trade(how, &[OLD, NEW, NEW], &[0.0; 5]);
    assert_near("half", &[weights(&found[1], 5)[2]], &[0.1], 1e-15);
    assert_eq!((weights(&found[2], 5)[2], found[2].positions[2].bounds), (0.0, Bounds::DUST));
}

/// The rules of specification 06 §2.5 and §6.2, on maps of weights.
fn naive(
    old: &BTreeMap<u32, f64>,
    target: &BTreeMap<u32, f64>,
    chosen: &[u32],
    here: &[u32],
    how: Turnover,
) -> BTreeMap<u32, f64> {
    let of = |weights: &BTreeMap<u32, f64>, ticker: &u32| weights.get(ticker).copied().unwrap_or(0.0);
    let union: Vec<u32> =
        old.keys().chain(target.keys()).copied().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    match how {
        Turnover::Restrict { lambda, cap } if !old.is_empty() => {
            let pre: Vec<f64> = union.iter().map(|t| (1.0 - lambda) * of(old, t) + lambda * of(target, t)).collect();
            let moved: f64 = union.iter().zip(&pre).map(|(t, pre)| (pre - of(old, t)).abs()).sum();
            let full: Vec<f64> = union
                .iter()
                .zip(&pre)
                .map(|(t, pre)| if moved > cap { of(old, t) + cap / moved * (pre - of(old, t)) } else { *pre })
                .collect();
            let sum: f64 = full.iter().sum();
            union.iter().zip(full).filter(|(t, _)| chosen.contains(t)).map(|(t, w)| (*t, w / sum)).collect()
        }
        Turnover::Picks { lambda, cap_one_way } if !old.is_empty() => {
            let change: Vec<f64> = chosen.iter().map(|t| lambda * (of(target, t) - of(old, t))).collect();
            let one_way = 0.5 * change.iter().map(|change| change.abs()).sum::<f64>();
            let part = if one_way > cap_one_way { cap_one_way / one_way } else { 1.0 };
            let moved: Vec<f64> = chosen.iter().zip(change).map(|(t, change)| of(old, t) + part * change).collect();
            let sum: f64 = moved.iter().sum();
            chosen.iter().zip(moved).map(|(t, w)| (*t, w / sum)).collect()
        }
        Turnover::FullBook { lambda, cap_one_way, dust } if old.keys().any(|t| here.contains(t)) => {
            let there: Vec<u32> = union.into_iter().filter(|t| here.contains(t)).collect();
            let change: Vec<f64> = there.iter().map(|t| lambda * (of(target, t) - of(old, t))).collect();
            let one_way = 0.5 * change.iter().map(|change| change.abs()).sum::<f64>();
            let part = if one_way > cap_one_way { cap_one_way / one_way } else { 1.0 };
            let moved = there.iter().zip(change).map(|(t, change)| (*t, of(old, t) + part * change));
            moved.filter(|(t, w)| of(target, t) != 0.0 || w.abs() >= dust).collect()
        }
        _ => target.clone(),
    }
}

#[test]
fn random_books() {
    let mut capped = 0;
    for_each_case(|case, random| {
        let (dates, mut how) = market(random);
        let lambda = [0.2, 0.5, 1.0][random.random_range(0..3)];
        let cap = [0.05, 0.3, 10.0][random.random_range(0..3)];
        how.turnover = match random.random_range(0..4) {
            0 => Turnover::None,
            1 if how.book == PLAIN.book => Turnover::Restrict { lambda, cap },
            2 if how.book == PLAIN.book => Turnover::Picks { lambda, cap_one_way: cap },
            _ => Turnover::FullBook { lambda, cap_one_way: cap, dust: [0.0, 1e-4, 0.02][random.random_range(0..3)] },
        };
        let (mut holdings, mut old) = (Holdings::default(), BTreeMap::new());
        for names in &dates {
            let proposal = propose(&names.view(), &how).unwrap();
            let found = holdings.rebalance(&names.view(), &proposal, &how);
            if found.status != Status::Ok {
                // Held, skipped or ruined books have tests of their own; the naive version goes on from there.
                old = holdings.weights().iter().copied().collect();
                continue;
            }
            let picks = || proposal.picks.iter().map(|pick| (names.ticker[pick.row], pick.target));
            let chosen: Vec<u32> = picks().map(|(ticker, _)| ticker).collect();
            let target = picks().filter(|(_, target)| *target != 0.0).collect();
            let expected = naive(&old, &target, &chosen, &names.ticker, how.turnover);
            for position in &found.positions {
                let of = |weights: &BTreeMap<u32, f64>| weights.get(&position.ticker).copied().unwrap_or(0.0);
                let pairs = [(position.weight, of(&expected)), (position.before, of(&old))];
                // Books close to ruin may hold a multiple of the capital.
                let near = pairs.iter().all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs().max(1.0));
                assert!(near, "case {case}: {position:?}, expected {pairs:?}");
            }
            let missed =
                expected.iter().filter(|(t, w)| **w != 0.0 && !found.positions.iter().any(|p| p.ticker == **t));
            assert_eq!(missed.count(), 0, "case {case}");
            capped += usize::from(found.positions.iter().any(|p| p.bounds.contains(Bounds::TURNOVER_CAP)));
            let growth = |ticker: u32| {
                let row = names.ticker.iter().position(|other| *other == ticker).unwrap();
                let r = names.period_return[row];
                if r.is_finite() { 1.0 + r.max(-1.0) } else { 1.0 }
            };
            old = expected;
            if !matches!(how.turnover, Turnover::Restrict { .. } | Turnover::Picks { .. }) {
                let capital: f64 = 1.0 + old.iter().map(|(t, w)| w * (growth(*t) - 1.0)).sum::<f64>();
                old = old.into_iter().map(|(t, w)| (t, w * growth(t) / capital)).collect();
            }
            old.retain(|_, weight| *weight != 0.0);
        }
    });
    assert!(capped > 3_000, "only {capped} dates were capped");
}

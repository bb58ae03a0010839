//! The closed-form market of specification 06 §9.

use super::names::Names;

pub const NAMES: usize = 24;

const SECTOR_SIZES: [usize; 5] = [9, 6, 5, 3, 1];

pub fn close(i: usize, t: usize) -> f64 {
    let (i, t) = (i as f64, t as f64);
    30.0 + i + 4.0 * (0.05 * t * (1.0 + 0.07 * i) + i).sin() + 1.5 * (0.9 * t + 2.0 * i).cos() + 0.02 * t
}

pub fn alpha(i: usize, t: usize) -> f64 {
    let (i, t) = (i as f64, t as f64);
    (0.3 * i + 0.11 * t).sin() + 0.5 * (0.7 * i - 0.05 * t).cos()
}

fn sector(i: usize) -> u32 {
    let entry = 5 * i % NAMES;
    let mut end = 0;
    let sizes = SECTOR_SIZES.iter();
    sizes
        .take_while(|size| {
            end += **size;
            end <= entry
        })
        .count() as u32
}

/// The names on day t, eligible with a dollar volume of at least `adv`. Their return is that of the next five days.
pub fn names(t: usize, adv: f64) -> Names {
    let all = || 0..NAMES;
    Names {
        volatility: all().map(|i| 0.010 + 0.001 * (7 * i % NAMES) as f64).collect(),
        beta: all().map(|i| 0.5 + 0.05 * (11 * i % NAMES) as f64).collect(),
        sector: all().map(sector).collect(),
        eligible: all().map(|i| 1e6 * (1 + 5 * i % NAMES) as f64 >= adv).collect(),
        period_return: all().map(|i| close(i, t + 5) / close(i, t) - 1.0).collect(),
        ..Names::of(&all().map(|i| alpha(i, t)).collect::<Vec<_>>())
    }
}

/// The 19 rebalance dates, from 2019-05-21.
pub fn rebalances(adv: f64) -> Vec<Names> {
    (100..195).step_by(5).map(|t| names(t, adv)).collect()
}

#[test]
fn the_market_is_the_one_of_the_specification() {
    assert_eq!(close(0, 0), 31.5);
    assert!((close(0, 1) - 31.152331629488707).abs() < 1e-13);
    assert!((close(23, 199) - 53.81760537888499).abs() < 1e-12);
    assert!((alpha(5, 100) + 0.03095329651734923).abs() < 1e-14);
    let counts: Vec<usize> = (0..5).map(|s| (0..NAMES).filter(|&i| sector(i) == s).count()).collect();
    assert_eq!(counts, SECTOR_SIZES);
    assert_eq!(rebalances(2e6)[0].eligible.iter().filter(|eligible| **eligible).count(), 23);
}

//! Leverage for a volatility: specification 06 §8.3, and random returns.

use kairos_udfs::kernels::Window;
use kairos_udfs::kernels::portfolio::{VolMethod, VolTarget, vol_target};
use rand::Rng;

use super::super::naive;
use super::super::series::{for_each_case, length, series};
use super::names::assert_near;

const LAST_DIGIT: f64 = 0.51e-10;
const RAW: [f64; 6] = [0.01, -0.02, 0.015, 0.03, -0.005, 0.012];

fn levered(returns: &[f64], method: VolMethod) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let found = vol_target(returns, &[], &VolTarget { target: 0.20, periods_per_year: 252.0 / 5.0, method });
    let leverage: Vec<f64> = found.iter().map(|l| l.leverage).collect();
    let earned = leverage.iter().zip(returns).map(|(l, r)| l * r).collect();
    (leverage, found.iter().map(|l| l.volatility).collect(), earned)
}

fn ex_ante(window: usize, min_periods: usize, bounds: (f64, f64), shift: usize) -> VolMethod {
    let window = Window::new(window, min_periods).expect("1 <= min_periods <= window");
    VolMethod::ExAnteRealised { window, lo: bounds.0, hi: bounds.1, shift }
}

#[test]
fn by_hand() {
    let (leverage, volatility, earned) = levered(&RAW, VolMethod::ExPost);
    assert_near("volatility", &volatility[5..], &[0.12296340919151519], 1e-15);
    assert_near("scale", &leverage[..1], &[1.6265001215808885], 1e-14);
    let expected = [0.0162650012, -0.0325300024, 0.0243975018, 0.0487950036, -0.0081325006, 0.0195180015];
    assert_near("ex post", &earned, &expected, LAST_DIGIT);

    let (leverage, volatility, earned) = levered(&RAW, ex_ante(3, 3, (0.5, 1.5), 0));
    let none = f64::NAN;
    // The specification prints the last one as .1246595263; it is √50.4 · sd(.015, .03, −.005).
    let expected = [none, none, none, 0.1343874994, 0.1821537812, 0.1246595363];
    assert_near("volatility", &volatility, &expected, LAST_DIGIT);
    assert_near("leverage", &leverage, &[1.0, 1.0, 1.0, 1.4882336591, 1.0979733646, 1.5], LAST_DIGIT);
    let expected = [0.01, -0.02, 0.015, 0.0446470098, -0.0054898668, 0.018];
    assert_near("ex ante", &earned, &expected, LAST_DIGIT);
    let (shifted, ..) = levered(&RAW, ex_ante(3, 3, (0.5, 1.5), 1));
    assert_near("a period later", &shifted, &[1.0, 1.0, 1.0, 1.0, 1.4882336591, 1.0979733646], LAST_DIGIT);
}

#[test]
fn from_what_is_expected() {
    let method = VolMethod::ExAnteCovariance { lo: 0.5, hi: 1.5 };
    let how = VolTarget { target: 0.20, periods_per_year: 252.0 / 5.0, method };
    let expected = [0.16, 0.10, 0.80, f64::NAN, 0.0, f64::INFINITY];
    let of = |returns: &[f64]| vol_target(returns, &expected, &how).iter().map(|l| l.leverage).collect::<Vec<_>>();
    assert_near("leverage", &of(&RAW), &[1.25, 1.5, 0.5, 1.0, 1.0, 1.0], 1e-15);
    assert_eq!(of(&[f64::NAN; 6]), of(&RAW), "the returns say nothing");
    let found = vol_target(&RAW, &expected[..2], &how);
    assert_eq!((found.len(), found[2].leverage, found[1].volatility), (6, 1.0, 0.10));
}

#[test]
fn without_volatility() {
    let ones = |returns: &[f64], method| levered(returns, method).0.iter().all(|leverage| *leverage == 1.0);
    let methods = [VolMethod::ExPost, ex_ante(2, 1, (0.2, 4.0), 0)];
    for method in methods {
        assert!(ones(&[0.01], method) && ones(&[0.0; 9], method) && ones(&[f64::NAN; 4], method));
        assert!(ones(&[], method));
    }
}

#[test]
fn random_returns() {
    for_each_case(|case, random| {
        let rows = length(random).min(120);
        let returns: Vec<f64> = series(random, rows).iter().map(|x| x / 1e3).collect();
        let n = random.random_range(1..60);
        let (min, shift, bounds) = (random.random_range(1..=n), random.random_range(0..4), (0.25, 1.5));
        let method = ex_ante(n, min, bounds, shift);
        let (leverage, ..) = levered(&returns, method);
        for (k, found) in leverage.iter().enumerate() {
            let end = k.saturating_sub(shift);
            let known = naive::present(&returns[end.saturating_sub(n)..end]);
            let deviation = naive::deviation(&known).filter(|_| known.len() >= min).map_or(0.0, |(s, _)| s);
            let free = 0.2 / (50.4_f64.sqrt() * deviation);
            let expected = if deviation > 0.0 { free.clamp(bounds.0, bounds.1) } else { 1.0 };
            assert!((found - expected).abs() < 1e-8, "case {case}, period {k}: {found}, expected {expected}");
        }
        let known = random.random_range(0..=rows);
        let (before, ..) = levered(&returns[..known], method);
        assert_eq!(before, leverage[..known], "case {case}: leverage looks ahead");
        let (ex_post, ..) = levered(&returns, VolMethod::ExPost);
        assert!(ex_post.iter().all(|leverage| leverage.is_finite() && *leverage > 0.0), "case {case}: {ex_post:?}");
    });
}

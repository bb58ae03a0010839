//! One date of the reference's optimiser (spec 06 §2.7).

use super::closed_form::closed_form;
use super::covariance::Covariance;
use super::estimator::Estimator;
use super::options::{KktClip, Optimization, Script};
use super::outcome::{Bound, Cause, Decision, Fallbacks, Status, Weight};
use super::returns::{Coverage, Returns};
use super::signal::{Sectors, Signal};
use crate::kernels::rebalance::{Bounds, CrossSection, residual};

/// Fewer names are not neutralised.
const MIN_NAMES: usize = 3;

/// The names that are optimised: rows of the cross-section, ascending, with their scores, betas and sectors.
struct Names {
    rows: Vec<usize>,
    z: Vec<f64>,
    beta: Vec<f64>,
    sector: Vec<usize>,
}

/// Decides on the book of one date. The target of a position is the solution of the linear system.
pub(crate) fn optimize(
    day: i32,
    cross: &CrossSection<'_>,
    signal: &Signal,
    returns: &Returns,
    how: &Optimization,
    method: &KktClip,
) -> Decision {
    let sectors = Sectors::of(cross, signal);
    let candidates = signal.candidates(how.long, how.short, |row| cross.beta[row].is_finite());
    let rows: Vec<usize> = candidates.iter().map(|candidate| candidate.row).collect();
    let mut fallbacks = Fallbacks::default();
    let without_weights = |cause, fallbacks| match method.script {
        Script::Research => Decision::without_weights(Status::Skipped(cause), fallbacks),
        Script::Production => Decision::without_weights(Status::Flat(cause), fallbacks),
    };
    let Risk { rows, covariance, returns } = risk(day, cross, rows, returns, method, &mut fallbacks);
    let Some(covariance) = covariance else {
        return without_weights(Cause::TooFewReturns, fallbacks);
    };
    if rows.is_empty() {
        return without_weights(Cause::NoCandidates, fallbacks);
    }
    let of = |values: &[f64]| rows.iter().map(|row| values[*row]).collect::<Vec<f64>>();
    let sector = rows.iter().map(|row| sectors.place(cross.sector[*row])).collect();
    let names = Names { z: of(&signal.z), beta: of(cross.beta), sector, rows };
    let raw = closed_form(&covariance, &names.z, &names.beta, method.risk_aversion).unwrap_or_else(|| {
        fallbacks.singular = true;
        let norm = names.z.iter().map(|z| z * z).sum::<f64>().sqrt();
        names.z.iter().map(|z| z / (norm + method.epsilon)).collect()
    });
    let Some(weights) = book(&names, &raw, how, sectors.shares()) else {
        return without_weights(Cause::NoWeights, fallbacks);
    };
    let position = |(&row, (&target, &weight))| {
        let bound = match target {
            _ if target >= how.name_cap => Bound::Upper,
            _ if target <= -how.name_cap => Bound::Lower,
            _ => Bound::None,
        };
        Weight { row, target, weight, bound, limits: Bounds::NONE }
    };
    let weights = names.rows.iter().zip(raw.iter().zip(&weights)).map(position).collect();
    Decision { weights, returns, ..Decision::without_weights(Status::Solved, fallbacks) }
}

/// What is known of the risk of candidates.
struct Risk {
    /// Their rows of the cross-section that have a price in the window, ascending.
    rows: Vec<usize>,
    /// Nothing if there are too few returns to make one.
    covariance: Option<Covariance>,
    /// Rows of returns in the window.
    returns: usize,
}

fn risk(
    day: i32,
    cross: &CrossSection<'_>,
    rows: Vec<usize>,
    returns: &Returns,
    method: &KktClip,
    fallbacks: &mut Fallbacks,
) -> Risk {
    let tickers: Vec<u32> = rows.iter().map(|row| cross.ticker[*row]).collect();
    let window = returns.calendar_days(day.saturating_sub(method.lookback_days), day, method.window, &tickers);
    let returns = window.sample.rows();
    let too_few = method.min_rows.is_some_and(|needed| returns < needed);
    let kept = |coverage: Coverage| match (coverage, method.script) {
        (Coverage::NoPrice, _) => false,
        (Coverage::NoReturn, Script::Research) => too_few,
        _ => true,
    };
    let kept: Vec<usize> = (0..rows.len()).filter(|name| kept(window.coverage[*name])).collect();
    fallbacks.without_data = rows.len() - kept.len();
    let rows: Vec<usize> = kept.iter().map(|name| rows[*name]).collect();
    if too_few {
        fallbacks.identity_covariance = true;
        let covariance = Some(Covariance::diagonal(vec![1.0; rows.len()]));
        return Risk { rows, covariance, returns };
    }
    if returns < 2 {
        return Risk { rows, covariance: None, returns };
    }
    let mut covariance = Estimator::Diagonal { intensity: method.shrink }.covariance(window.sample.select(&kept));
    (0..rows.len()).for_each(|name| covariance.add_specific(name, method.ridge));
    Risk { rows, covariance: Some(covariance), returns }
}

/// From the solution to the book: clip, sector cap, gross 1, residual, gross 1. Nothing if no weight is left.
fn book(names: &Names, raw: &[f64], how: &Optimization, shares: &[f64]) -> Option<Vec<f64>> {
    let cap = how.name_cap;
    let clip = |(weight, z): (&f64, &f64)| if *z == 0.0 { 0.0 } else { weight.max(-cap).min(cap) };
    let mut weights: Vec<f64> = raw.iter().zip(&names.z).map(clip).collect();
    cap_sectors(&mut weights, &names.sector, shares, how.sector_multiple);
    scale_to(&mut weights, 1.0)?;
    residual(&mut weights, &names.beta, MIN_NAMES);
    scale_to(&mut weights, 1.0)?;
    Some(weights)
}

/// Scales the sectors whose net weight is above their cap, once, then all weights to the gross there was.
fn cap_sectors(weights: &mut [f64], sector: &[usize], shares: &[f64], multiple: f64) {
    let before = gross(weights);
    let mut net = vec![0.0_f64; shares.len()];
    sector.iter().zip(&*weights).for_each(|(sector, weight)| net[*sector] += weight);
    for (weight, &sector) in weights.iter_mut().zip(sector) {
        let cap = multiple * shares[sector];
        if net[sector].abs() > cap && cap > 0.0 {
            *weight *= cap / net[sector].abs();
        }
    }
    // Without any weight there is nothing to scale.
    let _ = scale_to(weights, before);
}

fn gross(weights: &[f64]) -> f64 {
    weights.iter().map(|weight| weight.abs()).sum()
}

/// Scales weights to a gross; nothing if it is 0 or not finite.
fn scale_to(weights: &mut [f64], to: f64) -> Option<()> {
    let from = gross(weights);
    (from > 0.0 && from.is_finite()).then(|| weights.iter_mut().for_each(|weight| *weight *= to / from))
}

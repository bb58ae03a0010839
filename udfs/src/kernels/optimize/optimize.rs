//! Optimised books, date by date.

use super::holdings::Holdings;
use super::kkt_clip;
use super::mean_variance::{Carried, Date};
use super::options::{Method, Optimization};
use super::outcome::{Bound, Decision, Optimized, Position, Status};
use super::returns::Returns;
use super::signal::Signal;
use crate::kernels::Degenerate;
use crate::kernels::parallel::in_parallel;
use crate::kernels::rebalance::{Bounds, CrossSection};

/// How many consecutive dates are worked on one after the other, each from the solution before, where books do not depend
/// on each other. The first has no such start. Which dates these are depends on nothing but their places, so that neither
/// threads nor later dates have any effect.
const RUN: usize = 16;

/// The optimised book of every date, in days since 1970-01-01, ascending. A book depends on its date and, with trading
/// costs or a turnover limit, on the book before it: never on later dates, and not on the number of threads. Without
/// costs or limit the dates are worked on by so many threads at once.
pub fn optimize(
    dates: &[(i32, CrossSection<'_>)],
    returns: &Returns,
    how: &Optimization,
    threads: usize,
) -> Vec<Optimized> {
    let mut holdings = Holdings::default();
    match &how.method {
        Method::MeanVariance(method) if method.carries_over() => {
            let mut carried = Carried::new(method);
            let step = |date: &(i32, CrossSection<'_>)| {
                let signal = Signal::of(&date.1, how.clip, Degenerate::Corrected, how.ties);
                let before = holdings.by_row(&date.1);
                let date_of = Date { day: date.0, cross: &date.1, signal: &signal, returns };
                let decision = date_of.optimize(how, method, Some(&before), &mut carried);
                settle(date, &signal, decision, &mut holdings)
            };
            dates.iter().map(step).collect()
        }
        _ => {
            let runs: Vec<_> = dates.chunks(RUN).collect();
            let decisions = in_parallel(&runs, threads, |run| decide(run, returns, how));
            let each = dates.iter().zip(decisions.into_iter().flatten());
            each.map(|(date, (signal, decision))| settle(date, &signal, decision, &mut holdings)).collect()
        }
    }
}

/// Decides on consecutive dates that do not depend on the books before them.
fn decide(run: &[(i32, CrossSection<'_>)], returns: &Returns, how: &Optimization) -> Vec<(Signal, Decision)> {
    match &how.method {
        Method::MeanVariance(method) => {
            let mut carried = Carried::new(method);
            let decide = |(day, cross): &(i32, CrossSection<'_>)| {
                let signal = Signal::of(cross, how.clip, Degenerate::Corrected, how.ties);
                let date = Date { day: *day, cross, signal: &signal, returns };
                let decision = date.optimize(how, method, None, &mut carried);
                (signal, decision)
            };
            run.iter().map(decide).collect()
        }
        Method::KktClip(method) => {
            let decide = |(day, cross): &(i32, CrossSection<'_>)| {
                let signal = Signal::of(cross, how.clip, Degenerate::Reference, how.ties);
                let decision = kkt_clip::optimize(*day, cross, &signal, returns, how, method);
                (signal, decision)
            };
            run.iter().map(decide).collect()
        }
    }
}

/// Makes positions of a decision and of what was held before, and lets them drift to the next date.
fn settle(
    (day, cross): &(i32, CrossSection<'_>),
    signal: &Signal,
    decision: Decision,
    holdings: &mut Holdings,
) -> Optimized {
    let before = holdings.by_row(cross);
    let held = matches!(decision.status, Status::Held(_));
    let mut decided = vec![None; cross.len()];
    decision.weights.iter().for_each(|weight| decided[weight.row] = Some(*weight));
    let mut positions = Vec::new();
    for (row, decided) in decided.iter().enumerate() {
        if decided.is_none() && before[row] == 0.0 {
            continue;
        }
        let kept = if held { before[row] } else { 0.0 };
        let (target, weight, bound, limits) = match decided {
            Some(decided) if !held => (decided.target, decided.weight, decided.bound, decided.limits),
            _ => (kept, kept, Bound::None, Bounds::NONE),
        };
        let (ticker, z, rank, before) = (cross.ticker[row], signal.z[row], signal.rank[row], before[row]);
        positions.push(Position { ticker, z, rank, target, weight, before, bound, limits });
    }
    for (ticker, before) in holdings.gone(cross) {
        let (z, rank, target, weight) = (f64::NAN, 0, 0.0, 0.0);
        let (bound, limits) = (Bound::None, Bounds::NONE);
        positions.push(Position { ticker, z, rank, target, weight, before, bound, limits });
    }
    positions.sort_by_key(|position| position.ticker);
    *holdings = Holdings::drifted(cross, positions.iter().map(|position| (position.ticker, position.weight)));
    let bound = decision.weights.iter().filter(|weight| weight.bound != Bound::None).count();
    Optimized {
        day: *day,
        positions,
        status: decision.status,
        residual: decision.residual,
        iterations: decision.iterations,
        warm: decision.warm,
        at_bound: bound as f64 / decision.weights.len().max(1) as f64,
        returns: decision.returns,
        fallbacks: decision.fallbacks,
    }
}

//! One date of the mean–variance optimiser (spec 06 §6.4).

use super::limit::{Limit, Priced};
use super::memory::Memory;
use super::options::{Book, MeanVariance, Optimization};
use super::outcome::{Bound, Cause, Decision, Fallbacks, Relaxation, Status, Weight};
use super::problem::{Balance, Limits, Name, Problem};
use super::returns::Returns;
use super::signal::{Candidate, Sectors, Side, Signal};
use super::solver::{Solution, Verdict, Workspace};
use crate::kernels::rebalance::{Bounds, CrossSection};

/// A price of a limit, relative to the largest expected return, that is none.
const NEGLIGIBLE: f64 = 1e-7;

/// What is kept from one date to the next: the workspaces of the solver and of the other one, once it was needed, and
/// what is remembered of the last date that was solved.
pub(crate) struct Carried {
    solver: Workspace,
    other: Option<Workspace>,
    memory: Memory,
}

impl Carried {
    /// Nothing yet.
    pub fn new(method: &MeanVariance) -> Self {
        Self { solver: Workspace::new(method.solver), other: None, memory: Memory::default() }
    }
}

/// One date.
pub(crate) struct Date<'a> {
    pub day: i32,
    pub cross: &'a CrossSection<'a>,
    pub signal: &'a Signal,
    pub returns: &'a Returns,
}

impl Date<'_> {
    /// Decides on a book. `before` are the weights by row of the cross-section, if the new book depends on them: what is
    /// held and no candidate can then be kept or sold.
    pub fn optimize(
        &self,
        how: &Optimization,
        method: &MeanVariance,
        before: Option<&[f64]>,
        carried: &mut Carried,
    ) -> Decision {
        let usable = |row: usize| {
            let neutral = how.book == Book::LongOnly || self.cross.beta[row].is_finite();
            neutral && self.cross.volatility[row].is_finite() && self.cross.volatility[row] > 0.0
        };
        let ranked = self.signal.rank.iter().enumerate().filter(|(_, rank)| **rank > 0);
        let without_data = ranked.filter(|(row, _)| !usable(*row)).count();
        let mut fallbacks = Fallbacks { without_data, ..Fallbacks::default() };
        let short = if how.book == Book::LongOnly { 0 } else { how.short };
        let candidates = self.signal.candidates(how.long, short, usable);
        if candidates.is_empty() {
            return Decision::without_weights(Status::Held(Cause::NoCandidates), fallbacks);
        }
        let sectors = Sectors::of(self.cross, self.signal);
        let (rows, names) = self.names(how, method, &candidates, &sectors, before);
        let tickers: Vec<u32> = rows.iter().map(|row| self.cross.ticker[*row]).collect();
        let Some(estimate) = method.risk_model.estimate(self.returns, self.day, &tickers) else {
            return Decision::without_weights(Status::Held(Cause::TooFewReturns), fallbacks).with_candidates(&rows);
        };
        fallbacks.with_median_variance = estimate.with_median_variance;
        fallbacks.floored = estimate.floored;
        let problem = Problem {
            names: &names,
            covariance: &estimate.covariance,
            risk: method.risk_aversion * method.horizon,
            cost: method.cost,
            balance: if how.book == Book::LongOnly { Balance::Invested } else { Balance::Neutral },
            limits: limits(how, method, &sectors, before),
            unit: how.name_cap,
        };
        let near = carried.memory.recall(&tickers, &sectors);
        let (decision, priced) = climb(problem, &rows, method, fallbacks, carried, near.as_ref());
        if let Some(priced) = priced {
            carried.memory = Memory::of(&tickers, &priced, &sectors);
        }
        decision
    }

    /// The rows to decide on, ascending, and what is known of them.
    fn names(
        &self,
        how: &Optimization,
        method: &MeanVariance,
        candidates: &[Candidate],
        sectors: &Sectors,
        before: Option<&[f64]>,
    ) -> (Vec<usize>, Vec<Name>) {
        let mut side = vec![None; self.cross.len()];
        candidates.iter().for_each(|candidate| side[candidate.row] = Some(candidate.side));
        let held = |row: usize| before.map_or(0.0, |before| before[row]);
        let rows: Vec<usize> = (0..self.cross.len()).filter(|row| side[*row].is_some() || held(*row) != 0.0).collect();
        let name = |row: &usize| {
            let beta = self.cross.beta[*row];
            let expected = method.ic * self.cross.volatility[*row] * method.horizon.sqrt() * self.signal.z[*row];
            let range = match side[*row] {
                Some(Side::Long) if method.fixed_signs || how.book == Book::LongOnly => (0.0, how.name_cap),
                Some(Side::Short) if method.fixed_signs => (-how.name_cap, 0.0),
                Some(_) => (-how.name_cap, how.name_cap),
                // Without a beta the rest of the book cannot be hedged against it.
                None if how.book == Book::DollarNeutral && !beta.is_finite() => (0.0, 0.0),
                None => (held(*row).min(0.0), held(*row).max(0.0)),
            };
            Name {
                range,
                expected: if expected.is_finite() { expected } else { 0.0 },
                beta: if beta.is_finite() { beta } else { 0.0 },
                sector: sectors.place(self.cross.sector[*row]),
                before: held(*row),
            }
        };
        let names = rows.iter().map(name).collect();
        (rows, names)
    }
}

fn limits(how: &Optimization, method: &MeanVariance, sectors: &Sectors, before: Option<&[f64]>) -> Limits {
    let cap = |share: &f64| how.sector_multiple * share * method.gross;
    let holds_something = before.is_some_and(|before| before.iter().any(|weight| *weight != 0.0));
    Limits {
        gross: method.gross,
        sector_net: (method.sector_net.is_finite() && how.book == Book::DollarNeutral).then_some(method.sector_net),
        sector_gross: how.sector_multiple.is_finite().then(|| sectors.shares().iter().map(cap).collect()),
        turnover: method.turnover.filter(|_| holds_something).map(|one_way| 2.0 * one_way),
    }
}

/// Solves the problem, with fewer limits from rung to rung until it can be solved.
fn climb(
    mut problem: Problem<'_>,
    rows: &[usize],
    method: &MeanVariance,
    mut fallbacks: Fallbacks,
    carried: &mut Carried,
    near: Option<&Priced>,
) -> (Decision, Option<Priced>) {
    let mut iterations = 0;
    let mut status = Status::Solved;
    loop {
        let (solution, priced) = solved(&problem, method, &mut iterations, &mut fallbacks, carried, near);
        if solution.verdict == Verdict::Solved {
            let residual = solution.residual.largest();
            let returns = method.risk_model.window;
            let weights = decided(&problem, rows, &priced);
            let warm = solution.warm;
            return (Decision { weights, status, residual, iterations, warm, returns, fallbacks }, Some(priced));
        }
        match relax(&mut problem.limits, status) {
            Some(relaxation) => status = Status::Relaxed(relaxation),
            None => {
                let infeasible = solution.verdict == Verdict::Infeasible;
                let cause = if infeasible { Cause::Infeasible } else { Cause::NotSolved };
                let without = Decision::without_weights(Status::Held(cause), fallbacks).with_candidates(rows);
                return (Decision { iterations, ..without }, None);
            }
        }
    }
}

/// The solution by the chosen solver or, if that cannot tell, by the other one.
fn solved(
    problem: &Problem<'_>,
    method: &MeanVariance,
    iterations: &mut u32,
    fallbacks: &mut Fallbacks,
    carried: &mut Carried,
    near: Option<&Priced>,
) -> (Solution, Priced) {
    let (solution, priced) = problem.solve_from(&mut carried.solver, near);
    *iterations += solution.iterations;
    if solution.verdict != Verdict::NotSolved {
        return (solution, priced);
    }
    fallbacks.other_solver = true;
    let other = carried.other.get_or_insert_with(|| Workspace::new(method.solver.other()));
    let (solution, priced) = problem.solve_from(other, near);
    *iterations += solution.iterations;
    (solution, priced)
}

/// The next rung, if there is one that changes something.
fn relax(limits: &mut Limits, status: Status) -> Option<Relaxation> {
    if limits.turnover.take().is_some() {
        return Some(Relaxation::Turnover);
    }
    match limits.sector_net.as_mut() {
        Some(net) if !matches!(status, Status::Relaxed(Relaxation::SectorNet)) => {
            *net *= 2.0;
            Some(Relaxation::SectorNet)
        }
        _ => {
            let dropped = (limits.sector_net.take().is_some(), limits.sector_gross.take().is_some());
            (dropped != (false, false)).then_some(Relaxation::Sectors)
        }
    }
}

fn decided(problem: &Problem<'_>, rows: &[usize], priced: &Priced) -> Vec<Weight> {
    let binding = Binding::of(problem, priced);
    let weight = |((row, name), &weight): ((&usize, &Name), &f64)| {
        let bound = match name.range {
            (low, _) if weight <= low => Bound::Lower,
            (_, high) if weight >= high => Bound::Upper,
            _ => Bound::None,
        };
        Weight { row: *row, target: weight, weight, bound, limits: binding.on(name, weight) }
    };
    rows.iter().zip(problem.names).zip(&priced.weights).map(weight).collect()
}

/// The limits of the book that cost something.
struct Binding {
    gross: bool,
    turnover: bool,
    sectors: Vec<usize>,
}

impl Binding {
    fn of(problem: &Problem<'_>, priced: &Priced) -> Self {
        let largest = problem.names.iter().map(|name| name.expected.abs()).fold(0.0, f64::max);
        // What a solver leaves of a price that is none is far below the expected returns.
        let costs = || priced.prices.iter().filter(|(_, price)| price.abs() > NEGLIGIBLE * largest);
        let any = |limit: Limit<usize>| costs().any(|(other, _)| *other == limit);
        let sectors = costs().filter_map(|(limit, _)| limit.sector()).collect();
        Self { gross: any(Limit::Gross), turnover: any(Limit::Turnover), sectors }
    }

    /// Those that hold back a name with this weight.
    fn on(&self, name: &Name, weight: f64) -> Bounds {
        let held = weight != 0.0;
        Bounds::NONE
            .with_if(held && self.gross, Bounds::GROSS_CAP)
            .with_if(held && self.sectors.contains(&name.sector), Bounds::SECTOR_CAP)
            .with_if(self.turnover && weight != name.before, Bounds::TURNOVER_CAP)
    }
}

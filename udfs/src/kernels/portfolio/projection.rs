//! A book made neutral with its caps in force (spec 06 §6.5).

use std::collections::BTreeMap;

use super::proposal::Pick;
use super::{Caps, CrossSection, NO_SECTOR};
use crate::kernels::optimize::{ProjectionLimits, Solver, Verdict, project as nearest_neutral};
use crate::kernels::present;

/// Replaces the weights of a book of gross weight `gross` by the nearest that are neutral to the market and to beta, keep
/// their signs and lie within the caps. Caps are those of a leg, half of the gross weight. A name without a beta gets no
/// weight. Where there is no such book all weights are 0, so that the date asks for nothing.
pub(super) fn project(picks: &mut [Pick], gross: f64, date: &CrossSection<'_>, caps: &Caps) {
    let known = |pick: &Pick| present(date.beta[pick.row]);
    let exposure: Vec<f64> = picks.iter().map(|pick| known(pick).map_or(0.0, |_| pick.target)).collect();
    let beta: Vec<f64> = picks.iter().map(|pick| known(pick).unwrap_or(0.0)).collect();
    let sectors = Sectors::of(date);
    let sector: Vec<usize> = picks.iter().map(|pick| sectors.place(date.sector[pick.row])).collect();
    let sector_gross: Vec<f64> = sectors.shares.iter().map(|share| caps.sector_cap(*share) * gross).collect();
    let capped = caps.sector_multiple.is_some() || caps.sector_limit.is_some();
    let limits = ProjectionLimits {
        name_cap: caps.name.unwrap_or(1.0) * gross / 2.0,
        gross,
        sector_gross: capped.then_some(sector_gross.as_slice()),
    };
    let (solution, weights) = nearest_neutral(&exposure, &beta, &sector, &limits, Solver::Osqp);
    let solved = solution.verdict == Verdict::Solved;
    for (at, pick) in picks.iter_mut().enumerate() {
        let weight = if solved { weights.get(at).copied().unwrap_or(0.0) } else { 0.0 };
        // The solver leaves noise where a weight is not wanted.
        pick.target = if weight.abs() > NOISE * gross { weight } else { 0.0 };
    }
}

/// A weight below this share of the book is the solver's tolerance.
const NOISE: f64 = 1e-9;

/// The sectors of the ranked names of a date, and their shares of them. The last one holds the names without a sector.
struct Sectors {
    places: BTreeMap<u32, usize>,
    shares: Vec<f64>,
}

impl Sectors {
    fn of(date: &CrossSection<'_>) -> Self {
        let mut counts = BTreeMap::<u32, f64>::new();
        let ranked = (0..date.len()).filter(|&row| date.is_ranked(row) && date.sector[row] != NO_SECTOR);
        ranked.for_each(|row| *counts.entry(date.sector[row]).or_default() += 1.0);
        let names: f64 = (0..date.len()).filter(|&row| date.is_ranked(row)).map(|_| 1.0).sum();
        let places = counts.keys().copied().zip(0..).collect();
        // What has no sector has no cap.
        let shares = counts.values().map(|count| count / names).chain([f64::INFINITY]).collect();
        Self { places, shares }
    }

    fn place(&self, sector: u32) -> usize {
        self.places.get(&sector).copied().unwrap_or(self.shares.len() - 1)
    }
}

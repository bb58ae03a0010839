//! Caps on names and sectors, within one leg that sums to 1.

use std::collections::BTreeMap;

use super::water_fill::water_fill;
use super::{Bounds, CrossSection, NO_SECTOR};

/// Caps on the weights of a leg, as parts of the leg: of a leg of half the capital, a cap of 0.04 is 0.02 of the capital.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Caps {
    /// The most one name may have.
    pub name: Option<f64>,
    /// The most a sector may have, as a multiple of its share of the ranked names of the date, each counting the same.
    pub sector_multiple: Option<f64>,
    /// The most any sector may have, whatever its share (spec 07 §5.5).
    pub sector_limit: Option<f64>,
    /// How the caps are enforced.
    pub method: CapMethod,
}

/// How caps are enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapMethod {
    /// Names are cut to their cap, then sectors to theirs, each once and followed by dividing by the sum, which breaks
    /// the caps again (spec 06 §1.9–1.10).
    SinglePass,
    /// What is cut goes to the names that have room, until every cap holds. What finds no room stays in cash
    /// (spec 06 §6.1).
    WaterFill,
}

/// The weights of a leg, and what holds each back.
pub(super) struct Capped {
    pub(super) weights: Vec<f64>,
    pub(super) bounds: Vec<Bounds>,
}

/// The sectors of the names of a leg.
struct Sectors {
    /// For each name the position of its sector in `caps`.
    of: Vec<usize>,
    /// The cap of each sector, infinite if it has none.
    caps: Vec<f64>,
}

impl Caps {
    /// Weights for names in `rows` with the given shares (at least 0, finite). They sum to 1, or to less where water
    /// finds no room; all are 0 if all shares are.
    pub(super) fn apply(&self, shares: &[f64], rows: &[usize], date: &CrossSection<'_>) -> Capped {
        let shares = normalised(shares);
        let sectors = self.sectors(rows, date);
        match self.method {
            CapMethod::SinglePass => self.single_pass(shares, &sectors),
            CapMethod::WaterFill => self.fill(&shares, &sectors),
        }
    }

    /// The most that a sector with this share of the names may have, as a part of a leg.
    pub(super) fn sector_cap(&self, share: f64) -> f64 {
        let relative = self.sector_multiple.map_or(f64::INFINITY, |multiple| multiple * share);
        relative.min(self.sector_limit.unwrap_or(f64::INFINITY))
    }

    fn sectors(&self, rows: &[usize], date: &CrossSection<'_>) -> Sectors {
        if self.sector_multiple.is_none() && self.sector_limit.is_none() {
            return Sectors { of: vec![0; rows.len()], caps: vec![f64::INFINITY] };
        }
        let mut counts = BTreeMap::<u32, f64>::new();
        let ranked = (0..date.len()).filter(|&row| date.is_ranked(row));
        ranked.for_each(|row| *counts.entry(date.sector[row]).or_default() += 1.0);
        let names: f64 = counts.values().sum();
        let cap = |(&sector, &count): (&u32, &f64)| match sector {
            NO_SECTOR => f64::INFINITY,
            _ => self.sector_cap(count / names),
        };
        let position: BTreeMap<u32, usize> = counts.keys().copied().zip(0..).collect();
        Sectors {
            of: rows.iter().map(|&row| position[&date.sector[row]]).collect(),
            caps: counts.iter().map(cap).collect(),
        }
    }

    fn single_pass(&self, mut weights: Vec<f64>, sectors: &Sectors) -> Capped {
        let mut bounds = vec![Bounds::NONE; weights.len()];
        if let Some(cap) = self.name {
            for (weight, bounds) in weights.iter_mut().zip(&mut bounds) {
                *bounds = bounds.with_if(*weight > cap, Bounds::NAME_CAP);
                *weight = weight.min(cap);
            }
            weights = normalised(&weights);
        }
        let mut totals = vec![0.0; sectors.caps.len()];
        weights.iter().zip(&sectors.of).for_each(|(weight, &sector)| totals[sector] += weight);
        for ((weight, bounds), &sector) in weights.iter_mut().zip(&mut bounds).zip(&sectors.of) {
            let (total, cap) = (totals[sector], sectors.caps[sector]);
            if total > cap {
                *weight *= cap / total;
                *bounds = bounds.with_if(*weight > 0.0, Bounds::SECTOR_CAP);
            }
        }
        Capped { weights: normalised(&weights), bounds }
    }

    fn fill(&self, shares: &[f64], sectors: &Sectors) -> Capped {
        let cap = self.name.unwrap_or(f64::INFINITY);
        let (weights, full) = water_fill(shares, cap, &sectors.of, &sectors.caps);
        let bounds = weights.iter().zip(&sectors.of).map(|(&weight, &sector)| {
            Bounds::NONE
                .with_if(weight >= cap, Bounds::NAME_CAP)
                .with_if(weight > 0.0 && full[sector], Bounds::SECTOR_CAP)
        });
        Capped { bounds: bounds.collect(), weights }
    }
}

/// Divided by the sum, in two steps so that a large sum does not overflow; all 0 if all are.
fn normalised(shares: &[f64]) -> Vec<f64> {
    let largest = shares.iter().copied().fold(0.0, f64::max);
    if largest == 0.0 {
        return vec![0.0; shares.len()];
    }
    let scaled: Vec<f64> = shares.iter().map(|share| share / largest).collect();
    let sum: f64 = scaled.iter().sum();
    scaled.iter().map(|share| share / sum).collect()
}

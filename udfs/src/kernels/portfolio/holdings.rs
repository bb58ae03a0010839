//! What is held when a rebalance date comes.

use std::collections::BTreeMap;

use super::super::present;
use super::super::rebalance::drifted;
use super::turnover::hold;
use super::{Bounds, Construction, CrossSection, OnEmpty, Portfolio, Position, Proposal, Status};

/// What is carried from one date to the next: the weights held just before the next date trades.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Holdings {
    /// Ticker and weight, ascending by ticker; no weight is 0.
    weights: Vec<(u32, f64)>,
    /// Whether the capital was lost since the last date.
    ruined: bool,
}

impl Holdings {
    /// A book of the given tickers and weights; the last weight of a ticker counts.
    pub fn new(weights: impl IntoIterator<Item = (u32, f64)>) -> Self {
        let weights: BTreeMap<u32, f64> =
            weights.into_iter().filter(|(_, weight)| present(*weight).is_some()).collect();
        Self { weights: weights.into_iter().filter(|(_, weight)| *weight != 0.0).collect(), ruined: false }
    }

    /// Ticker and weight, ascending by ticker; no weight is 0.
    pub fn weights(&self) -> &[(u32, f64)] {
        &self.weights
    }

    /// Trades towards what `date` proposes, then lets the book drift to the next date.
    pub fn rebalance(&mut self, date: &CrossSection<'_>, proposal: &Proposal, how: &Construction) -> Portfolio {
        let mut positions = self.positions(date, proposal);
        match (proposal.is_empty(), how.on_empty) {
            (false, _) => how.turnover.trade(&mut positions),
            (true, OnEmpty::Cash) => {} // every weight is 0 before the trade
            (true, OnEmpty::Hold | OnEmpty::Skip) => hold(&mut positions),
        }
        let invested = positions.iter().any(|position| position.weight != 0.0);
        let status = match (proposal.is_empty(), how.on_empty) {
            _ if self.ruined => Status::Ruined,
            (false, _) => Status::Ok,
            (true, OnEmpty::Skip) => Status::Skipped,
            (true, OnEmpty::Hold) if invested => Status::Held,
            (true, OnEmpty::Hold | OnEmpty::Cash) => Status::Cash,
        };
        if how.turnover.drifts() {
            *self = Self::drifted(&positions, date);
        } else if status != Status::Skipped {
            // The reference does not touch its book on a date that it skips.
            *self = Self::new(positions.iter().map(|position| (position.ticker, position.weight)));
        }
        match status {
            Status::Skipped => positions.clear(),
            _ => positions.retain(Position::says_something),
        }
        Portfolio { positions, status }
    }

    /// Every name that is held or chosen, in the order of the tickers; weights are not set yet.
    fn positions(&self, date: &CrossSection<'_>, proposal: &Proposal) -> Vec<Position> {
        let mut positions = BTreeMap::new();
        for pick in &proposal.picks {
            let (ticker, z) = (date.ticker[pick.row], proposal.z[pick.row]);
            let (rank, target, bounds) = (pick.rank, pick.target, pick.bounds);
            positions.insert(ticker, Position { ticker, z, rank, target, weight: 0.0, before: 0.0, bounds });
        }
        for &(ticker, before) in &self.weights {
            let not_chosen = || {
                let row = date.row_of(ticker);
                let z = row.map_or(f64::NAN, |row| proposal.z[row]);
                let bounds = Bounds::NONE.with_if(row.is_none(), Bounds::FORCED_EXIT);
                Position { ticker, z, rank: 0, target: 0.0, weight: 0.0, before: 0.0, bounds }
            };
            positions.entry(ticker).or_insert_with(not_chosen).before = before;
        }
        positions.into_values().collect()
    }

    /// The weights when the next date comes. If the capital is lost, nothing is held.
    fn drifted(positions: &[Position], date: &CrossSection<'_>) -> Self {
        let weights = positions.iter().map(|position| (position.ticker, position.weight));
        drifted(date, weights).map_or(Self { weights: vec![], ruined: true }, Self::new)
    }
}

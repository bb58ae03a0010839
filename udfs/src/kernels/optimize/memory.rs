//! What the solution of one date tells that of the next.

use super::limit::{Limit, Priced};
use super::signal::Sectors;

/// Weights by name, and what the limits of the book cost: most of what binds on one date binds on the next. Names enter
/// and leave, and so do sectors, so that everything goes by its number.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Memory {
    /// Ticker and weight, ascending.
    weights: Vec<(u32, f64)>,
    /// Limit and price, sectors by their numbers.
    prices: Vec<(Limit, f64)>,
}

impl Memory {
    /// Remembers a solution. Sectors in `priced` are places.
    pub fn of(tickers: &[u32], priced: &Priced, sectors: &Sectors) -> Self {
        let weights = tickers.iter().copied().zip(priced.weights.iter().copied()).collect();
        let prices = priced.prices.iter().map(|(limit, price)| (limit.map(|place| sectors.number(place)), *price));
        Self { weights, prices: prices.collect() }
    }

    /// What is remembered of these names and of the limits of these sectors; a name that was not there has weight 0.
    /// Nothing if no date is remembered.
    pub fn recall(&self, tickers: &[u32], sectors: &Sectors) -> Option<Priced> {
        let place = |ticker: &u32| self.weights.binary_search_by_key(ticker, |(ticker, _)| *ticker);
        let weights = tickers.iter().map(|ticker| place(ticker).map_or(0.0, |place| self.weights[place].1)).collect();
        let here = self.prices.iter().filter_map(|(limit, price)| {
            let known = limit.sector().is_none_or(|number| sectors.has(number));
            known.then(|| (limit.map(|number| sectors.place(number)), *price))
        });
        (!self.weights.is_empty()).then(|| Priced { weights, prices: here.collect() })
    }
}

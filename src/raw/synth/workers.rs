//! Makes stocks on several threads and hands them over in order.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use arrow::error::ArrowError;

use super::listing::{self, Listing};
use super::security::Security;
use super::{SynthError, World};

/// Listings that a thread may be ahead of the writer; bounds memory.
const AHEAD: usize = 4;

/// Calls `take` on this thread with each stock, its number among all securities, and its rows, in
/// the order of the numbers. Worker w of n makes every n-th stock, so the order needs no sorting
/// and the result does not depend on n.
pub fn for_each_stock(
    world: &World,
    workers: usize,
    mut take: impl FnMut(usize, &Security, Listing) -> Result<(), SynthError>,
) -> Result<(), SynthError> {
    let stocks: &Vec<(usize, &Security)> = &world.securities(false).collect();
    let workers = workers.clamp(1, stocks.len().max(1));
    thread::scope(|scope| {
        let start = |worker: usize| -> Receiver<Result<Listing, ArrowError>> {
            let (sender, receiver) = sync_channel(AHEAD);
            scope.spawn(move || {
                let mine = stocks.iter().skip(worker).step_by(workers);
                // The writer hangs up when it fails.
                let _ = mine.map(|(_, stock)| listing::stock(world, stock)).try_for_each(|made| sender.send(made));
            });
            receiver
        };
        let receivers: Vec<_> = (0..workers).map(start).collect();
        for (turn, &(number, stock)) in stocks.iter().enumerate() {
            let made = receivers[turn % workers].recv();
            let made = made.map_err(|_| SynthError::Worker { ticker: stock.ticker.clone() })?;
            let listing = made.map_err(|source| SynthError::Rows { ticker: stock.ticker.clone(), source })?;
            take(number, stock, listing)?;
        }
        Ok(())
    })
}

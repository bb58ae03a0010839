//! All rows of one security, ready to be written.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use super::World;
use super::constituents;
use super::indices::{self, Gain};
use super::path::Path;
use super::security::Security;
use super::{actions, fundamentals, holders, insiders, metrics, prices, simulation, tickers, valuation};

/// The rows of a security in each table, and what it adds to the indices.
pub struct Listing {
    /// Rows by table.
    pub tables: Vec<(&'static str, RecordBatch)>,
    /// Gains by session, for the indices.
    pub gains: Vec<Gain>,
    /// Market capitalisation at each review of the index of the largest.
    pub sizes: Vec<Option<f64>>,
}

/// Simulates a stock and makes its rows.
pub fn stock(world: &World, security: &Security) -> Result<Listing, ArrowError> {
    let trades = insiders::schedule(world, security);
    let path = &simulation::simulate(world, security, &trades);
    let mut tables = common_tables(world, security, path)?;
    tables.extend([
        ("sep", prices::rows(&world.calendar, &security.ticker, path)?),
        ("daily", valuation::rows(&world.calendar, &security.ticker, path)?),
        ("sf1", fundamentals::rows(world, security, path)?),
        ("sf2", insiders::rows(world, security, path, &trades)?),
        ("sf3", holders::rows(world, security, path)?),
    ]);
    let gains = indices::gains(&world.calendar, security, path);
    Ok(Listing { tables, gains, sizes: constituents::sizes(world, security, path) })
}

/// The rows of a fund.
pub fn fund(world: &World, security: &Security, path: &Path) -> Result<Vec<(&'static str, RecordBatch)>, ArrowError> {
    let mut tables = common_tables(world, security, path)?;
    tables.push(("sfp", prices::rows(&world.calendar, &security.ticker, path)?));
    Ok(tables)
}

fn common_tables(
    world: &World,
    security: &Security,
    path: &Path,
) -> Result<Vec<(&'static str, RecordBatch)>, ArrowError> {
    Ok(vec![
        ("tickers", tickers::rows(world, security, path)?),
        ("metrics", metrics::rows(world, security, path)?),
        ("actions", actions::rows(&world.calendar, security, path)?),
    ])
}

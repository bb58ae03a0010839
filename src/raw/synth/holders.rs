//! Rows of `sf3`: quarter-end holdings of institutions (SEC form 13F).

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use chrono::{Datelike, Days, NaiveDate};
use rand_chacha::ChaCha8Rng;

use super::World;
use super::calendar::{self, Calendar};
use super::frame::Frame;
use super::names;
use super::path::Path;
use super::random::{Purpose, between, chance, log_between, normal, stream};
use super::security::{Kind, Security};

/// Number of institutions.
const INVESTORS: usize = 48;

/// Days an institution has for its report.
const DEADLINE: u64 = 45;

/// An institution's interest in one security.
struct Position {
    investor: usize,
    kind: &'static str,
    /// Share of the company.
    stake: f64,
    held: bool,
}

struct Row<'a> {
    investor: usize,
    kind: &'static str,
    quarter: NaiveDate,
    units: f64,
    price: f64,
    ticker: &'a str,
}

/// The holdings of one security on each quarter end whose reports were due by the last session.
/// Value in USD, units in shares as on the quarter end.
pub fn rows(world: &World, security: &Security, path: &Path) -> Result<RecordBatch, ArrowError> {
    let mut rows = Vec::new();
    if security.has_statements() && security.kind != Kind::Otc {
        let rng = &mut stream(world.config.seed, Purpose::Holders, security.permaticker as usize);
        let mut positions = positions(rng, security.traits.market_cap);
        for &(quarter, session) in &world.holding_dates {
            let listed = security.lifetime.start <= session && session <= security.lifetime.last;
            let Some((bar, _)) = path.at(session).filter(|_| listed) else {
                continue;
            };
            for position in &mut positions {
                position.trade(rng);
                let units = (position.stake * bar.shares).round();
                if position.held && units >= 1.0 {
                    let Position { investor, kind, .. } = *position;
                    rows.push(Row { investor, kind, quarter, units, price: bar.close, ticker: &security.ticker });
                }
            }
        }
    }
    batch(&rows)
}

/// Institutions that may hold the security: more of them, the larger it is.
fn positions(rng: &mut ChaCha8Rng, market_cap: f64) -> Vec<Position> {
    let appeal = (0.10 + 0.05 * (market_cap / 1e8).max(1.0).ln()).clamp(0.05, 0.6);
    let mut positions = Vec::new();
    for investor in 0..INVESTORS {
        // The first institutions hold nearly everything, the last ones little.
        let breadth = 1.6 - 1.4 * investor as f64 / INVESTORS as f64;
        if !chance(rng, appeal * breadth) {
            continue;
        }
        let stake = log_between(rng, 0.0003, 0.03) * breadth;
        let held = chance(rng, 0.7);
        positions.push(Position { investor, kind: "SHR", stake, held });
        for (kind, probability) in [("CLL", 0.05), ("PUT", 0.06)] {
            if chance(rng, probability) {
                let stake = stake * between(rng, 0.05, 0.5);
                positions.push(Position { investor, kind, stake, held: false });
            }
        }
    }
    positions
}

impl Position {
    /// A quarter's trades: sometimes in or out, otherwise a little more or less.
    fn trade(&mut self, rng: &mut ChaCha8Rng) {
        let turns = if self.held { 0.06 } else { 0.15 };
        self.held ^= chance(rng, turns);
        self.stake = (self.stake * (0.12 * normal(rng)).exp()).min(0.15);
    }
}

/// Quarter ends whose reports were due by the last session, each with its last session.
pub fn dates(calendar: &Calendar) -> Vec<(NaiveDate, usize)> {
    let (first, last) = (calendar.date(calendar.first()), calendar.date(calendar.last()));
    let month_ends = first.iter_days().filter(|&date| calendar::month_end(date) == date && date.month() % 3 == 0);
    month_ends
        .take_while(|&date| date + Days::new(DEADLINE) <= last)
        .filter_map(|date| Some((date, calendar.on_or_before(date)?)))
        .collect()
}

fn batch(rows: &[Row]) -> Result<RecordBatch, ArrowError> {
    Frame::new()
        .text("ticker", rows.iter().map(|row| Some(row.ticker)))
        .text("investorname", rows.iter().map(|row| Some(names::investor(row.investor))))
        .text("securitytype", rows.iter().map(|row| Some(row.kind)))
        .date("calendardate", rows.iter().map(|row| Some(row.quarter)))
        .number("value", rows.iter().map(|row| Some((row.units * row.price).round())))
        .number("units", rows.iter().map(|row| Some(row.units)))
        .number("price", rows.iter().map(|row| Some(row.price)))
        .finish()
}

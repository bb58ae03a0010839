//! A synthetic market: invented companies whose raw tables have the shape, the units and the flaws
//! of the vendor's.
//!
//! Everything follows from the seed; the number of threads changes nothing. Memory is bounded:
//! securities are made one at a time, in the order of their symbols, and appended to the files.
//!
//! ```no_run
//! use kairos::raw::synth::{Config, generate};
//!
//! let config = Config { tickers: 100, days: 750, ..Config::default() };
//! let summary = generate(&config, "market".as_ref(), &mut |_| {})?;
//! for table in &summary.tables {
//!     println!("{} {}", table.table, table.rows);
//! }
//! # Ok::<(), kairos::raw::synth::SynthError>(())
//! ```

mod actions;
mod calendar;
mod constituents;
mod corporate_actions;
mod filings;
mod firm;
mod frame;
mod fundamentals;
mod funds;
mod holders;
mod indicators;
mod indices;
mod insiders;
mod lifetime;
mod listing;
mod market;
mod metrics;
mod names;
mod path;
mod prices;
mod random;
mod sectors;
mod security;
mod simulation;
mod statement;
mod style;
mod tape;
#[cfg(test)]
mod tests;
mod tickers;
mod trading;
mod traits;
mod valuation;
mod workers;
mod writer;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use chrono::NaiveDate;
use parquet::errors::ParquetError;

use calendar::Calendar;
use constituents::Reviews;
use indices::Indices;
use security::{Kind, Security};
use writer::TableWriter;

/// The tables that [`generate`] writes.
pub const TABLES: [&str; 10] = ["sep", "daily", "sf1", "sf2", "sf3", "tickers", "actions", "metrics", "sfp", "sp500"];

/// Most securities and sessions that a market can have.
const LIMITS: (usize, usize) = (200_000, 15_000);

/// What to generate.
#[derive(Clone, Debug)]
pub struct Config {
    /// Number of securities of all kinds.
    pub tickers: usize,
    /// Number of sessions.
    pub days: usize,
    /// Everything follows from it.
    pub seed: u64,
    /// The last session is this day, or the last session before it.
    pub last_date: NaiveDate,
    /// Kind of the files.
    pub format: Format,
}

impl Default for Config {
    /// 500 securities over four years, up to 2025-12-18.
    fn default() -> Self {
        let last_date = NaiveDate::from_ymd_opt(2025, 12, 18).unwrap_or_default();
        Self { tickers: 500, days: 1000, seed: 7, last_date, format: Format::Parquet }
    }
}

/// Kind of the files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Parquet with zstd.
    Parquet,
    /// Comma-separated text with a header; NULL is empty.
    Csv,
}

impl Format {
    /// Extension of the files' names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// How far the generation has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Securities written.
    pub done: usize,
    /// Securities in all.
    pub total: usize,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Summary {
    /// One entry per table, in the order of [`TABLES`].
    pub tables: Vec<TableSummary>,
    /// First session with prices.
    pub first_date: NaiveDate,
    /// Last session with prices.
    pub last_date: NaiveDate,
}

/// One written table.
#[derive(Clone, Debug)]
pub struct TableSummary {
    /// Name.
    pub table: &'static str,
    /// Number of rows.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// The file.
    pub path: PathBuf,
}

/// Why no market was generated.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// A number of the configuration is out of range.
    #[error("{name} must be between {from} and {to}, found {found}")]
    OutOfRange {
        /// The number.
        name: &'static str,
        /// Smallest value allowed.
        from: String,
        /// Largest value allowed.
        to: String,
        /// The value given.
        found: String,
    },
    /// A file or folder could not be created or written.
    #[error("cannot write {}: {source}; check that it is writable and the disk has space left", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A Parquet file could not be written.
    #[error("cannot write Parquet file {}: {source}; check that the disk has space left", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: ParquetError,
    },
    /// A CSV file could not be written.
    #[error("cannot write CSV file {}: {source}; check that the disk has space left", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: ArrowError,
    },
    /// The rows of a security could not be put into columns, which is a defect of the generator.
    #[error("cannot build the rows of {ticker}: {source}; please report this with the seed and the numbers given")]
    Rows {
        /// The security.
        ticker: String,
        /// The cause.
        source: ArrowError,
    },
    /// A thread of the generator ended early, which is a defect of the generator.
    #[error("a worker thread stopped before {ticker}; please report this with the seed and the numbers given")]
    Worker {
        /// The security that it should have made.
        ticker: String,
    },
}

/// What all securities share.
struct World {
    config: Config,
    calendar: Calendar,
    market: Vec<market::Session>,
    securities: Vec<Security>,
    /// Sessions on which the index of the largest is reviewed.
    reviews: Vec<usize>,
    /// Quarter ends on which institutions report, with their sessions.
    holding_dates: Vec<(NaiveDate, usize)>,
}

impl World {
    fn new(config: &Config) -> Self {
        let calendar = Calendar::ending(config.last_date, config.days, simulation::WARM_UP);
        Self {
            config: config.clone(),
            market: market::simulate(config.seed, calendar.len()),
            securities: security::build(config.seed, config.tickers, &calendar),
            reviews: constituents::review_sessions(&calendar),
            holding_dates: holders::dates(&calendar),
            calendar,
        }
    }

    fn securities(&self, funds: bool) -> impl Iterator<Item = (usize, &Security)> {
        self.securities.iter().enumerate().filter(move |(_, security)| (security.kind == Kind::Fund) == funds)
    }
}

/// Generates a market and writes each of [`TABLES`] to `<out>/<table>.<extension>`, over existing
/// files. The folder is created when it does not exist. `progress` is called after each security.
pub fn generate(config: &Config, out: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Summary, SynthError> {
    check(config)?;
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    generate_on(workers, config, out, progress)
}

fn generate_on(
    workers: usize,
    config: &Config,
    out: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, SynthError> {
    fs::create_dir_all(out).map_err(|source| SynthError::Io { path: out.to_owned(), source })?;
    let world = World::new(config);
    let mut files = Files { folder: out, format: config.format, writers: BTreeMap::new() };
    let mut indices = Indices::new(&world.calendar);
    let mut reviews = Reviews::new(world.reviews.len());
    let mut done = 0;
    let mut report = || {
        done += 1;
        progress(Progress { done, total: config.tickers });
    };
    let rows_error = |ticker: &str| {
        let ticker = ticker.to_owned();
        move |source| SynthError::Rows { ticker, source }
    };
    // A market may have no funds, but it has the table.
    let no_funds = prices::rows(&world.calendar, funds::MARKET_FUND, &path::Path::default());
    files.write(&[("sfp", no_funds.map_err(rows_error(funds::MARKET_FUND))?)])?;
    workers::for_each_stock(&world, workers, |number, security, listing| {
        files.write(&listing.tables)?;
        indices.add(security.sector, &listing.gains);
        reviews.add(number, &listing.sizes);
        report();
        Ok(())
    })?;
    for (_, security) in world.securities(true) {
        let Some(exposure) = security.exposure else {
            continue;
        };
        let path = funds::simulate(&world, security, exposure, &indices);
        files.write(&listing::fund(&world, security, &path).map_err(rows_error(&security.ticker))?)?;
        report();
    }
    files.write(&[("sp500", reviews.rows(&world).map_err(rows_error("sp500"))?)])?;
    Ok(Summary {
        tables: files.finish()?,
        first_date: world.calendar.date(world.calendar.first()),
        last_date: world.calendar.date(world.calendar.last()),
    })
}

fn check(config: &Config) -> Result<(), SynthError> {
    let within = |name, found: usize, to: usize| {
        let error =
            || SynthError::OutOfRange { name, from: "1".to_owned(), to: to.to_string(), found: found.to_string() };
        (1..=to).contains(&found).then_some(()).ok_or_else(error)
    };
    within("tickers", config.tickers, LIMITS.0)?;
    within("days", config.days, LIMITS.1)?;
    let (from, to) = (date(1980), date(2200));
    if config.last_date < from || config.last_date > to {
        let (from, to, found) = (from.to_string(), to.to_string(), config.last_date.to_string());
        return Err(SynthError::OutOfRange { name: "last_date", from, to, found });
    }
    Ok(())
}

/// New Year's Day.
fn date(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default()
}

/// The files, each created with its first batch.
struct Files<'a> {
    folder: &'a Path,
    format: Format,
    writers: BTreeMap<&'static str, TableWriter>,
}

impl Files<'_> {
    fn write(&mut self, tables: &[(&'static str, RecordBatch)]) -> Result<(), SynthError> {
        for (name, batch) in tables {
            let writer = match self.writers.entry(name) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    entry.insert(TableWriter::create(self.folder, name, batch.schema(), self.format)?)
                }
            };
            writer.write(batch)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<TableSummary>, SynthError> {
        TABLES.iter().filter_map(|table| self.writers.remove(table)).map(TableWriter::finish).collect()
    }
}

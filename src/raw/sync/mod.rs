//! Bringing raw tables up to date from the vendor (spec 01 §3, required semantics).
//!
//! ```text
//! stored ─► plan ─► pull every table ─► which tickers changed? ─► pull those whole ─► land ─► keep ─► raw/_pulls
//! ```
//!
//! A table's watermark is in the record of its last pull that was landed to the end, so whatever breaks on the way, the
//! next sync asks for the same rows again; landing them twice changes nothing.

mod pulls;
mod stored;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};

pub use self::pulls::PULLS_DATASET;
use self::pulls::{Kept, Pulls};
use self::stored::Stored;
use super::vendor::{self, Client, Method, Pull, Restated, Situation, Step};
use super::{LandOptions, RawError, RawTable, RejectedRow, Result, Window, land};
use crate::lake::Lake;

/// The tables that tell which tickers got another history: without them nothing may be landed.
const TELLING: [&str; 4] = ["tickers", "actions", "sep", "sfp"];

/// Those of them that tell it of other tables. They are landed last, and only if all others are up to date: once they are
/// stored they no longer tell.
const TELLING_OTHERS: [&str; 2] = ["tickers", "actions"];

/// How to bring tables up to date.
#[derive(Clone)]
pub struct SyncOptions {
    /// Today's date.
    pub today: NaiveDate,
    /// Ask for changes since this date at least.
    pub since: Option<NaiveDate>,
    /// Load whole tables again.
    pub full: bool,
    /// Land an answer that would remove more than half of what is stored.
    pub allow_shrunk: bool,
    /// The local folder in which answers are collected.
    pub staging: PathBuf,
    /// How to land.
    pub land: LandOptions,
    /// Is told how far the pulls are.
    pub on_pull: Arc<vendor::OnProgress<'static>>,
}

/// What was asked of one table, and what it changed.
#[derive(Debug, Clone, Default)]
pub struct TableSync {
    /// The table.
    pub table: &'static str,
    /// What was asked, in words.
    pub asked: Vec<String>,
    /// Tickers whose history was asked for as a whole.
    pub whole_tickers: usize,
    /// Rows that came.
    pub rows: u64,
    /// Keys that were not stored before.
    pub inserted: u64,
    /// Keys whose stored row changed.
    pub updated: u64,
    /// Stored rows that the vendor no longer has.
    pub removed: u64,
    /// Bad rows that were set aside.
    pub rejected: u64,
    /// The first of them.
    pub first_rejected: Vec<RejectedRow>,
    /// The newest version that was committed; `None` if nothing was new.
    pub version: Option<u64>,
    /// The newest change that is stored now.
    pub watermark: Option<NaiveDate>,
    /// Wall time, the pulls included.
    pub seconds: f64,
}

impl TableSync {
    /// Rows of the table that are not what they were.
    pub fn changes(&self) -> u64 {
        self.inserted + self.updated + self.removed
    }
}

/// What a sync would ask of one table.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The table.
    pub table: &'static str,
    /// The newest change that is stored; `None` if nothing is.
    pub watermark: Option<NaiveDate>,
    /// The request, in words.
    pub asks: String,
    /// Rows of its first page, and whether there are more; `None` for a whole table, which no one page tells.
    pub waiting: Option<(u64, bool)>,
}

/// Says what [`sync`] would ask for, and asks the vendor for the first page of it. Changes nothing.
///
/// # Errors
/// If the lake cannot be read or the vendor does not answer.
pub async fn pending(
    lake: &Lake,
    client: &Client,
    tables: &[&'static RawTable],
    options: &SyncOptions,
) -> Result<Vec<Pending>> {
    let stored = Stored::read(lake, tables).await?;
    let mut all = Vec::new();
    for table in tables {
        let watermark = stored.watermark(table);
        let step = Step::for_table(&table.facts(), &situation(watermark, options));
        let waiting = match step.request.window {
            Window::Everything => None,
            _ => Some(client.probe(&step.request).await?),
        };
        all.push(Pending { table: table.name, watermark, asks: step.request.to_string(), waiting });
    }
    Ok(all)
}

/// Brings tables up to date. One result per table, in the order of landing: a table that fails does not keep the others from
/// landing, except one that tells which tickers changed; and what tells so of other tables is landed after them, or it
/// would not tell again what a table that failed has missed. For the same reason a stored table that is not asked for gets
/// the tickers that are told of.
///
/// # Errors
/// If what is stored cannot be read. Everything else is a result of its table.
pub async fn sync(
    lake: &Lake,
    client: &Client,
    tables: &[&'static RawTable],
    options: &SyncOptions,
) -> Result<Vec<(&'static RawTable, Result<TableSync>)>> {
    let all: Vec<&RawTable> = RawTable::all().iter().collect();
    let stored = Stored::read(lake, &all).await?;
    let sync = Sync { lake, client, options, stored };
    sync.sweep()?;
    let mut pulled = Vec::new();
    for table in tables {
        let started = Instant::now();
        let main = sync.pull_table(table).await;
        pulled.push((*table, started.elapsed(), main));
    }
    let restated = sync.restated(&pulled, &TELLING);
    let besides = sync.concerned_besides(tables, &pulled);
    let besides = besides.into_iter().map(|table| (table, Duration::ZERO, Ok(None)));
    let pulled = pulled.into_iter().map(|(table, pulling, main)| (table, pulling, main.map(Some)));
    let (last, first): (Vec<_>, Vec<_>) =
        pulled.chain(besides).partition(|(table, ..)| TELLING_OTHERS.contains(&table.name));
    let mut results: Vec<(&'static RawTable, Result<TableSync>)> = Vec::new();
    for (table, pulling, main) in first.into_iter().chain(last) {
        let waits = TELLING_OTHERS.contains(&table.name);
        let failed = results.iter().find(|(other, result)| waits && other.name != table.name && result.is_err());
        let withheld = restated.as_ref().err().copied().or(failed.map(|(other, _)| other.name));
        let result = match (main, &restated, withheld) {
            (Err(error), ..) => Err(error),
            (Ok(main), Ok(restated), None) => sync.settle(table, main, restated, pulling).await,
            (Ok(_), _, because) => Err(RawError::Withheld { table: table.name, because: because.unwrap_or_default() }),
        };
        results.push((table, result));
    }
    Ok(results)
}

/// What came of a step.
struct Brought {
    step: Step,
    pull: Pull,
}

/// A table, how long its pull took, and what came of it.
type Pulled = (&'static RawTable, Duration, Result<Brought>);

struct Sync<'a> {
    lake: &'a Lake,
    client: &'a Client,
    options: &'a SyncOptions,
    stored: Stored,
}

impl Sync<'_> {
    async fn pull_table(&self, table: &'static RawTable) -> Result<Brought> {
        let watermark = self.stored.watermark(table);
        let step = Step::for_table(&table.facts(), &situation(watermark, self.options));
        let brought = self.pull(table, step).await?;
        if let Err(refused) = self.judge(table, &brought, watermark).await {
            // Or it would be taken again instead of asking anew, with the right key say.
            pulls::discard(&brought.pull)?;
            return Err(refused);
        }
        Ok(brought)
    }

    /// Whether an answer may be landed.
    async fn judge(&self, table: &RawTable, brought: &Brought, watermark: Option<NaiveDate>) -> Result<()> {
        vendor::refuse_sample(&brought.pull, &table.facts(), watermark, self.options.today)?;
        if brought.step.complete && !self.options.allow_shrunk {
            let rows = self.stored.rows_in(self.lake, table, &brought.step.request.window).await?;
            vendor::refuse_shrunk(&brought.pull, rows)?;
        }
        Ok(())
    }

    async fn pull(&self, table: &RawTable, step: Step) -> Result<Brought> {
        let (request, on_pull) = (&step.request, self.options.on_pull.as_ref());
        let staging = self.staging();
        // Pulled to the end by a sync of the same day that did not live to land it.
        let kept = Pull::list(&staging, table.name)?.into_iter().rev();
        let mut same = kept.filter(|kept| kept.manifest.request == *request && kept.manifest.method == step.method);
        let pull = match same.next() {
            Some(pull) => pull,
            None => vendor::pull(self.client, &staging, &table.facts(), request, step.method, on_pull).await?,
        };
        Ok(Brought { step, pull })
    }

    /// Answers are collected by day: one that was begun on another day is not continued.
    fn staging(&self) -> PathBuf {
        self.options.staging.join(self.options.today.to_string())
    }

    /// Removes what syncs of earlier days left behind.
    fn sweep(&self) -> Result<()> {
        let yesterday = self.options.today - Days::new(1);
        let Ok(entries) = std::fs::read_dir(&self.options.staging) else {
            return Ok(()); // the first sync
        };
        for folder in entries.flatten().map(|entry| entry.path()) {
            let day = folder.file_name().and_then(|name| name.to_str()?.parse::<NaiveDate>().ok());
            if day.is_some_and(|day| day < yesterday) {
                let file = folder.display().to_string();
                std::fs::remove_dir_all(&folder).map_err(|source| RawError::Read { file, source })?;
            }
        }
        Ok(())
    }

    /// The tickers that need their whole history again, or the table without which that is not known.
    fn restated(&self, pulled: &[Pulled], telling: &[&str]) -> Result<Restated, &'static str> {
        let mut restated = Restated::default();
        for (table, _, main) in pulled.iter().filter(|(table, ..)| telling.contains(&table.name)) {
            let told = main.as_ref().map_err(drop).and_then(|main| self.tell(table, main, &mut restated).map_err(drop));
            told.map_err(|()| table.name)?;
        }
        Ok(restated)
    }

    /// The stored tables that are not asked for and concern tickers that the pulls tell of.
    fn concerned_besides(&self, tables: &[&'static RawTable], pulled: &[Pulled]) -> Vec<&'static RawTable> {
        let Ok(told) = self.restated(pulled, &TELLING_OTHERS) else {
            return Vec::new(); // nothing that tells is landed then
        };
        let asked_for = |table: &RawTable| tables.iter().any(|asked| asked.name == table.name);
        let concerned =
            |table: &RawTable| self.stored.watermark(table).is_some() && !told.steps(&table.facts()).is_empty();
        RawTable::all().iter().filter(|table| !asked_for(table) && concerned(table)).collect()
    }

    /// Adds what the pull of one table tells.
    fn tell(&self, table: &RawTable, main: &Brought, restated: &mut Restated) -> Result<()> {
        let Some(newest) = self.stored.newest(table) else {
            return Ok(()); // the first load is whole
        };
        match table.name {
            "actions" => {
                let found = Restated::from_actions(&main.pull, newest.date, self.options.today)?;
                restated.prices.extend(found.prices);
                restated.renamed.extend(found.renamed);
            }
            "tickers" => {
                let mut after = Vec::new();
                main.pull.for_each_row(&["permaticker", "ticker"], |row| {
                    let text = |at: usize| String::from_utf8_lossy(row[at]).into_owned();
                    after.push((text(0), text(1)));
                })?;
                restated.add_symbol_changes(borrowed(self.stored.symbols()), borrowed(&after));
            }
            _ => restated.add_prices(&main.pull, newest)?,
        }
        Ok(())
    }

    /// Pulls what else the table needs, lands everything, and only then records it. `main` is what the table was asked for.
    async fn settle(
        &self,
        table: &'static RawTable,
        main: Option<Brought>,
        restated: &Restated,
        pulling: Duration,
    ) -> Result<TableSync> {
        let started = Instant::now();
        let pulled_to = main.as_ref().and_then(|main| main.pull.record().watermark);
        let watermark = pulled_to.max(self.stored.watermark(table));
        let mut done = TableSync { table: table.name, watermark, ..TableSync::default() };
        let is_whole = main.as_ref().is_some_and(|main| main.step.request.window == Window::Everything);
        let of_table = usize::from(main.is_some());
        let mut all = Vec::from_iter(main);
        for step in restated.steps(&table.facts()) {
            if !is_whole && self.stored.watermark(table).is_some() {
                all.push(self.pull(table, step).await?);
            }
        }
        for brought in &all {
            self.land(table, brought, &mut done).await?;
        }
        let mut kept = Vec::new();
        for (at, brought) in all.iter().enumerate() {
            if brought.step.method == Method::Pages {
                pulls::keep(self.lake, &brought.pull).await?;
            }
            // A pull of single tickers says nothing of the others, however new its rows are.
            kept.push(Kept { record: brought.pull.record(), advances: at < of_table, version: done.version });
        }
        Pulls::append(self.lake, &kept, &self.options.land.run_id, started).await?;
        for brought in &all {
            pulls::discard(&brought.pull)?;
        }
        done.seconds = (pulling + started.elapsed()).as_secs_f64();
        Ok(done)
    }

    async fn land(&self, table: &'static RawTable, brought: &Brought, done: &mut TableSync) -> Result<()> {
        let window = brought.step.request.window.clone();
        if let Window::Tickers(tickers) = &window {
            done.whole_tickers += tickers.len();
        }
        let options = LandOptions {
            // One bad row must not keep a night's data from landing; it is kept and reported.
            quarantine: true,
            window: Some(window).filter(|_| brought.step.complete),
            ..self.options.land.clone()
        };
        let landed = land(self.lake, table, &brought.pull.files(), &options).await?;
        done.asked.push(brought.step.request.to_string());
        done.rows += landed.rows;
        done.inserted += landed.inserted;
        done.updated += landed.updated;
        done.removed += landed.removed;
        done.rejected += landed.rejected;
        done.first_rejected.extend(landed.first_rejected);
        done.version = landed.version.or(done.version);
        Ok(())
    }
}

fn borrowed(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    pairs.iter().map(|(security, ticker)| (security.as_str(), ticker.as_str()))
}

fn situation(watermark: Option<NaiveDate>, options: &SyncOptions) -> Situation {
    Situation { watermark, today: options.today, since: options.since, full: options.full }
}

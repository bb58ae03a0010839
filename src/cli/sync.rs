//! `kairos sync`

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{NaiveDate, Utc};
use clap::Args;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use super::{CliError, Context, print_table};
use crate::lake::{Holder, Lake};
use crate::raw::vendor::{Client, Progress, Settings};
use crate::raw::{LandOptions, Pending, RawTable, SyncOptions, TableSync, pending, sync};
use crate::report::{Align, Table};

/// Bring raw tables up to date from Nasdaq Data Link (Sharadar)
///
/// The key is read from NASDAQ_DATA_LINK_API_KEY and from nowhere else. The first sync loads whole tables, later ones ask for
/// what changed. A sync that was interrupted goes on where it was when it is started again the same day.
#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    /// Raw tables, such as sep [default: all]
    tables: Vec<String>,
    #[command(flatten)]
    pub(super) reach: ReachArgs,
    /// Load the tables again as a whole
    #[arg(long, conflicts_with = "since")]
    full: bool,
    /// Only say what would be asked and whether anything is waiting
    #[arg(long)]
    check: bool,
    /// The day on which it is asked [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
}

/// How far a sync reaches and where it collects.
#[derive(Debug, Default, Args)]
pub(super) struct ReachArgs {
    /// Ask for changes since this date at least
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    /// Take an answer that removes more than half of what is stored
    #[arg(long)]
    allow_shrunk: bool,
    /// Local folder in which answers are collected [default: _sync in a local lake, else in the folder for temporary files]
    #[arg(long, value_name = "DIR")]
    staging: Option<PathBuf>,
}

/// The name of the lock that nightly jobs share.
pub(super) const NIGHTLY: &str = "nightly";

pub(super) async fn run(context: &Context, args: &SyncArgs) -> Result<(), CliError> {
    let lake = context.lake()?;
    let tables = tables(&args.tables)?;
    let today = args.as_of.unwrap_or_else(|| Utc::now().date_naive());
    let options = SyncOptions { full: args.full, ..options(context, &lake, &args.reach, today) };
    let client = Client::from_env(Settings::default()).map_err(crate::raw::RawError::from)?;
    if args.check {
        return print_table(waiting(&pending(&lake, &client, &tables, &options).await?));
    }
    let lock = lake.lock(NIGHTLY, Holder::this(context.run_id())).await?;
    let synced = bring(context, &lake, &client, &tables, options).await;
    lock.release().await;
    synced.map(drop)
}

pub(super) fn tables(names: &[String]) -> Result<Vec<&'static RawTable>, CliError> {
    if names.is_empty() {
        return Ok(RawTable::all().iter().collect());
    }
    Ok(names.iter().map(|name| RawTable::find(name)).collect::<Result<_, _>>()?)
}

pub(super) fn options(context: &Context, lake: &Lake, reach: &ReachArgs, today: NaiveDate) -> SyncOptions {
    let land = LandOptions {
        memory_limit: context.memory_limit(),
        threads: context.threads(),
        run_id: context.run_id().to_owned(),
        ..LandOptions::default()
    };
    SyncOptions {
        today,
        since: reach.since,
        full: false,
        allow_shrunk: reach.allow_shrunk,
        staging: reach.staging.clone().unwrap_or_else(|| staging(lake)),
        land,
        on_pull: Arc::new(|_| {}),
    }
}

/// Beside a local lake; for another, a folder of this machine that belongs to it.
fn staging(lake: &Lake) -> PathBuf {
    match lake.url().scheme() {
        "file" => PathBuf::from(lake.display()).join("_sync"),
        _ => {
            let name = lake.url().as_str().replace(|c: char| !c.is_alphanumeric(), "-");
            std::env::temp_dir().join("kairos-sync").join(name)
        }
    }
}

/// Syncs with a display of the progress and a line per table; an error if any table failed.
pub(super) async fn bring(
    context: &Context,
    lake: &Lake,
    client: &Client,
    tables: &[&'static RawTable],
    options: SyncOptions,
) -> Result<Vec<TableSync>, CliError> {
    let bar = progress_bar(context);
    let shown = bar.clone();
    let options = SyncOptions { on_pull: Arc::new(move |progress| show(&shown, progress)), ..options };
    let results = sync(lake, client, tables, &options).await;
    bar.finish_and_clear();
    let (mut synced, mut failed) = (Vec::new(), Vec::new());
    for (table, result) in results? {
        match result {
            Ok(done) => {
                context.say(line(&done));
                done.first_rejected.iter().for_each(|row| context.say(format_args!("  {row}")));
                synced.push(done);
            }
            Err(error) => {
                CliError::from(error).print();
                failed.push(table.name);
            }
        }
    }
    match failed.as_slice() {
        [] => Ok(synced),
        failed => Err(CliError::failed(format!(
            "not brought up to date: {}; what was landed stays, and the next sync asks for the rest again",
            failed.join(", ")
        ))),
    }
}

fn line(done: &TableSync) -> String {
    let what = match done.version {
        Some(version) => format!("version {version}"),
        None => "nothing new".to_owned(),
    };
    let mut parts = vec![format!("{} rows came", HumanCount(done.rows))];
    let counts = [
        (done.inserted, "inserted"),
        (done.updated, "updated"),
        (done.removed, "removed"),
        (done.rejected, "rejected → raw._rejected"),
        (done.whole_tickers as u64, "tickers again from their first day"),
    ];
    parts.extend(counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{} {word}", HumanCount(*n))));
    format!("{:<8} {what:<12} {:.1} s  {}", done.table, done.seconds, parts.join(", "))
}

fn waiting(pending: &[Pending]) -> Table {
    let left = |name| (name, Align::Left);
    let mut table = Table::new(&[left("table"), left("known until"), left("asks for"), left("waiting")]);
    for pending in pending {
        let known = pending.watermark.map_or("nothing stored".to_owned(), |date| date.to_string());
        let waiting = match pending.waiting {
            None => "the whole table".to_owned(),
            Some((rows, more)) => format!("{} rows{}", HumanCount(rows), if more { " and more" } else { "" }),
        };
        table.row(vec![pending.table.to_owned(), known, pending.asks.clone(), waiting]);
    }
    table
}

fn progress_bar(context: &Context) -> ProgressBar {
    if context.quiet() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar
}

fn show(bar: &ProgressBar, progress: Progress<'_>) {
    bar.set_message(match progress {
        Progress::Pages { request, pages, rows } => format!("{request}: {pages} pages, {} rows", HumanCount(rows)),
        Progress::Preparing { request, status } => format!("{request}: the vendor prepares the file ({status})"),
        Progress::Bytes { request, bytes, total_bytes } => {
            let total = total_bytes.map_or(String::new(), |total| format!(" of {}", HumanBytes(total)));
            format!("{request}: {}{total}", HumanBytes(bytes))
        }
        Progress::Waiting { request, reason, wait } => {
            format!("{request}: {reason}; again in {:.0} s", wait.as_secs_f64())
        }
    });
    bar.tick();
}

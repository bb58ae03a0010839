//! `kairos vacuum`

use chrono::TimeDelta;
use clap::Args;
use indicatif::{DecimalBytes, HumanCount};

use super::{CliError, Context, print};
use crate::lake::Keep;
use crate::report::{Align, Table};

/// Remove files that no version needs any more
///
/// A file goes only if it is in none of the newest --keep-versions versions of its dataset, in no version that was the
/// newest at some time in the last --keep-days days, and was written more than --keep-days days ago. So do files that no
/// version names, which killed or failed writers leave, once they are that old. A writer under way has such files too:
/// --keep-days must be longer than any build or landing takes, and 0 is for a lake that nobody writes to meanwhile.
///
/// The history stays, but a version whose files are gone can no longer be read.
#[derive(Debug, Args)]
pub(super) struct VacuumArgs {
    /// Datasets, such as feat_beta or raw.sep [default: all]
    datasets: Vec<String>,
    /// Versions of each dataset that stay readable, counted from the newest
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    keep_versions: u64,
    /// Days for which a version stays readable after the next one, and any file after it was written
    #[arg(long, value_name = "D", default_value_t = 7, value_parser = clap::value_parser!(u32).range(..=36_500))]
    keep_days: u32,
    /// Show what would go and remove nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(context: &Context, args: &VacuumArgs) -> Result<(), CliError> {
    let lake = context.lake()?;
    let mut datasets = Vec::new();
    for name in &args.datasets {
        datasets.push(context.find(&lake, name).await?.dataset().to_owned());
    }
    if datasets.is_empty() {
        datasets = lake.folders().await?;
    }
    let keep = Keep { versions: args.keep_versions, age: TimeDelta::days(i64::from(args.keep_days)) };
    let removed = if args.dry_run { "would remove" } else { "removed" };
    let mut table = Table::new(&[
        ("dataset", Align::Left),
        (removed, Align::Right),
        ("size", Align::Right),
        ("readable versions", Align::Left),
    ]);
    let (mut count, mut bytes) = (0, 0);
    for dataset in datasets {
        let Some(garbage) = lake.garbage(&dataset, keep).await? else {
            continue;
        };
        count += garbage.count();
        bytes += garbage.bytes;
        table.row([
            dataset.replace('/', "."),
            format!("{} files", HumanCount(garbage.count() as u64)),
            DecimalBytes(garbage.bytes).to_string(),
            format!("{} to {}", garbage.oldest_kept, garbage.newest),
        ]);
        if !args.dry_run {
            lake.remove(garbage).await?;
        }
    }
    print(table)?;
    context.say(format_args!("{removed} {} files, {}", HumanCount(count as u64), DecimalBytes(bytes)));
    Ok(())
}

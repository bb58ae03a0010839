//! `kairos history`

use clap::Args;
use indicatif::HumanCount;

use super::{CliError, Context, print_table};
use crate::lake::{CommitRecord, Lake};
use crate::report::{Align, Table};

/// Show a dataset's versions and where each came from
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// Dataset, such as feat_beta or raw.sep
    dataset: String,
}

pub(super) async fn run(context: &Context, args: &HistoryArgs) -> Result<(), CliError> {
    show(context, &context.lake()?, &args.dataset).await
}

/// Prints a dataset's versions.
pub(super) async fn show(context: &Context, lake: &Lake, dataset: &str) -> Result<(), CliError> {
    let snapshot = context.find(lake, dataset).await?;
    let mut table = Table::new(&[
        ("version", Align::Right),
        ("committed", Align::Left),
        ("by", Align::Left),
        ("rows", Align::Right),
        ("seconds", Align::Right),
        ("inputs", Align::Left),
        ("parameters", Align::Left),
        ("sql", Align::Left),
        ("kairos", Align::Left),
        ("run", Align::Left),
    ]);
    for entry in lake.history(&snapshot).await? {
        let committed = entry.committed.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string());
        let known = entry.record.is_some();
        let record = entry.record.unwrap_or_default();
        let by = if known { format!("{} {}", record.operation, record.source) } else { "another program".into() };
        table.row([
            entry.version.to_string(),
            committed.unwrap_or_default(),
            by,
            if known { HumanCount(record.rows).to_string() } else { String::new() },
            if known { format!("{:.2}", record.seconds) } else { String::new() },
            inputs(&record),
            parameters(&record),
            short(record.sql_hash.as_deref().unwrap_or_default()),
            record.kairos_version,
            record.run_id,
        ]);
    }
    print_table(table)
}

fn inputs(record: &CommitRecord) -> String {
    let datasets = record.inputs.iter().map(|(name, version)| format!("{name}@{version}"));
    let files = record.files.iter().map(|(path, hash)| format!("{path}@{}", short(hash)));
    datasets.chain(files).collect::<Vec<_>>().join(" ")
}

fn parameters(record: &CommitRecord) -> String {
    let parameters = record.parameters.iter().map(|(name, value)| format!("{name}={value}"));
    parameters.collect::<Vec<_>>().join(" ")
}

fn short(hash: &str) -> String {
    hash.chars().take(8).collect()
}

//! `kairos describe`

use clap::Args;
use indicatif::{DecimalBytes, HumanCount};

use super::{CliError, Context, print, print_table};
use crate::lake::Lake;
use crate::report::{Align, Table};

/// Show a dataset's columns with types, missing values and bounds
#[derive(Debug, Args)]
pub(super) struct DescribeArgs {
    /// Dataset, such as feat_beta or raw.sep
    dataset: String,
}

pub(super) async fn run(context: &Context, args: &DescribeArgs) -> Result<(), CliError> {
    show(context, &context.lake()?, &args.dataset).await
}

/// Prints what is known of a dataset and its columns.
pub(super) async fn show(context: &Context, lake: &Lake, dataset: &str) -> Result<(), CliError> {
    let snapshot = context.find(lake, dataset).await?;
    let rows = snapshot.rows();
    let sort = match snapshot.layout().sort.as_slice() {
        [] => "unsorted".to_owned(),
        sort => format!("sorted by {}", sort.join(", ")),
    };
    print(format_args!(
        "{} version {}: {} rows, {}, {sort}; Parquet files: {}",
        snapshot.dataset().replace('/', "."),
        snapshot.version(),
        HumanCount(rows),
        DecimalBytes(snapshot.size()),
        snapshot.files().len(),
    ))?;
    for folder in folders(&snapshot) {
        print(format_args!("  {}", lake.child_url(&format!("{}/{folder}", snapshot.dataset()))))?;
    }
    let mut table = Table::new(&[
        ("column", Align::Left),
        ("type", Align::Left),
        ("null", Align::Right),
        ("min", Align::Right),
        ("max", Align::Right),
    ]);
    for column in snapshot.columns() {
        let nulls = column.nulls.map(|nulls| format!("{:.2}%", 100.0 * nulls as f64 / rows.max(1) as f64));
        let bound = |value: Option<datafusion::common::ScalarValue>| value.map_or(String::new(), |v| v.to_string());
        table.row([
            column.name,
            column.data_type.to_string(),
            nulls.unwrap_or_default(),
            bound(column.min),
            bound(column.max),
        ]);
    }
    print_table(table)
}

/// Where the version's files are: one folder for a derived dataset, one per year for a raw one.
fn folders(snapshot: &crate::lake::Snapshot) -> Vec<&str> {
    let mut folders: Vec<&str> = snapshot.files().iter().map(|file| file.folder()).collect();
    folders.dedup();
    match folders.len() {
        0..=3 => folders,
        _ => vec![""],
    }
}

//! `kairos export`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::HumanCount;

use super::{CliError, Context};
use crate::engine::{Engine, Format, export_files};
use crate::lake::Snapshot;

/// Write datasets as plain files
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Datasets to write
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    datasets: Vec<String>,
    /// Every derived dataset of the lake
    #[arg(long, requires = "to")]
    all: bool,
    /// Folder to write to, as DIR/<dataset>/…; without it a single dataset goes to standard output
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Form of the files
    #[arg(long, value_enum, default_value_t = FileFormat::Parquet)]
    format: FileFormat,
    /// Split into folders COL=value by this column, such as ticker, or by year
    #[arg(long, value_name = "COL", requires = "to")]
    partition_by: Option<String>,
    /// Replace what an earlier export left in DIR/<dataset>
    #[arg(long, requires = "to")]
    overwrite: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    Parquet,
    Csv,
    Json,
}

pub(super) async fn run(context: &Context, args: &ExportArgs) -> Result<(), CliError> {
    let engine = context.engine()?;
    let format = match args.format {
        FileFormat::Parquet => Format::Parquet,
        FileFormat::Csv => Format::Csv,
        FileFormat::Json => Format::Json,
    };
    let snapshots = snapshots(context, &engine, args).await?;
    let Some(folder) = &args.to else {
        return to_pipe(&engine, &snapshots, format).await;
    };
    for snapshot in snapshots {
        let target = folder.join(snapshot.dataset().replace('/', "."));
        clear(&target, args.overwrite)?;
        let partition = args.partition_by.as_deref();
        let rows = export_files(&engine, &snapshot, &target, format, partition).await?;
        context.say(format_args!("{} rows → {}", HumanCount(rows), target.display()));
    }
    Ok(())
}

async fn snapshots(context: &Context, engine: &Engine, args: &ExportArgs) -> Result<Vec<Snapshot>, CliError> {
    let lake = engine.lake();
    let mut snapshots = Vec::new();
    if args.all {
        for name in lake.folders().await? {
            if !name.contains('/') {
                snapshots.extend(lake.snapshot(&name).await?);
            }
        }
        if snapshots.is_empty() {
            return Err(CliError::failed(format!(
                "there is no derived dataset in the lake '{}'\nhelp: build them with `kairos run`",
                lake.display()
            )));
        }
    }
    for name in &args.datasets {
        snapshots.push(context.find(lake, name).await?);
    }
    Ok(snapshots)
}

async fn to_pipe(engine: &Engine, snapshots: &[Snapshot], format: Format) -> Result<(), CliError> {
    match (snapshots, format) {
        ([snapshot], Format::Csv | Format::Json) => {
            let rows = engine.scan(snapshot).await?;
            crate::engine::write_rows(rows, format, std::io::stdout()).await?;
            Ok(())
        }
        _ => Err(CliError::usage(
            "only one dataset, as CSV or JSON, goes to standard output\nhelp: add --to DIR for files",
        )),
    }
}

/// Makes room for an export; two versions in one folder would read as one dataset.
fn clear(target: &Path, overwrite: bool) -> Result<(), CliError> {
    let taken = std::fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some());
    match (taken, overwrite) {
        (false, _) => Ok(()),
        (true, true) => std::fs::remove_dir_all(target)
            .map_err(|error| CliError::failed(format!("cannot replace '{}': {error}", target.display()))),
        (true, false) => Err(CliError::failed(format!(
            "'{}' is not empty\nhelp: choose another folder, or add --overwrite to replace it",
            target.display()
        ))),
    }
}

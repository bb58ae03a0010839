//! `kairos export`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use indicatif::HumanCount;

use super::{CliError, Context};
use crate::engine::{Engine, Format, Relation};

/// Write datasets as plain files
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Datasets and views to write
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    datasets: Vec<String>,
    /// Every dataset that is stored and not raw; a view is written by its name
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
    let relations = relations(context, &engine, args).await?;
    let Some(folder) = &args.to else {
        return to_pipe(relations, format).await;
    };
    for relation in relations {
        let target = folder.join(relation.name().replace('/', "."));
        clear(&target, args.overwrite)?;
        let rows = relation.write_files(&target, format, args.partition_by.as_deref()).await?;
        context.say(format_args!("{} rows → {}", HumanCount(rows), target.display()));
    }
    Ok(())
}

async fn relations(context: &Context, engine: &Engine, args: &ExportArgs) -> Result<Vec<Relation>, CliError> {
    let lake = engine.lake();
    let mut relations = Vec::new();
    if args.all {
        for name in lake.folders().await?.into_iter().filter(|name| !name.contains('/')) {
            if let Some(snapshot) = lake.snapshot(&name).await? {
                relations.push(engine.stored(&snapshot)?);
            }
        }
        if relations.is_empty() {
            return Err(CliError::failed(format!(
                "there is no derived dataset in the lake '{}'\nhelp: build them with `kairos run`",
                lake.display()
            )));
        }
    }
    for name in &args.datasets {
        relations.push(match engine.viewed(name).await? {
            Some(view) => view,
            None => engine.stored(&context.find(lake, name).await?)?,
        });
    }
    Ok(relations)
}

async fn to_pipe(relations: Vec<Relation>, format: Format) -> Result<(), CliError> {
    match (<[Relation; 1]>::try_from(relations), format) {
        (Ok([relation]), Format::Csv | Format::Json) => {
            crate::engine::write_rows(relation.rows().await?, format, std::io::stdout()).await?;
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

//! `kairos land`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::{CliError, Context};
use crate::lake::Lake;
use crate::raw::{self, LandOptions, LandSummary, Mapping, Progress, RawTable};

/// Land vendor files (CSV, CSV.gz, ZIP, Parquet) as raw datasets
#[derive(Debug, Args)]
pub(super) struct LandArgs {
    /// Raw table, such as sep
    #[arg(required_unless_present = "dir", conflicts_with = "dir")]
    table: Option<String>,
    /// Files for it, oldest first
    #[arg(required_unless_present_any = ["dir", "empty"])]
    files: Vec<PathBuf>,
    /// Land every <table>.* and SHARADAR_<TABLE>*.* of a folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Files of another source: the TOML file that says how their columns become those of the table
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dir", "empty"])]
    map: Option<PathBuf>,
    /// Say that there are no files of this table, so that what reads it can be built
    #[arg(long, conflicts_with_all = ["files", "dir"])]
    empty: bool,
    /// Land the good rows of files with bad ones, and the bad ones into raw._rejected
    #[arg(long)]
    quarantine: bool,
}

pub(super) async fn run(context: &Context, args: &LandArgs) -> Result<(), CliError> {
    let lake = context.lake()?;
    match (&args.table, &args.dir) {
        (_, Some(folder)) => land_folder(context, &lake, folder, args.quarantine).await,
        (Some(name), None) => {
            let table = RawTable::find(name)?;
            match args.empty {
                true => {
                    report(context, &raw::land_empty(&lake, table, &options(context, &Form::default(), |_| {})).await?)
                }
                false => {
                    let mapping = args.map.as_deref().map(|path| mapping_for(table, path)).transpose()?;
                    let form = Form { quarantine: args.quarantine, mapping };
                    land_table(context, &lake, table, &args.files, &form).await?;
                }
            }
            Ok(())
        }
        (None, None) => Err(CliError::usage("name a table and its files, or a folder with --dir")),
    }
}

/// What the files are like.
#[derive(Default)]
struct Form {
    quarantine: bool,
    mapping: Option<Arc<Mapping>>,
}

fn mapping_for(table: &RawTable, path: &Path) -> Result<Arc<Mapping>, CliError> {
    let mapping = Mapping::read(path)?;
    match mapping.table().name == table.name {
        true => Ok(Arc::new(mapping)),
        false => Err(CliError::usage(format!(
            "the mapping '{}' makes rows of '{}', not of '{}'",
            path.display(),
            mapping.table().name,
            table.name
        ))),
    }
}

/// Lands a folder table by table; a table that is refused does not keep the others from landing.
pub(super) async fn land_folder(
    context: &Context,
    lake: &Lake,
    folder: &Path,
    quarantine: bool,
) -> Result<(), CliError> {
    let listing = raw::list_folder(folder)?;
    if listing.tables.is_empty() {
        let names: Vec<_> = RawTable::all().iter().map(|table| table.name).collect();
        let names = names.join(", ");
        return Err(CliError::failed(format!(
            "no file in '{}' is named after a raw table\nhelp: name files <table>.csv, .csv.gz, .zip or .parquet; the tables are {names}",
            folder.display()
        )));
    }
    for path in &listing.ignored {
        context.say(format_args!("ignored  {} (not named after a raw table)", path.display()));
    }
    let mut refused = Vec::new();
    let form = Form { quarantine, mapping: None };
    for (table, files) in &listing.tables {
        if let Err(error) = land_table(context, lake, table, files, &form).await {
            error.print();
            refused.push((table.name, error));
        }
    }
    match refused.into_iter().next() {
        None => Ok(()),
        Some((_, error)) => Err(error.already_printed()),
    }
}

async fn land_table(
    context: &Context,
    lake: &Lake,
    table: &'static RawTable,
    files: &[PathBuf],
    form: &Form,
) -> Result<(), CliError> {
    let bar = progress_bar(context, table.name);
    let shown = bar.clone();
    let options = options(context, form, move |progress| show(&shown, progress));
    let landed = raw::land(lake, table, files, &options).await;
    bar.finish_and_clear();
    report(context, &landed?);
    Ok(())
}

fn options(context: &Context, form: &Form, on_progress: impl Fn(Progress<'_>) + Send + Sync + 'static) -> LandOptions {
    LandOptions {
        quarantine: form.quarantine,
        window: None,
        mapping: form.mapping.clone(),
        memory_limit: context.memory_limit(),
        threads: context.threads(),
        run_id: context.run_id().to_owned(),
        on_progress: Arc::new(on_progress),
    }
}

fn progress_bar(context: &Context, table: &str) -> ProgressBar {
    if context.quiet() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0).with_prefix(table.to_owned());
    let style = ProgressStyle::with_template("{spinner} {prefix:<8} {bar:24} {bytes}/{total_bytes}  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn show(bar: &ProgressBar, progress: Progress<'_>) {
    match progress {
        Progress::Reading { file, bytes, total_bytes, rows } => {
            bar.set_length(total_bytes);
            bar.set_position(bytes);
            bar.set_message(format!("{file}: {} rows", HumanCount(rows)));
        }
        Progress::Merging { done, total } => bar.set_message(format!("merging {done}/{total}")),
    }
}

fn report(context: &Context, summary: &LandSummary) {
    let what = match summary.version {
        Some(version) => format!("version {version}"),
        None => "nothing new".to_owned(),
    };
    let mut counts = vec![
        (summary.inserted, "inserted"),
        (summary.updated, "updated"),
        (summary.removed, "removed"),
        (summary.unchanged, "unchanged"),
    ];
    counts
        .extend([(summary.superseded, "superseded within the files"), (summary.rejected, "rejected → raw._rejected")]);
    let counts = counts.into_iter().filter(|(n, _)| *n > 0);
    let counts: Vec<_> = counts.map(|(n, word)| format!("{} {word}", HumanCount(n))).collect();
    context.say(format_args!("{:<8} {what:<12} {:.1} s  {}", summary.table, summary.seconds, counts.join(", ")));
    for row in &summary.first_rejected {
        context.say(format_args!("  {row}"));
    }
}

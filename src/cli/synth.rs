//! `kairos synth`

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use super::{CliError, Context, print};
use crate::raw::synth::{self, Config};
use crate::report::{Align, Table};

/// Write a synthetic market as files in the vendor's form
#[derive(Debug, Args)]
pub(super) struct SynthArgs {
    /// Securities in the market
    #[arg(long, default_value_t = 500)]
    tickers: usize,
    /// Trading days
    #[arg(long, default_value_t = 1260)]
    days: usize,
    /// The same seed gives the same market
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Last trading day
    #[arg(long, default_value = "2025-12-18")]
    last_date: NaiveDate,
    /// Form of the files
    #[arg(long, value_enum, default_value_t = FileFormat::Parquet)]
    format: FileFormat,
    /// Folder for the files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FileFormat {
    Parquet,
    Csv,
}

pub(super) fn run(context: &Context, args: &SynthArgs) -> Result<(), CliError> {
    let config = Config {
        tickers: args.tickers,
        days: args.days,
        seed: args.seed,
        last_date: args.last_date,
        format: match args.format {
            FileFormat::Parquet => synth::Format::Parquet,
            FileFormat::Csv => synth::Format::Csv,
        },
    };
    let summary = synth::generate(&config, &args.out, &mut |_| {})?;
    let mut table = Table::new(&[("table", Align::Left), ("rows", Align::Right), ("file", Align::Left)]);
    for file in &summary.tables {
        table.row([file.table.to_owned(), file.rows.to_string(), file.path.display().to_string()]);
    }
    if !context.quiet() {
        print(table)?;
    }
    Ok(())
}

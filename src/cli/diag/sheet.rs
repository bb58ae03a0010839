//! `kairos diag sheet`: everything about one feature.

use clap::Args;

use super::options::{DECAY, LAGS, MIN_NAMES, Members, TargetArgs, computed};
use super::{Destination, Report, RowFormat};
use crate::cli::{CliError, Context, print};
use crate::engine::Engine;

/// Everything about one feature
#[derive(Debug, Args)]
pub(super) struct SheetArgs {
    /// COLUMN or DATASET.COLUMN
    column: String,
    #[command(flatten)]
    members: Members,
    #[command(flatten)]
    target: TargetArgs,
    /// Fewest names of a date that count
    #[arg(long, default_value_t = MIN_NAMES, value_name = "N")]
    min_names: usize,
    /// Number of quantiles
    #[arg(long, default_value_t = 10, value_name = "K", value_parser = clap::value_parser!(u16).range(2..))]
    quantiles: u16,
    /// Commit the values per date as datasets diag_ic, diag_quantiles, …
    #[arg(long)]
    save: bool,
}

pub(super) async fn run(context: &Context, engine: &Engine, args: &SheetArgs) -> Result<(), CliError> {
    if args.column == "all" {
        return Err(CliError::usage("a sheet is about one column\nhelp: `kairos diag ic --columns all` compares them"));
    }
    let destination =
        Destination { format: Some(RowFormat::Table), output: None, max_rows: usize::MAX, save: args.save };
    let only_shown = Destination { save: false, ..destination.clone() };
    let target = args.target.find(engine).await?;
    let columns = [args.column.clone()];
    let study = args.members.study(context, engine, &columns).await?;
    let dates = study.panel().dates().len();
    print(format_args!("{} over {} members' rows on {dates} dates", args.column, study.panel().places()))?;

    let plain = Report::new(context, engine, &destination, &[])?;
    title("Coverage")?;
    plain.finish(&study, "diag_coverage", study.coverage().await?, "coverage").await?;

    let returns = study.returns(std::slice::from_ref(&target)).await?;
    let found = study.information_coefficients(&returns, args.min_names, true).await?;
    title(&format!("Information coefficient, {} rows ahead", target.horizon))?;
    plain.finish(&study, "diag_ic", found.clone(), "ic").await?;
    let mut parts = vec!["year", "sector"];
    if engine.lake().snapshot("regime_history_academic").await?.is_some() {
        parts.push("regime");
    }
    for part in parts {
        title(&format!("… by {part}"))?;
        Report::new(context, engine, &only_shown, &[("diag_by", part)])?
            .finish(&study, "diag_ic", found.clone(), "ic")
            .await?;
    }

    title("Decay")?;
    let shown = Report::new(context, engine, &only_shown, &[])?;
    let later = study.returns(&computed(&[0], &DECAY)).await?;
    let found = study.information_coefficients(&later, args.min_names, false).await?;
    drop(later);
    shown.finish(&study, "diag_ic", found, "decay").await?;

    let found = study.quantile_returns(&returns, args.quantiles.into()).await?;
    title("Returns of quantiles")?;
    plain.finish(&study, "diag_quantiles", found.clone(), "quantiles").await?;
    title("Highest less lowest")?;
    shown.finish(&study, "diag_quantiles", found.clone(), "quantile_spread").await?;
    title("… by year")?;
    Report::new(context, engine, &only_shown, &[("diag_by", "year")])?
        .finish(&study, "diag_quantiles", found, "quantile_spread")
        .await?;

    title("Turnover")?;
    let found = study.turnover(&LAGS, args.quantiles.into(), args.min_names).await?;
    plain.finish(&study, "diag_turnover", found, "turnover").await
}

fn title(text: &str) -> Result<(), CliError> {
    print(format_args!("\n{text}\n"))
}

//! The options that the diagnostics share.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::RowFormat;
use crate::cli::{CliError, Context};
use crate::diagnostics::{DiagnosticsError, Study, Target, Universe, find_features};
use crate::engine::Engine;

/// Fewest names of a date that count (spec 05 §4.1).
pub(super) const MIN_NAMES: usize = 30;
/// Rows ahead of a decay.
pub(super) const DECAY: [u32; 8] = [1, 2, 3, 5, 10, 21, 42, 63];
/// Dates between two looks of a turnover.
pub(super) const LAGS: [u32; 3] = [1, 5, 21];

/// Which columns over which members.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// COLUMN, DATASET.COLUMN or all, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "all", value_name = "COLUMN")]
    pub columns: Vec<String>,
    #[command(flatten)]
    pub members: Members,
    /// Fewest names of a date that count
    #[arg(long, default_value_t = MIN_NAMES, value_name = "N")]
    pub min_names: usize,
}

/// Where columns come from and which rows count.
#[derive(Debug, Default, Args)]
pub(super) struct Members {
    /// Dataset of the columns [default: feat_matrix, or all feat_* if there is none]
    #[arg(long, value_name = "DATASET")]
    pub dataset: Option<String>,
    /// First date
    #[arg(long, value_name = "DATE")]
    pub from: Option<NaiveDate>,
    /// Last date; the returns that follow it count
    #[arg(long, value_name = "DATE")]
    pub to: Option<NaiveDate>,
    /// Only members with at least this mean dollar volume (feat_adv.adv_20)
    #[arg(long, value_name = "USD")]
    pub min_adv: Option<f64>,
}

/// What is to be predicted.
#[derive(Debug, Default, Args)]
pub(super) struct TargetArgs {
    /// Column of a return that follows [default: feat_targets.ret_<horizon>d_f, or computed from adjusted closes]
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
    /// Rows that the return spans [default: as the target's name says, or 5]
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=2520))]
    pub horizon: Option<u32>,
}

/// Where the summary goes.
#[derive(Debug, Clone, Args)]
pub(super) struct Destination {
    /// Form of the summary [default: table, or as the output file's name says]
    #[arg(long, value_enum)]
    pub format: Option<RowFormat>,
    /// Write the summary to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Rows that a table shows at most
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub max_rows: usize,
    /// Commit the values per date as dataset diag_ic, diag_quantiles, …
    #[arg(long)]
    pub save: bool,
}

impl Selection {
    pub(super) async fn study(&self, context: &Context, engine: &Engine) -> Result<Study, CliError> {
        self.members.study(context, engine, &self.columns).await
    }
}

impl Members {
    pub(super) async fn study(
        &self,
        context: &Context,
        engine: &Engine,
        columns: &[String],
    ) -> Result<Study, CliError> {
        if self.min_adv.is_some_and(|least| !least.is_finite()) {
            return Err(CliError::usage("--min-adv must be a number of dollars per day"));
        }
        let features = find_features(engine, self.dataset.as_deref(), columns).await?;
        let universe = Universe { from: self.from, to: self.to, min_adv: self.min_adv };
        // The other half is for reading.
        let memory = context.memory_limit() / 2;
        Ok(Study::open(engine, universe, features, context.threads(), memory).await?)
    }
}

impl TargetArgs {
    pub(super) async fn find(&self, engine: &Engine) -> Result<Target, CliError> {
        let Some(name) = &self.target else {
            let horizon = self.horizon.unwrap_or(5);
            let name = format!("feat_targets.ret_{horizon}d_f");
            return Ok(match find_features(engine, None, &[name]).await {
                Ok(mut found) => Target { lag: 0, horizon, column: found.pop() },
                // Not every horizon is stored.
                Err(_) => Target { lag: 0, horizon, column: None },
            });
        };
        let qualified = if name.contains('.') { name.clone() } else { format!("feat_targets.{name}") };
        let column = find_features(engine, None, &[qualified]).await?.pop();
        let horizon = self.horizon.or_else(|| horizon_of(name));
        let horizon = horizon.ok_or_else(|| DiagnosticsError::UnknownHorizon(name.clone()))?;
        Ok(Target { lag: 0, horizon, column })
    }
}

/// 5 for `ret_5d_f`, `ret_5d_f_traded`.
fn horizon_of(name: &str) -> Option<u32> {
    let (days, _) = name.split_once("ret_")?.1.split_once('d')?;
    days.parse().ok().filter(|days| *days > 0)
}

/// Targets computed from adjusted closes, one for each horizon after each lag.
pub(super) fn computed(lags: &[u32], horizons: &[u32]) -> Vec<Target> {
    let (lags, horizons) = (BTreeSet::from_iter(lags), BTreeSet::from_iter(horizons));
    let mut targets = Vec::with_capacity(lags.len() * horizons.len());
    for lag in lags {
        targets.extend(horizons.iter().map(|horizon| Target { lag: *lag, horizon: **horizon, column: None }));
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::horizon_of;

    #[test]
    fn a_target_says_its_horizon() {
        assert_eq!(horizon_of("ret_5d_f"), Some(5));
        assert_eq!(horizon_of("feat_targets.ret_21d_f_traded"), Some(21));
        assert_eq!(horizon_of("label_up"), None);
        assert_eq!(horizon_of("ret_d"), None);
    }
}

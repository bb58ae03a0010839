//! What the diagnostics read: the universe, features, forward returns, sectors and regimes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Date32Array, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type};
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;
use tokio::task::JoinSet;

use super::features::quoted;
use super::lay::{Laid, lay};
use super::panel::Panel;
use super::{DiagnosticsError, Feature, Result, Target};
use crate::engine::Engine;

/// Calendar days beyond 7/5 of its rows that a forward return may span; a longer one has a gap in trading.
const LONGEST_GAP: u32 = 10;

/// Which rows count.
#[derive(Debug, Clone, Default)]
pub struct Universe {
    /// First date.
    pub from: Option<NaiveDate>,
    /// Last date.
    pub to: Option<NaiveDate>,
    /// Lowest mean dollar volume (`feat_adv.adv_20`).
    pub min_adv: Option<f64>,
}

impl Universe {
    /// The range of dates as a condition on the given column.
    fn condition(&self, date: &str) -> String {
        let from = self.from.map(|from| format!(" and {date} >= date '{from}'"));
        let to = self.to.map(|to| format!(" and {date} <= date '{to}'"));
        format!("{}{}", from.unwrap_or_default(), to.unwrap_or_default())
    }

    pub(super) fn range(&self) -> String {
        match (self.from, self.to) {
            (Some(from), Some(to)) => format!("from {from} to {to}"),
            (Some(from), None) => format!("from {from} on"),
            (None, Some(to)) => format!("until {to}"),
            (None, None) => "on any date".to_owned(),
        }
    }
}

/// The members of the universe.
pub(super) async fn members(engine: &Engine, universe: &Universe) -> Result<Panel> {
    let condition = universe.condition("b.date");
    let liquid = match universe.min_adv {
        Some(least) => {
            format!("join feat_adv a on a.ticker = b.ticker and a.date = b.date and a.adv_20 >= {least:e}::double")
        }
        None => String::new(),
    };
    let sql = format!("select b.ticker, b.date from sep_base_academic b {liquid} where b.in_universe{condition}");
    let mut parts = JoinSet::new();
    for rows in engine.parts(&sql).await? {
        parts.spawn(histories(rows));
    }
    let mut members: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    while let Some(part) = parts.join_next().await {
        for (ticker, dates) in part.map_err(|e| DataFusionError::External(Box::new(e)))?? {
            members.entry(ticker).or_default().extend(dates);
        }
    }
    if members.is_empty() {
        return Err(DiagnosticsError::NoMembers { range: universe.range(), available: available(engine).await? });
    }
    members.values_mut().for_each(|dates| dates.sort_unstable());
    Ok(Panel::new(members))
}

/// The dates of each ticker, as they come; a ticker may come again.
async fn histories(mut rows: SendableRecordBatchStream) -> Result<Vec<(String, Vec<i32>)>> {
    let mut histories: Vec<(String, Vec<i32>)> = Vec::new();
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        let (tickers, dates) = keys(batch.columns())?;
        for (ticker, date) in tickers.iter().zip(&dates) {
            let (Some(ticker), Some(date)) = (ticker, date) else { continue };
            match histories.last_mut() {
                Some((last, dates)) if last == ticker => dates.push(date),
                _ => histories.push((ticker.to_owned(), vec![date])),
            }
        }
    }
    Ok(histories)
}

async fn available(engine: &Engine) -> Result<String> {
    let sql = "select cast(min(date) as varchar) || ' to ' || cast(max(date) as varchar) from sep_base_academic where in_universe";
    let rows = engine.query(sql).await?;
    let text = rows.iter().find(|batch| batch.num_rows() > 0).map(|batch| cast(batch.column(0), &DataType::Utf8));
    let text = text.transpose()?.and_then(|text| text.as_string::<i32>().iter().next().flatten().map(str::to_owned));
    Ok(text.unwrap_or_else(|| "no date".to_owned()))
}

/// Columns of datasets, in the order of `features`.
pub(super) async fn features(
    engine: &Engine,
    panel: &Arc<Panel>,
    universe: &Universe,
    features: &[Feature],
) -> Result<Vec<Laid>> {
    let mut laid = vec![Laid::default(); features.len()];
    let mut datasets: Vec<&str> = features.iter().map(|feature| feature.dataset.as_str()).collect();
    datasets.sort_unstable();
    datasets.dedup();
    for dataset in datasets {
        let of_dataset = features.iter().enumerate().filter(|(_, feature)| feature.dataset == dataset);
        let (positions, columns): (Vec<usize>, Vec<String>) =
            of_dataset.map(|(at, feature)| (at, format!(", {}", quoted(&feature.column)))).unzip();
        let condition = universe.condition("date");
        let sql = format!("select ticker, date{} from {} where true{condition}", columns.concat(), quoted(dataset));
        let found = lay(engine, panel, dataset, &sql, universe, positions.len()).await?;
        positions.into_iter().zip(found).for_each(|(at, column)| laid[at] = column);
    }
    Ok(laid)
}

/// Returns over rows of a ticker, on adjusted closes: P(t+lag+h)/P(t+lag) − 1. Missing where the ticker stops trading
/// before, or rests for long in between.
pub(super) async fn forward_returns(
    engine: &Engine,
    panel: &Arc<Panel>,
    universe: &Universe,
    targets: &[&Target],
) -> Result<Vec<Laid>> {
    let column = |(number, target): (usize, &&Target)| {
        let end = target.lag + target.horizon;
        let start = match target.lag {
            0 => "closeadj".to_owned(),
            lag => format!("lead(closeadj, {lag}) over w"),
        };
        let longest = end * 7 / 5 + LONGEST_GAP;
        format!(
            ", case when lead(date, {end}) over w - date <= {longest} \
             then safe_div(lead(closeadj, {end}) over w, {start}) - 1 end as return_{number}"
        )
    };
    let columns: String = targets.iter().enumerate().map(column).collect();
    let sql =
        format!("select ticker, date{columns} from sep_base_academic window w as (partition by ticker order by date)");
    lay(engine, panel, "sep_base_academic", &sql, universe, targets.len()).await
}

/// The number of each ticker's own row, from 1, over all its history.
pub(super) async fn row_numbers(engine: &Engine, panel: &Arc<Panel>, universe: &Universe) -> Result<Vec<f64>> {
    let sql =
        "select ticker, date, row_number() over (partition by ticker order by date) as number from sep_base_academic";
    let mut found = lay(engine, panel, "sep_base_academic", sql, universe, 1).await?;
    Ok(found.remove(0).values)
}

/// Sectors by number of ticker, as numbers of the list that is returned too; `None` for a ticker without one.
pub(super) async fn sectors(engine: &Engine, panel: &Panel) -> Result<(Vec<Option<u32>>, Vec<String>)> {
    let rows = engine.query("select ticker, sector from security where sector is not null").await?;
    let mut of_ticker = std::collections::HashMap::new();
    let mut names: Vec<String> = Vec::new();
    for batch in rows {
        let (tickers, sectors) = (cast(batch.column(0), &DataType::Utf8)?, cast(batch.column(1), &DataType::Utf8)?);
        for (ticker, sector) in tickers.as_string::<i32>().iter().zip(sectors.as_string::<i32>()) {
            let (Some(ticker), Some(sector)) = (ticker, sector) else { continue };
            let number = names.iter().position(|name| name == sector).unwrap_or_else(|| {
                names.push(sector.to_owned());
                names.len() - 1
            });
            of_ticker.insert(ticker.to_owned(), number as u32);
        }
    }
    Ok((panel.tickers().iter().map(|ticker| of_ticker.get(ticker).copied()).collect(), names))
}

/// The market's regime of each date, if the lake has a history of it.
pub(super) async fn regimes(engine: &Engine, panel: &Panel) -> Result<Option<Vec<Option<String>>>> {
    if engine.lake().snapshot("regime_history_academic").await?.is_none() {
        return Ok(None);
    }
    let mut of_date = std::collections::HashMap::new();
    for batch in engine.query("select date, regime from regime_history_academic").await? {
        let (dates, regimes) = (cast(batch.column(0), &DataType::Date32)?, cast(batch.column(1), &DataType::Utf8)?);
        for (date, regime) in dates.as_primitive::<Date32Type>().iter().zip(regimes.as_string::<i32>()) {
            of_date.extend(date.zip(regime.map(str::to_owned)));
        }
    }
    Ok(Some(panel.dates().iter().map(|date| of_date.get(date).cloned()).collect()))
}

/// Ticker and date of each row, the first two columns.
pub(super) fn keys(columns: &[ArrayRef]) -> Result<(StringArray, Date32Array)> {
    let tickers: Arc<dyn Array> = cast(&columns[0], &DataType::Utf8)?;
    let dates = cast(&columns[1], &DataType::Date32)?;
    Ok((tickers.as_string::<i32>().clone(), dates.as_primitive::<Date32Type>().clone()))
}

/// A date as text, from days since 1970.
pub(super) fn date_text(days: i32) -> String {
    let epoch = NaiveDate::default();
    let date = match u64::try_from(days) {
        Ok(after) => epoch.checked_add_days(Days::new(after)),
        Err(_) => epoch.checked_sub_days(Days::new(u64::from(days.unsigned_abs()))),
    };
    date.map_or_else(|| format!("day {days}"), |date| date.to_string())
}

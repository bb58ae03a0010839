//! Columns out of the lake into a panel's arrangement.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Date32Array, Float64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, Date32Type};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::features::quoted;
use super::panel::{NOWHERE, Panel};
use super::{DiagnosticsError, Feature, Result, Target};
use crate::engine::Engine;

/// Calendar days beyond 7/5 of its rows that a forward return may span; a longer one has a gap in trading.
const LONGEST_GAP: u32 = 10;

/// Rows that are put at their places at a time: the more there are, the more of a date lie side by side.
const BLOCK: usize = 1 << 16;

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

/// A column in the panel's arrangement, with what was seen on the way.
#[derive(Debug, Default, Clone)]
pub(super) struct Laid {
    /// One value per place; NaN where there is none.
    pub values: Vec<f64>,
    /// Values of members that are there and are infinite or NaN.
    pub infinite: usize,
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
    let sql = format!(
        "select b.ticker, b.date from sep_base_academic b {liquid} where b.in_universe{condition} order by b.ticker, b.date"
    );
    let mut rows = engine.rows(&sql).await?;
    let mut members: Vec<(String, Vec<i32>)> = Vec::new();
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        let (tickers, dates) = keys(batch.columns())?;
        for (ticker, date) in tickers.iter().zip(&dates) {
            let (Some(ticker), Some(date)) = (ticker, date) else { continue };
            match members.last_mut() {
                Some((last, dates)) if last == ticker => dates.push(date),
                _ => members.push((ticker.to_owned(), vec![date])),
            }
        }
    }
    if members.is_empty() {
        return Err(DiagnosticsError::NoMembers { range: universe.range(), available: available(engine).await? });
    }
    Ok(Panel::new(members.into_iter()))
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
    panel: &Panel,
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
        let found = lay(engine, panel, universe, dataset, &sql, positions.len()).await?;
        positions.into_iter().zip(found).for_each(|(at, column)| laid[at] = column);
    }
    Ok(laid)
}

/// Returns over rows of a ticker, on adjusted closes: P(t+lag+h)/P(t+lag) − 1. Missing where the ticker stops trading
/// before, or rests for long in between.
pub(super) async fn forward_returns(
    engine: &Engine,
    panel: &Panel,
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
    lay(engine, panel, universe, "sep_base_academic", &sql, targets.len()).await
}

/// The number of each ticker's own row, from 1, over all its history.
pub(super) async fn row_numbers(engine: &Engine, panel: &Panel, universe: &Universe) -> Result<Vec<f64>> {
    let sql =
        "select ticker, date, row_number() over (partition by ticker order by date) as number from sep_base_academic";
    let mut found = lay(engine, panel, universe, "sep_base_academic", sql, 1).await?;
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

/// Runs a query of ticker, date and `count` numbers, and puts each number at its place.
async fn lay(
    engine: &Engine,
    panel: &Panel,
    universe: &Universe,
    source: &str,
    sql: &str,
    count: usize,
) -> Result<Vec<Laid>> {
    let mut laid = vec![Laid { values: vec![f64::NAN; panel.places()], infinite: 0 }; count];
    let mut taken = vec![false; panel.places()];
    let mut rows = engine.rows(sql).await?;
    loop {
        let block = next_block(&mut rows).await?;
        if block.is_empty() {
            break;
        }
        let placed = placed(panel, &block)?;
        for (place, _) in &placed {
            if std::mem::replace(&mut taken[*place as usize], true) {
                let (ticker, date) = panel.key(*place);
                return Err(DiagnosticsError::DuplicateKey { dataset: source.to_owned(), ticker, date });
            }
        }
        for (at, laid) in laid.iter_mut().enumerate() {
            let pieces: Vec<&dyn Array> = block.iter().map(|batch| batch.column(at + 2).as_ref()).collect();
            laid.put(cast(&concat(&pieces)?, &DataType::Float64)?.as_primitive(), &placed);
        }
    }
    if !taken.contains(&true) {
        return Err(DiagnosticsError::NoOverlap { dataset: source.to_owned(), range: universe.range() });
    }
    Ok(laid)
}

/// The next batches that together have some [`BLOCK`] rows; none at the end.
async fn next_block(rows: &mut SendableRecordBatchStream) -> Result<Vec<RecordBatch>> {
    let (mut block, mut count) = (Vec::new(), 0);
    while count < BLOCK
        && let Some(batch) = rows.next().await
    {
        let batch = batch?;
        count += batch.num_rows();
        block.push(batch);
    }
    Ok(block)
}

/// Place and number of each row that belongs to a member; for many columns in the order of places. Places lie by date and
/// rows by ticker; in this order the values of neighbours on a date are written together.
fn placed(panel: &Panel, block: &[RecordBatch]) -> Result<Vec<(u32, u32)>> {
    let mut places = Vec::new();
    for batch in block {
        let (tickers, dates) = keys(batch.columns())?;
        places.extend(panel.places_of(&tickers, &dates));
    }
    let mut placed: Vec<_> = places.into_iter().zip(0..).filter(|(place, _)| *place != NOWHERE).collect();
    // Sorting costs as much as it saves in two or three columns.
    if block.first().is_some_and(|batch| batch.num_columns() > 2 + 3) {
        placed.sort_unstable();
    }
    Ok(placed)
}

impl Laid {
    /// Puts the values of rows at their places, given as (place, row).
    fn put(&mut self, column: &Float64Array, placed: &[(u32, u32)]) {
        let (values, nulls) = (column.values(), column.nulls());
        for (place, row) in placed {
            let row = *row as usize;
            if nulls.is_none_or(|nulls| nulls.is_valid(row)) {
                let value = values[row];
                self.infinite += usize::from(!value.is_finite());
                self.values[*place as usize] = if value.is_finite() { value } else { f64::NAN };
            }
        }
    }
}

fn keys(columns: &[ArrayRef]) -> Result<(StringArray, Date32Array)> {
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

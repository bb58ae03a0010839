//! A saved run with everything that a report shows.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use datafusion::arrow::array::RecordBatch;

use super::relations::{Kept, Relations, Rows};
use super::run::texts;
use super::save::{METRICS, PERIODS, RUNS, WEIGHTS};
use super::{BacktestError, Result};
use crate::diagnostics::{Feature, Study, Target, Universe, find_features};
use crate::engine::Engine;
use crate::pipeline::{Parameters, SqlTree};
use crate::report::html::{
    Binding, Coefficient, Correlations, Decay, Factor, Metric, Period, QuantileReturn, Run, RunReport, SectorWeight,
    Spread, Turnover,
};

/// Rows ahead of the decay of the alpha.
const DECAY: [u32; 8] = [1, 2, 3, 5, 10, 21, 42, 63];
/// Dates between two looks at the alpha.
const LAGS: [u32; 3] = [1, 5, 21];
/// Fewest names of a date that count.
const MIN_NAMES: usize = 20;
const QUANTILES: usize = 10;
/// What an alpha is compared with, if the matrix has it.
const COMPARED: [&str; 9] = [
    "value_composite_z",
    "quality_composite_z",
    "momentum_composite_z",
    "insider_composite_z",
    "reversal_1m",
    "size_z",
    "adv_z",
    "beta_252d",
    "vol_blend",
];

/// What a review may use of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Means {
    /// Threads of the factor's statistics.
    pub threads: usize,
    /// Bytes that they may hold.
    pub memory: usize,
}

/// Reads a saved run, and looks at its alpha as the lake has it now.
///
/// # Errors
/// If the run is not there or something cannot be read. An alpha that the lake does not have any more is left out.
pub async fn review(engine: &Engine, tree: &SqlTree, run_id: &str, means: Means) -> Result<RunReport> {
    let id = run_id.replace('\'', "''");
    let run = run_of(engine, &id).await?;
    let periods = format!("select *, beta_port as beta from {PERIODS} where run_id = '{id}' order by date");
    let mut report = RunReport {
        periods: Period::from_batches(&engine.query(&periods).await?)?,
        sectors: Vec::new(),
        constraints: Vec::new(),
        metrics: Metric::from_batches(&engine.query(&format!("select * from {METRICS} where run_id = '{id}'")).await?)?,
        factor: None,
        run,
    };
    if engine.lake().snapshot(WEIGHTS).await?.is_some() {
        report.sectors = SectorWeight::from_batches(&engine.query(&sectors(&id)).await?)?;
        report.constraints = Binding::from_batches(&engine.query(&constraints(&id)).await?)?;
    }
    if let Some(alpha) = report.run.alpha.clone() {
        report.factor = factor(engine, tree, &report.run, &alpha, means).await?;
    }
    Ok(report)
}

/// Weights of sectors, with the leverage of their period.
fn sectors(id: &str) -> String {
    format!(
        "select w.date, w.sector,
            coalesce(sum(w.weight * p.leverage) filter (where w.weight > 0), 0.0) as long,
            coalesce(sum(w.weight * p.leverage) filter (where w.weight < 0), 0.0) as short
         from {WEIGHTS} w
         join {PERIODS} p on p.run_id = w.run_id and p.date = w.date
         where w.run_id = '{id}' and w.weight <> 0
         group by w.date, w.sector
         order by w.date, w.sector"
    )
}

fn constraints(id: &str) -> String {
    format!(
        "with bounds as (
            select date, unnest(string_to_array(bound, ', ')) as bound
            from {WEIGHTS}
            where run_id = '{id}' and bound <> ''
         )
         select date, bound as \"constraint\", count(*) as names
         from bounds
         group by date, bound
         order by date, bound"
    )
}

async fn run_of(engine: &Engine, id: &str) -> Result<Run> {
    let rows = engine.query(&format!("select * from {RUNS} where run_id = '{id}'")).await?;
    let text = |column: &str| rows.iter().flat_map(|batch| texts(batch, column)).flatten().next();
    let map = |column: &str| -> BTreeMap<String, serde_json::Value> {
        text(column).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    };
    let strategy = text("strategy").ok_or_else(|| BacktestError::UnknownRun { id: id.to_owned(), known: vec![] })?;
    let parameters = map("parameters");
    let shown = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let span = format!(
        "select min(date) as first, max(coalesce(date_end, date)) as last from {PERIODS} where run_id = '{id}'"
    );
    let span = engine.query(&span).await?;
    let date = |column: &str| span.iter().flat_map(|batch| texts(batch, column)).flatten().next();
    let date = |column: &str| date(column).and_then(|text| text.parse::<NaiveDate>().ok()).unwrap_or_default();
    Ok(Run {
        run_id: id.to_owned(),
        strategy,
        alpha: text("alpha"),
        command: text("command").unwrap_or_default(),
        code_version: text("code").unwrap_or_default(),
        started_at: text("started_at").and_then(|text| text.parse::<DateTime<Utc>>().ok()),
        periods_per_year: 252.0 / parameters.get("rebalance_every").and_then(serde_json::Value::as_f64).unwrap_or(5.0),
        inputs: map("inputs").into_iter().filter_map(|(name, version)| Some((name, version.as_i64()?))).collect(),
        parameters: parameters.iter().map(|(name, value)| (name.clone(), shown(value))).collect(),
        from: date("first"),
        to: date("last"),
    })
}

/// What the alpha says about later returns, over the dates of the run.
async fn factor(engine: &Engine, tree: &SqlTree, run: &Run, alpha: &str, means: Means) -> Result<Option<Factor>> {
    let Ok(mut features) = find_features(engine, None, &[alpha.to_owned()]).await else {
        return Ok(None);
    };
    for column in COMPARED.iter().filter(|column| **column != alpha) {
        features.extend(find_features(engine, None, &[format!("feat_matrix.{column}")]).await.unwrap_or_default());
    }
    let horizon = (252.0 / run.periods_per_year).round().max(1.0) as u32;
    let open = |features: Vec<Feature>| {
        let universe = Universe { from: Some(run.from), to: Some(run.to), min_adv: None };
        Study::open(engine, universe, features, means.threads, means.memory)
    };
    let one = open(features[..1].to_vec()).await?;
    let targets: Vec<Target> = DECAY.iter().map(|horizon| Target { lag: 0, horizon: *horizon, column: None }).collect();
    let own = one.returns(&[Target { lag: 0, horizon, column: None }]).await?;
    let parameters = Parameters::load(tree.manifests(), &[])?;
    let mut kept = Kept::new();
    let mut summaries = Summaries { tree, relations: Relations::new(engine, &parameters, &mut kept) };
    let coefficients = one.information_coefficients(&own, MIN_NAMES, false).await?;
    let decay = one.information_coefficients(&one.returns(&targets).await?, MIN_NAMES, false).await?;
    let quantiles = one.quantile_returns(&own, QUANTILES).await?;
    let turnover = one.turnover(&LAGS, QUANTILES, MIN_NAMES).await?;
    let correlations = match features.len() {
        1 => None,
        _ => Some(Correlations::from_batches(&[open(features).await?.correlations(MIN_NAMES).await?])?),
    };
    Ok(Some(Factor {
        column: alpha.to_owned(),
        horizon,
        coefficients: Coefficient::from_batches(&[coefficients])?,
        decay: Decay::from_batches(&summaries.of("diag_ic", decay, "decay").await?)?,
        spread: Spread::from_batches(&summaries.spread(&quantiles, horizon).await?)?,
        quantiles: QuantileReturn::from_batches(&summaries.of("diag_quantiles", quantiles, "quantiles").await?)?,
        turnover: Turnover::from_batches(&summaries.of("diag_turnover", turnover, "turnover").await?)?,
        correlations,
    }))
}

/// Values per date, summarised by the files of `sql/diagnostics`.
struct Summaries<'a> {
    tree: &'a SqlTree,
    relations: Relations<'a>,
}

impl Summaries<'_> {
    async fn of(&mut self, dataset: &str, values: RecordBatch, summary: &str) -> Result<Vec<RecordBatch>> {
        let path = format!("diagnostics/{summary}.sql");
        let file = self.tree.file(&path).ok_or(BacktestError::NoFile(path))?;
        self.relations.put(dataset, String::new(), &Rows::of(values))?;
        Ok(self.relations.whole(file).await?.batches)
    }

    /// The best quantile less the worst, summed over every `horizon`-th date, whose returns do not overlap.
    async fn spread(&self, quantiles: &RecordBatch, horizon: u32) -> Result<Vec<RecordBatch>> {
        let engine = self.relations.engine().clone().with_rows("quantile_returns", quantiles.clone())?;
        let sql = format!(
            "with spreads as (
                select date,
                    max(mean_return) filter (where quantile = {QUANTILES})
                        - max(mean_return) filter (where quantile = 1) as spread,
                    row_number() over (order by date) - 1 as position
                from quantile_returns
                group by date
             )
             select date, sum(spread) over (order by date) as cumulative
             from spreads
             where position % {horizon} = 0
             order by date"
        );
        Ok(engine.query(&sql).await?)
    }
}

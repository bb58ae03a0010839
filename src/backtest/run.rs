//! Running a strategy.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{DataType, Float64Type};

use super::contract::{CANDIDATES, ends_in_positions};
use super::inputs::Inputs;
use super::relations::{Kept, Relations, Rows};
use super::request::{Request, no_period, nothing_held};
use super::strategy::{Strategies, Strategy, query};
use super::{BacktestError, Result};
use crate::engine::{Engine, EngineError};
use crate::pipeline::{Parameters, References, SqlFile, SqlTree};

/// The relation of the benchmark's returns, and the parameter that names its file.
const BENCHMARK: &str = "benchmark";

/// What a run gave.
#[derive(Debug, Clone)]
pub struct Run {
    /// The strategy.
    pub strategy: String,
    /// One row per rebalance whose period is over; `sql/backtests/accounting.sql` documents the columns.
    pub periods: RecordBatch,
    /// One row per position: date, ticker, sector, z, rank, target, weight, before, bound, status. Empty for a strategy
    /// that is made of other runs.
    pub weights: Option<RecordBatch>,
    /// Figures: book, scope, name, value.
    pub metrics: RecordBatch,
    /// The parameters that were used, with their values.
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// The datasets that were read, and the version of each.
    pub inputs: BTreeMap<String, u64>,
    /// The matrices that were stored before a dataset of theirs changed, with those datasets. Their columns were read from
    /// the datasets.
    pub behind: BTreeMap<String, Vec<String>>,
    /// The rows of the strategy's saved tables, by dataset.
    pub results: Vec<(String, RecordBatch)>,
    /// Wall time.
    pub seconds: f64,
}

impl Run {
    /// The status of each period: `ok`, or what was out of the ordinary.
    pub fn statuses(&self) -> Vec<Option<String>> {
        texts(&self.periods, "status")
    }
}

/// Runs strategies over one lake, as it is when the first run starts.
pub struct Backtester<'a> {
    tree: &'a SqlTree,
    kept: Kept,
    inputs: Inputs<'a>,
}

impl<'a> Backtester<'a> {
    /// A backtester that has computed nothing yet.
    pub fn new(engine: &Engine, tree: &'a SqlTree) -> Self {
        Self { tree, kept: Kept::new(), inputs: Inputs::new(engine, tree) }
    }

    fn strategies(&self) -> Strategies<'a> {
        Strategies(self.tree)
    }

    /// The datasets that a strategy reads with these parameters.
    ///
    /// # Errors
    /// If a file is missing or is not a query.
    pub fn reads(&self, strategy: &Strategy, parameters: &Parameters) -> Result<BTreeSet<String>> {
        let strategies = self.strategies();
        let mut tables = BTreeSet::new();
        for file in self.files(strategy, parameters)? {
            tables.extend(References::of(&query(&file)?).tables.into_iter().map(|table| table.name));
        }
        let relations = ["weights", "periods", CANDIDATES, "legs", BENCHMARK];
        tables.retain(|table| strategies.stage(table).is_none() && !relations.contains(&table.as_str()));
        Ok(tables)
    }

    /// The parameters that a strategy's files name, with their values.
    ///
    /// # Errors
    /// If a file is missing, is not a query or names an unknown parameter.
    pub fn parameters(
        &self,
        strategy: &Strategy,
        parameters: &Parameters,
    ) -> Result<BTreeMap<String, serde_json::Value>> {
        let mut used = BTreeMap::from([recorded_benchmark(parameters)]);
        for file in self.files(strategy, parameters)? {
            used.extend(parameters.bind(&mut query(&file)?, &file)?);
        }
        Ok(used)
    }

    /// Every file that a run of the strategy goes through.
    fn files(&self, strategy: &Strategy, parameters: &Parameters) -> Result<Vec<SqlFile>> {
        let strategies = self.strategies();
        let benchmark = strategies.benchmark(&benchmark(parameters))?;
        let mut files = vec![strategy.file.clone(), benchmark.clone()];
        for shared in ["accounting", "metrics"] {
            files.push(strategies.shared(shared)?.clone());
        }
        for file in files.clone() {
            files.extend(strategies.stages_of(&file)?.into_iter().cloned());
        }
        Ok(files)
    }

    /// Runs a strategy with these parameters, from candidates to figures.
    ///
    /// # Errors
    /// If a parameter does not fit the data, there is nothing to hold or measure, or a file fails.
    pub async fn run(&mut self, strategy: &Strategy, parameters: &Parameters) -> Result<Run> {
        let started = Instant::now();
        let tables = self.reads(strategy, parameters)?;
        for name in &tables {
            self.inputs.pin(name, parameters).await?;
        }
        let strategies = self.strategies();
        let engine = &self.inputs.engine;
        Request { engine, strategies, tables: &tables, parameters }.check().await?;
        let mut relations = Relations::new(engine, parameters, &mut self.kept);
        let accounting = strategies.shared("accounting")?;
        let metrics = strategies.shared("metrics")?;
        let benchmark = strategies.benchmark(&benchmark(parameters))?;
        for file in [&strategy.file, accounting, benchmark] {
            for stage in strategies.stages_of(file)? {
                let name = stage.path.rsplit('/').next().and_then(|file| file.strip_suffix(".sql")).unwrap_or_default();
                match (relations.has(name), Strategies::is_inline(stage)) {
                    (true, _) => {}
                    (false, true) => relations.inline(name, stage)?,
                    (false, false) => relations.stage(name, stage).await?,
                }
            }
        }
        relations.in_order();
        let chosen = relations.steps(&strategy.file).await?;
        let (weights, periods) = match ends_in_positions(strategy, &chosen.schema, relations.schema(CANDIDATES))? {
            true => {
                if !chosen.batches.iter().any(has_weight) {
                    return Err(match relations.is_empty(CANDIDATES) {
                        true => no_period(strategy, parameters),
                        false => nothing_held(strategy, parameters, &chosen.batches, &relations).await?,
                    });
                }
                relations.put("weights", String::new(), &chosen)?;
                let weights = described(relations.engine(), &chosen).await?;
                relations.put("weights", String::new(), &Rows::of(weights.clone()))?;
                relations.inline(BENCHMARK, benchmark)?;
                relations.used.extend([recorded_benchmark(parameters)]);
                (Some(weights), relations.whole(accounting).await?)
            }
            false => (None, chosen),
        };
        relations.put("periods", String::new(), &periods)?;
        let periods = periods.one_batch()?;
        if periods.num_rows() == 0 {
            return Err(no_period(strategy, parameters));
        }
        covers(benchmark, &periods)?;
        let metrics = relations.whole(metrics).await?.one_batch()?;
        let mut results = Vec::new();
        for (dataset, file) in strategies.results(&strategy.name) {
            results.push((dataset, relations.whole(file).await?.one_batch()?));
        }
        Ok(Run {
            strategy: strategy.name.clone(),
            periods,
            weights,
            metrics,
            parameters: std::mem::take(&mut relations.used),
            inputs: self.inputs.versions.clone(),
            behind: self.inputs.behind.clone(),
            results,
            seconds: started.elapsed().as_secs_f64(),
        })
    }
}

/// What a run is compared with.
fn benchmark(parameters: &Parameters) -> String {
    parameters.get(BENCHMARK).map(|parameter| parameter.value.to_string()).unwrap_or_default()
}

/// The parameter that names a file, which no statement binds.
fn recorded_benchmark(parameters: &Parameters) -> (String, serde_json::Value) {
    (BENCHMARK.to_owned(), benchmark(parameters).into())
}

/// Whether the benchmark has a return for every period. Without one the figures of the two would be of different dates.
fn covers(benchmark: &SqlFile, periods: &RecordBatch) -> Result<()> {
    let returns = periods.column_by_name("bench_ret");
    let missing = (0..periods.num_rows()).filter(|row| returns.is_some_and(|returns| returns.is_null(*row)));
    let missing: Vec<usize> = missing.collect();
    let dates = texts(periods, "date");
    let date = |row: usize| dates[row].clone().unwrap_or_default();
    match missing[..] {
        [] => Ok(()),
        [first, ..] => Err(BacktestError::NoBenchmark {
            file: benchmark.origin.clone(),
            periods: missing.len(),
            all: periods.num_rows(),
            first: date(first),
            last: date(missing[missing.len() - 1]),
        }),
    }
}

/// Whether any position is more than a candidate.
fn has_weight(rows: &RecordBatch) -> bool {
    let weights = rows.column_by_name("weight").and_then(|column| cast(column, &DataType::Float64).ok());
    weights.is_some_and(|weights| weights.as_primitive::<Float64Type>().iter().flatten().any(|weight| weight != 0.0))
}

/// Positions in the columns in which runs are saved, with the sector that the strategy knew.
async fn described(engine: &Engine, chosen: &Rows) -> Result<RecordBatch> {
    let has = |column: &str| chosen.schema.index_of(column).is_ok();
    let or_null = |column: &str, of: &str| match has(column) {
        true => format!("w.{column}"),
        false => format!("cast(null as {of}) as {column}"),
    };
    let sql = format!(
        "select w.date, w.ticker, s.sector, {}, {}, {}, w.weight, {}, {}, {}
         from weights w
         left join security s on s.ticker = w.ticker
         order by w.date, w.ticker",
        or_null("z", "double"),
        or_null("rank", "int"),
        or_null("target", "double"),
        or_null("before", "double"),
        or_null("bound", "varchar"),
        or_null("status", "varchar"),
    );
    let rows = engine.rows(&sql).await?;
    let schema = rows.schema();
    let batches = datafusion::physical_plan::common::collect(rows).await.map_err(EngineError::from)?;
    Ok(concat_batches(&schema, &batches)?)
}

/// The texts of a column, whatever its string type.
pub(super) fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let Some(values) = batch.column_by_name(column) else { return vec![None; batch.num_rows()] };
    match cast(values, &DataType::Utf8) {
        Ok(values) => values.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect(),
        Err(_) => vec![None; values.len()],
    }
}

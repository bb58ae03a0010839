//! What can be wrong with a request, said before SQL would say it in its own way, or not at all.

use std::collections::BTreeSet;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Int64Type, Schema};
use kairos_udfs::nearest;

use super::contract::CANDIDATES;
use super::relations::Relations;
use super::run::texts;
use super::strategy::{Strategies, Strategy};
use super::{BacktestError, Result};
use crate::engine::Engine;
use crate::pipeline::{ParameterValue, Parameters};

/// A request: parameters for a strategy that reads these tables.
pub(super) struct Request<'a> {
    pub(super) engine: &'a Engine,
    pub(super) strategies: Strategies<'a>,
    pub(super) tables: &'a BTreeSet<String>,
    pub(super) parameters: &'a Parameters,
}

impl Request<'_> {
    /// Whether the run can be made.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(super) async fn check(&self) -> Result<()> {
        let (from, to) = range(self.parameters);
        if from > to {
            return Err(BacktestError::NoDates { from, to });
        }
        self.saved_runs().await?;
        let Some(matrix) = self.tables.iter().find(|table| table.starts_with("feat_matrix")) else {
            return Ok(());
        };
        // Without rows: what columns there are. Where the matrix is missing, the engine says it, with what to do.
        let columns = self.engine.rows(&format!("select * from {matrix} limit 0")).await?.schema();
        for name in ["alpha", "beta", "target"] {
            if let Some(column) = text(self.parameters, name) {
                is_number(matrix, &columns, column, format!("--{name}"))?;
            }
        }
        horizon(self.parameters)?;
        self.coverage(matrix).await
    }

    /// Whether the tables that saved runs leave are there.
    async fn saved_runs(&self) -> Result<()> {
        for dataset in self.tables {
            let makers = self.strategies.makers(dataset);
            if !makers.is_empty() && self.engine.lake().snapshot(dataset).await?.is_none() {
                return Err(BacktestError::NotSaved { dataset: dataset.clone(), makers });
            }
        }
        Ok(())
    }

    /// Whether the alpha has a value on any of the dates.
    async fn coverage(&self, matrix: &str) -> Result<()> {
        let Some(alpha) = text(self.parameters, "alpha") else { return Ok(()) };
        let (from, to) = range(self.parameters);
        let sql = format!(
            "select count(*) > 0 from (select 1 from {matrix} where finite(\"{}\") is not null
             and date between date '{from}' and date '{to}' limit 1)",
            alpha.replace('"', "\"\"")
        );
        let rows = self.engine.query(&sql).await?;
        let found = rows.first().is_some_and(|batch| batch.column(0).as_boolean().value(0));
        match found {
            true => Ok(()),
            false => Err(BacktestError::NoCoverage { column: alpha, range: format!("from {from} to {to}") }),
        }
    }
}

/// Whether the matrix has a column, of numbers.
fn is_number(matrix: &str, schema: &Schema, column: String, parameter: String) -> Result<()> {
    let dataset = matrix.to_owned();
    let Ok(field) = schema.field_with_name(&column) else {
        let nearest = nearest(&column, schema.fields().iter().map(|field| field.name().as_str()));
        let help = match nearest.as_slice() {
            [] => format!("`kairos describe {dataset}` lists its columns"),
            near => format!("did you mean {}?", near.join(", ")),
        };
        return Err(BacktestError::NoColumn { dataset, column, parameter, help, nearest });
    };
    match field.data_type() {
        found if found.is_numeric() || found.is_null() => Ok(()),
        found => {
            let found = match found {
                found if found.is_string() => "text".to_owned(),
                found if found.is_temporal() => "a date".to_owned(),
                found => found.to_string(),
            };
            Err(BacktestError::NotANumber { dataset, column, parameter, found })
        }
    }
}

/// Whether forward returns, if they are what is earned, fit the rebalance period.
fn horizon(parameters: &Parameters) -> Result<()> {
    let allowed = matches!(value(parameters, "overlapping_returns"), Some(ParameterValue::Boolean(true)));
    let source = text(parameters, "return_source");
    let (Some(target), Some(ParameterValue::Integer(every))) =
        (text(parameters, "target"), value(parameters, "rebalance_every"))
    else {
        return Ok(());
    };
    match horizon_of(&target) {
        Some(horizon) if source.as_deref() == Some("target") && i64::from(horizon) != every && !allowed => {
            Err(BacktestError::Horizon { target, horizon, every })
        }
        _ => Ok(()),
    }
}

/// The rows that a target column looks ahead: `ret_5d_f`, `ret_5d_f_traded`.
fn horizon_of(target: &str) -> Option<u32> {
    target.strip_prefix("ret_")?.split_once("d_f")?.0.parse().ok()
}

fn value(parameters: &Parameters, name: &str) -> Option<ParameterValue> {
    parameters.get(name).map(|parameter| parameter.value.clone())
}

fn text(parameters: &Parameters, name: &str) -> Option<String> {
    value(parameters, name).map(|value| value.to_string())
}

fn range(parameters: &Parameters) -> (String, String) {
    let date = |name| text(parameters, name).unwrap_or_default();
    (date("backtest_from"), date("backtest_to"))
}

/// What strategies look for in a candidate.
const SOUGHT: [&str; 6] = ["alpha", "beta", "sector", "volatility", "adv_20", "regime"];

/// Says why no position has a weight: the statuses of the dates, if the strategy got so far as to have some, or what all
/// candidates lack.
///
/// # Errors
/// If the candidates cannot be read.
pub(super) async fn nothing_held(
    strategy: &Strategy,
    parameters: &Parameters,
    chosen: &[RecordBatch],
    relations: &Relations<'_>,
) -> Result<BacktestError> {
    let (from, to) = range(parameters);
    let statuses = chosen.iter().flat_map(|batch| texts(batch, "status")).flatten();
    let statuses: BTreeSet<String> = statuses.filter(|status| status.contains(": ")).collect();
    let (file, name) = (&strategy.file.origin, &strategy.name);
    let why = match statuses.is_empty() {
        true => {
            format!(
                "{name} finds no name that it may hold on any date from {from} to {to}{}",
                lack(strategy, relations).await?
            )
        }
        false => {
            let statuses = Vec::from_iter(statuses).join("; ");
            format!("{name} holds nothing on any date from {from} to {to} ({statuses})")
        }
    };
    let help = format!("its conditions stand in {file}; `kairos backtest {name} --dry-run` shows their parameters");
    Ok(BacktestError::NoPeriods { why, help })
}

/// What the strategy speaks of and no candidate has, in words.
async fn lack(strategy: &Strategy, relations: &Relations<'_>) -> Result<String> {
    let has = |column: &str| relations.schema(CANDIDATES).is_some_and(|schema| schema.index_of(column).is_ok());
    let is_sought = |column: &&str| has(column) && strategy.file.text.contains(column);
    let sought: Vec<&str> = SOUGHT.into_iter().filter(is_sought).collect();
    let counts: Vec<String> = sought.iter().map(|column| format!(", count({column})")).collect();
    let sql = format!("select count(*){} from {CANDIDATES} where in_universe", counts.concat());
    let rows = relations.engine().query(&sql).await?;
    let is_zero = |place: usize| rows.iter().all(|batch| batch.column(place).as_primitive::<Int64Type>().value(0) == 0);
    if is_zero(0) {
        return Ok(": no name is a member".to_owned());
    }
    let lacking: Vec<&str> = (1..).zip(sought).filter(|(place, _)| is_zero(*place)).map(|(_, column)| column).collect();
    Ok(if lacking.is_empty() { String::new() } else { format!(": no member has {}", lacking.join(", ")) })
}

pub(super) fn no_period(strategy: &Strategy, parameters: &Parameters) -> BacktestError {
    let (from, to) = range(parameters);
    BacktestError::NoPeriods {
        why: format!("{} has no rebalance from {from} to {to} whose return is known", strategy.name),
        help: "choose dates within the data: `kairos describe feat_matrix` says which they are".to_owned(),
    }
}

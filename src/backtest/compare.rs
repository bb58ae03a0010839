//! Two saved runs side by side.

use datafusion::arrow::array::RecordBatch;

use super::save::{METRICS, RUNS};
use super::{BacktestError, Result};
use crate::engine::Engine;

/// The id of the saved run that a text means: an id, the beginning of one, the name of a strategy, which means its latest
/// run, or nothing, which means the latest of all.
///
/// # Errors
/// [`BacktestError::UnknownRun`] if it means none, or more than one.
pub async fn resolve(engine: &Engine, text: &str) -> Result<String> {
    let unknown = |known| BacktestError::UnknownRun { id: text.to_owned(), known };
    if engine.lake().snapshot(RUNS).await?.is_none() {
        return Err(unknown(Vec::new()));
    }
    // Identifiers are UUIDs of version 7, which sort by time.
    let rows = engine.query(&format!("select run_id, strategy from {RUNS} order by run_id desc")).await?;
    let mut runs: Vec<(String, String)> = Vec::new();
    for batch in &rows {
        let ids = super::run::texts(batch, "run_id").into_iter().flatten();
        runs.extend(ids.zip(super::run::texts(batch, "strategy").into_iter().flatten()));
    }
    if let Some((id, _)) = runs.iter().find(|(_, strategy)| text.is_empty() || strategy == text) {
        return Ok(id.clone());
    }
    let mut beginning = runs.iter().filter(|(id, _)| id.starts_with(text));
    match (beginning.next(), beginning.next()) {
        (Some((id, _)), None) => Ok(id.clone()),
        _ => Err(unknown(runs.iter().take(5).map(|(id, strategy)| format!("{id} ({strategy})")).collect())),
    }
}

/// The figures and parameters in which two saved runs differ: kind, name, first, second. Figures are those of all
/// periods.
///
/// # Errors
/// If a run is unknown or cannot be read.
pub async fn compare(engine: &Engine, first: &str, second: &str) -> Result<Vec<RecordBatch>> {
    let (a, b) = (resolve(engine, first).await?, resolve(engine, second).await?);
    let parameters = parameters_rows(engine, &a, &b).await?;
    let engine = engine.clone().with_rows("run_parameters", parameters)?;
    let figures = |id: &str| {
        format!("select book || ' ' || name as name, value from {METRICS} where run_id = '{id}' and scope = 'all'")
    };
    let sql = format!(
        "with a as ({}), b as ({}),
         figures as (
            select coalesce(a.name, b.name) as name, cast(round(a.value, 6) as varchar) as first,
                   cast(round(b.value, 6) as varchar) as second
            from a full join b on a.name = b.name
            where a.value is distinct from b.value
         )
         select kind, name, first, second
         from (select 0 as place, 'parameter' as kind, * from run_parameters
               union all select 1 as place, 'figure' as kind, * from figures)
         order by place, name",
        figures(&a),
        figures(&b)
    );
    Ok(engine.query(&sql).await?)
}

/// The parameters in which two runs differ, as text: name, first, second.
async fn parameters_rows(engine: &Engine, a: &str, b: &str) -> Result<RecordBatch> {
    let mut sides: Vec<std::collections::BTreeMap<String, serde_json::Value>> = Vec::new();
    for id in [a, b] {
        let sql = format!("select strategy, parameters, inputs from {RUNS} where run_id = '{id}'");
        let rows = engine.query(&sql).await?;
        let text = |column| rows.iter().flat_map(|batch| super::run::texts(batch, column)).flatten().next();
        let map = |column| text(column).and_then(|text| serde_json::from_str(&text).ok());
        let mut all: std::collections::BTreeMap<String, serde_json::Value> = map("parameters").unwrap_or_default();
        let inputs: std::collections::BTreeMap<String, serde_json::Value> = map("inputs").unwrap_or_default();
        all.extend(inputs.into_iter().map(|(name, version)| (format!("version of {name}"), version)));
        all.insert("strategy".to_owned(), text("strategy").unwrap_or_default().into());
        sides.push(all);
    }
    let (a, b) = (&sides[0], &sides[1]);
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let shown = |side: &std::collections::BTreeMap<String, serde_json::Value>, name: &String| {
        side.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let differing: Vec<&String> = names.into_iter().filter(|name| a.get(*name) != b.get(*name)).collect();
    let column = |values: Vec<Option<String>>| -> datafusion::arrow::array::ArrayRef {
        std::sync::Arc::new(datafusion::arrow::array::StringArray::from(values))
    };
    Ok(RecordBatch::try_from_iter_with_nullable(vec![
        ("name", column(differing.iter().map(|name| Some((*name).clone())).collect()), true),
        ("first", column(differing.iter().map(|name| shown(a, name)).collect()), true),
        ("second", column(differing.iter().map(|name| shown(b, name)).collect()), true),
    ])?)
}

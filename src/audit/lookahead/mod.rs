//! Does the pipeline look ahead? For a date in the past, everything is built again from what was known then, and must say
//! of every date up to then what the lake says today.
//!
//! What was known of a raw table is said in `sql/past/`, one query per table. A dataset with `-- Role: target` in its
//! header holds outcomes, which are missing until their window has closed; where the past has one, it must be the same.

mod compare;
mod past;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::array::{ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Date32Type};
use datafusion::sql::sqlparser::tokenizer::Token;
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;

use super::{AuditError, Result};
use crate::engine::{Engine, Resources};
use crate::lake::Lake;
use crate::pipeline::{
    Action, EngineBuilder, LakeStates, Outcome, Pipeline, Plan, PlannedStep, Reason, RunOptions, Selectors, run,
};

pub use compare::Difference;

/// The share of all sessions that lies before the first date that may be chosen: with less history a pipeline of long
/// windows says too little to be compared.
const HISTORY: f64 = 0.25;
/// Fewest sessions of a market that can be looked back in.
const FEWEST_SESSIONS: usize = 8;

/// What to look at.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Datasets by name or pattern; all if empty.
    pub datasets: Vec<String>,
    /// How many dates are chosen at random.
    pub dates: usize,
    /// Which ones: the same seed chooses the same dates.
    pub seed: u64,
    /// These dates instead.
    pub at: Vec<NaiveDate>,
    /// What the rebuilds may use of the machine.
    pub resources: Resources,
}

/// What was found out about a dataset at a date.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The date after whose close the past was taken.
    pub as_of: NaiveDate,
    /// The dataset.
    pub dataset: String,
    /// Rows dated up to then.
    pub rows: u64,
    /// Whether they say the same.
    pub verdict: Verdict,
}

/// Whether two states of a dataset say the same about the past.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// They do.
    Same,
    /// There is nothing to compare, for this reason.
    NotCompared(&'static str),
    /// They do not: later data has changed what is said about the past.
    Differs(Difference),
}

impl Finding {
    /// Whether later data changed what the dataset says about the past.
    pub fn looks_ahead(&self) -> bool {
        matches!(self.verdict, Verdict::Differs(_))
    }
}

/// The findings as rows: `as_of, dataset, rows, verdict, differ, columns, key, then, now`.
///
/// # Errors
/// None in practice: the columns are of equal length.
pub fn to_batch(findings: &[Finding]) -> Result<RecordBatch> {
    let difference = |finding: &'_ Finding| match &finding.verdict {
        Verdict::Differs(difference) => Some(difference.clone()),
        Verdict::Same | Verdict::NotCompared(_) => None,
    };
    let differences: Vec<Option<Difference>> = findings.iter().map(difference).collect();
    let of = |value: fn(&Difference) -> String| {
        Arc::new(differences.iter().map(|d| d.as_ref().map(value)).collect::<StringArray>()) as ArrayRef
    };
    let differ = differences.iter().map(|d| d.as_ref().map(|d| d.rows as i64)).collect::<Int64Array>();
    let as_of = findings.iter().map(|finding| Some(Date32Type::from_naive_date(finding.as_of)));
    let verdict = findings.iter().map(|finding| match finding.verdict {
        Verdict::Same => "same",
        Verdict::NotCompared(_) => "not compared",
        Verdict::Differs(_) => "looks ahead",
    });
    let datasets = findings.iter().map(|finding| finding.dataset.as_str());
    Ok(RecordBatch::try_from_iter_with_nullable([
        ("as_of", Arc::new(as_of.collect::<Date32Array>()) as ArrayRef, false),
        ("dataset", Arc::new(StringArray::from_iter_values(datasets)), false),
        ("rows", Arc::new(findings.iter().map(|f| Some(f.rows as i64)).collect::<Int64Array>()), false),
        ("verdict", Arc::new(StringArray::from_iter_values(verdict)), false),
        ("differ", Arc::new(differ), true),
        ("columns", of(|d| d.columns.join(", ")), true),
        ("key", of(|d| d.key.clone()), true),
        ("then", of(|d| d.then.clone()), true),
        ("now", of(|d| d.now.clone()), true),
    ])?)
}

/// Looks at each date in turn; `progress` is told what is being done.
///
/// # Errors
/// If the lake is not up to date, a rule of `sql/past/` is missing, or a rebuild fails.
pub async fn look(
    engine: &Engine,
    pipeline: &Pipeline,
    options: &Options,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<Finding>> {
    let built = built(engine.lake(), pipeline, &options.datasets).await?;
    let selectors = Selectors { datasets: built.clone(), ..Selectors::default() };
    let mut findings = Vec::new();
    for as_of in dates(engine, options).await? {
        progress(&format!("what was known on {as_of}"));
        let folder = tempfile::tempdir()?;
        let lake = Lake::open(&folder.path().display().to_string())?;
        past::land(engine, pipeline, as_of, &lake).await?;
        progress(&format!("rebuilding as of {as_of}"));
        rebuild(&lake, pipeline, &selectors, as_of, &options.resources).await?;
        progress(&format!("comparing as of {as_of}"));
        for dataset in &built {
            let (rows, verdict) = compare::compare(engine, &lake, pipeline, dataset, as_of).await?;
            findings.push(Finding { as_of, dataset: dataset.clone(), rows, verdict });
        }
    }
    Ok(findings)
}

/// The datasets that match and that the lake has, in the order in which they are built.
async fn built(lake: &Lake, pipeline: &Pipeline, datasets: &[String]) -> Result<Vec<String>> {
    let wanted = pipeline.graph.select(&Selectors { datasets: datasets.to_vec(), ..Selectors::default() })?;
    let plan = pipeline.plan(&Selectors::default(), false, &LakeStates::new(lake)).await?;
    let never = |action: &Action| match action {
        Action::Build(reasons) => reasons.contains(&Reason::NeverBuilt),
        Action::Unbuildable(_) => true,
        Action::Skip => false,
    };
    let chosen = |positions: &BTreeSet<usize>, planned: &PlannedStep| {
        let position = pipeline.graph.position(&planned.step.dataset);
        position.is_some_and(|position| positions.contains(&position)) && !never(&planned.action)
    };
    let needed = plan.steps.iter().filter(|planned| chosen(&wanted.steps, planned));
    let stale: Vec<String> =
        needed.filter(|planned| planned.is_built()).map(|planned| planned.step.dataset.clone()).collect();
    if !stale.is_empty() {
        return Err(AuditError::Stale(stale));
    }
    let targets = plan.steps.iter().filter(|planned| chosen(&wanted.targets, planned));
    Ok(targets.map(|planned| planned.step.dataset.clone()).collect())
}

/// The dates to look at, ascending.
async fn dates(engine: &Engine, options: &Options) -> Result<Vec<NaiveDate>> {
    let mut chosen = options.at.clone();
    if chosen.is_empty() {
        let sessions = sessions(engine).await?;
        if sessions.len() < FEWEST_SESSIONS {
            return Err(AuditError::TooShort { found: sessions.len(), needed: FEWEST_SESSIONS });
        }
        let first = (sessions.len() as f64 * HISTORY) as usize;
        let candidates = &sessions[first..sessions.len() - 1];
        let mut random = ChaCha8Rng::seed_from_u64(options.seed);
        let sample = index::sample(&mut random, candidates.len(), options.dates.min(candidates.len()));
        chosen = sample.into_iter().map(|at| candidates[at]).collect();
    }
    chosen.sort();
    Ok(chosen)
}

async fn sessions(engine: &Engine) -> Result<Vec<NaiveDate>> {
    let mut sessions = Vec::new();
    for batch in engine.query("select distinct date from raw.sep order by date").await? {
        let dates = batch.column(0).as_primitive::<Date32Type>();
        sessions.extend(dates.iter().flatten().filter_map(Date32Type::to_naive_date_opt));
    }
    Ok(sessions)
}

/// Builds the selected datasets from the raw tables of `lake`.
async fn rebuild(
    lake: &Lake,
    pipeline: &Pipeline,
    selectors: &Selectors,
    as_of: NaiveDate,
    resources: &Resources,
) -> Result<()> {
    let engine = Engine::new(lake.clone(), resources)?.with_views(pipeline.views());
    let plan: Plan = pipeline.plan(selectors, false, &LakeStates::new(lake)).await?;
    let run_id = format!("as-of-{as_of}");
    let builder = EngineBuilder::new(&engine, &run_id, &pipeline.tree);
    let (_never, cancel) = watch::channel(false);
    let options = RunOptions { run_id: run_id.clone(), jobs: 1, cancel };
    let summary = run(&plan, &builder, None, options, &mut |_| {}).await;
    if summary.steps.iter().all(|step| matches!(step.outcome, Outcome::Built { .. })) {
        return Ok(());
    }
    Err(AuditError::Rebuild { as_of: as_of.to_string(), summary: summary.to_string() })
}

/// `date '2024-01-31'`
fn date_literal(date: NaiveDate) -> Vec<Token> {
    vec![Token::make_keyword("date"), Token::SingleQuotedString(date.to_string())]
}

fn is_date(data_type: &DataType) -> bool {
    data_type == &DataType::Date32
}

//! The plan: which steps are stale, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream};

use super::bound::BoundStep;
use super::error::PipelineError;
use super::select::Selection;
use super::statement::Kind;
use crate::lake::CommitRecord;

/// How many states are asked for at once: enough to hide the latency of an object store.
const CONCURRENT_STATES: usize = 16;

/// The current version of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetState {
    /// The version.
    pub version: u64,
    /// What its commit says about itself.
    pub record: CommitRecord,
}

/// Knows the current version of every dataset; the lake implements it.
#[async_trait]
pub trait DatasetStates: Sync {
    /// The current version of `dataset` (a raw table is `raw.NAME`), `None` if it does not exist.
    async fn state(&self, dataset: &str) -> Result<Option<DatasetState>, Box<dyn Error + Send + Sync>>;
}

/// Why a step is built.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// There is no version of it.
    NeverBuilt,
    /// `--force`.
    Forced,
    /// The statement is another one.
    SqlChanged,
    /// A parameter has another value.
    ParameterChanged {
        /// Its name.
        name: String,
        /// The value the current version was built with.
        old: serde_json::Value,
        /// The value in effect.
        new: serde_json::Value,
    },
    /// An input has another version.
    InputChanged {
        /// The input.
        name: String,
        /// The version the current version was built from.
        old: u64,
        /// The version in effect.
        new: u64,
    },
    /// The current version was built without this input.
    InputAdded {
        /// The input.
        name: String,
    },
    /// The current version was built from this input, which is no longer read.
    InputRemoved {
        /// The input.
        name: String,
    },
    /// A file read with `read_csv` has other contents.
    FileChanged {
        /// Its path in the statement.
        path: String,
    },
    /// The Kairos functions are other ones.
    FunctionsChanged,
    /// An input is built in the same run.
    InputRebuilt {
        /// The input.
        name: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverBuilt => write!(f, "never built"),
            Self::Forced => write!(f, "forced"),
            Self::SqlChanged => write!(f, "SQL changed"),
            Self::ParameterChanged { name, old, new } => {
                write!(f, "${name} changed: {old} → {new}")
            }
            Self::InputChanged { name, old, new } => {
                write!(f, "input {name} changed: version {old} → {new}")
            }
            Self::InputAdded { name } => write!(f, "input {name} is new"),
            Self::InputRemoved { name } => write!(f, "input {name} is no longer read"),
            Self::FileChanged { path } => write!(f, "file {path} changed"),
            Self::FunctionsChanged => write!(f, "kairos functions changed"),
            Self::InputRebuilt { name } => write!(f, "input {name} is rebuilt"),
        }
    }
}

/// What happens to a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It is stale, for these reasons.
    Build(Vec<Reason>),
    /// It is up to date.
    Skip,
    /// It is stale, but these inputs neither exist nor can be built in this run.
    Unbuildable(Vec<String>),
}

/// A step of a plan.
#[derive(Debug, Clone)]
pub struct PlannedStep {
    /// The step.
    pub step: BoundStep,
    /// Its current version.
    pub current: Option<u64>,
    /// What happens to it.
    pub action: Action,
}

impl PlannedStep {
    /// Whether it is to be built.
    pub fn is_built(&self) -> bool {
        matches!(self.action, Action::Build(_))
    }
}

/// The selected steps in the order in which they can be built, with what happens to each.
///
/// `Display` prints it for `kairos plan` and `kairos run --dry-run`.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<PlannedStep>,
}

impl Plan {
    /// Decides for each selected step that writes a dataset; `steps` are all steps of the graph in its order.
    ///
    /// A step is stale if there is no version of it, or if its SQL, a parameter it names, an input or its version, or
    /// the functions differ from what its commit records, or an input is built in this run. An input that is stale but
    /// not selected counts with its current version.
    ///
    /// # Errors
    /// [`PipelineError::State`] if the lake cannot be read.
    pub async fn new(
        steps: &[BoundStep],
        selection: &Selection,
        force: bool,
        states: &dyn DatasetStates,
    ) -> Result<Self, PipelineError> {
        let selected: Vec<(usize, &BoundStep)> = (selection.steps.iter().filter_map(|i| Some((*i, steps.get(*i)?))))
            .filter(|(_, step)| step.kind == Kind::Table)
            .collect();
        let names: BTreeSet<&str> = (selected.iter())
            .flat_map(|(_, step)| step.inputs.iter().chain([&step.dataset]))
            .map(String::as_str)
            .collect();
        let mut planner = Planner { states: read_states(names, states).await?, actions: BTreeMap::new() };
        let plan_one = |(position, step): (usize, &BoundStep)| {
            let action = planner.decide(step, force && selection.targets.contains(&position));
            planner.actions.insert(step.dataset.clone(), action.clone());
            let current = planner.states.get(&step.dataset).map(|state| state.version);
            PlannedStep { step: step.clone(), current, action }
        };
        Ok(Self { steps: selected.into_iter().map(plan_one).collect() })
    }

    /// The steps that are to be built.
    pub fn to_build(&self) -> impl Iterator<Item = &PlannedStep> {
        self.steps.iter().filter(|step| step.is_built())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.steps.iter().map(|s| s.step.dataset.len()).max().unwrap_or(0);
        let (mut skipped, mut unbuildable) = (0, 0);
        for PlannedStep { step, current, action } in &self.steps {
            let (word, lines): (_, Vec<String>) = match action {
                Action::Build(reasons) => ("build", reasons.iter().map(Reason::to_string).collect()),
                Action::Skip => {
                    skipped += 1;
                    let version = current.map_or(String::new(), |v| format!(", version {v}"));
                    ("-", vec![format!("up to date{version}")])
                }
                Action::Unbuildable(inputs) => {
                    unbuildable += 1;
                    ("cannot", vec![missing_inputs(inputs)])
                }
            };
            for (i, line) in lines.iter().enumerate() {
                let (word, dataset) = if i == 0 { (word, step.dataset.as_str()) } else { ("", "") };
                writeln!(f, "{word:<6}  {dataset:<width$}  {line}")?;
            }
        }
        write!(f, "{} to build, {skipped} up to date", self.to_build().count())?;
        match unbuildable {
            0 => Ok(()),
            n => write!(f, ", {n} cannot be built"),
        }
    }
}

/// Says that inputs are missing and what to do about it.
pub(super) fn missing_inputs(inputs: &[String]) -> String {
    let verb = if inputs.len() == 1 { "does" } else { "do" };
    let remedy = match inputs.iter().find_map(|name| name.strip_prefix("raw.")) {
        Some(table) => {
            format!("land it with `kairos land`, or say that there is none with `kairos land {table} --empty`")
        }
        None => "select the steps that build it too".to_owned(),
    };
    format!("{} {verb} not exist: {remedy}", inputs.join(", "))
}

async fn read_states(
    names: BTreeSet<&str>,
    states: &dyn DatasetStates,
) -> Result<BTreeMap<String, DatasetState>, PipelineError> {
    let read = |name: String| async move {
        match states.state(&name).await {
            Ok(state) => Ok((name, state)),
            Err(source) => Err(PipelineError::State { dataset: name, source }),
        }
    };
    let names: Vec<String> = names.into_iter().map(str::to_string).collect();
    let found: Vec<(String, Option<DatasetState>)> =
        stream::iter(names).map(read).buffer_unordered(CONCURRENT_STATES).try_collect().await?;
    Ok(found.into_iter().filter_map(|(name, state)| Some((name, state?))).collect())
}

struct Planner {
    states: BTreeMap<String, DatasetState>,
    /// The actions of the steps before this one, by dataset.
    actions: BTreeMap<String, Action>,
}

impl Planner {
    fn decide(&self, step: &BoundStep, forced: bool) -> Action {
        let reasons = match self.states.get(&step.dataset) {
            None => vec![Reason::NeverBuilt],
            Some(state) => self.reasons(step, &state.record, forced),
        };
        if reasons.is_empty() {
            return Action::Skip;
        }
        let missing: Vec<String> = step.inputs.iter().filter(|input| self.is_missing(input)).cloned().collect();
        if missing.is_empty() { Action::Build(reasons) } else { Action::Unbuildable(missing) }
    }

    fn is_missing(&self, input: &str) -> bool {
        match self.actions.get(input) {
            Some(Action::Build(_)) => false,
            Some(Action::Unbuildable(_)) => true,
            Some(Action::Skip) | None => !self.states.contains_key(input),
        }
    }

    fn reasons(&self, step: &BoundStep, record: &CommitRecord, forced: bool) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if forced {
            reasons.push(Reason::Forced);
        }
        if record.sql_hash.as_ref() != Some(&step.sql_hash) {
            reasons.push(Reason::SqlChanged);
        }
        reasons.extend(changed_parameters(step, record));
        let changed = step.files.iter().filter(|(path, hash)| record.files.get(*path) != Some(hash));
        reasons.extend(changed.map(|(path, _)| Reason::FileChanged { path: path.clone() }));
        reasons.extend(self.changed_inputs(step, record));
        if record.functions != step.functions {
            reasons.push(Reason::FunctionsChanged);
        }
        reasons
    }

    fn changed_inputs(&self, step: &BoundStep, record: &CommitRecord) -> Vec<Reason> {
        let mut reasons = Vec::new();
        for name in &step.inputs {
            let recorded = record.inputs.get(name);
            let rebuilt = matches!(self.actions.get(name), Some(Action::Build(_)));
            match (recorded, self.states.get(name)) {
                (None, _) => reasons.push(Reason::InputAdded { name: name.clone() }),
                _ if rebuilt => reasons.push(Reason::InputRebuilt { name: name.clone() }),
                (Some(old), Some(state)) if *old != state.version => {
                    let (old, new) = (*old, state.version);
                    reasons.push(Reason::InputChanged { name: name.clone(), old, new });
                }
                // An input that has vanished is no newer than the version built from it.
                (Some(_), _) => {}
            }
        }
        let removed = record.inputs.keys().filter(|name| !step.inputs.contains(name));
        reasons.extend(removed.map(|name| Reason::InputRemoved { name: name.clone() }));
        reasons
    }
}

/// Parameters with another value than recorded. One that only one side names comes with a change of the SQL.
fn changed_parameters(step: &BoundStep, record: &CommitRecord) -> Vec<Reason> {
    let changed = |(name, new): (&String, &serde_json::Value)| {
        let old = record.parameters.get(name)?;
        let reason = Reason::ParameterChanged { name: name.clone(), old: old.clone(), new: new.clone() };
        (*old != through_text(new)).then_some(reason)
    };
    step.parameters.iter().filter_map(changed).collect()
}

/// The value as it reads back from a commit: serde_json prints floats exactly but may read them one unit in the last
/// place off (its feature `float_roundtrip` is not on), which must not look like a change.
fn through_text(value: &serde_json::Value) -> serde_json::Value {
    serde_json::from_str(&value.to_string()).unwrap_or_else(|_| value.clone())
}

//! Gates: what a run has built is judged before later phases build on it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::plan::{Action, Plan, Reason};

/// Judges datasets; the audit implements it.
#[async_trait]
pub trait Gate: Sync {
    /// The phase of a dataset (a raw table is `raw.NAME`, of phase `raw`), `None` if it belongs to none.
    fn phase_of(&self, dataset: &str) -> Option<String>;

    /// Judges `subjects`, the datasets of `phase` that this run has built or is going to read.
    async fn judge(&self, phase: &str, subjects: &[String]) -> GateReport;
}

/// What a gate found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GateReport {
    /// The phase.
    pub phase: String,
    /// Checks that found nothing.
    pub passed: usize,
    /// Checks that could not be asked, because a dataset they need is not there.
    pub skipped: usize,
    /// Findings that do not stop the run, one line each.
    pub warnings: Vec<String>,
    /// Findings that do.
    pub critical: Vec<String>,
    /// Wall time.
    pub seconds: f64,
}

/// A point of a plan at which a phase is judged.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Checkpoint {
    /// All steps before this position of the plan are settled.
    pub before: usize,
    pub phase: String,
    /// What is judged: the phase's datasets that are built in this run, and those that others read for the first time.
    pub subjects: Vec<String>,
}

/// The checkpoints of a plan, in their order: of a phase that is built, after its last step; of one that is only read,
/// at the start. A version of an input that the reader was not built from before is judged as well, whoever built it, so
/// that landed data is judged once and a run that was stopped at a gate is stopped there again.
pub(super) fn checkpoints(plan: &Plan, gate: &dyn Gate) -> Vec<Checkpoint> {
    let mut phases: BTreeMap<String, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for (position, planned) in plan.steps.iter().enumerate().filter(|(_, planned)| planned.is_built()) {
        let (before, subjects) = phases.entry(planned.step.phase.clone()).or_default();
        *before = position + 1;
        subjects.insert(&planned.step.dataset);
        for input in planned.step.inputs.iter().filter(|input| is_new(&planned.action, input)) {
            if let Some(phase) = gate.phase_of(input) {
                phases.entry(phase).or_default().1.insert(input);
            }
        }
    }
    let checkpoint = |(phase, (before, subjects)): (String, (usize, BTreeSet<&str>))| Checkpoint {
        before,
        phase,
        subjects: subjects.into_iter().map(str::to_owned).collect(),
    };
    let mut checkpoints: Vec<Checkpoint> = phases.into_iter().map(checkpoint).collect();
    checkpoints.sort_by_key(|checkpoint| checkpoint.before);
    checkpoints
}

/// Whether the step was not yet built from the version of `input` that it is going to read.
fn is_new(action: &Action, input: &String) -> bool {
    let Action::Build(reasons) = action else { return false };
    reasons.iter().any(|reason| match reason {
        Reason::NeverBuilt => true,
        Reason::InputAdded { name } | Reason::InputChanged { name, .. } | Reason::InputRebuilt { name } => {
            name == input
        }
        _ => false,
    })
}

//! Running a plan: in dependency order, with failures contained and every event told to an observer.

use std::collections::VecDeque;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use async_trait::async_trait;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;

use super::bound::BoundStep;
use super::gate::{Checkpoint, Gate, GateReport, checkpoints};
use super::outcome::{Built, Outcome, RunEvent, RunSummary, StepOutcome};
use super::plan::{Action, Plan, PlannedStep, missing_inputs};

/// Builds datasets; the engine implements it.
#[async_trait]
pub trait Builder: Sync {
    /// Runs the statement of `step` and commits its result as a new version, or leaves the old one as it is. The future
    /// may be dropped at any await point, which means the latter.
    async fn build(&self, step: &BoundStep) -> Result<Built, Box<dyn Error + Send + Sync>>;
}

/// How to run a plan.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Identifies the run.
    pub run_id: String,
    /// How many steps are built at once, at least 1. DataFusion spreads a query over all cores, and a second one fills the
    /// gaps that planning and the last rows of the first leave: an eighth less wall time on two cores (docs/benchmarks.md). It
    /// also wants its part of the memory, so where that is scarce, one is right.
    pub jobs: usize,
    /// Becomes true to cancel: builds under way are dropped, the rest is not started.
    pub cancel: watch::Receiver<bool>,
}

/// Runs `plan` with `builder` and tells `observer` what happens.
///
/// A step starts when all its inputs in the plan are settled. If one of them failed, it is blocked, whatever its own
/// reasons; steps that do not depend on a failure go on. A builder that panics fails its step only.
///
/// With a gate, each phase is judged when its last step is settled, and nothing more is started until it has passed; a
/// critical finding ends the run.
pub async fn run(
    plan: &Plan,
    builder: &dyn Builder,
    gate: Option<&dyn Gate>,
    options: RunOptions,
    observer: &mut (dyn FnMut(&RunEvent) + Send),
) -> RunSummary {
    let started = Instant::now();
    let to_build = plan.to_build().map(|planned| planned.step.dataset.clone()).collect();
    observer(&RunEvent::RunStarted { run_id: options.run_id.clone(), to_build });

    let RunOptions { run_id, jobs, mut cancel } = options;
    let mut due: VecDeque<Checkpoint> = gate.map_or_else(VecDeque::new, |gate| checkpoints(plan, gate).into());
    let mut progress = Progress::new(plan, observer);
    let mut running = FuturesUnordered::new();
    let mut cancelled = *cancel.borrow();
    let mut refused = None;
    while !cancelled && refused.is_none() {
        let limit = due.front().map_or(plan.steps.len(), |checkpoint| checkpoint.before);
        for position in progress.settle(limit, jobs.max(1) - running.len()) {
            running.push(build(position, &plan.steps[position].step, builder));
        }
        let judged = match (running.is_empty(), gate, due.front()) {
            (true, Some(gate), Some(checkpoint)) => Some(progress.judge(gate, checkpoint)),
            _ => None,
        };
        if let Some(judged) = judged {
            tokio::select! {
                biased;
                () = is_cancelled(&mut cancel) => cancelled = true,
                report = judged => refused = progress.note(report),
            }
            due.pop_front();
            continue;
        }
        tokio::select! {
            biased;
            () = is_cancelled(&mut cancel) => cancelled = true,
            finished = running.next() => match finished {
                Some((position, outcome)) => progress.finish(position, outcome),
                None => break,
            },
        }
    }
    drop(running);
    let checked = std::mem::take(&mut progress.checked);
    let (steps, seconds) = (progress.close(), started.elapsed().as_secs_f64());
    let summary = RunSummary { run_id, steps, seconds, cancelled, checked, refused };
    observer(&RunEvent::RunFinished(summary.clone()));
    summary
}

/// Completes when the run is cancelled: never, if whoever could cancel it is gone.
async fn is_cancelled(cancel: &mut watch::Receiver<bool>) {
    if cancel.wait_for(|cancelled| *cancelled).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn build(position: usize, step: &BoundStep, builder: &dyn Builder) -> (usize, Outcome) {
    let started = Instant::now();
    let result = AssertUnwindSafe(builder.build(step)).catch_unwind().await;
    let seconds = started.elapsed().as_secs_f64();
    let outcome = match result {
        Ok(Ok(built)) => Outcome::Built { built, seconds },
        Ok(Err(error)) => Outcome::Failed { error: with_causes(error.as_ref()), seconds },
        Err(panic) => Outcome::Failed { error: panic_message(panic.as_ref()), seconds },
    };
    (position, outcome)
}

/// The error and its causes, leaving out causes that the text before already tells.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(&format!("\ncaused by: {message}"));
        }
        cause = error.source();
    }
    text
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = (panic.downcast_ref::<&str>().copied())
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    format!("internal error: the build panicked: {text}\nhelp: please report this as a bug of Kairos")
}

#[derive(Clone, PartialEq)]
enum State {
    Waiting,
    Running,
    Settled(Outcome),
}

/// Where each step of the plan stands.
struct Progress<'a> {
    plan: &'a Plan,
    /// For each step, the positions in the plan of what it reads.
    inputs: Vec<Vec<usize>>,
    states: Vec<State>,
    checked: Vec<GateReport>,
    observer: &'a mut (dyn FnMut(&RunEvent) + Send),
}

impl<'a> Progress<'a> {
    fn new(plan: &'a Plan, observer: &'a mut (dyn FnMut(&RunEvent) + Send)) -> Self {
        let position = |name: &String| plan.steps.iter().position(|s| s.step.dataset == *name);
        let inputs =
            (plan.steps.iter()).map(|planned| planned.step.inputs.iter().filter_map(position).collect()).collect();
        let states = vec![State::Waiting; plan.steps.len()];
        Self { plan, inputs, states, checked: Vec::new(), observer }
    }

    /// Of the steps before `limit`, settles every one that needs no build and starts up to `free` of those that do. One
    /// pass is enough: inputs come before their readers.
    fn settle(&mut self, limit: usize, free: usize) -> Vec<usize> {
        let mut started = Vec::new();
        for position in 0..limit {
            if self.states[position] != State::Waiting || !self.inputs_are_settled(position) {
                continue;
            }
            if let Some(outcome) = self.without_build(position) {
                self.finish(position, outcome);
            } else if started.len() < free {
                self.states[position] = State::Running;
                let dataset = self.plan.steps[position].step.dataset.clone();
                (self.observer)(&RunEvent::Started { dataset });
                started.push(position);
            }
        }
        started
    }

    fn inputs_are_settled(&self, position: usize) -> bool {
        self.inputs[position].iter().all(|i| matches!(self.states[*i], State::Settled(_)))
    }

    /// The outcome of a step whose inputs are settled, if no build is needed to know it.
    fn without_build(&self, position: usize) -> Option<Outcome> {
        let PlannedStep { current, action, .. } = &self.plan.steps[position];
        if *action == Action::Skip {
            return Some(Outcome::Skipped { version: *current });
        }
        if let Some(by) = self.inputs[position].iter().find_map(|input| self.failure(*input)) {
            return Some(Outcome::Blocked { by });
        }
        match action {
            Action::Unbuildable(inputs) => Some(Outcome::Failed { error: missing_inputs(inputs), seconds: 0.0 }),
            Action::Build(_) | Action::Skip => None,
        }
    }

    /// Asks the gate about those subjects that exist: not the ones that this run failed to build. `None` if none is left.
    fn judge<'g>(
        &self,
        gate: &'g dyn Gate,
        checkpoint: &Checkpoint,
    ) -> impl Future<Output = Option<GateReport>> + use<'g> {
        let failed = |dataset: &String| {
            let position = self.plan.steps.iter().position(|planned| planned.step.dataset == *dataset);
            position
                .filter(|position| self.plan.steps[*position].is_built())
                .is_some_and(|position| !matches!(self.states[position], State::Settled(Outcome::Built { .. })))
        };
        let subjects: Vec<String> = checkpoint.subjects.iter().filter(|subject| !failed(subject)).cloned().collect();
        let phase = checkpoint.phase.clone();
        async move { if subjects.is_empty() { None } else { Some(gate.judge(&phase, &subjects).await) } }
    }

    /// Tells what a gate found, and returns it if the run must not go on.
    fn note(&mut self, report: Option<GateReport>) -> Option<GateReport> {
        let report = report?;
        (self.observer)(&RunEvent::Checked(report.clone()));
        self.checked.push(report.clone());
        (!report.critical.is_empty()).then_some(report)
    }

    /// The dataset whose failure keeps the readers of this one from being built.
    fn failure(&self, position: usize) -> Option<String> {
        match &self.states[position] {
            State::Settled(Outcome::Failed { .. }) => Some(self.plan.steps[position].step.dataset.clone()),
            State::Settled(Outcome::Blocked { by }) => Some(by.clone()),
            _ => None,
        }
    }

    fn finish(&mut self, position: usize, outcome: Outcome) {
        self.states[position] = State::Settled(outcome.clone());
        let event = RunEvent::Finished(self.named(position, outcome));
        (self.observer)(&event);
    }

    fn named(&self, position: usize, outcome: Outcome) -> StepOutcome {
        let step = &self.plan.steps[position].step;
        StepOutcome { dataset: step.dataset.clone(), source: step.source.clone(), outcome }
    }

    /// Settles what is left as not run and returns all outcomes.
    fn close(mut self) -> Vec<StepOutcome> {
        for position in 0..self.states.len() {
            if !matches!(self.states[position], State::Settled(_)) {
                self.finish(position, Outcome::NotRun);
            }
        }
        let outcome = |(position, state): (usize, &State)| match state {
            State::Settled(outcome) => self.named(position, outcome.clone()),
            State::Waiting | State::Running => self.named(position, Outcome::NotRun),
        };
        self.states.iter().enumerate().map(outcome).collect()
    }
}

//! What happens during a run, and what became of it.

use std::fmt;

use super::gate::GateReport;

/// A version that a builder committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The new version.
    pub version: u64,
    /// Its rows.
    pub rows: u64,
    /// The bytes of its files.
    pub bytes: u64,
    /// The number of its files.
    pub files: usize,
}

/// What happens during a run, in the order in which it happens.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEvent {
    /// The run begins.
    RunStarted {
        /// Identifies the run.
        run_id: String,
        /// The datasets that are to be built.
        to_build: Vec<String>,
    },
    /// The build of a dataset begins.
    Started {
        /// The dataset.
        dataset: String,
    },
    /// What became of a dataset; one such event per step of the plan.
    Finished(StepOutcome),
    /// A phase was judged.
    Checked(GateReport),
    /// The run is over.
    RunFinished(RunSummary),
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A new version was committed.
    Built {
        /// The version.
        built: Built,
        /// Wall time.
        seconds: f64,
    },
    /// It was up to date.
    Skipped {
        /// The current version.
        version: Option<u64>,
    },
    /// It could not be built; the old version stays.
    Failed {
        /// Why.
        error: String,
        /// Wall time until it failed.
        seconds: f64,
    },
    /// An input failed, so it was not tried; the old version stays.
    Blocked {
        /// The dataset that failed.
        by: String,
    },
    /// The run was cancelled before it was finished; the old version stays.
    NotRun,
}

/// A step with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutcome {
    /// The dataset.
    pub dataset: String,
    /// Its file.
    pub source: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a run. `Display` prints counts, failures and what they blocked, and what a gate refused.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Identifies the run.
    pub run_id: String,
    /// Every step of the plan, in its order.
    pub steps: Vec<StepOutcome>,
    /// Wall time of the run.
    pub seconds: f64,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// What the gates found, phase by phase.
    pub checked: Vec<GateReport>,
    /// The gate that ended it.
    pub refused: Option<GateReport>,
}

impl RunSummary {
    /// Whether every step was built or up to date.
    pub fn succeeded(&self) -> bool {
        let good = |o: &Outcome| matches!(o, Outcome::Built { .. } | Outcome::Skipped { .. });
        self.refused.is_none() && self.steps.iter().all(|step| good(&step.outcome))
    }

    fn count(&self, wanted: fn(&Outcome) -> bool) -> usize {
        self.steps.iter().filter(|step| wanted(&step.outcome)).count()
    }

    fn blocked_by<'a>(&'a self, failed: &'a str) -> impl Iterator<Item = &'a str> {
        self.steps.iter().filter_map(move |step| match &step.outcome {
            Outcome::Blocked { by } if by == failed => Some(step.dataset.as_str()),
            _ => None,
        })
    }
}

impl fmt::Display for RunSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let Outcome::Failed { error, .. } = &step.outcome else {
                continue;
            };
            writeln!(f, "{} ({}) failed:", step.dataset, step.source)?;
            for line in error.lines() {
                writeln!(f, "  {line}")?;
            }
            let blocked: Vec<&str> = self.blocked_by(&step.dataset).collect();
            if !blocked.is_empty() {
                writeln!(f, "  not built because of it: {}", blocked.join(", "))?;
            }
            writeln!(f)?;
        }
        if let Some(report) = &self.refused {
            writeln!(f, "the data of phase {} was refused, so nothing is built on it:", report.phase)?;
            for finding in &report.critical {
                writeln!(f, "  {finding}")?;
            }
            let phase = &report.phase;
            writeln!(
                f,
                "help: `kairos check --phase {phase}` shows the rows; --no-checks builds on them all the same\n"
            )?;
        }
        let counts = [
            (self.count(|o| matches!(o, Outcome::Built { .. })), "built"),
            (self.count(|o| matches!(o, Outcome::Skipped { .. })), "up to date"),
            (self.count(|o| matches!(o, Outcome::Failed { .. })), "failed"),
            (self.count(|o| matches!(o, Outcome::Blocked { .. })), "blocked"),
            (self.count(|o| matches!(o, Outcome::NotRun)), "not run"),
        ];
        let counts: Vec<String> = (counts.iter().enumerate())
            .filter(|(i, (n, _))| *i == 0 || *n > 0)
            .map(|(_, (n, word))| format!("{n} {word}"))
            .collect();
        let cancelled = if self.cancelled { "cancelled: " } else { "" };
        write!(f, "{cancelled}{} in {:.1} s", counts.join(", "), self.seconds)
    }
}

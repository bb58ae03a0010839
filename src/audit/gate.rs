//! The checks as gates of a run.

use std::time::Instant;

use async_trait::async_trait;

use super::auditor::{Auditor, CheckResult, Status};
use super::check::Check;
use super::subject::{Subject, phase_of};
use super::{AuditError, Result};
use crate::engine::Engine;
use crate::pipeline::{Gate, GateReport, Pipeline};

/// Asks the checks of a phase about what a run built, and refuses to go on after a critical finding.
pub struct DataGate<'a> {
    engine: &'a Engine,
    pipeline: &'a Pipeline,
    checks: Vec<Check>,
}

impl<'a> DataGate<'a> {
    /// The gate of a pipeline.
    ///
    /// # Errors
    /// If a file of `sql/checks/` is wrong.
    pub fn new(engine: &'a Engine, pipeline: &'a Pipeline) -> Result<Self> {
        Ok(Self { engine, pipeline, checks: Check::all(&pipeline.tree, &[])? })
    }

    async fn ask(&self, phase: &str, names: &[String]) -> Result<Vec<CheckResult>> {
        let mut subjects = Vec::new();
        for name in names {
            subjects.extend(Subject::find(self.engine.lake(), self.pipeline, name).await?);
        }
        Auditor::new(self.engine, self.pipeline, 1).ask_phase(&self.checks, phase, &subjects, false).await
    }
}

#[async_trait]
impl Gate for DataGate<'_> {
    fn phase_of(&self, dataset: &str) -> Option<String> {
        phase_of(self.pipeline, dataset)
    }

    async fn judge(&self, phase: &str, subjects: &[String]) -> GateReport {
        let started = Instant::now();
        let mut report = GateReport { phase: phase.to_owned(), ..GateReport::default() };
        match self.ask(phase, subjects).await {
            Ok(results) => results.iter().for_each(|result| note(&mut report, result)),
            // What cannot be checked must not be built on.
            Err(error) => report.critical.push(failed(&error)),
        }
        report.seconds = started.elapsed().as_secs_f64();
        report
    }
}

fn note(report: &mut GateReport, result: &CheckResult) {
    let line = match &result.status {
        Status::Passed => return report.passed += 1,
        Status::Skipped(_) => return report.skipped += 1,
        Status::Broken(error) => format!("{} cannot be asked: {error}", result.check),
        Status::Found(rows) => {
            let first = result.offenders.first().map_or(String::new(), |offender| {
                let dataset = offender.dataset.as_ref().map_or(String::new(), |dataset| format!("{dataset} "));
                format!(", first {dataset}{}", offender.row)
            });
            let unit = if *rows == 1 { "row" } else { "rows" };
            format!("{} ({rows} {unit}{first})", result.check)
        }
    };
    if result.is_critical() { report.critical.push(line) } else { report.warnings.push(line) }
}

fn failed(error: &AuditError) -> String {
    format!("the checks cannot be asked: {error}")
}

//! The run log: one JSON object per line and event, for machines.

use std::io::{self, Write};

use chrono::{SecondsFormat, Utc};
use serde::Serialize;

use super::outcome::{Outcome, RunEvent, StepOutcome};

/// Writes the events of a run as JSON lines.
///
/// Every line has `timestamp` (RFC 3339, UTC), `run_id` and `event`; the rest is there where it applies.
#[derive(Debug)]
pub struct RunLog<W> {
    run_id: String,
    writer: W,
}

/// One line of the log.
#[derive(Debug, Default, Serialize)]
struct Entry<'a> {
    timestamp: String,
    run_id: &'a str,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_build: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    critical: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    succeeded: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled: Option<bool>,
}

impl<W: Write> RunLog<W> {
    /// A log of the run `run_id`; a `Vec<u8>` is a writer.
    pub fn new(run_id: &str, writer: W) -> Self {
        Self { run_id: run_id.to_string(), writer }
    }

    /// Appends one event.
    ///
    /// # Errors
    /// Those of the writer; none for a `Vec<u8>`.
    pub fn write(&mut self, event: &RunEvent) -> io::Result<()> {
        let entry = Entry {
            timestamp: Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            run_id: &self.run_id,
            ..described(event)
        };
        serde_json::to_writer(&mut self.writer, &entry)?;
        self.writer.write_all(b"\n")
    }

    /// The writer with all lines.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

fn described(event: &RunEvent) -> Entry<'_> {
    match event {
        RunEvent::RunStarted { to_build, .. } => {
            Entry { event: "run_started", to_build: Some(to_build), ..Entry::default() }
        }
        RunEvent::Started { dataset } => Entry { event: "started", dataset: Some(dataset), ..Entry::default() },
        RunEvent::Finished(step) => finished(step),
        RunEvent::Checked(report) => Entry {
            event: "checked",
            phase: Some(&report.phase),
            passed: Some(report.passed),
            skipped: Some(report.skipped),
            warnings: Some(&report.warnings),
            critical: Some(&report.critical),
            seconds: Some(report.seconds),
            ..Entry::default()
        },
        RunEvent::RunFinished(summary) => Entry {
            event: "run_finished",
            seconds: Some(summary.seconds),
            succeeded: Some(summary.succeeded()),
            cancelled: Some(summary.cancelled),
            ..Entry::default()
        },
    }
}

fn finished(step: &StepOutcome) -> Entry<'_> {
    let about = Entry { dataset: Some(&step.dataset), source: Some(&step.source), ..Entry::default() };
    match &step.outcome {
        Outcome::Built { built, seconds } => Entry {
            event: "built",
            version: Some(built.version),
            rows: Some(built.rows),
            bytes: Some(built.bytes),
            files: Some(built.files),
            seconds: Some(*seconds),
            ..about
        },
        Outcome::Skipped { version } => Entry { event: "skipped", version: *version, ..about },
        Outcome::Failed { error, seconds } => {
            Entry { event: "failed", error: Some(error), seconds: Some(*seconds), ..about }
        }
        Outcome::Blocked { by } => Entry { event: "blocked", blocked_by: Some(by), ..about },
        Outcome::NotRun => Entry { event: "not_run", ..about },
    }
}

//! Asking checks.

use std::time::Instant;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::DataFusionError;
use datafusion::common::runtime::SpawnedTask;
use futures::{Stream, StreamExt, stream};

use super::check::{Check, EACH_PHASE, Question, Severity};
use super::subject::{self, Subject};
use super::{AuditError, Result};
use crate::engine::{Engine, EngineError, Outcome};
use crate::lake::{CommitRecord, Lake};
use crate::pipeline::Pipeline;

/// What became of a check.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    /// It found nothing.
    Passed,
    /// It found this many rows.
    Found(u64),
    /// It was not asked, because this is not in the lake.
    Skipped(String),
    /// It could not be asked: its SQL fails.
    Broken(String),
}

/// A row that a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Offender {
    /// The dataset, if the check is asked once per dataset.
    pub dataset: Option<String>,
    /// `name=value` of the row's cells; missing ones are left out.
    pub row: String,
}

/// What a check found.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// The check's name.
    pub check: String,
    /// What a finding means.
    pub severity: Severity,
    /// What became of it.
    pub status: Status,
    /// The first rows it found.
    pub offenders: Vec<Offender>,
    /// Wall time.
    pub seconds: f64,
}

impl CheckResult {
    /// Whether it says that nothing may be built on this data. A critical check that could not be asked says so too.
    pub fn is_critical(&self) -> bool {
        self.severity == Severity::Critical && self.is_finding()
    }

    /// Whether there is something to report.
    pub fn is_finding(&self) -> bool {
        matches!(self.status, Status::Found(_) | Status::Broken(_))
    }
}

/// Questions about columns that are asked at the same time.
const AT_ONCE: usize = 4;

/// The dataset that a question is about, how many rows it finds, and the first of them.
type Answer = (Option<String>, Result<(u64, Vec<Offender>)>);

/// Asks checks about datasets.
pub struct Auditor<'a> {
    engine: &'a Engine,
    pipeline: &'a Pipeline,
    /// How many rows of a finding are kept.
    offenders: usize,
}

impl<'a> Auditor<'a> {
    /// An auditor that keeps the first `offenders` rows of each finding.
    pub fn new(engine: &'a Engine, pipeline: &'a Pipeline, offenders: usize) -> Self {
        Self { engine, pipeline, offenders }
    }

    /// Asks each check about `subjects`.
    ///
    /// # Errors
    /// If a check's file is wrong or the lake cannot be read. A check whose SQL fails is [`Status::Broken`] instead.
    pub async fn ask(&self, checks: &[Check], subjects: &[Subject]) -> Result<Vec<CheckResult>> {
        // At their versions under check: some hundred questions then need not look them up.
        let pinned = subjects.iter().filter(|subject| !subject.is_raw());
        let engine =
            pinned.fold(self.engine.clone(), |engine, subject| engine.with_snapshot(subject.snapshot.as_ref().clone()));
        let engine = engine.with_table(subject::SCHEMA, "datasets", subject::datasets(subjects)?);
        let engine = engine.with_table(subject::SCHEMA, "columns", subject::columns(subjects)?);
        let mut results = Vec::new();
        for check in checks {
            results.push(self.ask_one(&engine, check, subjects).await?);
        }
        Ok(results)
    }

    /// Asks the checks that belong after `phase` about `subjects`, datasets of that phase: generic ones, and those that
    /// read a subject. With `heavy`, also those that no gate asks.
    ///
    /// # Errors
    /// As [`Auditor::ask`].
    pub async fn ask_phase(
        &self,
        checks: &[Check],
        phase: &str,
        subjects: &[Subject],
        heavy: bool,
    ) -> Result<Vec<CheckResult>> {
        let mut asked = Vec::new();
        for check in checks {
            let due = match check.after.as_deref() {
                Some(after) => after == EACH_PHASE || after == phase,
                None => heavy,
            };
            if due && (check.is_generic() || self.reads_any(check, subjects)?) {
                asked.push(check.clone());
            }
        }
        self.ask(&asked, subjects).await
    }

    fn reads_any(&self, check: &Check, subjects: &[Subject]) -> Result<bool> {
        let questions = check.questions(subjects, &self.pipeline.parameters)?;
        let read = |subject: &Subject| questions.iter().any(|question| question.reads.contains(&subject.name));
        Ok(subjects.iter().any(read))
    }

    async fn ask_one(&self, engine: &Engine, check: &Check, subjects: &[Subject]) -> Result<CheckResult> {
        let started = Instant::now();
        let (mut rows, mut offenders, mut status) = (0, Vec::new(), Status::Passed);
        let questions = check.questions(subjects, &self.pipeline.parameters)?;
        if questions.is_empty() {
            status = Status::Skipped("no such dataset".into());
        }
        let mut asked = Vec::new();
        for question in questions {
            match self.missing(&question, subjects).await? {
                Some(missing) => status = Status::Skipped(format!("needs {missing}")),
                None => asked.push(question),
            }
        }
        let mut answers = self.answers(engine, asked);
        while let Some((dataset, answer)) = answers.next().await {
            match answer {
                Ok((count, shown)) => {
                    rows += count;
                    offenders.extend(shown.into_iter().take(self.offenders - offenders.len()));
                }
                Err(error) => {
                    let about = dataset.map_or(String::new(), |dataset| format!("{dataset}: "));
                    status = Status::Broken(format!("{about}{}", explained(error)));
                    break;
                }
            }
        }
        if rows > 0 && !matches!(status, Status::Broken(_)) {
            status = Status::Found(rows);
        }
        let seconds = started.elapsed().as_secs_f64();
        Ok(CheckResult { check: check.name.clone(), severity: check.severity, status, offenders, seconds })
    }

    /// The first dataset that the question reads and the lake does not have.
    async fn missing(&self, question: &Question, subjects: &[Subject]) -> Result<Option<String>> {
        let lake = self.engine.lake();
        let is_subject = |name: &String| subjects.iter().any(|subject| subject.name == *name);
        for name in question.reads.iter().filter(|name| !is_subject(name)) {
            let folder = Lake::dataset_of(name);
            let found = self.engine.view(name).is_some()
                || lake.snapshot(&folder).await?.is_some()
                || lake.snapshot(&format!("raw/{folder}")).await?.is_some();
            if !found {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }

    /// The answers in the order of the questions, each with the dataset that it is about. Questions about columns are many and
    /// small, and planned by one thread each, so that several are asked at once; one about a whole dataset uses all threads by
    /// itself.
    fn answers(&self, engine: &Engine, questions: Vec<Question>) -> impl Stream<Item = Answer> + use<> {
        let at_once = if questions.iter().all(|question| question.column.is_some()) { AT_ONCE } else { 1 };
        let (engine, room) = (engine.clone(), self.offenders);
        let answer = move |question: Question| {
            let (engine, dataset) = (engine.clone(), question.dataset.clone());
            let task = SpawnedTask::spawn(async move { rows(&engine, &question, room).await });
            async move {
                let interrupted = |error| EngineError::from(DataFusionError::ExecutionJoin(Box::new(error))).into();
                (dataset, task.join_unwind().await.map_err(interrupted).flatten())
            }
        };
        Box::pin(stream::iter(questions).map(answer).buffered(at_once))
    }
}

/// How many rows a question finds, and the first `room` of them.
async fn rows(engine: &Engine, question: &Question, room: usize) -> Result<(u64, Vec<Offender>)> {
    let planned = engine.plan(question.statement.clone()).await?;
    let Outcome::Rows(mut rows) = engine.run(planned, CommitRecord::default()).await? else {
        return Ok((0, Vec::new()));
    };
    let (mut count, mut offenders) = (0, Vec::new());
    while let Some(batch) = rows.next().await {
        let batch = batch?;
        count += batch.num_rows() as u64;
        for row in 0..batch.num_rows().min(room - offenders.len()) {
            let dataset = question.dataset.clone();
            let cells = cells(&batch, row, question.column.as_deref())?;
            offenders.push(Offender { dataset, row: cells });
        }
    }
    Ok((count, offenders))
}

/// `name=value` for each cell of a row that has one, led by the column that the question is about.
fn cells(batch: &RecordBatch, row: usize, column: Option<&str>) -> Result<String> {
    let options = FormatOptions::default();
    let mut cells: Vec<String> = column.map(str::to_owned).into_iter().collect();
    let schema = batch.schema();
    for (field, values) in schema.fields().iter().zip(batch.columns()) {
        if values.is_valid(row) {
            let value = ArrayFormatter::try_new(values, &options)?.value(row).to_string();
            cells.push(format!("{}={value}", field.name()));
        }
    }
    Ok(cells.join(" "))
}

fn explained(error: AuditError) -> String {
    match error {
        AuditError::Engine(EngineError::Query { message, at: Some((line, _)), .. }) => {
            format!("{message} (line {line})")
        }
        other => other.to_string(),
    }
}

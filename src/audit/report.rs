//! What checks found, as rows.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};

use super::Result;
use super::auditor::{CheckResult, Status};

/// One row per check and offender kept, at least one per check: `check, severity, status, rows, seconds, dataset,
/// offender`. A check that was skipped or is broken says why in `offender`.
///
/// # Errors
/// None in practice: the columns are of equal length.
pub fn to_batch(results: &[CheckResult]) -> Result<RecordBatch> {
    let lines: Vec<Line<'_>> = results.iter().flat_map(lines).collect();
    let text =
        |of: fn(&Line<'_>) -> Option<String>| Arc::new(lines.iter().map(of).collect::<StringArray>()) as ArrayRef;
    Ok(RecordBatch::try_from_iter_with_nullable([
        ("check", text(|line| Some(line.result.check.clone())), false),
        ("severity", text(|line| Some(line.result.severity.to_string())), false),
        ("status", text(|line| Some(status(line.result).to_owned())), false),
        ("rows", Arc::new(lines.iter().map(|line| Some(rows(line.result))).collect::<Int64Array>()) as ArrayRef, false),
        ("seconds", Arc::new(lines.iter().map(|line| Some(line.result.seconds)).collect::<Float64Array>()), false),
        ("dataset", text(|line| line.dataset.clone()), true),
        ("offender", text(|line| line.offender.clone()), true),
    ])?)
}

struct Line<'a> {
    result: &'a CheckResult,
    dataset: Option<String>,
    offender: Option<String>,
}

fn lines(result: &CheckResult) -> Vec<Line<'_>> {
    match &result.status {
        Status::Found(_) => {
            let line = |(dataset, row): (Option<String>, String)| Line { result, dataset, offender: Some(row) };
            let offenders = result.offenders.iter().map(|offender| (offender.dataset.clone(), offender.row.clone()));
            offenders.map(line).collect()
        }
        Status::Passed => vec![Line { result, dataset: None, offender: None }],
        Status::Skipped(why) | Status::Broken(why) => vec![Line { result, dataset: None, offender: Some(why.clone()) }],
    }
}

fn status(result: &CheckResult) -> &'static str {
    match result.status {
        Status::Passed => "ok",
        Status::Found(_) => "found",
        Status::Skipped(_) => "skipped",
        Status::Broken(_) => "broken",
    }
}

fn rows(result: &CheckResult) -> i64 {
    match result.status {
        Status::Found(rows) => rows as i64,
        _ => 0,
    }
}

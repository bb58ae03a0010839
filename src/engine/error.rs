//! Errors of the engine, with the place in the SQL text where DataFusion knows it.

use std::error::Error;

use datafusion::arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Diagnostic};
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use thiserror::Error;

use super::AssembleError;
use crate::lake::LakeError;
use kairos_udfs::nearest;

/// Errors of parsing, planning and running SQL.
#[derive(Debug, Error)]
pub enum EngineError {
    /// There is no statement in the text.
    #[error("there is no SQL statement in the text")]
    Empty,
    /// A table is not in the lake.
    #[error("there is no dataset '{name}' in the lake{}", did_you_mean(.suggestions))]
    UnknownTable {
        /// The name in the statement.
        name: String,
        /// Names of datasets that look alike.
        suggestions: Vec<String>,
    },
    /// A statement that a lake does not take.
    #[error("{what} is not supported: {instead}")]
    Unsupported {
        /// The kind of statement.
        what: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// A `CREATE TABLE` would replace a dataset without saying so.
    #[error("dataset '{0}' exists; write CREATE OR REPLACE TABLE to commit a new version of it")]
    Exists(String),
    /// A view cannot be read, or not as a statement wants to.
    #[error("{name} is a view ({source_file}): {reason}")]
    View {
        /// The view.
        name: String,
        /// Its file.
        source_file: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A call of `assemble` cannot be planned.
    #[error(transparent)]
    Assemble(Box<AssembleError>),
    /// A dataset has no such column.
    #[error("dataset '{dataset}' has no column '{column}'; `kairos describe {dataset}` lists them")]
    UnknownColumn {
        /// The dataset.
        dataset: String,
        /// The column that was asked for.
        column: String,
    },
    /// A file could not be written.
    #[error("cannot write '{path}': {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Rows could not be written where they go.
    #[error("cannot write the rows: {0}")]
    Output(std::io::Error),
    /// DataFusion refused or failed the statement.
    #[error("{message}")]
    Query {
        /// What is wrong, without the engine's internal prefixes.
        message: String,
        /// Line and column in the statement's text, from 1, if known.
        at: Option<(u64, u64)>,
        /// What to do, if DataFusion has a suggestion.
        help: Option<Help>,
    },
}

/// What to do about a refused statement.
#[derive(Debug)]
pub enum Help {
    /// A name does not exist, but others look like it.
    Similar {
        /// The name in the statement.
        wrong: String,
        /// The others, the most similar first.
        names: Vec<String>,
    },
    /// Anything else.
    Text(String),
}

impl Help {
    /// The wrong name and those that look like it, if it is about a name.
    pub fn names(&self) -> (&str, &[String]) {
        match self {
            Self::Similar { wrong, names } => (wrong, names),
            Self::Text(_) => ("", &[]),
        }
    }
}

impl std::fmt::Display for Help {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Similar { names, .. } => write!(f, "did you mean {}?", names.join(" or ")),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<AssembleError> for EngineError {
    fn from(error: AssembleError) -> Self {
        Self::Assemble(Box::new(error))
    }
}

impl From<ArrowError> for EngineError {
    fn from(error: ArrowError) -> Self {
        DataFusionError::from(error).into()
    }
}

fn did_you_mean(names: &[String]) -> String {
    match names {
        [] => "; `kairos datasets` lists what there is".to_owned(),
        names => format!("; did you mean {}?", names.join(" or ")),
    }
}

impl From<DataFusionError> for EngineError {
    fn from(error: DataFusionError) -> Self {
        let diagnostic = error.diagnostic().cloned();
        let at = diagnostic.as_ref().and_then(place).or_else(|| parser_place(&error));
        let help = diagnostic.as_ref().and_then(help).or_else(|| memory_help(&error));
        if let Some(message) = lake_message(&error) {
            return Self::Query { message, at: None, help: None };
        }
        let message = match error.find_root() {
            DataFusionError::External(inner) => inner.to_string(),
            DataFusionError::Diagnostic(_, inner) => inner.find_root().strip_backtrace(),
            root => root.strip_backtrace(),
        };
        let message = match &diagnostic {
            Some(diagnostic) if !message.contains(&diagnostic.message) => diagnostic.message.clone(),
            _ => message,
        };
        let (message, of_call) = about_call(without_prefix(&message));
        Self::Query { message, at, help: help.or(of_call.map(Help::Text)) }
    }
}

/// What the lake says of a file that cannot be read, from below the layers that pass it on.
fn lake_message(error: &DataFusionError) -> Option<String> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(lake) = error.downcast_ref::<LakeError>() {
            return Some(lake.to_string());
        }
        next = error.source();
    }
    None
}

fn place(diagnostic: &Diagnostic) -> Option<(u64, u64)> {
    diagnostic.span.map(|span| (span.start.line, span.start.column)).filter(|at| at.0 > 0)
}

fn help(diagnostic: &Diagnostic) -> Option<Help> {
    let helps = diagnostic.helps.iter().map(|help| help.message.as_str());
    let notes = diagnostic.notes.iter().map(|note| note.message.as_str());
    let all: Vec<_> = helps.chain(notes).collect();
    if let Some(names) = alike(&diagnostic.message, &all) {
        return Some(Help::Similar { wrong: missing(&diagnostic.message), names });
    }
    (!all.is_empty()).then(|| Help::Text(all.join("; ")))
}

/// A sort or join that got too little memory to work even on disk.
fn memory_help(error: &DataFusionError) -> Option<Help> {
    let exhausted = matches!(error.find_root(), DataFusionError::ResourcesExhausted(_));
    let advice = "raise --memory-limit, or lower --threads so that fewer tasks share it";
    exhausted.then(|| Help::Text(advice.to_owned()))
}

/// The columns or functions that DataFusion offers, if it offers nothing else: the nearest first, written as the
/// statement wrote the wrong one, with a qualifier or without.
fn alike(message: &str, helps: &[&str]) -> Option<Vec<String>> {
    let offer = |help: &&str| {
        let (_, name) = help.split_once("ossible column ").or_else(|| help.split_once("ossible function "))?;
        Some(name.trim_matches('\'').to_owned())
    };
    let offered = helps.iter().map(offer).collect::<Option<Vec<_>>>().filter(|names| !names.is_empty())?;
    let wrong = quoted(message);
    if !message.contains("not found") || message.contains(" in '") {
        return Some(offered);
    }
    let bare: Vec<&str> = offered.iter().map(|name| name.rsplit('.').next().unwrap_or(name)).collect();
    let near = nearest(wrong, bare.iter().copied());
    Some(if near.is_empty() { bare.into_iter().map(str::to_owned).collect() } else { near })
}

/// The name that a message is about.
fn quoted(message: &str) -> &str {
    message.split('\'').nth(1).unwrap_or_default()
}

/// The name that is not there, with its table if the message has it: `column 'x' not found in 't'`.
fn missing(message: &str) -> String {
    match message.split('\'').collect::<Vec<_>>()[..] {
        [_, column, " not found in ", table, _] => format!("{table}.{column}"),
        _ => quoted(message).to_owned(),
    }
}

/// What is wrong with a call of a function, without the layers that DataFusion wraps around it, and what it takes.
fn about_call(message: &str) -> (String, Option<String>) {
    const NO_MATCH: &str = "No function matches the given name and argument types '";
    if let Some(name) = message.strip_prefix("Invalid function '").and_then(|rest| rest.split('\'').next()) {
        return (format!("there is no function '{name}'"), None);
    }
    let Some((cause, rest)) = message.split_once(NO_MATCH) else {
        return (message.to_owned(), None);
    };
    if let Some((_, ours)) = cause.split_once("user-defined coercion failed with: ") {
        let ours = without_prefix(ours).trim_end().trim_end_matches('.');
        let (what, usage) = ours.rsplit_once("; write ").unwrap_or((ours, ""));
        return (what.to_owned(), (!usage.is_empty()).then(|| format!("write {usage}")));
    }
    let call = rest.split('\'').next().unwrap_or_default();
    let name = call.split('(').next().unwrap_or_default();
    let forms = rest.split_once("Candidate functions:").map_or("", |(_, forms)| forms);
    let forms: Vec<&str> = forms.lines().map(str::trim).filter(|form| !form.is_empty()).collect();
    let help = (!forms.is_empty()).then(|| format!("it takes {}", forms.join(" or ")));
    (format!("{name} does not take arguments of these types: {call}"), help)
}

/// The parser puts the place into its message: `… at Line: 3, Column: 8`.
fn parser_place(error: &DataFusionError) -> Option<(u64, u64)> {
    let DataFusionError::SQL(error, _) = error.find_root() else {
        return None;
    };
    let text = error.to_string();
    let (_, tail) = text.rsplit_once("Line: ")?;
    let (line, column) = tail.split_once(", Column: ")?;
    let digits = column.find(|c: char| !c.is_ascii_digit()).unwrap_or(column.len());
    Some((line.parse().ok()?, column[..digits].parse().ok()?))
}

/// Drops the layers' names that DataFusion puts before its messages.
fn without_prefix(message: &str) -> &str {
    const PREFIXES: [&str; 6] = [
        "Error during planning: ",
        "Schema error: ",
        "SQL error: ",
        "External error: ",
        "Execution error: ",
        "Arrow error: ",
    ];
    let found = PREFIXES.iter().find_map(|prefix| message.strip_prefix(prefix));
    found.map_or(message, without_prefix)
}

/// Rows reach the lake by `CREATE OR REPLACE TABLE … AS` only, so that each version has one statement behind it.
pub(super) fn refuse_unsupported(plan: &LogicalPlan) -> Result<(), EngineError> {
    let (what, instead) = match plan {
        LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)) => {
            let computed = !matches!(create.input.as_ref(), LogicalPlan::EmptyRelation(_));
            if computed && create.column_defaults.is_empty() && !create.temporary {
                return Ok(());
            }
            ("CREATE TABLE without AS SELECT", "write CREATE OR REPLACE TABLE name AS SELECT …")
        }
        LogicalPlan::Ddl(DdlStatement::DropTable(_)) => {
            ("DROP TABLE", "datasets keep their history; remove the dataset's folder if it has to go")
        }
        LogicalPlan::Ddl(DdlStatement::CreateView(_)) => {
            ("CREATE VIEW here", "a view is a file of the SQL tree or of an overlay; select from it by its name")
        }
        LogicalPlan::Ddl(_) => {
            ("this kind of CREATE or DROP", "a lake holds datasets: CREATE OR REPLACE TABLE name AS SELECT …")
        }
        LogicalPlan::Dml(_) => ("INSERT, UPDATE and DELETE", "write CREATE OR REPLACE TABLE name AS SELECT …"),
        LogicalPlan::Copy(_) => ("COPY", "use `kairos export` or `kairos sql … -o FILE`"),
        LogicalPlan::Statement(_) => ("SET and transaction statements", "use the command's options, such as --threads"),
        _ => return Ok(()),
    };
    Err(EngineError::Unsupported { what, instead })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_text_is_left_of_a_wrong_call() {
        let (message, help) = about_call(
            "Function 'rolling_mean' user-defined coercion failed with: Error during planning: argument `x` of \
             rolling_mean must be a number, found type Utf8; write rolling_mean(x, n). No function matches the given \
             name and argument types 'rolling_mean(Utf8)'. You might need to add explicit type casts.\n\tCandidate \
             functions:\n\trolling_mean(UserDefined)",
        );
        assert_eq!(message, "argument `x` of rolling_mean must be a number, found type Utf8");
        assert_eq!(help.unwrap(), "write rolling_mean(x, n)");
        let (message, help) = about_call(
            "Internal error: bug. No function matches the given name and argument types 'sum(Utf8)'. You might need \
             to add explicit type casts.\n\tCandidate functions:\n\tsum(Int64)\n\tsum(Float64)",
        );
        assert_eq!(message, "sum does not take arguments of these types: sum(Utf8)");
        assert_eq!(help.unwrap(), "it takes sum(Int64) or sum(Float64)");
        assert_eq!(about_call("Divide by zero"), ("Divide by zero".to_owned(), None));
    }

    #[test]
    fn the_nearest_columns_are_offered() {
        let helps = ["possible column t.mom_1m", "possible column t.mom_12_1", "possible column t.mom_12m"];
        assert_eq!(alike("column 'mom_12' not found", &helps).unwrap()[0], "mom_12m");
        assert_eq!(alike("column 'clos' not found in 'a'", &["possible column a.close"]).unwrap(), ["a.close"]);
        assert_eq!(alike("x", &["Add it to GROUP BY"]), None);
    }
}

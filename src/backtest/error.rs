//! Errors of backtests.

use datafusion::arrow::error::ArrowError;

use crate::diagnostics::DiagnosticsError;
use crate::engine::EngineError;
use crate::lake::LakeError;
use crate::pipeline::{PipelineError, SqlFile};
use crate::report::html::ReportError;

/// Why a backtest could not be run.
#[derive(Debug, thiserror::Error)]
pub enum BacktestError {
    /// No strategy has this name.
    #[error("there is no strategy '{name}'\nhelp: {}", nearest_or(nearest, known))]
    UnknownStrategy {
        /// The name that was asked for.
        name: String,
        /// Names that are like it.
        nearest: Vec<String>,
        /// All names.
        known: Vec<String>,
    },
    /// No benchmark has this name.
    #[error("there is no benchmark '{name}'\nhelp: {}", nearest_or(nearest, known))]
    UnknownBenchmark {
        /// The name that was asked for.
        name: String,
        /// Names that are like it.
        nearest: Vec<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A benchmark does not cover the run.
    #[error(
        "{file} has no return for {periods} of the {all} periods, the first from {first} and the last from {last}\n\
         help: choose dates that it covers (--from, --to), what it reads (its header says), or another: `--set benchmark=cash`"
    )]
    NoBenchmark {
        /// The file of the benchmark.
        file: String,
        /// The periods without a return.
        periods: usize,
        /// All periods.
        all: usize,
        /// The formation date of the first one.
        first: String,
        /// The formation date of the last one.
        last: String,
    },
    /// A file that a run needs is not in the SQL tree.
    #[error("the SQL folder has no file '{0}'\nhelp: `kairos backtest` needs it; the default tree has it")]
    NoFile(String),
    /// A file is not one query.
    #[error("{file} is not a single query\nhelp: write `with … select …`")]
    NotAQuery {
        /// The file.
        file: String,
    },
    /// A strategy's file does not give what the accounting needs.
    #[error("{file} is no strategy: {what}; {found}\nhelp: docs/backtests.md, \"A strategy of your own\", shows one")]
    Contract {
        /// The file.
        file: String,
        /// What it must have.
        what: String,
        /// What it has instead.
        found: String,
    },
    /// Two files of `stages/` read each other.
    #[error("{0} reads itself, by way of other files of sql/backtests/stages")]
    Cycle(String),
    /// A column that the run ranks or hedges by does not exist.
    #[error("{dataset} has no column '{column}', which is asked for by {parameter}\nhelp: {help}")]
    NoColumn {
        /// The matrix.
        dataset: String,
        /// The column.
        column: String,
        /// The parameter that names it.
        parameter: String,
        /// Columns that are like it, or where to look.
        help: String,
        /// Columns that are like it.
        nearest: Vec<String>,
    },
    /// A column that the run ranks or hedges by holds something else.
    #[error(
        "{dataset}.{column}, which is asked for by {parameter}, is {found} and no number\n\
         help: `kairos describe {dataset}` lists its columns"
    )]
    NotANumber {
        /// The matrix.
        dataset: String,
        /// The column.
        column: String,
        /// The parameter that names it.
        parameter: String,
        /// What it holds.
        found: String,
    },
    /// A dataset that only a saved run makes is not there.
    #[error("there is no {dataset}, which a saved run of {makers} leaves\nhelp: `kairos backtest {maker} --save`", makers = makers.join(" or "), maker = makers.last().map_or("NAME", String::as_str))]
    NotSaved {
        /// The dataset.
        dataset: String,
        /// The strategies that leave it.
        makers: Vec<String>,
    },
    /// The dates are the wrong way round.
    #[error("no date lies from {from} to {to}\nhelp: --from must not be after --to")]
    NoDates {
        /// The first date.
        from: String,
        /// The last date.
        to: String,
    },
    /// A column has no value in the range.
    #[error(
        "{column} has no value of a member {range}\nhelp: `kairos diag coverage --columns {column}` says where it has values"
    )]
    NoCoverage {
        /// The column.
        column: String,
        /// The dates, in words.
        range: String,
    },
    /// The run has no period.
    #[error("the run has no period: {why}\nhelp: {help}")]
    NoPeriods {
        /// What there is none of.
        why: String,
        /// What to do.
        help: String,
    },
    /// Returns over another horizon than the rebalance period cannot be compounded.
    #[error(
        "the target {target} is a return over {horizon} rows, but the portfolio is rebalanced every {every} sessions\n\
         help: use another target or `--set rebalance_every={horizon}`, or earn prices: `--set return_source=prices`"
    )]
    Horizon {
        /// The target column.
        target: String,
        /// Its horizon.
        horizon: u32,
        /// The rebalance period.
        every: i64,
    },
    /// A grid is not of the form `name=value,value …`.
    #[error("cannot read the grid '{text}': {why}\nhelp: write --sweep \"top_n=25,50,75 target_vol=0.1,0.2\"")]
    Grid {
        /// What was given.
        text: String,
        /// What is wrong.
        why: String,
    },
    /// No saved run has this id.
    #[error("there is no saved run '{id}'\nhelp: {}", nearest_or(known, &[]))]
    UnknownRun {
        /// What was asked for.
        id: String,
        /// The latest runs.
        known: Vec<String>,
    },
    /// A statement of a file failed.
    #[error("{origin}: {source}", origin = file.origin)]
    Sql {
        /// The file.
        file: Box<SqlFile>,
        /// What went wrong.
        source: EngineError,
    },
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The lake failed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The statistics of the alpha failed.
    #[error(transparent)]
    Diagnostics(#[from] DiagnosticsError),
    /// The run does not have what a report needs.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file or parameter is wrong.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// Rows could not be arranged.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
}

fn nearest_or(nearest: &[String], known: &[String]) -> String {
    match (nearest, known) {
        ([], []) => "save one with `kairos backtest NAME --save`".to_owned(),
        ([], known) => format!("there are {}", known.join(", ")),
        (nearest, []) => format!("the latest are {}", nearest.join(", ")),
        (nearest, _) => format!("did you mean {}?", nearest.join(", ")),
    }
}

//! `optimize_portfolio((candidates), (returns), …)`: portfolios that solve a quadratic program, rebalance by rebalance.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::error::Result;

use super::candidates::{CANDIDATES, Candidates};
use super::construct_portfolio::{DIRECTIONS, columns, direction};
use super::declaration::{Evaluate, OptionSpec, TableFunction};
use super::error::TableFunctionError;
use super::options::{Options, choice, count, maybe, number, switch};
use super::{returns, risk};
use crate::column::nullable;
use crate::kernels::optimize::{
    Book, Bound, Bounds, Cause, KktClip, MeanVariance, Method, Optimization, Optimized, Position, Relaxation, Solver,
    Status, Ties, optimize,
};
use crate::kernels::portfolio::Direction;

const FUNCTION: &str = "optimize_portfolio";

pub(super) fn function() -> TableFunction {
    TableFunction {
        name: FUNCTION,
        relations: vec![CANDIDATES, returns::RETURNS],
        options: options(),
        order: &["date", "ticker"],
        prepare: |options| {
            Ok(Box::new(OptimizePortfolio { how: optimization(options)?, direction: direction(options) }))
        },
    }
}

fn options() -> Vec<OptionSpec> {
    let of_the_program = vec![
        choice(
            "method",
            &["mean_variance", "kkt_clip"],
            "The program with all limits in it, or the reference's chain.",
        ),
        choice(
            "book",
            &["long_short", "long"],
            "Neutral to the market and to beta, or long with weights that sum to 1.",
        ),
        choice("direction", DIRECTIONS, "Which end of alpha is bought."),
        count("n_long", 150, 1, "Names with the highest scores that are candidates."),
        count("n_short", 150, 0, "Names with the lowest scores that are candidates of a long-short book."),
        number("clip", 3.0, f64::MIN_POSITIVE, f64::MAX, "Bound of the z-score of alpha."),
        choice("ties", &["raw_signal", "ticker"], "What decides between equal scores."),
        number("name_cap", 0.03, f64::MIN_POSITIVE, 1.0, "Largest weight of a name."),
        maybe("sector_multiple", "Largest gross weight of a sector, as a multiple of its share of the names."),
        maybe("sector_net", "Largest net weight of a sector of a long-short book."),
        number("gross", 1.0, f64::MIN_POSITIVE, f64::MAX, "Largest sum of the absolute weights."),
        maybe("turnover_cap", "Largest one-way turnover of a rebalance."),
        number("trading_cost", 0.0, 0.0, 1.0, "Cost of trading one unit of capital, in the objective."),
        number("risk_aversion", 20.0, 0.0, f64::MAX, "Weight of risk against expected return."),
        number("information_coefficient", 0.03, 0.0, 1.0, "Scale of expected returns: ic × volatility × √horizon × z."),
        count("horizon", 5, 1, "Sessions over which returns are expected."),
        switch("fixed_signs", true, "Whether candidates of the long side are never sold short, nor the others bought."),
        choice("solver", &["osqp", "clarabel"], "What solves the program."),
    ];
    let of_the_chain = vec![
        count("lookback_days", 90, 2, "Calendar days of prices, with kkt_clip."),
        count("min_rows", 30, 0, "With kkt_clip and fewer rows the covariance is the identity; 0 uses what there is."),
    ];
    [of_the_program, risk::options(), of_the_chain].concat()
}

fn optimization(options: &Options) -> Result<Optimization, TableFunctionError> {
    let unlimited = |name: &str| options.maybe(name).unwrap_or(f64::INFINITY);
    let long_only = options.word("book") == "long";
    if options.word("method") == "kkt_clip" && long_only {
        let what = "kkt_clip makes long-short books only; leave `book => 'long'` out".to_owned();
        return Err(TableFunctionError::Options { function: FUNCTION, what });
    }
    Ok(Optimization {
        book: if long_only { Book::LongOnly } else { Book::DollarNeutral },
        long: options.count("n_long"),
        short: options.count("n_short"),
        clip: options.number("clip"),
        ties: match (options.word("ties"), options.word("method")) {
            ("ticker", _) | (_, "kkt_clip") => Ties::Ticker,
            _ => Ties::RawSignal,
        },
        name_cap: options.number("name_cap"),
        sector_multiple: unlimited("sector_multiple"),
        method: match options.word("method") {
            "kkt_clip" => Method::KktClip(kkt_clip(options)),
            _ => Method::MeanVariance(mean_variance(options)),
        },
    })
}

fn mean_variance(options: &Options) -> MeanVariance {
    MeanVariance {
        solver: if options.word("solver") == "clarabel" { Solver::Clarabel } else { Solver::Osqp },
        risk_model: risk::model(options),
        risk_aversion: options.number("risk_aversion"),
        ic: options.number("information_coefficient"),
        horizon: options.number("horizon"),
        gross: options.number("gross"),
        sector_net: options.maybe("sector_net").unwrap_or(f64::INFINITY),
        turnover: options.maybe("turnover_cap"),
        cost: options.number("trading_cost"),
        fixed_signs: options.flag("fixed_signs"),
    }
}

/// The two scripts of the reference differ in more than numbers: the one without a least number of rows is the
/// production script (spec 06 §2.7).
fn kkt_clip(options: &Options) -> KktClip {
    let min_rows = Some(options.count("min_rows")).filter(|rows| *rows > 0);
    let script = if min_rows.is_some() { KktClip::research() } else { KktClip::production() };
    KktClip {
        lookback_days: i32::try_from(options.count("lookback_days")).unwrap_or(i32::MAX),
        window: options.count("cov_window"),
        min_rows,
        shrink: options.number("shrinkage"),
        ridge: options.number("ridge"),
        risk_aversion: options.number("risk_aversion"),
        ..script
    }
}

#[derive(Debug)]
struct OptimizePortfolio {
    how: Optimization,
    direction: Direction,
}

impl Evaluate for OptimizePortfolio {
    /// The columns of `construct_portfolio`, and of each date what the solver says: kkt_residual and iterations.
    fn schema(&self, _: &[FieldRef]) -> SchemaRef {
        let solver =
            [Field::new("kkt_residual", DataType::Float64, true), Field::new("iterations", DataType::Int32, false)];
        Arc::new(Schema::new(columns().into_iter().chain(solver).collect::<Vec<_>>()))
    }

    fn evaluate(&self, relations: &[RecordBatch], threads: usize) -> Result<RecordBatch> {
        let mut candidates = Candidates::of(&relations[0])?;
        if self.direction == Direction::LowIsGood {
            candidates.negate_alpha();
        }
        let returns = returns::of_tickers(&relations[1], &candidates.tickers)?;
        let dates: Vec<_> = candidates.dates.iter().copied().zip(candidates.cross_sections()).collect();
        let optimized = optimize(&dates, &returns, &self.how, threads);
        self.rows(&candidates, &optimized)
    }
}

impl OptimizePortfolio {
    fn rows(&self, candidates: &Candidates, dates: &[Optimized]) -> Result<RecordBatch> {
        let each = || dates.iter().flat_map(|date| date.positions.iter().map(move |position| (date, position)));
        let name = |ticker: u32| candidates.tickers.get(ticker as usize).map(String::as_str);
        let numbers = |of: fn(&Optimized, &Position) -> f64| -> ArrayRef {
            Arc::new(each().map(|(date, position)| Some(of(date, position))).collect::<Float64Array>())
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(each().map(|(date, _)| Some(date.day)).collect::<Date32Array>()),
            Arc::new(each().map(|(_, p)| name(p.ticker)).collect::<StringArray>()),
            nullable(each().map(|(_, p)| p.z).collect()),
            Arc::new(each().map(|(_, p)| i32::try_from(p.rank).ok()).collect::<Int32Array>()),
            numbers(|_, p| p.target),
            numbers(|_, p| p.weight),
            numbers(|_, p| p.before),
            Arc::new(each().map(|(_, p)| Some(bounds(p).to_string())).collect::<StringArray>()),
            Arc::new(each().map(|(date, _)| Some(status(date.status))).collect::<StringArray>()),
            nullable(each().map(|(date, _)| date.residual).collect()),
            Arc::new(each().map(|(date, _)| i32::try_from(date.iterations).ok()).collect::<Int32Array>()),
        ];
        Ok(RecordBatch::try_new(self.schema(&[]), columns)?)
    }
}

/// A weight of 0 is at a bound, too, if signs are fixed, but nothing holds such a name back.
fn bounds(position: &Position) -> Bounds {
    position.limits.with_if(position.bound != Bound::None && position.weight != 0.0, Bounds::NAME_CAP)
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Solved => "ok",
        Status::Relaxed(Relaxation::Turnover) => "relaxed: no turnover limit",
        Status::Relaxed(Relaxation::SectorNet) => "relaxed: wider net sectors",
        Status::Relaxed(Relaxation::Sectors) => "relaxed: no sector limits",
        Status::Held(cause) => match cause {
            Cause::NoCandidates => "held: no candidates",
            Cause::TooFewReturns => "held: too few returns",
            Cause::Infeasible => "held: infeasible",
            Cause::NotSolved => "held: not solved",
            Cause::NoWeights => "held: no weights",
        },
        Status::Skipped(_) => "skipped",
        Status::Flat(_) => "cash",
    }
}

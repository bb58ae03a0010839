//! `construct_portfolio((candidates), …)`: portfolios from signals, rebalance by rebalance.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Date32Array, Float64Array, Int32Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::arrow::temporal_conversions::date32_to_datetime;
use datafusion::error::Result;

use super::candidates::{CANDIDATES, Candidates};
use super::declaration::{Evaluate, OptionSpec, TableFunction};
use super::error::TableFunctionError;
use super::options::{Options, choice, count, maybe, number};
use crate::column::nullable;
use crate::kernels::portfolio::{
    Book, CapMethod, Caps, Construction, ConstructionError, Direction, Neutralize, OnEmpty, Overlap, Portfolio, Signal,
    Ties, Turnover, Weighting, construct,
};

/// Names with a beta below which a book is not made neutral (spec 06 §2.6).
const NEUTRAL_NAMES: usize = 3;

pub(super) fn function() -> TableFunction {
    TableFunction {
        name: "construct_portfolio",
        relations: vec![CANDIDATES],
        options: options(),
        order: &["date", "ticker"],
        prepare: |options| Ok(Box::new(ConstructPortfolio { how: construction(options)? })),
    }
}

pub(super) const DIRECTIONS: &[&str] = &["high_is_good", "low_is_good"];

fn options() -> Vec<OptionSpec> {
    vec![
        choice("signal", &["zscore", "raw"], "Whether names are ranked by the clipped z-score of alpha, or by alpha."),
        number("clip", 3.0, f64::MIN_POSITIVE, f64::MAX, "Bound of the z-score."),
        choice("direction", DIRECTIONS, "Which end of alpha is bought."),
        count("n_long", 0, 0, "Names bought."),
        count("n_short", 0, 0, "Names sold short."),
        choice(
            "ties",
            &["raw_signal", "ticker"],
            "What decides between equal scores: alpha before the clip, or the ticker.",
        ),
        choice("overlap", &["error", "drop", "keep"], "What becomes of a name that is in both legs."),
        choice(
            "weighting",
            &["equal", "alpha", "alpha_over_volatility"],
            "What weights are proportional to. Names whose score has the wrong sign get none, except with equal weights.",
        ),
        maybe("name_cap", "Largest share of a leg that a name may have."),
        maybe(
            "sector_multiple",
            "Largest share of a leg that a sector may have, as a multiple of its share of the names.",
        ),
        maybe("sector_limit", "Largest share of a leg that a sector may have."),
        choice(
            "caps",
            &["water_fill", "single_pass"],
            "Caps that hold exactly, what finds no room staying in cash; or one pass that breaks them again.",
        ),
        choice("book", &["long", "long_short", "short"], "The sides of the book."),
        number("gross", 1.0, f64::MIN_POSITIVE, f64::MAX, "Sum of the absolute weights of a long-short book."),
        choice(
            "neutralize",
            &["none", "residual", "projection"],
            "How a long-short book is made neutral to the market: by regression on beta, which may break caps, or by the \
             nearest book that is neutral and within them.",
        ),
        choice(
            "turnover",
            &["none", "full_book", "restrict", "picks"],
            "How much is traded: all; a step towards the target over all that is held; or the steps of the reference, which \
             sell names that leave at once: that of its backtest, or that of its live rebalance.",
        ),
        number("turnover_lambda", 0.2, f64::MIN_POSITIVE, 1.0, "How far a step goes towards the target."),
        number(
            "turnover_cap",
            0.1,
            f64::MIN_POSITIVE,
            f64::MAX,
            "Most that a step trades: one-way, both ways with restrict.",
        ),
        number("dust", 1e-4, 0.0, 1.0, "Weight below which a name that is not wanted is sold."),
        choice(
            "on_empty",
            &["hold", "cash", "skip"],
            "What a date without candidates does: keeps the book, sells it, or has no rows.",
        ),
    ]
}

fn construction(options: &Options) -> Result<Construction, TableFunctionError> {
    let how = Construction {
        signal: match options.word("signal") {
            "raw" => Signal::Raw,
            _ => Signal::ZScore { clip: options.number("clip") },
        },
        direction: direction(options),
        n_long: options.count("n_long"),
        n_short: options.count("n_short"),
        ties: if options.word("ties") == "ticker" { Ties::Ticker } else { Ties::RawSignal },
        overlap: match options.word("overlap") {
            "drop" => Overlap::Drop,
            "keep" => Overlap::Keep,
            _ => Overlap::Error,
        },
        weighting: match options.word("weighting") {
            "alpha" => Weighting::Alpha,
            "alpha_over_volatility" => Weighting::AlphaOverVolatility,
            _ => Weighting::Equal,
        },
        caps: Caps {
            name: options.maybe("name_cap"),
            sector_multiple: options.maybe("sector_multiple"),
            sector_limit: options.maybe("sector_limit"),
            method: if options.word("caps") == "single_pass" { CapMethod::SinglePass } else { CapMethod::WaterFill },
        },
        book: match options.word("book") {
            "long_short" => Book::LongShort { gross: options.number("gross") },
            "short" => Book::Short,
            _ => Book::Long,
        },
        neutralize: match options.word("neutralize") {
            "residual" => Neutralize::Residual { min_names: NEUTRAL_NAMES },
            "projection" => Neutralize::Projection,
            _ => Neutralize::None,
        },
        turnover: turnover(options),
        on_empty: match options.word("on_empty") {
            "skip" => OnEmpty::Skip,
            "cash" => OnEmpty::Cash,
            _ => OnEmpty::Hold,
        },
    };
    how.check()
        .map_err(|error| TableFunctionError::Options { function: "construct_portfolio", what: error.to_string() })?;
    Ok(how)
}

pub(super) fn direction(options: &Options) -> Direction {
    if options.word("direction") == "low_is_good" { Direction::LowIsGood } else { Direction::HighIsGood }
}

fn turnover(options: &Options) -> Turnover {
    let (lambda, cap) = (options.number("turnover_lambda"), options.number("turnover_cap"));
    match options.word("turnover") {
        "full_book" => Turnover::FullBook { lambda, cap_one_way: cap, dust: options.number("dust") },
        "restrict" => Turnover::Restrict { lambda, cap },
        "picks" => Turnover::Picks { lambda, cap_one_way: cap },
        _ => Turnover::None,
    }
}

#[derive(Debug)]
struct ConstructPortfolio {
    how: Construction,
}

/// The columns of a portfolio: one row per name that is chosen, wanted or held.
pub(super) fn columns() -> Vec<Field> {
    vec![
        Field::new("date", DataType::Date32, false),
        Field::new("ticker", DataType::Utf8, false),
        Field::new("z", DataType::Float64, true),
        Field::new("rank", DataType::Int32, false),
        Field::new("target", DataType::Float64, false),
        Field::new("weight", DataType::Float64, false),
        Field::new("before", DataType::Float64, false),
        Field::new("bound", DataType::Utf8, false),
        Field::new("status", DataType::Utf8, false),
    ]
}

impl Evaluate for ConstructPortfolio {
    fn schema(&self, _: &[FieldRef]) -> SchemaRef {
        Arc::new(Schema::new(columns()))
    }

    fn evaluate(&self, relations: &[RecordBatch], threads: usize) -> Result<RecordBatch> {
        let candidates = Candidates::of(&relations[0])?;
        let portfolios = construct(&candidates.cross_sections(), &self.how, threads)
            .map_err(|error| in_words(error, &candidates.dates))?;
        rows(&candidates, &portfolios)
    }
}

/// The error with the date on which it is one.
fn in_words(error: ConstructionError, dates: &[i32]) -> TableFunctionError {
    let what = match error {
        ConstructionError::OnDate { place, source } => {
            let date = dates.get(place).and_then(|day| date32_to_datetime(*day));
            format!("on {}: {source}", date.map_or_else(|| "a date".to_owned(), |date| date.date().to_string()))
        }
        other => other.to_string(),
    };
    TableFunctionError::Options { function: "construct_portfolio", what }
}

fn rows(candidates: &Candidates, portfolios: &[Portfolio]) -> Result<RecordBatch> {
    let dated = candidates.dates.iter().zip(portfolios);
    let each =
        || dated.clone().flat_map(|(date, portfolio)| portfolio.positions.iter().map(move |p| (date, portfolio, p)));
    let name = |ticker: u32| candidates.tickers.get(ticker as usize).map(String::as_str);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(each().map(|(date, _, _)| Some(*date)).collect::<Date32Array>()),
        Arc::new(each().map(|(_, _, p)| name(p.ticker)).collect::<StringArray>()),
        nullable(each().map(|(_, _, p)| p.z).collect()),
        Arc::new(each().map(|(_, _, p)| Some(p.rank)).collect::<Int32Array>()),
        Arc::new(each().map(|(_, _, p)| Some(p.target)).collect::<Float64Array>()),
        Arc::new(each().map(|(_, _, p)| Some(p.weight)).collect::<Float64Array>()),
        Arc::new(each().map(|(_, _, p)| Some(p.before)).collect::<Float64Array>()),
        Arc::new(each().map(|(_, _, p)| Some(p.bounds.to_string())).collect::<StringArray>()),
        Arc::new(each().map(|(_, portfolio, _)| Some(portfolio.status.name())).collect::<StringArray>()),
    ];
    Ok(RecordBatch::try_new(Arc::new(Schema::new(self::columns())), columns)?)
}

//! `portfolio_volatility((weights), (returns), …)`: the volatility that the covariance of its names expects of a portfolio.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Date32Array, Int32Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, FieldRef, Schema, SchemaRef};
use datafusion::error::Result;

use super::candidates::{numbered, texts};
use super::declaration::{ColumnKind, ColumnSpec, Evaluate, OptionSpec, RelationSpec, TableFunction};
use super::options::number;
use super::{returns, risk};
use crate::column::{nullable, numbers};
use crate::kernels::optimize::{Expected, Held, RiskModel, expected_volatility};

const WEIGHTS: RelationSpec = RelationSpec {
    name: "weights",
    columns: &[
        ColumnSpec { name: "date", kind: ColumnKind::Date, required: true, meaning: "the date of the decision" },
        ColumnSpec { name: "ticker", kind: ColumnKind::Text, required: true, meaning: "the name" },
        ColumnSpec { name: "weight", kind: ColumnKind::Number, required: true, meaning: "its share of capital" },
    ],
    keeps_others: false,
    key: &["date", "ticker"],
};

pub(super) fn function() -> TableFunction {
    TableFunction {
        name: "portfolio_volatility",
        relations: vec![WEIGHTS, returns::RETURNS],
        options: options(),
        order: &["date"],
        prepare: |options| {
            let (model, days_per_year) = (risk::model(options), options.number("days_per_year"));
            Ok(Box::new(PortfolioVolatility { model, days_per_year }))
        },
    }
}

fn options() -> Vec<OptionSpec> {
    let of_the_year = number("days_per_year", 252.0, f64::MIN_POSITIVE, f64::MAX, "Daily returns per year.");
    [risk::options(), vec![of_the_year]].concat()
}

#[derive(Debug)]
struct PortfolioVolatility {
    model: RiskModel,
    days_per_year: f64,
}

impl Evaluate for PortfolioVolatility {
    /// Per date the volatility per year, the names held, and how many of them have too few returns, for which the median
    /// variance of the others stands.
    fn schema(&self, _: &[FieldRef]) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("date", DataType::Date32, false),
            Field::new("volatility", DataType::Float64, true),
            Field::new("names", DataType::Int32, false),
            Field::new("with_median_variance", DataType::Int32, false),
        ]))
    }

    fn evaluate(&self, relations: &[RecordBatch], threads: usize) -> Result<RecordBatch> {
        let (books, tickers) = books(&relations[0])?;
        let returns = returns::of_tickers(&relations[1], &tickers)?;
        let expected = expected_volatility(&books, &returns, &self.model, self.days_per_year, threads);
        let counts = |of: fn(&Expected) -> usize| -> ArrayRef {
            Arc::new(expected.iter().map(|book| i32::try_from(of(book)).ok()).collect::<Int32Array>())
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(books.iter().map(|book| Some(book.day)).collect::<Date32Array>()),
            nullable(expected.iter().map(|book| book.volatility).collect()),
            counts(|book| book.names),
            counts(|book| book.with_median_variance),
        ];
        Ok(RecordBatch::try_new(self.schema(&[]), columns)?)
    }
}

/// The book of each date, and the names of its tickers' numbers.
fn books(rows: &RecordBatch) -> Result<(Vec<Held>, Vec<String>)> {
    let days = rows.column(0).as_primitive::<Date32Type>().values();
    let (numbers_of_rows, tickers) = numbered(texts(rows.column(1))?);
    let weights = numbers(rows.column(2))?;
    let mut books: Vec<Held> = Vec::new();
    for ((day, ticker), weight) in days.iter().zip(numbers_of_rows).zip(weights.iter()) {
        let position = (ticker.unwrap_or_default(), *weight);
        match books.last_mut() {
            Some(book) if book.day == *day => book.weights.push(position),
            _ => books.push(Held { day: *day, weights: vec![position] }),
        }
    }
    Ok((books, tickers))
}

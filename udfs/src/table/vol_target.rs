//! `vol_target((returns), target => …)`: the leverage that brings returns to a volatility.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::error::Result;

use super::declaration::{ColumnKind, ColumnSpec, Evaluate, OptionSpec, RelationSpec, TableFunction};
use super::error::TableFunctionError;
use super::options::{OptionKind, Options, choice, count, number};
use crate::column::{nullable, numbers};
use crate::kernels::Window;
use crate::kernels::portfolio::{VolMethod, VolTarget, vol_target};

const RETURNS: RelationSpec = RelationSpec {
    name: "returns",
    columns: &[
        ColumnSpec { name: "date", kind: ColumnKind::Date, required: true, meaning: "the date of the decision" },
        ColumnSpec { name: "ret", kind: ColumnKind::Number, required: true, meaning: "the return without leverage" },
        ColumnSpec {
            name: "forecast",
            kind: ColumnKind::Number,
            required: false,
            meaning: "the volatility per year that is expected of it, as portfolio_volatility computes",
        },
    ],
    keeps_others: true,
    key: &["date"],
};

const FUNCTION: &str = "vol_target";

pub(super) fn function() -> TableFunction {
    TableFunction {
        name: FUNCTION,
        relations: vec![RETURNS],
        options: options(),
        order: &["date"],
        prepare: |options| Ok(Box::new(LeverageColumns { how: how(options)? })),
    }
}

fn options() -> Vec<OptionSpec> {
    let target = OptionSpec {
        name: "target",
        kind: OptionKind::Number { least: 0.0, most: f64::MAX },
        default: None,
        meaning: "Volatility per year that is aimed at.",
    };
    vec![
        target,
        choice(
            "method",
            &["ex_ante", "ex_ante_cov", "ex_post", "none"],
            "Volatility of the periods before; that of the column forecast; of all periods, later ones included; or no \
             leverage.",
        ),
        number("periods_per_year", 252.0, f64::MIN_POSITIVE, f64::MAX, "Returns per year."),
        count("window", 52, 2, "Periods before over which volatility is measured."),
        count("min_periods", 12, 2, "Fewest of them; with fewer leverage is 1."),
        number("least", 0.25, 0.0, f64::MAX, "Least leverage."),
        number("most", 1.5, 0.0, f64::MAX, "Most leverage."),
        count("lag", 0, 0, "Last periods before that have not ended when leverage is decided."),
    ]
}

fn how(options: &Options) -> Result<Option<VolTarget>, TableFunctionError> {
    let invalid = |option, expected: &str, found: String| TableFunctionError::OptionValue {
        function: FUNCTION,
        option,
        expected: expected.to_owned(),
        found,
    };
    let (lo, hi) = (options.number("least"), options.number("most"));
    if lo > hi {
        return Err(invalid("most", "at least the option least", hi.to_string()));
    }
    let method = match options.word("method") {
        "none" => return Ok(None),
        "ex_post" => VolMethod::ExPost,
        "ex_ante_cov" => VolMethod::ExAnteCovariance { lo, hi },
        _ => {
            let (n, min_periods) = (options.count("window"), options.count("min_periods"));
            let window = Window::new(n, min_periods)
                .ok_or_else(|| invalid("min_periods", "at most the option window", min_periods.to_string()))?;
            VolMethod::ExAnteRealised { window, lo, hi, shift: options.count("lag") }
        }
    };
    let (target, periods_per_year) = (options.number("target"), options.number("periods_per_year"));
    Ok(Some(VolTarget { target, periods_per_year, method }))
}

#[derive(Debug)]
struct LeverageColumns {
    how: Option<VolTarget>,
}

impl LeverageColumns {
    fn goes_by_forecasts(&self) -> bool {
        matches!(self.how, Some(VolTarget { method: VolMethod::ExAnteCovariance { .. }, .. }))
    }
}

impl Evaluate for LeverageColumns {
    /// The columns of the relation, then leverage (1 where there is nothing to go by) and the volatility it comes from.
    fn schema(&self, others: &[FieldRef]) -> SchemaRef {
        let declared =
            RETURNS.columns.iter().map(|column| Field::new(column.name, column.kind.data_type(), true).into());
        let added = ["leverage", "volatility_estimate"].map(|name| Field::new(name, DataType::Float64, true).into());
        Arc::new(Schema::new(declared.chain(others.iter().cloned()).chain(added).collect::<Vec<FieldRef>>()))
    }

    fn evaluate(&self, relations: &[RecordBatch], _: usize) -> Result<RecordBatch> {
        let rows = &relations[0];
        let (returns, forecast) = (numbers(rows.column(1))?, numbers(rows.column(2))?);
        if self.goes_by_forecasts() && !returns.is_empty() && !forecast.iter().any(|value| value.is_finite()) {
            let what = "the method ex_ante_cov goes by the column forecast, which has no value on any date; join the \
                        volatility of portfolio_volatility((weights), (returns)), whose cov_window must fit the returns";
            return Err(TableFunctionError::Options { function: FUNCTION, what: what.to_owned() }.into());
        }
        let (leverage, volatility) = match &self.how {
            Some(how) => vol_target(&returns, &forecast, how).into_iter().map(|l| (l.leverage, l.volatility)).unzip(),
            None => (vec![1.0; returns.len()], vec![f64::NAN; returns.len()]),
        };
        let others: Vec<FieldRef> = rows.schema().fields().iter().skip(RETURNS.columns.len()).cloned().collect();
        let columns = rows.columns().iter().cloned().chain([nullable(leverage), nullable(volatility)]).collect();
        Ok(RecordBatch::try_new(self.schema(&others), columns)?)
    }
}

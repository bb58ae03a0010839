//! The arguments of a window or aggregate function: which ones there are, and the constants among them.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_plan::PhysicalExpr;

use crate::column::is_number;
use crate::error::ArgumentError;

/// What an argument holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A column of numbers.
    Series,
    /// A column of any type, of which only equality matters.
    Group,
    /// A column of truth values.
    Mark,
    /// A constant positive integer.
    Count,
    /// A constant number.
    Number,
    /// A constant string.
    Text,
}

impl Kind {
    /// Whether the argument is a column; columns come before constants.
    pub(crate) fn is_column(self) -> bool {
        matches!(self, Self::Series | Self::Group | Self::Mark)
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Series => "a number",
            Self::Group => "a column",
            Self::Mark => "a boolean",
            Self::Count => "an integer constant",
            Self::Number => "a numeric constant",
            Self::Text => "a string constant",
        }
    }

    /// The type to cast an argument of type `found` to; nothing if it does not fit.
    fn coerce(self, found: &DataType) -> Option<DataType> {
        let (fits, target) = match self {
            Self::Series | Self::Number => (is_number(found), DataType::Float64),
            Self::Group => (true, found.clone()),
            Self::Mark => (matches!(found, DataType::Boolean | DataType::Null), DataType::Boolean),
            Self::Count => (found.is_integer() || found.is_null(), DataType::Int64),
            Self::Text => (found.is_string() || found.is_null(), DataType::Utf8),
        };
        fits.then_some(target)
    }
}

/// The declaration of one argument.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) meaning: &'static str,
}

/// All arguments of a function, in order; required ones first.
#[derive(Debug, Clone)]
pub(crate) struct Arguments {
    function: &'static str,
    list: Vec<Argument>,
}

impl Arguments {
    pub(crate) fn new(function: &'static str) -> Self {
        Self { function, list: Vec::new() }
    }

    pub(crate) fn push(&mut self, argument: Argument) {
        self.list.push(argument);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Argument> {
        self.list.iter()
    }

    /// How the function is called, e.g. `rolling_mean(x, n [, min_periods])`.
    pub(crate) fn usage(&self) -> String {
        let part = |(position, argument): (usize, &Argument)| match (position, argument.required) {
            (0, _) => argument.name.to_string(),
            (_, true) => format!(", {}", argument.name),
            (_, false) => format!(" [, {}]", argument.name),
        };
        let parts: String = self.list.iter().enumerate().map(part).collect();
        format!("{}({parts})", self.function)
    }

    /// The types to which the arguments of a call are cast.
    pub(crate) fn coerce(&self, types: &[DataType]) -> Result<Vec<DataType>, ArgumentError> {
        let required = self.list.iter().filter(|argument| argument.required).count();
        if !(required..=self.list.len()).contains(&types.len()) {
            let (function, found, usage) = (self.function, types.len(), self.usage());
            return Err(ArgumentError::Count { function, found, usage });
        }
        let pairs = self.list.iter().zip(types);
        pairs
            .map(|(argument, found)| {
                argument.kind.coerce(found).ok_or_else(|| ArgumentError::Type {
                    function: self.function,
                    argument: argument.name,
                    expected: argument.kind.expected(),
                    found: found.clone(),
                    usage: self.usage(),
                })
            })
            .collect()
    }

    /// Evaluates the constants of a call.
    pub(crate) fn constants(&self, call: &[Arc<dyn PhysicalExpr>]) -> Result<Constants<'_>, ArgumentError> {
        let pairs = self.list.iter().zip(call);
        let values = pairs
            .filter(|(argument, _)| !argument.kind.is_column())
            .map(|(argument, expression)| {
                let value = constant(expression).ok_or_else(|| ArgumentError::NotConstant {
                    function: self.function,
                    argument: argument.name,
                    found: expression.to_string(),
                    usage: self.usage(),
                })?;
                Ok((argument.name, value))
            })
            .collect::<Result<_, _>>()?;
        Ok(Constants { arguments: self, values })
    }
}

/// The value of an expression that is the same for every row.
fn constant(expression: &Arc<dyn PhysicalExpr>) -> Option<ScalarValue> {
    if !collect_columns(expression).is_empty() {
        return None;
    }
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let row = RecordBatch::try_new_with_options(Schema::empty().into(), vec![], &options).ok()?;
    match expression.evaluate(&row).ok()? {
        ColumnarValue::Scalar(value) => Some(value),
        // A function that may differ from row to row, such as random().
        ColumnarValue::Array(_) => None,
    }
}

/// The constants of one call by name. An argument that is absent or NULL has its default.
#[derive(Debug)]
pub(crate) struct Constants<'a> {
    arguments: &'a Arguments,
    values: Vec<(&'static str, ScalarValue)>,
}

impl Constants<'_> {
    /// A positive integer.
    pub(crate) fn count(&self, name: &'static str) -> Result<Option<usize>, ArgumentError> {
        match self.value(name) {
            None => Ok(None),
            Some(ScalarValue::Int64(Some(value))) if *value >= 1 => {
                // A window longer than the address space holds every row there is.
                Ok(Some(usize::try_from(*value).unwrap_or(usize::MAX)))
            }
            Some(other) => Err(self.invalid(name, "an integer of at least 1", other)),
        }
    }

    /// A positive integer that has no default.
    pub(crate) fn required_count(&self, name: &'static str) -> Result<usize, ArgumentError> {
        self.count(name)?.ok_or_else(|| self.invalid(name, "an integer of at least 1", "NULL"))
    }

    /// A number for which `accept` holds; `expected` says in words which ones do.
    pub(crate) fn number(
        &self,
        name: &'static str,
        expected: &str,
        accept: impl Fn(f64) -> bool,
    ) -> Result<Option<f64>, ArgumentError> {
        match self.value(name) {
            None => Ok(None),
            Some(ScalarValue::Float64(Some(value))) if value.is_finite() && accept(*value) => Ok(Some(*value)),
            Some(other) => Err(self.invalid(name, expected, other)),
        }
    }

    /// A number that has no default.
    pub(crate) fn required_number(
        &self,
        name: &'static str,
        expected: &str,
        accept: impl Fn(f64) -> bool,
    ) -> Result<f64, ArgumentError> {
        self.number(name, expected, accept)?.ok_or_else(|| self.invalid(name, expected, "NULL"))
    }

    /// One of the given words, as what it stands for.
    pub(crate) fn choice<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ArgumentError> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let word = value.try_as_str().flatten().unwrap_or_default();
        match choices.iter().find(|(choice, _)| *choice == word) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let words: Vec<_> = choices.iter().map(|(word, _)| format!("'{word}'")).collect();
                Err(self.invalid(name, words.join(" or "), format!("'{word}'")))
            }
        }
    }

    /// The error for a constant that makes no sense.
    pub(crate) fn invalid(
        &self,
        argument: &'static str,
        expected: impl Into<String>,
        found: impl ToString,
    ) -> ArgumentError {
        ArgumentError::Value {
            function: self.arguments.function,
            argument,
            expected: expected.into(),
            found: found.to_string(),
            usage: self.arguments.usage(),
        }
    }

    fn value(&self, name: &'static str) -> Option<&ScalarValue> {
        let (_, value) = self.values.iter().find(|(known, _)| *known == name)?;
        Some(value).filter(|value| !value.is_null())
    }
}

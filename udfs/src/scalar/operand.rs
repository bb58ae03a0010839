//! An argument of a scalar function: a column or a constant.

use std::borrow::Cow;

use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use crate::column::numbers;

/// Float64 values with NaN in place of NULL.
pub(super) enum Operand<'a> {
    Column(Cow<'a, [f64]>),
    Constant(f64),
}

impl<'a> Operand<'a> {
    pub(super) fn new(value: &'a ColumnarValue) -> Result<Self> {
        match value {
            ColumnarValue::Array(column) => numbers(column).map(Self::Column),
            ColumnarValue::Scalar(ScalarValue::Float64(constant)) => Ok(Self::Constant(constant.unwrap_or(f64::NAN))),
            // Type coercion at planning casts every numeric argument.
            ColumnarValue::Scalar(other) => {
                internal_err!("expected a Float64 constant, found {other}")
            }
        }
    }

    pub(super) fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// The value in a row.
    #[inline]
    pub(super) fn at(&self, row: usize) -> f64 {
        match self {
            Self::Column(values) => values[row],
            Self::Constant(value) => *value,
        }
    }
}

//! `blend(policy, w1, x1, w2, x2, …)`

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::scalar_doc_sections::DOC_SECTION_MATH;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::operand::Operand;
use crate::column::{is_number, nullable};
use crate::error::ArgumentError;
use crate::kernels::{self, MissingWeight};

const NAME: &str = "blend";
const USAGE: &str = "blend(policy, w1, x1, w2, x2, …)";
const POLICIES: [(&str, MissingWeight); 2] = [("renorm", MissingWeight::Renormalise), ("zero", MissingWeight::Zero)];

/// The weighted blend of the components that are present.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Blend {
    signature: Signature,
    documentation: Documentation,
}

impl Blend {
    pub(super) fn new() -> Self {
        let description = "Weighted blend of the components whose weight and value are present: with policy 'renorm' \
             their weights are scaled to sum to 1, with 'zero' a missing component counts as 0. NULL if none is \
             present, or if 'renorm' finds no positive sum of weights. Weights may be columns.";
        let documentation = Documentation::builder(DOC_SECTION_MATH, description, USAGE)
            .with_argument("policy", "'renorm' or 'zero', a constant.")
            .with_argument("w", "Weight of the component after it.")
            .with_argument("x", "The component.");
        Self { signature: Signature::user_defined(Volatility::Immutable), documentation: documentation.build() }
    }
}

impl ScalarUDFImpl for Blend {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let found = types.len();
        if found < 3 || found.is_multiple_of(2) {
            return Err(ArgumentError::Count { function: NAME, found, usage: USAGE.to_owned() }.into());
        }
        let wrong = |argument, expected, found: &DataType| ArgumentError::Type {
            function: NAME,
            argument,
            expected,
            found: found.clone(),
            usage: USAGE.to_owned(),
        };
        if !types[0].is_string() {
            return Err(wrong("policy", "a string constant", &types[0]).into());
        }
        if let Some(position) = types.iter().skip(1).position(|found| !is_number(found)) {
            let argument = ["w", "x"][position % 2];
            return Err(wrong(argument, "a number", &types[position + 1]).into());
        }
        let mut coerced = vec![DataType::Float64; found];
        coerced[0] = DataType::Utf8;
        Ok(coerced)
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    /// Called while a query is planned, so that a wrong policy fails before any row is read.
    fn return_field_from_args(&self, call: ReturnFieldArgs) -> Result<FieldRef> {
        match call.scalar_arguments.first() {
            Some(Some(value)) => policy(value).map(drop)?,
            _ => {
                let found = "an expression that depends on the row".to_owned();
                let usage = USAGE.to_owned();
                return Err(ArgumentError::NotConstant { function: NAME, argument: "policy", found, usage }.into());
            }
        }
        Ok(Arc::new(Field::new(NAME, DataType::Float64, true)))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [ColumnarValue::Scalar(word), components @ ..] = call.args.as_slice() else {
            return internal_err!("the policy of {NAME} is checked when a query is planned");
        };
        let missing = policy(word)?;
        let operands = components.iter().map(Operand::new).collect::<Result<Vec<_>>>()?;
        let row =
            |row| kernels::blend(missing, operands.chunks_exact(2).map(|pair| (pair[0].at(row), pair[1].at(row))));
        if operands.iter().all(Operand::is_constant) {
            return Ok(ColumnarValue::Scalar(ScalarValue::Float64(Some(row(0)).filter(|value| value.is_finite()))));
        }
        Ok(ColumnarValue::Array(nullable((0..call.number_rows).map(row).collect())))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

/// What the policy's word stands for.
fn policy(value: &ScalarValue) -> Result<MissingWeight, ArgumentError> {
    let word = value.try_as_str().flatten().unwrap_or_default();
    let known = POLICIES.iter().find(|(policy, _)| *policy == word);
    known.map(|(_, missing)| *missing).ok_or_else(|| ArgumentError::Value {
        function: NAME,
        argument: "policy",
        expected: "'renorm' or 'zero'".to_owned(),
        found: format!("'{word}'"),
        usage: USAGE.to_owned(),
    })
}

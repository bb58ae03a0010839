//! A literal that remembers which parameter it is the value of.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility, expr::ScalarFunction,
};

/// The function `kairos_parameter('name', value)`: `value`, shown as `$name`. It is known only where a statement is
/// planned for its lineage.
pub const PARAMETER: &str = "kairos_parameter";

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Parameter {
    signature: Signature,
}

impl Default for Parameter {
    fn default() -> Self {
        Self { signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Parameter {
    fn name(&self) -> &str {
        PARAMETER
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [_, value] => Ok(value.clone()),
            _ => internal_err!("{PARAMETER} takes a name and a value"),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.as_slice() {
            [_, value] => Ok(value.clone()),
            _ => internal_err!("{PARAMETER} takes a name and a value"),
        }
    }
}

/// The name and the value, if the call marks a parameter.
pub(super) fn marked(call: &ScalarFunction) -> Option<(&str, &Expr)> {
    match call.args.as_slice() {
        [Expr::Literal(ScalarValue::Utf8(Some(name)), _), value] if call.name() == PARAMETER => Some((name, value)),
        _ => None,
    }
}

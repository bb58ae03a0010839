//! The shell of all scalar functions.

use std::fmt;
use std::hash::{Hash, Hasher};

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::scalar_doc_sections::DOC_SECTION_MATH;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::operand::Operand;
use crate::column::{is_number, nullable};
use crate::error::ArgumentError;

/// Computes the given number of rows from the arguments; NaN is missing.
type Kernel = Box<dyn Fn(&[Operand], usize) -> Vec<f64> + Send + Sync>;

/// A function of the values of one row: numbers in, a nullable Float64 out.
pub(crate) struct ScalarFunction {
    name: &'static str,
    arguments: &'static [&'static str],
    /// Whether the last argument may be repeated.
    variadic: bool,
    kernel: Kernel,
    signature: Signature,
    documentation: Documentation,
}

impl ScalarFunction {
    fn new(
        name: &'static str,
        description: &'static str,
        arguments: &'static [&'static str],
        kernel: impl Fn(&[Operand], usize) -> Vec<f64> + Send + Sync + 'static,
    ) -> Self {
        let usage = format!("{name}({})", arguments.join(", "));
        Self {
            name,
            arguments,
            variadic: false,
            kernel: Box::new(kernel),
            signature: Signature::user_defined(Volatility::Immutable),
            documentation: Documentation::builder(DOC_SECTION_MATH, description, usage).build(),
        }
    }

    /// A function of one value.
    pub(super) fn unary(
        name: &'static str,
        description: &'static str,
        arguments: &'static [&'static str; 1],
        kernel: impl Fn(f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, description, arguments, move |x, rows| (0..rows).map(|i| kernel(x[0].at(i))).collect())
    }

    /// A function of two values.
    pub(super) fn binary(
        name: &'static str,
        description: &'static str,
        arguments: &'static [&'static str; 2],
        kernel: impl Fn(f64, f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, description, arguments, move |x, rows| {
            (0..rows).map(|i| kernel(x[0].at(i), x[1].at(i))).collect()
        })
    }

    /// A function of three values.
    pub(super) fn ternary(
        name: &'static str,
        description: &'static str,
        arguments: &'static [&'static str; 3],
        kernel: impl Fn(f64, f64, f64) -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self::new(name, description, arguments, move |x, rows| {
            (0..rows).map(|i| kernel(x[0].at(i), x[1].at(i), x[2].at(i))).collect()
        })
    }

    /// A function of one or more values; `kernel` gets the operands and the number of the row.
    pub(super) fn variadic(
        name: &'static str,
        description: &'static str,
        argument: &'static [&'static str; 1],
        kernel: impl Fn(&[Operand], usize) -> f64 + Send + Sync + 'static,
    ) -> Self {
        let mut function =
            Self::new(name, description, argument, move |x, rows| (0..rows).map(|row| kernel(x, row)).collect());
        function.variadic = true;
        function.documentation.syntax_example = format!("{name}({}, …)", argument[0]);
        function
    }

    fn usage(&self) -> String {
        self.documentation.syntax_example.clone()
    }
}

impl ScalarUDFImpl for ScalarFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let declared = self.arguments.len();
        if types.len() < declared || (types.len() > declared && !self.variadic) {
            let (function, found, usage) = (self.name, types.len(), self.usage());
            return Err(ArgumentError::Count { function, found, usage }.into());
        }
        if let Some(position) = types.iter().position(|found| !is_number(found)) {
            return Err(ArgumentError::Type {
                function: self.name,
                argument: self.arguments[position.min(declared - 1)],
                expected: "a number",
                found: types[position].clone(),
                usage: self.usage(),
            }
            .into());
        }
        Ok(vec![DataType::Float64; types.len()])
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let operands = call.args.iter().map(Operand::new).collect::<Result<Vec<_>>>()?;
        if operands.iter().all(Operand::is_constant) {
            let value = (self.kernel)(&operands, 1).first().copied().filter(|v| v.is_finite());
            return Ok(ColumnarValue::Scalar(ScalarValue::Float64(value)));
        }
        Ok(ColumnarValue::Array(nullable((self.kernel)(&operands, call.number_rows))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

// A function is its name: kernels cannot be compared.
impl PartialEq for ScalarFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ScalarFunction {}

impl Hash for ScalarFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for ScalarFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScalarFunction").field("name", &self.name).finish_non_exhaustive()
    }
}

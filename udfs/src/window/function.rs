//! The shell of all window functions: a kernel that sees a whole partition at once.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::function::{ExpressionArgs, PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::window_doc_sections::DOC_SECTION_ANALYTICAL;
use datafusion::logical_expr::{Documentation, PartitionEvaluator, Signature, Volatility, WindowUDFImpl};
use datafusion::physical_plan::PhysicalExpr;

use super::arguments::{Argument, Arguments, Constants, Kind};
use crate::column::{marks, nullable, numbers};
use crate::error::ArgumentError;

/// Computes a partition's result from its columns; NaN is missing.
pub(super) type Kernel = Box<dyn Fn(&[ArrayRef]) -> Result<Vec<f64>> + Send>;

/// Configures the kernel with the constants of a call, or says what is wrong with them.
type Bind = Box<dyn Fn(&Constants) -> Result<Kernel, ArgumentError> + Send + Sync>;

/// A kernel of one numeric column.
pub(super) fn on_series(kernel: impl Fn(&[f64]) -> Vec<f64> + Send + 'static) -> Kernel {
    Box::new(move |columns| Ok(kernel(&numbers(&columns[0])?)))
}

/// A kernel of two numeric columns.
pub(super) fn on_pair(kernel: impl Fn(&[f64], &[f64]) -> Vec<f64> + Send + 'static) -> Kernel {
    Box::new(move |columns| Ok(kernel(&numbers(&columns[0])?, &numbers(&columns[1])?)))
}

/// A kernel of a numeric column and of marks, false where they are NULL.
pub(super) fn on_marked(kernel: impl Fn(&[f64], &[bool]) -> Vec<f64> + Send + 'static) -> Kernel {
    Box::new(move |columns| Ok(kernel(&numbers(&columns[0])?, &marks(&columns[1])?)))
}

/// A function of a partition: columns and constants in, a nullable Float64 per row out.
pub(crate) struct WindowFunction {
    name: &'static str,
    arguments: Arguments,
    bind: Bind,
    signature: Signature,
    documentation: Documentation,
}

impl WindowFunction {
    /// A function without arguments yet.
    pub(super) fn new(
        name: &'static str,
        description: &'static str,
        bind: impl Fn(&Constants) -> Result<Kernel, ArgumentError> + Send + Sync + 'static,
    ) -> Self {
        let documentation = Documentation::builder(DOC_SECTION_ANALYTICAL, description, String::new()).build();
        Self {
            name,
            arguments: Arguments::new(name),
            bind: Box::new(bind),
            signature: Signature::user_defined(Volatility::Immutable),
            documentation,
        }
    }

    /// Adds an argument that must be given. Columns come first.
    pub(super) fn required(self, name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        self.argument(Argument { name, kind, required: true, meaning })
    }

    /// Adds an argument that has a default.
    pub(super) fn optional(self, name: &'static str, kind: Kind, meaning: &'static str) -> Self {
        self.argument(Argument { name, kind, required: false, meaning })
    }

    fn argument(mut self, argument: Argument) -> Self {
        self.arguments.push(argument);
        self.documentation.syntax_example = self.arguments.usage();
        let described = self.documentation.arguments.get_or_insert_default();
        described.push((argument.name.to_string(), argument.meaning.to_string()));
        self
    }

    /// Name in SQL.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

impl WindowUDFImpl for WindowFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(self.arguments.coerce(types)?)
    }

    /// Only the columns: DataFusion would expand each constant to a column, partition by partition.
    fn expressions(&self, call: ExpressionArgs) -> Vec<Arc<dyn PhysicalExpr>> {
        let columns = self.arguments.iter().filter(|argument| argument.kind.is_column()).count();
        call.input_exprs().iter().take(columns).cloned().collect()
    }

    fn field(&self, call: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Field::new(call.name(), DataType::Float64, true).into())
    }

    /// DataFusion calls this once while it plans, so a wrong constant fails before any row is read.
    fn partition_evaluator(&self, call: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        if call.ignore_nulls() {
            let (function, usage) = (self.name, self.arguments.usage());
            return Err(ArgumentError::IgnoreNulls { function, usage }.into());
        }
        let kernel = (self.bind)(&self.arguments.constants(call.input_exprs())?)?;
        Ok(Box::new(WholePartition { name: self.name, kernel }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

// A function is its name: kernels cannot be compared.
impl PartialEq for WindowFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for WindowFunction {}

impl Hash for WindowFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for WindowFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WindowFunction")
            .field("name", &self.name)
            .field("arguments", &self.arguments)
            .finish_non_exhaustive()
    }
}

/// Evaluates a kernel once per partition (spec 02 §11.2, "partition pattern"). The defaults of the
/// trait say the rest: no window frame, no bounded execution.
struct WholePartition {
    name: &'static str,
    kernel: Kernel,
}

impl PartitionEvaluator for WholePartition {
    fn evaluate_all(&mut self, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let result = (self.kernel)(columns)?;
        if result.len() != rows {
            return internal_err!("{} made {} rows of {rows}", self.name, result.len());
        }
        Ok(nullable(result))
    }
}

impl fmt::Debug for WholePartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WholePartition").field("name", &self.name).finish_non_exhaustive()
    }
}

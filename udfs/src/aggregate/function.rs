//! The shell of all aggregate functions: a kernel that sees all rows of a group at once.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::aggregate_doc_sections::DOC_SECTION_STATISTICAL;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::collected::{Collected, Ungrouped};
use crate::arguments::{Argument, Arguments, Kind};
use crate::error::ArgumentError;

/// Computes a group's result from its columns; NaN is missing.
pub(super) type Kernel = Arc<dyn Fn(&[&[f64]]) -> Result<f64, ArgumentError> + Send + Sync>;

/// A function of the rows of a group: numbers in, one nullable Float64 out.
///
/// An argument that configures the function, such as `lag`, may be any expression with one value per group.
#[derive(Clone)]
pub(crate) struct AggregateFunction {
    name: &'static str,
    arguments: Arguments,
    /// What the rows are to be ordered by, if the result depends on their order.
    ordered: Option<&'static str>,
    kernel: Kernel,
    signature: Signature,
    documentation: Documentation,
}

impl AggregateFunction {
    /// A function without arguments yet.
    pub(super) fn new(
        name: &'static str,
        description: &'static str,
        kernel: impl Fn(&[&[f64]]) -> Result<f64, ArgumentError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            arguments: Arguments::new(name),
            ordered: None,
            kernel: Arc::new(kernel),
            signature: Signature::user_defined(Volatility::Immutable),
            documentation: Documentation::builder(DOC_SECTION_STATISTICAL, description, String::new()).build(),
        }
    }

    /// Adds an argument.
    pub(super) fn series(mut self, name: &'static str, meaning: &'static str) -> Self {
        self.arguments.push(Argument { name, kind: Kind::Series, required: true, meaning });
        self.documentation.syntax_example = self.usage();
        let described = self.documentation.arguments.get_or_insert_default();
        described.push((name.to_string(), meaning.to_string()));
        self
    }

    /// Demands `order by` in the call, because the result depends on the order of the rows.
    pub(super) fn ordered(mut self, by: &'static str) -> Self {
        self.ordered = Some(by);
        self.documentation.syntax_example = self.usage();
        self
    }

    /// Name in SQL.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    fn usage(&self) -> String {
        let usage = self.arguments.usage();
        match self.ordered {
            Some(by) => format!("{} order by {by})", usage.trim_end_matches(')')),
            None => usage,
        }
    }

    fn collected(&self, call: &AccumulatorArgs) -> Result<Collected> {
        if call.is_distinct {
            return plan_err!("{} does not take DISTINCT; write {}", self.name, self.usage());
        }
        if call.ignore_nulls {
            let (function, usage) = (self.name, self.usage());
            return Err(ArgumentError::IgnoreNulls { function, usage }.into());
        }
        if self.ordered.is_some() && call.order_bys.is_empty() {
            return plan_err!("{} depends on the order of the rows; write {}", self.name, self.usage());
        }
        let order = if self.ordered.is_some() { call.order_bys } else { &[] };
        let order_types = order.iter().map(|key| key.expr.data_type(call.schema)).collect::<Result<Vec<_>>>()?;
        let options = order.iter().map(|key| key.options).collect();
        Ok(Collected::new(self.kernel.clone(), self.arguments.iter().count(), order_types, options))
    }
}

impl AggregateUDFImpl for AggregateFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(self.arguments.coerce(types)?)
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    /// One list of values per argument and per ordering column.
    fn state_fields(&self, call: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = |name: &str, of: DataType| {
            let name = format_state_name(call.name, name);
            Arc::new(Field::new_list(name, Field::new_list_field(of, true), true))
        };
        let values = self.arguments.iter().map(|argument| list(argument.name, DataType::Float64));
        let order: &[FieldRef] = if self.ordered.is_some() { call.ordering_fields } else { &[] };
        let keys = order.iter().map(|key| list(key.name(), key.data_type().clone()));
        Ok(values.chain(keys).collect())
    }

    fn accumulator(&self, call: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Ungrouped::new(self.collected(&call)?)))
    }

    fn groups_accumulator_supported(&self, _call: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, call: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.collected(&call)?))
    }

    /// The rows are sorted here, per group and at the end: input that comes sorted would still arrive mixed from
    /// several partitions.
    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        match self.ordered {
            Some(_) => AggregateOrderSensitivity::Beneficial,
            None => AggregateOrderSensitivity::Insensitive,
        }
    }

    fn with_beneficial_ordering(self: Arc<Self>, _beneficial: bool) -> Result<Option<Arc<dyn AggregateUDFImpl>>> {
        Ok(Some(self))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&self.documentation)
    }
}

/// The one value of a configuring argument in a group; nothing if it is missing throughout.
pub(super) fn constant(
    function: &'static str,
    argument: &'static str,
    expected: &str,
    column: &[f64],
    accept: impl Fn(f64) -> bool,
) -> Result<Option<f64>, ArgumentError> {
    let invalid = |expected: String, found: String| {
        let usage = format!("{function}(…, {argument})");
        ArgumentError::Value { function, argument, expected, found, usage }
    };
    let Some(&value) = column.first().filter(|value| value.is_finite()) else {
        return Ok(None);
    };
    if let Some(other) = column.iter().find(|other| **other != value) {
        return Err(invalid("the same in all rows of a group".to_owned(), format!("{value} and {other}")));
    }
    match accept(value) {
        true => Ok(Some(value)),
        false => Err(invalid(expected.to_owned(), value.to_string())),
    }
}

// A function is its name: kernels cannot be compared.
impl PartialEq for AggregateFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for AggregateFunction {}

impl Hash for AggregateFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for AggregateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregateFunction")
            .field("name", &self.name)
            .field("arguments", &self.arguments)
            .finish_non_exhaustive()
    }
}

//! A call in a `FROM` clause, with its relations planned and its options checked.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{ColumnarValue, Expr, LogicalPlan, LogicalPlanBuilder, cast, col, lit};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::create_physical_expr;
use datafusion::physical_expr::execution_props::ExecutionProps;

use super::declaration::{ColumnSpec, Evaluate, RelationSpec, TableFunction};
use super::error::TableFunctionError;
use super::options::{OptionValue, Options};
use crate::names::nearest;

/// A checked call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) function: TableFunction,
    pub(crate) options: Options,
    pub(crate) evaluate: Box<dyn Evaluate>,
    pub(crate) schema: SchemaRef,
}

impl Call {
    /// `others` are the fields of the first relation that pass through.
    pub(crate) fn new(
        function: &TableFunction,
        options: Options,
        others: &[FieldRef],
    ) -> Result<Self, TableFunctionError> {
        let evaluate = (function.prepare)(&options)?;
        let schema = evaluate.schema(others);
        Ok(Self { function: function.clone(), options, evaluate, schema })
    }
}

/// The relation as the function sees it: the declared columns in their order and types, then what passes through.
pub(crate) fn arranged(
    function: &TableFunction,
    relation: &RelationSpec,
    plan: LogicalPlan,
) -> Result<(LogicalPlan, Vec<FieldRef>)> {
    let schema = plan.schema().clone();
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let declared = |column: &ColumnSpec| -> Result<Expr> {
        let Some(at) = names.iter().position(|name| name == column.name) else {
            if column.required {
                let (function, relation) = (function.name, relation.name);
                let (column, meaning, found) = (column.name, column.meaning, names.clone());
                return Err(TableFunctionError::MissingColumn { function, relation, column, meaning, found }.into());
            }
            return Ok(lit(ScalarValue::try_from(&column.kind.data_type())?).alias(column.name));
        };
        let found = schema.field(at).data_type();
        if !column.kind.accepts(found) {
            let (function, relation, found) = (function.name, relation.name, found.clone());
            let (column, expected) = (column.name, column.kind.expected());
            return Err(TableFunctionError::ColumnType { function, relation, column, expected, found }.into());
        }
        Ok(cast(Expr::Column(schema.columns()[at].clone()), column.kind.data_type()).alias(column.name))
    };
    let mut expressions = relation.columns.iter().map(declared).collect::<Result<Vec<_>>>()?;
    let mut others = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if relation.columns.iter().any(|column| column.name == name) {
            continue;
        }
        if !relation.keeps_others {
            let known: Vec<&'static str> = relation.columns.iter().map(|column| column.name).collect();
            let (function, relation) = (function.name, relation.name);
            let nearest = nearest(name, known.iter().copied());
            let column = name.clone();
            return Err(TableFunctionError::UnknownColumn { function, relation, column, nearest, known }.into());
        }
        expressions.push(Expr::Column(schema.columns()[at].clone()).alias(name));
        others.push(schema.fields()[at].clone());
    }
    let sorted = relation.key.iter().map(|key| col(*key).sort(true, false)).collect::<Vec<_>>();
    let plan = LogicalPlanBuilder::from(plan).project(expressions)?.sort(sorted)?.build()?;
    Ok((plan, others))
}

/// The value of an option: an expression without columns, `None` if it is NULL.
pub(crate) fn constant(function: &TableFunction, option: &str, expression: Expr) -> Result<Option<OptionValue>> {
    let wrong = |found: String| {
        let option =
            function.options.iter().map(|known| known.name).find(|name| *name == option).unwrap_or("an option");
        let expected = "a constant number, text or truth value".to_owned();
        TableFunctionError::OptionValue { function: function.name, option, expected, found }
    };
    let schema = Arc::new(DFSchema::empty());
    let simplifier = ExprSimplifier::new(SimplifyContext::builder().with_schema(schema.clone()).build());
    let shown = expression.to_string();
    let expression = simplifier.coerce(expression, &schema)?;
    let physical =
        create_physical_expr(&expression, &schema, &ExecutionProps::new(), &PhysicalPlanningContext::default())
            .map_err(|_| wrong(shown.clone()))?;
    let one_row = RecordBatchOptions::new().with_row_count(Some(1));
    let row = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &one_row)?;
    let value = match physical.evaluate(&row)? {
        ColumnarValue::Scalar(value) => value,
        ColumnarValue::Array(array) => ScalarValue::try_from_array(&array, 0)?,
    };
    if value.is_null() {
        return Ok(None);
    }
    match &value {
        ScalarValue::Boolean(Some(flag)) => Ok(Some(OptionValue::Flag(*flag))),
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
            Ok(Some(OptionValue::Text(text.clone())))
        }
        number if number.data_type().is_numeric() => match number.cast_to(&DataType::Float64)? {
            ScalarValue::Float64(Some(number)) if number.is_finite() => Ok(Some(OptionValue::Number(number))),
            other => Err(wrong(other.to_string()).into()),
        },
        _ => Err(wrong(shown).into()),
    }
}

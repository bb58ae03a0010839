//! Binding: every `$name` of a statement becomes a typed literal in its syntax tree, or the column that it names.
//!
//! The tree is changed, never the text, so a value cannot change the shape of a statement, and a parameter may stand
//! wherever an expression may: frame bounds, function arguments, `LIMIT`, `IN` lists.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::NaiveDate;
use datafusion::sql::sqlparser::ast::{
    DataType, Expr, Ident, TypedString, UnaryOperator, Value, ValueWithSpan, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::error::PipelineError;
use super::params::{ParameterValue, Parameters};
use super::source::SqlFile;

impl Parameters {
    /// Replaces every `$name` in `node` (a statement, a query or an expression) by its value as a literal of its type,
    /// the name of a column by the column, and returns the values that were used, by name.
    ///
    /// # Errors
    /// [`PipelineError::UnknownParameter`] at the first placeholder that no manifest declares; [`PipelineError::Syntax`]
    /// where the grammar takes a value but no expression. `node` is then partly bound: throw it away.
    pub fn bind<N: VisitMut>(
        &self,
        node: &mut N,
        file: &SqlFile,
    ) -> Result<BTreeMap<String, serde_json::Value>, PipelineError> {
        let mut binder = Binder { parameters: self, file, used: BTreeMap::new() };
        match node.visit(&mut binder) {
            ControlFlow::Continue(()) => Ok(binder.used),
            ControlFlow::Break(error) => Err(*error),
        }
    }
}

struct Binder<'a> {
    parameters: &'a Parameters,
    file: &'a SqlFile,
    used: BTreeMap<String, serde_json::Value>,
}

impl Binder<'_> {
    fn value(&mut self, placeholder: &str, span: Span) -> Result<Expr, PipelineError> {
        let parameter = (placeholder.strip_prefix('$')).and_then(|name| self.parameters.get(name));
        let Some(parameter) = parameter else {
            let similar = self.parameters.similar(placeholder.trim_start_matches('$'));
            let (name, at) = (placeholder.to_string(), self.file.at(span));
            return Err(PipelineError::UnknownParameter { name, at, similar });
        };
        self.used.insert(parameter.name.clone(), parameter.value.to_json());
        Ok(expression(&parameter.value, span))
    }
}

impl VisitorMut for Binder<'_> {
    type Break = Box<PipelineError>;

    // Before, not after: once the placeholder is replaced, `pre_visit_value` below sees only those it cannot replace.
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Expr::Value(ValueWithSpan { value: Value::Placeholder(name), span }) = expr {
            match self.value(name, *span) {
                Ok(value) => *expr = value,
                Err(error) => return ControlFlow::Break(Box::new(error)),
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<Self::Break> {
        if let Value::Placeholder(name) = &value.value {
            return ControlFlow::Break(Box::new(PipelineError::Syntax {
                message: format!("{name} cannot stand here: expected a literal"),
                at: self.file.at(value.span),
            }));
        }
        ControlFlow::Continue(())
    }
}

/// The value as an expression that DataFusion plans as a literal of exactly this type, or as this column.
fn expression(value: &ParameterValue, span: Span) -> Expr {
    match value {
        ParameterValue::Integer(value) => number(value.unsigned_abs().to_string(), value.is_negative(), span),
        // Debug is the shortest text that reads back as the same float; its `.0` or `e` keeps DataFusion from taking
        // it for an integer.
        ParameterValue::Float(value) => number(format!("{:?}", value.abs()), value.is_sign_negative(), span),
        ParameterValue::Text(text) => plain(Value::SingleQuotedString(text.clone()), span),
        ParameterValue::Column(name) => Expr::Identifier(Ident::with_quote_and_span('"', span, name)),
        ParameterValue::Boolean(value) => plain(Value::Boolean(*value), span),
        ParameterValue::Date(date) => typed_date(date, span),
    }
}

fn plain(value: Value, span: Span) -> Expr {
    Expr::Value(value.with_span(span))
}

/// A minus sign is an operator in SQL; the parentheses keep `-$x` from reading `--1` when the statement is printed.
fn number(digits: String, negative: bool, span: Span) -> Expr {
    let magnitude = plain(Value::Number(digits, false), span);
    if !negative {
        return magnitude;
    }
    let negated = Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(magnitude) };
    Expr::Nested(Box::new(negated))
}

fn typed_date(date: &NaiveDate, span: Span) -> Expr {
    Expr::TypedString(TypedString {
        data_type: DataType::Date,
        value: Value::SingleQuotedString(date.to_string()).with_span(span),
        uses_odbc_syntax: false,
    })
}

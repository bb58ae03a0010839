//! Parameters that keep their names: every `$name` becomes a marked literal.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    Statement, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use crate::engine::lineage::PARAMETER;
use crate::pipeline::{Parameters, PipelineError, SqlFile};

/// Replaces every `$name` by `kairos_parameter('name', value)`, and the name of a column by the column: it is the column
/// that is followed.
pub(super) fn name_parameters(
    statement: &mut Statement,
    parameters: &Parameters,
    file: &SqlFile,
) -> Result<(), PipelineError> {
    match statement.visit(&mut Namer { parameters, file }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Namer<'a> {
    parameters: &'a Parameters,
    file: &'a SqlFile,
}

impl VisitorMut for Namer<'_> {
    type Break = Box<PipelineError>;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Expr::Value(ValueWithSpan { value: Value::Placeholder(placeholder), span }) = expr {
            let name = Value::SingleQuotedString(placeholder.trim_start_matches('$').to_owned()).with_span(*span);
            let mut value = expr.clone();
            if let Err(error) = self.parameters.bind(&mut value, self.file) {
                return ControlFlow::Break(Box::new(error));
            }
            let is_column = matches!(value, Expr::Identifier(_));
            *expr = if is_column { value } else { call(PARAMETER, vec![Expr::Value(name), value]) };
        }
        ControlFlow::Continue(())
    }
}

fn call(function: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(function)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

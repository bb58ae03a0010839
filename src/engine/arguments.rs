//! Tables that are named as arguments of a table function.
//!
//! DataFusion looks up the tables of a statement before it plans it, and does not look for them among the arguments of a
//! function. A table that stands there as a bare name, `vol_target(returns, …)`, becomes a query,
//! `(select * from returns)`, which it finds.

use std::ops::ControlFlow;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, ObjectName, Query, SetExpr, TableFactor, VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;

/// Replaces bare names among the arguments of the Kairos table functions.
pub(super) fn name_tables(statement: &mut Statement) {
    match statement {
        // The visitor never breaks.
        Statement::Statement(inner) => drop(inner.visit(&mut Namer)),
        Statement::Explain(explain) => name_tables(&mut explain.statement),
        _ => {}
    }
}

struct Namer;

impl VisitorMut for Namer {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let TableFactor::Table { name, args: Some(arguments), .. } = factor else {
            return ControlFlow::Continue(());
        };
        if !is_ours(name) {
            return ControlFlow::Continue(());
        }
        for argument in &mut arguments.args {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument
                && let Some(query) = reading(expr)
            {
                *expr = Expr::Subquery(Box::new(query));
            }
        }
        ControlFlow::Continue(())
    }
}

fn is_ours(name: &ObjectName) -> bool {
    let [part] = name.0.as_slice() else { return false };
    let name = part.as_ident().map(|ident| ident.value.to_lowercase()).unwrap_or_default();
    kairos_udfs::table_function_names().contains(&name)
}

/// `select * from name`, if the expression is a bare name.
fn reading(expr: &Expr) -> Option<Query> {
    let name = match expr {
        Expr::Identifier(ident) => ident.to_string(),
        Expr::CompoundIdentifier(parts) => ObjectName::from(parts.clone()).to_string(),
        Expr::Nested(inner) => return reading(inner),
        _ => return None,
    };
    // The name came out of the parser, quotes included, so it goes in again.
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(&format!("select * from {name}")).ok()?;
    let query = parser.parse_query().ok()?;
    matches!(*query.body, SetExpr::Select(_)).then_some(*query)
}

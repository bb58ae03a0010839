//! From a call in a statement to a table in the plan.

use std::sync::Arc;

use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, ObjectName, TableFactor};

use super::call::{Call, arranged, constant};
use super::declaration::TableFunction;
use super::error::TableFunctionError;
use super::options::{OptionValue, Options};
use super::provider::TableFunctionProvider;

/// Plans the calls of one table function.
#[derive(Debug)]
pub(crate) struct TableFunctionPlanner(pub(crate) TableFunction);

impl RelationPlanner for TableFunctionPlanner {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        match relation {
            TableFactor::Table { name, alias, args: Some(arguments), .. } if self.is_called(&name) => {
                let plan = self.plan(arguments.args, context)?;
                Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))))
            }
            other => Ok(RelationPlanning::Original(Box::new(other))),
        }
    }
}

/// An argument of the call.
enum Argument {
    Relation(Box<TableFactor>),
    Option(String, Box<Expr>),
}

impl TableFunctionPlanner {
    fn is_called(&self, name: &ObjectName) -> bool {
        let [part] = name.0.as_slice() else { return false };
        part.as_ident().is_some_and(|ident| ident.value.eq_ignore_ascii_case(self.0.name))
    }

    fn plan(&self, arguments: Vec<FunctionArg>, context: &mut dyn RelationPlannerContext) -> Result<LogicalPlan> {
        let function = &self.0;
        let (mut plans, mut set): (Vec<LogicalPlan>, Vec<(String, Option<OptionValue>)>) = Default::default();
        for argument in arguments {
            match self.argument(argument)? {
                Argument::Relation(relation) => plans.push(context.plan(*relation)?),
                Argument::Option(name, expression) => {
                    let empty = datafusion::common::DFSchema::empty();
                    let value = constant(function, &name, context.sql_to_expr(*expression, &empty)?)?;
                    set.push((name, value));
                }
            }
        }
        if plans.len() != function.relations.len() {
            let names: Vec<String> = function.relations.iter().map(|relation| format!("({})", relation.name)).collect();
            let (expected, found, usage) = (names.join(" and "), plans.len(), function.usage());
            return Err(TableFunctionError::Relations { function: function.name, expected, found, usage }.into());
        }
        let options = Options::new(function, set)?;
        let (mut inputs, mut passing) = (Vec::new(), Vec::new());
        for (relation, plan) in function.relations.iter().zip(plans) {
            let (plan, others) = arranged(function, relation, plan)?;
            inputs.push(plan);
            passing.extend(others);
        }
        let call = Call::new(function, options, &passing)?;
        let provider = TableFunctionProvider { call: Arc::new(call), inputs };
        LogicalPlanBuilder::scan(function.name, provider_as_source(Arc::new(provider)), None)?.build()
    }

    fn argument(&self, argument: FunctionArg) -> Result<Argument, TableFunctionError> {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => self.relation(expression),
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. } => {
                Ok(Argument::Option(name.value.to_lowercase(), Box::new(value)))
            }
            FunctionArg::ExprNamed { name, arg: FunctionArgExpr::Expr(value), .. } => {
                Ok(Argument::Option(name.to_string().to_lowercase(), Box::new(value)))
            }
            other => Err(self.unexpected(other.to_string())),
        }
    }

    fn relation(&self, expression: Expr) -> Result<Argument, TableFunctionError> {
        match expression {
            Expr::Subquery(subquery) => {
                let derived = TableFactor::Derived { lateral: false, subquery, alias: None, sample: None };
                Ok(Argument::Relation(Box::new(derived)))
            }
            Expr::Nested(inner) => self.relation(*inner),
            Expr::Identifier(ident) => Ok(Argument::Relation(Box::new(table(vec![ident])))),
            Expr::CompoundIdentifier(parts) => Ok(Argument::Relation(Box::new(table(parts)))),
            other => Err(self.unexpected(other.to_string())),
        }
    }

    fn unexpected(&self, argument: String) -> TableFunctionError {
        TableFunctionError::Argument { function: self.0.name, argument, usage: self.0.usage() }
    }
}

fn table(parts: Vec<datafusion::sql::sqlparser::ast::Ident>) -> TableFactor {
    TableFactor::Table {
        name: ObjectName::from(parts),
        alias: None,
        args: None,
        with_hints: vec![],
        version: None,
        with_ordinality: false,
        partitions: vec![],
        json_path: None,
        sample: None,
        index_hints: vec![],
    }
}

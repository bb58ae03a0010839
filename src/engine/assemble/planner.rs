//! From the calls in a statement to the tables that stand for them.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::logical_expr::planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning};
use datafusion::sql::sqlparser::ast::{TableFactor, Visit, Visitor};

use super::{ASSEMBLE, AssembleCall, AssembleError, Assembly};

/// The calls in a statement, each once.
///
/// # Errors
/// If a call's arguments are wrong.
pub(crate) fn calls(node: &impl Visit) -> Result<Vec<AssembleCall>, AssembleError> {
    let mut found = Calls::default();
    match node.visit(&mut found) {
        ControlFlow::Continue(()) => Ok(found.0),
        ControlFlow::Break(error) => Err(error),
    }
}

#[derive(Default)]
struct Calls(Vec<AssembleCall>);

impl Visitor for Calls {
    type Break = AssembleError;

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<AssembleError> {
        match AssembleCall::of(factor) {
            Ok(Some(call)) if !self.0.contains(&call) => self.0.push(call),
            Ok(_) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

/// The tables of a statement's calls, opened before the statement is planned: planning cannot wait for storage.
#[derive(Debug, Default)]
pub(crate) struct Assemblies(pub HashMap<AssembleCall, Arc<Assembly>>);

impl RelationPlanner for Assemblies {
    fn plan_relation(&self, relation: TableFactor, _: &mut dyn RelationPlannerContext) -> Result<RelationPlanning> {
        let call = AssembleCall::of(&relation).map_err(|error| DataFusionError::Plan(error.to_string()))?;
        let Some(assembly) = call.and_then(|call| self.0.get(&call)) else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let plan = LogicalPlanBuilder::scan(ASSEMBLE, provider_as_source(assembly.clone()), None)?.build()?;
        let alias = match relation {
            TableFactor::Table { alias, .. } => alias,
            _ => None,
        };
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))))
    }
}

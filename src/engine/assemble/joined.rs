//! An assembly as what it means in SQL, left joins of the base, over tables that need not exist: to follow its columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{Column, DataFusionError, JoinType, TableReference};
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::TableFactor;

use super::columns::{Columns, KEY};
use super::{AssembleCall, AssembleError, has_key};

/// Plans the calls of a statement over the columns of these tables.
#[derive(Debug)]
pub(crate) struct JoinedAssemblies(pub BTreeMap<String, SchemaRef>);

impl JoinedAssemblies {
    fn plan(&self, call: &AssembleCall) -> Result<LogicalPlan> {
        let keyed = self.0.iter().filter(|(name, schema)| call.finds(name) && has_key(schema));
        let keyed: Vec<String> = keyed.map(|(name, _)| name.clone()).collect();
        let datasets = call.datasets(&keyed).into_iter().map(|name| Ok((name.clone(), self.columns_of(&name)?)));
        let datasets = datasets.collect::<Result<Vec<_>>>()?;
        let columns = Columns::of(&datasets, call.repeated, &call.copies).map_err(planning)?;
        let mut plan = self.scan(&call.base)?;
        for (name, _) in &datasets {
            let keys = |table: &str| KEY.map(|key| of(table, key)).to_vec();
            plan = plan.join(self.scan(name)?.build()?, JoinType::Left, (keys(&call.base), keys(name)), None)?;
        }
        let mut output: Vec<Expr> = KEY.iter().map(|key| Expr::Column(of(&call.base, key))).collect();
        for column in columns.output {
            let (name, schema) = &datasets[column.dataset];
            let value = Expr::Column(of(name, schema.field(column.column).name()));
            output.push(value.cast_to(column.field.data_type(), plan.schema())?.alias(column.field.name()));
        }
        plan.project(output)?.build()
    }

    fn scan(&self, name: &str) -> Result<LogicalPlanBuilder> {
        let table = provider_as_source(Arc::new(EmptyTable::new(self.columns_of(name)?)));
        LogicalPlanBuilder::scan(TableReference::bare(name), table, None)
    }

    fn columns_of(&self, name: &str) -> Result<SchemaRef> {
        let unknown = || DataFusionError::Plan(format!("there is no dataset '{name}'"));
        self.0.get(name).cloned().ok_or_else(unknown)
    }
}

fn of(table: &str, column: &str) -> Column {
    Column::new(Some(TableReference::bare(table)), column)
}

fn planning(error: AssembleError) -> DataFusionError {
    DataFusionError::Plan(error.to_string())
}

impl RelationPlanner for JoinedAssemblies {
    fn plan_relation(&self, relation: TableFactor, _: &mut dyn RelationPlannerContext) -> Result<RelationPlanning> {
        let Some(call) = AssembleCall::of(&relation).map_err(planning)? else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let alias = match relation {
            TableFactor::Table { alias, .. } => alias,
            _ => None,
        };
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(self.plan(&call)?, alias))))
    }
}

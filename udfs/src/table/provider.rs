//! A planned call as a table.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;

use super::call::Call;
use super::exec::TableFunctionExec;

/// The result of a call. Its relations are planned when it is scanned.
#[derive(Debug)]
pub(crate) struct TableFunctionProvider {
    pub(crate) call: Arc<Call>,
    /// The relations, arranged as the function declares them.
    pub(crate) inputs: Vec<LogicalPlan>,
}

#[async_trait]
impl TableProvider for TableFunctionProvider {
    fn schema(&self) -> SchemaRef {
        self.call.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut inputs = Vec::new();
        for input in &self.inputs {
            inputs.push(unoptimized(session, input).await?);
        }
        let whole: Arc<dyn ExecutionPlan> = Arc::new(TableFunctionExec::new(self.call.clone(), inputs)?);
        let Some(projection) = projection else { return Ok(whole) };
        let schema = self.schema();
        let column = |at: &usize| {
            let name = schema.field(*at).name();
            let column: Arc<dyn datafusion::physical_expr::PhysicalExpr> =
                Arc::new(datafusion::physical_expr::expressions::Column::new(name, *at));
            (column, name.clone())
        };
        Ok(Arc::new(ProjectionExec::try_new(projection.iter().map(column), whole)?))
    }
}

/// A relation's operators before the physical optimiser. It goes through them with the rest of the statement, and does not
/// bear plans that it has seen: it would exchange the sides of joins that filter by what they have read.
async fn unoptimized(session: &dyn Session, input: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
    let Some(state) = session.as_any().downcast_ref::<SessionState>() else {
        return session.create_physical_plan(input).await;
    };
    let builder = SessionStateBuilder::new_from_existing(state.clone());
    builder.with_physical_optimizer_rules(Vec::new()).build().create_physical_plan(input).await
}

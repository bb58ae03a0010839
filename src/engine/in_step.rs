//! Plans that are read in step: in the order of their keys and cut at the same tickers.

use std::sync::Arc;

use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::DataFusionError;
use datafusion::error::Result;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, Partitioning, PhysicalSortExpr};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use crate::lake::ranges_of_leading;

/// A plan and where its rows have the ticker and the date.
#[derive(Debug, Clone)]
pub(super) struct Keyed {
    pub plan: Arc<dyn ExecutionPlan>,
    pub key: [usize; 2],
}

impl Keyed {
    /// By ticker and date, nulls last: the order in which the lake stores datasets with this key.
    pub(super) fn order(&self) -> Result<LexOrdering> {
        let schema = self.plan.schema();
        let options = SortOptions { descending: false, nulls_first: false };
        let column = |at: usize| Arc::new(Column::new(schema.field(at).name(), at));
        LexOrdering::new(self.key.map(|at| PhysicalSortExpr::new(column(at), options)))
            .ok_or_else(|| DataFusionError::Internal("a key without columns".to_owned()))
    }

    /// Whether the columns are of the types that keys have in the lake.
    pub(super) fn has_key_types(&self) -> bool {
        let schema: SchemaRef = self.plan.schema();
        self.key.map(|at| schema.field(at).data_type().clone()) == [DataType::Utf8, DataType::Date32]
    }

    pub(super) fn is_ordered(&self) -> Result<bool> {
        self.plan.equivalence_properties().ordering_satisfy(self.order()?)
    }

    /// Whether the partitions are ranges of tickers, or there is one only.
    pub(super) fn is_cut_by_ticker(&self) -> Result<bool> {
        Ok(match self.plan.output_partitioning() {
            Partitioning::Range(range) => range.ordering().len() == 1 && range.ordering()[0] == *self.order()?.first(),
            partitioning => partitioning.partition_count() == 1,
        })
    }

    /// Whether partition by partition both have the same tickers.
    pub(super) fn is_cut_like(&self, other: &Self) -> Result<bool> {
        if !self.is_cut_by_ticker()? || !other.is_cut_by_ticker()? {
            return Ok(false);
        }
        Ok(match (self.plan.output_partitioning(), other.plan.output_partitioning()) {
            (Partitioning::Range(own), Partitioning::Range(its)) => own.split_points() == its.split_points(),
            (own, its) => own.partition_count() == 1 && its.partition_count() == 1,
        })
    }

    /// In order, in its own ranges of tickers or as one partition.
    pub(super) fn leading(&self) -> Result<Arc<dyn ExecutionPlan>> {
        match self.is_cut_by_ticker()? {
            true => self.sorted(),
            false => self.with(self.one_partition()?).sorted(),
        }
    }

    /// In order, cut like `leading`: as it is if it is stored so.
    pub(super) fn following(&self, leading: &Self) -> Result<Arc<dyn ExecutionPlan>> {
        if self.is_cut_like(leading)? {
            return self.sorted();
        }
        let Partitioning::Range(range) = leading.plan.output_partitioning() else {
            return self.with(self.one_partition()?).sorted();
        };
        let ranges = Partitioning::Range(ranges_of_leading(&self.order()?, range.split_points().to_vec())?);
        self.with(Arc::new(RepartitionExec::try_new(self.plan.clone(), ranges)?)).sorted()
    }

    fn with(&self, plan: Arc<dyn ExecutionPlan>) -> Self {
        Self { plan, key: self.key }
    }

    fn one_partition(&self) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = self.plan.clone();
        if plan.output_partitioning().partition_count() == 1 {
            return Ok(plan);
        }
        Ok(match self.is_ordered()? {
            true => Arc::new(SortPreservingMergeExec::new(self.order()?, plan)),
            false => Arc::new(CoalescePartitionsExec::new(plan)),
        })
    }

    fn sorted(&self) -> Result<Arc<dyn ExecutionPlan>> {
        match self.is_ordered()? {
            true => Ok(self.plan.clone()),
            false => Ok(Arc::new(SortExec::new(self.order()?, self.plan.clone()).with_preserve_partitioning(true))),
        }
    }
}

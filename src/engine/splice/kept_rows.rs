//! Statements that keep the rows of a dataset, such as those of all features.
//!
//! `select ticker, date, rolling_mean(price, 21) over … from sep_base_academic` has the rows of its base, one by one. Its
//! keys are those that the base stores, in the order that the base was checked for. Text and dates take as long to encode
//! as four columns of floats, so they are copied. Not in a bucket, where asking for them takes longer than that.
//!
//! An outer join keeps each row of its outer side, but may repeat it. As no operator here drops a row, a result of as many
//! rows as the base has is the base's; the writer compares these numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{CreateMemoryTable, LogicalPlan};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::scalar_subquery::ScalarSubqueryExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use super::Spliced;
use super::donor::Donor;
use crate::engine::Result;
use crate::engine::build::Arranged;
use crate::engine::by_key::ByKeyExec;
use crate::engine::cross_section::CrossSectionExec;
use crate::engine::merge_join::MergeJoinExec;
use crate::lake::{DatasetProvider, Snapshot, Source, Splice, Stored};

impl Spliced {
    /// The statement, if its rows are those of a dataset that stores them in its order.
    pub(super) async fn with_kept_rows(create: &CreateMemoryTable, all: &Arranged) -> Result<Option<Self>> {
        let Some(kept) = KeptRows::of(&all.plan) else { return Ok(None) };
        let Some((base, files)) = base(&create.input, kept.scan)? else { return Ok(None) };
        let in_step = files.len() == all.plan.output_partitioning().partition_count();
        if base.lake().is_remote() || !in_step || !keeps_order(&kept, base.snapshot(), all) {
            return Ok(None);
        }
        let donor = Donor::of(&base, &base).await?;
        let source = |(at, field)| match kept.columns[at] {
            Some(column) if donor.gives(column, field) => Source::Stored(Stored { dataset: 0, column }),
            _ => Source::Rows(at),
        };
        let columns = all.schema.fields().iter().map(AsRef::as_ref).enumerate().map(source).collect();
        let splice = Splice { schema: all.schema.clone(), columns, datasets: vec![base], equal: Vec::new() };
        let spliced = Self { splice: Arc::new(splice), rows: all.clone(), files, first_dates: BTreeMap::new() };
        Ok(Some(spliced).filter(|spliced| spliced.copied() > 0))
    }
}

/// A scan whose rows a plan has: each at least once, in their order, in the partition that reads it.
struct KeptRows<'a> {
    scan: &'a FileScanConfig,
    /// For each column of the plan, the dataset's, if it is one as it is.
    columns: Vec<Option<usize>>,
}

impl<'a> KeptRows<'a> {
    fn of(plan: &'a Arc<dyn ExecutionPlan>) -> Option<Self> {
        if let Some(source) = plan.downcast_ref::<DataSourceExec>() {
            let scan = source.data_source().downcast_ref::<FileScanConfig>()?;
            let columns = scan.file_source().projection()?.iter().map(plain).collect();
            return Some(Self { scan, columns });
        }
        if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
            let columns = projection.expr().iter().map(plain);
            return Self::of(projection.input())?.select(columns);
        }
        if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
            return Self::of_join(join);
        }
        // What is left puts its own columns behind those of the input.
        let input = match () {
            () if plan.is::<ByKeyExec>() || plan.is::<CrossSectionExec>() => plan.children()[0],
            () if plan.is::<ScalarSubqueryExec>() => plan.children()[0],
            () => plan.downcast_ref::<MergeJoinExec>()?.outer_side()?,
        };
        let behind = plan.schema().fields().len().checked_sub(input.schema().fields().len())?;
        let mut kept = Self::of(input)?;
        kept.columns.extend(std::iter::repeat_n(None, behind));
        Some(kept)
    }

    /// A right join streams past its left side, which it holds in memory.
    fn of_join(join: &'a HashJoinExec) -> Option<Self> {
        if *join.join_type() != JoinType::Right || *join.partition_mode() != PartitionMode::CollectLeft {
            return None;
        }
        let left = join.left.schema().fields().len();
        let all: Vec<usize> = (0..left + join.right.schema().fields().len()).collect();
        let output = join.projection.as_deref().unwrap_or(&all);
        Self::of(&join.right)?.select(output.iter().map(|at| at.checked_sub(left)))
    }

    /// Some of the columns; `None` for those that are computed.
    fn select(self, columns: impl Iterator<Item = Option<usize>>) -> Option<Self> {
        let columns = columns.map(|at| self.columns.get(at?).copied().flatten()).collect();
        Some(Self { columns, ..self })
    }
}

/// The column of the input that an expression is.
fn plain(output: &ProjectionExpr) -> Option<usize> {
    Some(output.expr.downcast_ref::<Column>()?.index())
}

/// The dataset that a scan reads from end to end, and its files in each partition.
fn base(plan: &LogicalPlan, scan: &FileScanConfig) -> Result<Option<(DatasetProvider, Vec<Vec<usize>>)>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(table) = node
            && let Ok(provider) = source_as_provider(&table.source)
            && let Some(dataset) = provider.downcast_ref::<DatasetProvider>()
            && let Some(files) = dataset.all_files_in(scan)
        {
            found = Some((dataset.clone(), files));
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// Whether the table's order is that in which the dataset stores the same columns, and its first column leads it.
fn keeps_order(kept: &KeptRows<'_>, base: &Snapshot, all: &Arranged) -> bool {
    let sort = &all.layout.sort;
    let same = |(own, its): (&String, &String)| {
        let own = all.schema.index_of(own).ok().and_then(|at| kept.columns[at]);
        own.is_some() && own == base.schema().index_of(its).ok()
    };
    let first = all.schema.fields().first().map(|field| field.name());
    let is_prefix = sort.len() <= base.layout().sort.len() && sort.iter().zip(&base.layout().sort).all(same);
    is_prefix && first.is_some() && first == sort.first()
}

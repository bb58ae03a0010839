//! Statements that store an assembly.
//!
//! A matrix repeats what its datasets store already. Where a dataset has the base's rows in the base's files, its columns
//! are copied. The rest of the statement (a column computed from others, a number that becomes a double, a dataset with
//! other rows) is planned on its own and encoded.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use datafusion::common::ScalarValue;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{CreateMemoryTable, Expr, LogicalPlanBuilder};
use datafusion::physical_expr::Partitioning;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::future::try_join_all;

use super::Spliced;
use super::donor::Donor;
use crate::engine::Result;
use crate::engine::assemble::{AssembleExec, KEY};
use crate::engine::build::{Arranged, physical_plan};
use crate::engine::cancel::yielding_joins;
use crate::lake::{DatasetProvider, Source, Splice, Stored};

impl Spliced {
    /// The statement, if it is an assembly of which anything can be copied.
    pub(super) async fn assembled(
        state: &SessionState,
        create: &CreateMemoryTable,
        all: &Arranged,
    ) -> Result<Option<Self>> {
        let Some((assembly, origins)) = origins(&all.plan) else { return Ok(None) };
        let origins: Vec<_> = origins.into_iter().map(|column| assembly.stored(column?)).collect();
        let donors = assembly.sources().map(|source| Donor::of(assembly.base(), source));
        let donors = try_join_all(donors).await?;
        let copied = origins.iter().zip(all.schema.fields());
        let copied = copied.map(|(of, field)| of.filter(|of| donors[of.dataset].gives(of.column, field)));
        let copied: Vec<Option<Stored>> = copied.collect();
        let equal = assembly.copies();
        let in_order = assembly.base().snapshot().layout().sort.iter().map(String::as_str).eq(KEY);
        let provable = in_order && donors[0].fits() && equal.iter().flatten().all(|of| donors[of.dataset].fits());
        if !provable || copied.iter().flatten().all(|of| of.dataset == 0) {
            return Ok(None);
        }
        let Some(given) = given(all, &origins, &copied) else { return Ok(None) };
        let rows = project(state, create, &given).await?;
        let files = files(assembly.base(), &rows.plan);
        let Some(files) = files.filter(|_| rows.layout == all.layout) else { return Ok(None) };
        let first_date = |(of, field): (&Option<Stored>, &Arc<Field>)| {
            let of = (*of)?;
            Some((field.name().clone(), donors[of.dataset].first_date(of.column)?))
        };
        let first_dates = copied.iter().zip(all.schema.fields()).filter_map(first_date).collect();
        let splice = Arc::new(splice(all, &given, &copied, equal, &donors));
        Ok(Some(Self { splice, rows, files, first_dates }))
    }
}

/// The assembly that a plan is made of, if its rows are the plan's rows in the same order, and for each column of the plan
/// the assembly's, if it is one as it is.
fn origins(plan: &Arc<dyn ExecutionPlan>) -> Option<(&AssembleExec, Vec<Option<usize>>)> {
    if let Some(assembly) = plan.downcast_ref::<AssembleExec>() {
        return Some((assembly, (0..plan.schema().fields().len()).map(Some).collect()));
    }
    let projection = plan.downcast_ref::<ProjectionExec>()?;
    let (assembly, below) = origins(projection.input())?;
    let plain = projection.expr().iter().map(|output| below[output.expr.downcast_ref::<Column>()?.index()]);
    Some((assembly, plain.collect()))
}

/// The table's columns that have to be planned: those of its order first, then the other keys and what is not copied.
/// `None` if its order is not that of the base's keys.
fn given(all: &Arranged, origins: &[Option<Stored>], copied: &[Option<Stored>]) -> Option<Vec<usize>> {
    let order = all.layout.sort.iter().map(|name| all.schema.index_of(name).ok());
    let mut given = order.collect::<Option<Vec<usize>>>().filter(|order| !order.is_empty())?;
    let is_key = |at: usize| origins[at].is_some_and(|of| of.dataset == 0);
    if !given.iter().all(|at| is_key(*at)) {
        return None;
    }
    let others = (0..origins.len()).filter(|at| is_key(*at) || copied[*at].is_none());
    let others: Vec<usize> = others.filter(|at| !given.contains(at)).collect();
    given.extend(others);
    Some(given)
}

/// The statement with these columns only.
async fn project(state: &SessionState, create: &CreateMemoryTable, columns: &[usize]) -> Result<Arranged> {
    let schema = create.input.schema();
    let columns = columns.iter().map(|at| Expr::Column(schema.qualified_field(*at).into()));
    let input = LogicalPlanBuilder::from(create.input.as_ref().clone()).project(columns)?.build()?;
    let mut rows = physical_plan(state, &CreateMemoryTable { input: Arc::new(input), ..create.clone() }).await?;
    rows.plan = yielding_joins(rows.plan)?;
    Ok(rows)
}

/// The base's files in each partition of a plan that is cut like the base.
fn files(base: &DatasetProvider, plan: &Arc<dyn ExecutionPlan>) -> Option<Vec<Vec<usize>>> {
    let starts = match plan.output_partitioning() {
        Partitioning::Range(range) => range.split_points().iter().map(|point| match point.values() {
            [ScalarValue::Utf8(Some(start))] => Some(start.clone()),
            _ => None,
        }),
        partitioning if partitioning.partition_count() == 1 => return Some(base.snapshot().files_from(&[])),
        _ => return None,
    };
    Some(base.snapshot().files_from(&starts.collect::<Option<Vec<String>>>()?))
}

/// Puts the columns together, of the datasets that give any and the base, whose keys they all must have.
fn splice(
    all: &Arranged,
    given: &[usize],
    copied: &[Option<Stored>],
    equal: Vec<[Stored; 2]>,
    donors: &[Donor],
) -> Splice {
    let used = copied.iter().flatten().chain(equal.iter().flatten()).map(|of| of.dataset);
    let used: BTreeSet<usize> = used.chain([0]).collect();
    let renumbered = |of: Stored| Stored { dataset: used.range(..of.dataset).count(), ..of };
    let keys = used.iter().skip(1).flat_map(|dataset| {
        let key = |dataset: usize, name| Some(Stored { dataset, column: donors[dataset].column(name)? });
        KEY.into_iter().filter_map(move |name| Some([key(0, name)?, key(*dataset, name)?]))
    });
    let equal = keys.chain(equal).map(|pair| pair.map(renumbered)).collect();
    let source = |(at, of): (usize, &Option<Stored>)| match of {
        Some(of) => Source::Stored(renumbered(*of)),
        None => Source::Rows(given.iter().position(|given| *given == at).unwrap_or_default()),
    };
    let columns = copied.iter().enumerate().map(source).collect();
    let datasets = used.iter().map(|dataset| donors[*dataset].provider.clone()).collect();
    Splice { schema: all.schema.clone(), columns, datasets, equal }
}

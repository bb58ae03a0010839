//! An assembly as a table: reads the datasets and columns that a query asks for, and no others.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::datasource::TableType;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

use super::columns::{Columns, KEY, check_key};
use super::exec::{AssembleExec, Assembled, Check, From};
use super::{AssembleCall, AssembleError};
use crate::lake::{DatasetProvider, Snapshot};

/// The versions of a call's datasets, and the columns that they give together.
#[derive(Debug)]
pub(crate) struct Assembly {
    base: DatasetProvider,
    datasets: Vec<DatasetProvider>,
    columns: Columns,
    schema: SchemaRef,
}

impl Assembly {
    /// # Errors
    /// If a dataset has no key, names cannot be told apart, or the call declares a copy that is none.
    pub(crate) fn new(
        call: &AssembleCall,
        base: DatasetProvider,
        datasets: Vec<DatasetProvider>,
    ) -> Result<Self, AssembleError> {
        check_key(base.snapshot().dataset(), base.snapshot().schema())?;
        let schemas: Vec<(String, SchemaRef)> = (datasets.iter().map(DatasetProvider::snapshot))
            .map(|snapshot| (snapshot.dataset().to_owned(), snapshot.schema().clone()))
            .collect();
        let columns = Columns::of(&schemas, call.repeated, &call.copies)?;
        let keys = [Field::new(KEY[0], DataType::Utf8, true), Field::new(KEY[1], DataType::Date32, true)];
        let others = columns.output.iter().map(|column| column.field.clone());
        let schema = Arc::new(Schema::new(keys.into_iter().chain(others).collect::<Vec<_>>()));
        Ok(Self { base, datasets, columns, schema })
    }

    /// The versions that it reads.
    pub(crate) fn snapshots(&self) -> impl Iterator<Item = &Arc<Snapshot>> {
        [&self.base].into_iter().chain(&self.datasets).map(DatasetProvider::snapshot)
    }

    /// For each column of the result, the `dataset.column` that it is.
    pub(crate) fn sources(&self) -> BTreeMap<String, String> {
        let named = self
            .columns
            .output
            .iter()
            .map(|output| (output.field.name().clone(), self.name_of((output.dataset, output.column))));
        named.collect()
    }

    fn name_of(&self, (dataset, column): (usize, usize)) -> String {
        let snapshot = self.datasets[dataset].snapshot();
        format!("{}.{}", snapshot.dataset(), snapshot.schema().field(column).name())
    }

    /// What has to be read for these columns of the result.
    fn reading(&self, projection: &[usize]) -> Reading {
        let mut reading = Reading::default();
        for &at in projection {
            let from = match at.checked_sub(KEY.len()) {
                None => From::Key(at),
                Some(at) => {
                    let output = &self.columns.output[at];
                    let (input, column) = reading.add((output.dataset, output.column));
                    From::Input(input, column)
                }
            };
            reading.columns.push(from);
        }
        // Whoever asks for all columns stores them, and relies on the copies from then on; a query need not read them.
        if projection.len() == self.schema.fields().len() {
            for equal in &self.columns.equal {
                let (copy, source) = (reading.add(equal.copy), reading.add(equal.source));
                let (copy_name, source_name) = (self.name_of(equal.copy), self.name_of(equal.source));
                reading.checks.push(Check { copy, source, copy_name, source_name });
            }
        }
        reading
    }
}

/// The datasets and columns of one scan.
#[derive(Default)]
struct Reading {
    columns: Vec<From>,
    checks: Vec<Check>,
    /// The datasets that are read with their columns; keys come before these.
    inputs: Vec<(usize, Vec<usize>)>,
}

impl Reading {
    /// Reads a column; returns its place among the inputs.
    fn add(&mut self, (dataset, column): (usize, usize)) -> (usize, usize) {
        let input = match self.inputs.iter().position(|(known, _)| *known == dataset) {
            Some(input) => input,
            None => {
                self.inputs.push((dataset, Vec::new()));
                self.inputs.len() - 1
            }
        };
        let columns = &mut self.inputs[input].1;
        let place = match columns.iter().position(|known| *known == column) {
            Some(place) => place,
            None => {
                columns.push(column);
                columns.len() - 1
            }
        };
        (input, KEY.len() + place)
    }
}

#[async_trait]
impl TableProvider for Assembly {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    fn statistics(&self) -> Option<Statistics> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(self.base.snapshot().rows() as usize);
        Some(statistics)
    }

    /// What is said of the keys holds for every dataset, so each can skip what no row of the result comes from.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let of_key = |filter: &&Expr| filter.column_refs().iter().all(|column| KEY.contains(&column.name.as_str()));
        let support = |filter| match of_key(filter) {
            true => TableProviderFilterPushDown::Inexact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let projection = projection.unwrap_or(&all);
        let reading = self.reading(projection);
        let mut inputs = vec![keyed(&self.base, &[], session, filters).await?];
        for (dataset, columns) in &reading.inputs {
            inputs.push(keyed(&self.datasets[*dataset], columns, session, filters).await?);
        }
        let datasets = reading.inputs.iter().map(|(dataset, _)| &self.datasets[*dataset]);
        let what = Assembled {
            sources: [&self.base].into_iter().chain(datasets).cloned().collect(),
            schema: Arc::new(self.schema.project(projection)?),
            columns: reading.columns,
            checks: reading.checks,
        };
        Ok(Arc::new(AssembleExec::new(Arc::new(what), inputs)?))
    }
}

/// Scans the keys of a dataset, then these columns.
async fn keyed(
    dataset: &DatasetProvider,
    columns: &[usize],
    session: &dyn Session,
    filters: &[Expr],
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = dataset.schema();
    let keys = KEY.iter().map(|key| Ok(schema.index_of(key)?)).collect::<Result<Vec<usize>>>()?;
    let projection: Vec<usize> = keys.into_iter().chain(columns.iter().copied()).collect();
    // Filters name the columns of the assembly by its relation; below, they are the dataset's own.
    let bare = |filter: &Expr| {
        use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
        let unqualified = filter.clone().transform(|expr| {
            Ok(match expr {
                Expr::Column(column) => Transformed::yes(Expr::Column(column.name.into())),
                other => Transformed::no(other),
            })
        });
        unqualified.data()
    };
    let filters = filters.iter().map(bare).collect::<Result<Vec<_>>>()?;
    dataset.scan(session, Some(&projection), &filters, None).await
}

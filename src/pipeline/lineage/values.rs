//! The values of the columns of a lineage for one ticker and date, from the lake.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::Serialize;

use super::{ColumnGraph, NodeKind};
use crate::engine::{Engine, Relation, Result};
use crate::lake::Lake;

/// Rows of a raw table that are shown at most, the newest first.
const MOST_ROWS: usize = 3;

/// The row that is asked for.
#[derive(Debug, Clone)]
pub struct Key {
    /// The ticker.
    pub ticker: String,
    /// The date.
    pub date: NaiveDate,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// The key columns of the row beside ticker and date, with their values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub key: BTreeMap<String, String>,
    /// The value with all its digits; `None` is NULL.
    pub value: Option<String>,
}

/// What the lake holds for a column and a key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The node in [`ColumnGraph::nodes`].
    pub node: usize,
    /// The version that was read; `None` if the dataset has not been built or landed, and of a view.
    pub version: Option<u64>,
    /// Whether it has not been built or landed, or not yet with this column.
    #[serde(skip)]
    pub missing: bool,
    /// The values, none if there is no such row.
    pub rows: Vec<Cell>,
}

/// The values of the columns of datasets and raw tables in a lineage.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct Values(Vec<Found>);

impl Values {
    /// Reads the values for `key` of all datasets and raw tables in `graph`, one query for each.
    ///
    /// A dataset is asked for the rows of the ticker and the date, as far as it has those columns. A table of events
    /// without a column `date`, such as filings, is asked for the last rows up to the date.
    ///
    /// # Errors
    /// If the lake cannot be read.
    pub async fn read(graph: &ColumnGraph, engine: &Engine, key: &Key) -> Result<Self> {
        let mut tables: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.kind != NodeKind::Query) {
            tables.entry(&node.dataset).or_default().push(at);
        }
        let mut values = Vec::new();
        for (table, nodes) in tables {
            // A table function or an older version is no dataset of the lake.
            if table.contains('(') {
                continue;
            }
            let missing = |node: &usize| Found { node: *node, version: None, missing: true, rows: Vec::new() };
            let (relation, version) = match relation(engine, table).await? {
                Some(found) => found,
                None => {
                    values.extend(nodes.iter().map(missing));
                    continue;
                }
            };
            // A column that the SQL has by now and the built version has not.
            let built = |node: &usize| relation.schema().index_of(&graph.nodes[*node].column).is_ok();
            let (nodes, newer): (Vec<usize>, Vec<usize>) = nodes.into_iter().partition(built);
            values.extend(newer.iter().map(missing));
            let columns: Vec<&str> = nodes.iter().map(|node| graph.nodes[*node].column.as_str()).collect();
            let rows = rows_of(engine, table, &relation, &columns, key).await?;
            for (node, rows) in nodes.into_iter().zip(rows) {
                values.push(Found { node, version, missing: false, rows });
            }
        }
        values.sort_by_key(|found| found.node);
        Ok(Self(values))
    }

    /// What to write behind a column's name: its value, or why there is none. `None` for a column of a CTE.
    pub fn text(&self, node: usize) -> Option<String> {
        let found = self.0.iter().find(|found| found.node == node)?;
        Some(match (found.missing, found.rows.as_slice()) {
            (true, _) => "not built".to_owned(),
            (_, []) => "no row".to_owned(),
            (_, rows) => rows.iter().map(shown).collect::<Vec<_>>().join(", "),
        })
    }
}

/// The current rows of a view, a dataset or a raw table, and the version of what is stored.
async fn relation(engine: &Engine, table: &str) -> Result<Option<(Relation, Option<u64>)>> {
    if let Some(view) = engine.viewed(table).await? {
        return Ok(Some((view, None)));
    }
    let snapshot = engine.lake().snapshot(&Lake::dataset_of(table)).await?;
    snapshot.map(|snapshot| Ok((engine.stored(&snapshot)?, Some(snapshot.version())))).transpose()
}

fn shown(cell: &Cell) -> String {
    let value = cell.value.as_deref().unwrap_or("NULL");
    match cell.key.is_empty() {
        true => value.to_owned(),
        false => format!("{value} ({})", cell.key.values().cloned().collect::<Vec<_>>().join(" ")),
    }
}

/// The cells of each of `columns`.
async fn rows_of(
    engine: &Engine,
    table: &str,
    relation: &Relation,
    columns: &[&str],
    key: &Key,
) -> Result<Vec<Vec<Cell>>> {
    let schema = relation.schema();
    let date_type = |name: &str| schema.field_with_name(name).is_ok_and(|field| field.data_type() == &DataType::Date32);
    let mut conditions = Vec::new();
    if schema.index_of("ticker").is_ok() {
        conditions.push(format!("ticker = '{}'", key.ticker.replace('\'', "''")));
    }
    let others: Vec<&str> =
        (relation.sort().iter().map(String::as_str)).filter(|name| !matches!(*name, "ticker" | "date")).collect();
    let mut order = String::new();
    if schema.index_of("date").is_ok() {
        conditions.push(format!("date = date '{}'", key.date));
    } else if let Some(event) = others.iter().find(|name| date_type(name)) {
        conditions.push(format!("\"{event}\" <= date '{}'", key.date));
        order = format!("order by \"{event}\" desc");
    }
    let filter = if conditions.is_empty() { String::new() } else { format!("where {}", conditions.join(" and ")) };
    let selected = others.iter().chain(columns).map(|name| format!("\"{name}\"")).enumerate();
    let selected: Vec<String> = selected.map(|(at, name)| format!("{name} as c{at}")).collect();
    let sql = format!("select {} from {table} {filter} {order} limit {MOST_ROWS}", selected.join(", "));
    let batches = engine.query(&sql).await?;
    let mut cells = vec![Vec::new(); columns.len()];
    for batch in &batches {
        add_rows(batch, &others, &mut cells)?;
    }
    Ok(cells)
}

fn add_rows(batch: &RecordBatch, keys: &[&str], cells: &mut [Vec<Cell>]) -> Result<()> {
    let options = FormatOptions::default();
    let text = |column: usize, row: usize| -> Result<Option<String>> {
        let array = batch.column(column);
        let formatter = ArrayFormatter::try_new(array, &options)?;
        Ok((!array.is_null(row)).then(|| formatter.value(row).to_string()))
    };
    for row in 0..batch.num_rows() {
        let mut key = BTreeMap::new();
        for (column, name) in keys.iter().enumerate() {
            key.insert((*name).to_owned(), text(column, row)?.unwrap_or_else(|| "NULL".to_owned()));
        }
        for (at, cells) in cells.iter_mut().enumerate() {
            cells.push(Cell { key: key.clone(), value: text(keys.len() + at, row)? });
        }
    }
    Ok(())
}

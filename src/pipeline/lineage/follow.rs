//! Following a column from dataset to dataset.

use std::collections::HashMap;

use super::{ColumnGraph, ColumnNode, ColumnPart, Columns, NodeKind};
use crate::engine::lineage::{Part, Source, Step};
use crate::pipeline::PipelineError;

/// How far a column is followed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Follow {
    /// The most datasets whose SQL is followed one above the other; `None` goes down to the raw tables.
    pub depth: Option<usize>,
    /// Whether to follow also what decides on the rows: filters, join keys, groups, the windows' partitions and order.
    pub rows: bool,
}

/// What a node is known by while the graph grows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    /// A column of a dataset or raw table.
    Column { table: String, column: String },
    /// A step inside the statement of a dataset.
    Step { dataset: String, step: usize },
}

impl Columns<'_> {
    /// The graph of a column of a dataset (`feat_beta`) or raw table (`raw.sep` or `sep`).
    ///
    /// # Errors
    /// If there is no such dataset or column.
    pub fn follow(&mut self, dataset: &str, column: &str, follow: &Follow) -> Result<ColumnGraph, PipelineError> {
        let table = self.named(dataset)?;
        self.check_column(&table, column)?;
        let mut growing =
            Growing { columns: self, follow, graph: ColumnGraph { nodes: Vec::new() }, known: HashMap::new() };
        let mut level = vec![Place::Column { table, column: column.to_owned() }];
        growing.known.insert(level[0].clone(), 0);
        growing.graph.nodes.push(growing.outlined(&level[0]));
        let mut depth = 0;
        // Dataset by dataset, so that each is reached on its shortest way and a limit cuts the same for all.
        while !level.is_empty() && follow.depth.is_none_or(|most| depth < most) {
            level = growing.level(level)?;
            depth += 1;
        }
        Ok(growing.graph)
    }
}

struct Growing<'a, 'p> {
    columns: &'a mut Columns<'p>,
    follow: &'a Follow,
    graph: ColumnGraph,
    known: HashMap<Place, usize>,
}

impl Growing<'_, '_> {
    /// Follows columns of datasets through their statements; returns the columns of the datasets above.
    fn level(&mut self, columns: Vec<Place>) -> Result<Vec<Place>, PipelineError> {
        let (mut open, mut above) = (columns, Vec::new());
        while let Some(place) = open.pop() {
            let Some((dataset, step)) = self.step(&place)? else {
                continue;
            };
            let mut parts = Vec::new();
            for part in step.parts {
                parts.push(self.part(&dataset, part, &mut open, &mut above)?);
            }
            let node = self.known[&place];
            self.graph.nodes[node].parts = parts;
        }
        Ok(above)
    }

    /// The dataset and the step behind a place; `None` if no statement computes it.
    fn step(&mut self, place: &Place) -> Result<Option<(String, Step)>, PipelineError> {
        let found = match place {
            Place::Step { dataset, step } => {
                let lineage = self.columns.statements.get(dataset);
                lineage.and_then(|lineage| lineage.step_at(*step)).map(|step| (dataset.clone(), step.clone()))
            }
            Place::Column { table, column } => {
                let Some(lineage) = self.columns.statements.get_mut(table) else {
                    return Ok(None);
                };
                let traced = lineage.trace(column);
                let step = traced.map_err(|error| PipelineError::Statement { message: error.to_string() })?;
                step.and_then(|step| lineage.step_at(step)).map(|step| (table.clone(), step.clone()))
            }
        };
        Ok(found)
    }

    fn part(
        &mut self,
        dataset: &str,
        part: Part,
        open: &mut Vec<Place>,
        above: &mut Vec<Place>,
    ) -> Result<ColumnPart, PipelineError> {
        let follow_rows = self.follow.rows;
        let mut nodes = |sources: Vec<Source>| -> Result<Vec<usize>, PipelineError> {
            let mut nodes = Vec::new();
            for source in sources {
                let node = self.input(dataset, source, open, above)?;
                if !nodes.contains(&node) {
                    nodes.push(node);
                }
            }
            Ok(nodes)
        };
        let inputs = nodes(part.inputs)?;
        let mut row_inputs = if follow_rows { nodes(part.row_inputs)? } else { Vec::new() };
        row_inputs.retain(|node| !inputs.contains(node));
        let (expression, rows, parameters) = (part.expression, part.rows, part.parameters);
        Ok(ColumnPart { expression, rows, parameters, inputs, row_inputs })
    }

    /// The node of an input; a new one is put where it is followed next.
    fn input(
        &mut self,
        dataset: &str,
        source: Source,
        open: &mut Vec<Place>,
        above: &mut Vec<Place>,
    ) -> Result<usize, PipelineError> {
        let place = self.behind(dataset, source);
        if let Some(known) = self.known.get(&place) {
            return Ok(*known);
        }
        let node = self.graph.nodes.len();
        self.known.insert(place.clone(), node);
        self.graph.nodes.push(self.outlined(&place));
        match place {
            Place::Step { .. } => open.push(place),
            Place::Column { .. } => above.push(place),
        }
        Ok(node)
    }

    /// Where a source leads, past the CTEs that only hand a column on: same name, same rows.
    fn behind(&self, dataset: &str, source: Source) -> Place {
        let mut source = source;
        loop {
            let step = match source {
                Source::Field { table, column } => return Place::Column { table, column },
                Source::Step(step) => step,
            };
            let lineage = self.columns.statements.get(dataset);
            match lineage.and_then(|lineage| Some((lineage, lineage.step_at(step)?))) {
                Some((lineage, found)) => match handed_on(found) {
                    Some(next) if name_of(next, |at| lineage.step_at(at)) == Some(&found.column) => {
                        source = next.clone();
                    }
                    _ => return Place::Step { dataset: dataset.to_owned(), step },
                },
                None => return Place::Step { dataset: dataset.to_owned(), step },
            }
        }
    }

    /// The node of a place before it is followed.
    fn outlined(&self, place: &Place) -> ColumnNode {
        let pipeline = self.columns.pipeline;
        match place {
            Place::Column { table, column } => {
                let step = pipeline.step(table);
                ColumnNode {
                    dataset: table.clone(),
                    relation: None,
                    column: column.clone(),
                    kind: if step.is_some() { NodeKind::Dataset } else { NodeKind::Field },
                    source: step.map(|step| step.source.clone()),
                    parts: Vec::new(),
                }
            }
            Place::Step { dataset, step } => {
                let lineage = self.columns.statements.get(dataset);
                let found = lineage.and_then(|lineage| lineage.step_at(*step)).cloned().unwrap_or_default();
                ColumnNode {
                    dataset: dataset.clone(),
                    relation: found.relation,
                    column: found.column,
                    kind: NodeKind::Query,
                    source: None,
                    parts: Vec::new(),
                }
            }
        }
    }
}

/// The only input of a step that does nothing.
fn handed_on(step: &Step) -> Option<&Source> {
    match (step.parts.as_slice(), &step.relation) {
        ([part], Some(_)) if part.plain && part.rows.is_empty() => part.inputs.first(),
        _ => None,
    }
}

fn name_of<'a>(source: &'a Source, step_at: impl Fn(usize) -> Option<&'a Step>) -> Option<&'a String> {
    match source {
        Source::Field { column, .. } => Some(column),
        Source::Step(step) => step_at(*step).map(|step| &step.column),
    }
}

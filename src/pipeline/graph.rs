//! The dependency graph: which dataset reads which, found in the SQL, in an order in which they can be built.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::sqlparser::tokenizer::Span;

use super::error::{PipelineError, SourceLocation};
use super::references::TableRead;
use super::statement::{Kind, Step};
use crate::engine::pattern_finds;
use kairos_udfs::nearest;

/// The phases in the order a person expects them. It decides between steps that may go in either order, and where a
/// phase is listed; dependencies always come first. Other folders follow, by name.
pub const PHASES: [&str; 10] =
    ["universe", "base", "features", "factors", "regime", "composites", "matrix", "backtests", "diagnostics", "checks"];

/// The schema of the raw tables: `raw.sep`.
pub const RAW_SCHEMA: &str = "raw";

/// Tables that exist without a file of the tree.
#[derive(Debug, Clone, Default)]
pub struct KnownTables {
    /// Raw tables by bare name (`sep`), landed or not. SQL may write `sep` or `raw.sep`; the graph says `raw.sep`.
    pub raw: BTreeSet<String>,
    /// Derived datasets in the lake.
    pub lake: BTreeSet<String>,
}

/// What a step reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Another step, by its position in [`Graph::nodes`].
    Step(usize),
    /// A raw table (`raw.sep`) or a dataset that exists only in the lake.
    External(String),
}

/// A step with its resolved inputs.
#[derive(Debug, Clone)]
pub struct Node {
    /// The parsed file.
    pub step: Step,
    /// What it reads, each input once, sorted.
    pub inputs: Vec<Input>,
}

/// All steps in an order in which every step comes after its inputs.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    by_dataset: BTreeMap<String, usize>,
}

impl Graph {
    /// Resolves the tables of `steps` and orders them. Equal input gives equal order.
    ///
    /// A name means the step that writes or defines it, else the raw table, else the dataset in the lake. A pattern of
    /// `assemble` means all datasets with matching names that are ordered by ticker and date and are not made from its
    /// own result, but no view.
    ///
    /// # Errors
    /// Two files with one dataset, a dataset called like a raw table, an unknown table, a cycle.
    pub fn new(mut steps: Vec<Step>, known: &KnownTables) -> Result<Self, PipelineError> {
        steps.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        let index = index_datasets(&steps, known)?;
        let mut reads = (steps.iter()).map(|step| resolve(step, &index, known)).collect::<Result<Vec<_>, _>>()?;
        discover(&steps, &mut reads);
        let order = topological_order(&reads).map_err(|rest| cycle(&steps, &reads, &rest))?;
        Ok(Self::arranged(steps, reads, &order))
    }

    /// The steps in the order in which they can be built.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The position of the step that writes `dataset`.
    pub fn position(&self, dataset: &str) -> Option<usize> {
        self.by_dataset.get(dataset).copied()
    }

    /// The dataset behind an input.
    pub fn input_name<'a>(&'a self, input: &'a Input) -> &'a str {
        match input {
            Input::Step(position) => &self.nodes[*position].step.dataset,
            Input::External(name) => name,
        }
    }

    /// The names of what the step at `position` reads.
    pub fn input_names(&self, position: usize) -> Vec<String> {
        self.nodes[position].inputs.iter().map(|i| self.input_name(i).to_string()).collect()
    }

    /// The phases that have steps, in their order, each with the positions of its steps.
    pub fn phases(&self) -> Vec<(&str, Vec<usize>)> {
        let mut phases: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
        for (position, node) in self.nodes.iter().enumerate() {
            let phase = node.step.file.phase();
            phases.entry((phase_rank(phase), phase)).or_default().push(position);
        }
        phases.into_iter().map(|((_, phase), positions)| (phase, positions)).collect()
    }

    /// `start` and everything it depends on.
    pub fn upstream(&self, start: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut found = start.clone();
        // Inputs come before their readers, so one pass from the end sees every reader before its inputs.
        for (position, node) in self.nodes.iter().enumerate().rev() {
            if found.contains(&position) {
                found.extend(step_inputs(&node.inputs));
            }
        }
        found
    }

    /// `start` and everything that depends on it.
    pub fn downstream(&self, start: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut found = start.clone();
        for (position, node) in self.nodes.iter().enumerate() {
            if step_inputs(&node.inputs).any(|input| found.contains(&input)) {
                found.insert(position);
            }
        }
        found
    }

    fn arranged(steps: Vec<Step>, reads: Vec<Vec<Read>>, order: &[usize]) -> Self {
        let mut position_of = vec![0; order.len()];
        for (position, old) in order.iter().enumerate() {
            position_of[*old] = position;
        }
        let mut nodes: Vec<(usize, Node)> = (steps.into_iter().zip(reads).enumerate())
            .map(|(old, (step, reads))| {
                let inputs: BTreeSet<Input> = (reads.into_iter())
                    .map(|read| match read.input {
                        Input::Step(old) => Input::Step(position_of[old]),
                        external => external,
                    })
                    .collect();
                (position_of[old], Node { step, inputs: inputs.into_iter().collect() })
            })
            .collect();
        nodes.sort_by_key(|(position, _)| *position);
        let nodes: Vec<Node> = nodes.into_iter().map(|(_, node)| node).collect();
        let by_dataset = nodes.iter().enumerate().map(|(i, node)| (node.step.dataset.clone(), i)).collect();
        Self { nodes, by_dataset }
    }
}

/// A resolved read, with the place where it is written.
struct Read {
    input: Input,
    span: Span,
}

fn phase_rank(phase: &str) -> usize {
    PHASES.iter().position(|known| *known == phase).unwrap_or(PHASES.len())
}

fn sort_key(step: &Step) -> (usize, &str) {
    (phase_rank(step.file.phase()), &step.file.path)
}

fn step_inputs(inputs: &[Input]) -> impl Iterator<Item = usize> {
    inputs.iter().filter_map(|i| if let Input::Step(position) = i { Some(*position) } else { None })
}

fn index_datasets(steps: &[Step], known: &KnownTables) -> Result<BTreeMap<String, usize>, PipelineError> {
    let mut index = BTreeMap::new();
    for (position, step) in steps.iter().enumerate() {
        let (dataset, at) = (step.dataset.clone(), step.file.at(step.dataset_span));
        if known.raw.contains(&dataset) {
            return Err(PipelineError::RawTableWritten { dataset, at });
        }
        if let Some(first) = index.insert(dataset.clone(), position) {
            let first = &steps[first];
            let first = first.file.at(first.dataset_span);
            return Err(PipelineError::DuplicateDataset { dataset, first, second: at });
        }
    }
    Ok(index)
}

fn resolve(step: &Step, index: &BTreeMap<String, usize>, known: &KnownTables) -> Result<Vec<Read>, PipelineError> {
    let read = |table: &TableRead| {
        let name = table.name.as_str();
        let raw = name.strip_prefix(RAW_SCHEMA).and_then(|rest| rest.strip_prefix('.'));
        let input = if let Some(position) = index.get(name) {
            Input::Step(*position)
        } else if known.raw.contains(raw.unwrap_or(name)) {
            Input::External(format!("{RAW_SCHEMA}.{}", raw.unwrap_or(name)))
        } else if known.lake.contains(name) {
            Input::External(name.to_string())
        } else {
            return Err(unknown_table(step, table, index, known));
        };
        Ok(Read { input, span: table.span })
    };
    step.tables.iter().map(read).collect()
}

/// Adds what the patterns of `assemble` find.
fn discover(steps: &[Step], reads: &mut [Vec<Read>]) {
    let keyed = |step: &Step| {
        step.kind == Kind::Table && step.order_by.iter().map(|key| key.column.as_str()).eq(["ticker", "date"])
    };
    let found: Vec<Vec<Read>> = (steps.iter().enumerate())
        .map(|(position, step)| {
            let readers = if step.patterns.is_empty() { BTreeSet::new() } else { readers_of(position, reads) };
            let of_pattern = |pattern: &TableRead| {
                let finds = |at: usize| {
                    pattern_finds(&pattern.name, &steps[at].dataset) && keyed(&steps[at]) && !readers.contains(&at)
                };
                let span = pattern.span;
                let found: Vec<usize> = (0..steps.len()).filter(|at| finds(*at)).collect();
                found.into_iter().map(move |at| Read { input: Input::Step(at), span })
            };
            step.patterns.iter().flat_map(of_pattern).collect()
        })
        .collect();
    for (reads, found) in reads.iter_mut().zip(found) {
        reads.extend(found);
    }
}

/// A step and all that read it, directly or not.
fn readers_of(start: usize, reads: &[Vec<Read>]) -> BTreeSet<usize> {
    let mut found = BTreeSet::from([start]);
    loop {
        let reads_found = |reads: &Vec<Read>| {
            reads.iter().any(|read| matches!(read.input, Input::Step(input) if found.contains(&input)))
        };
        let new: Vec<usize> =
            (0..reads.len()).filter(|step| !found.contains(step) && reads_found(&reads[*step])).collect();
        if new.is_empty() {
            return found;
        }
        found.extend(new);
    }
}

fn unknown_table(
    step: &Step,
    table: &TableRead,
    index: &BTreeMap<String, usize>,
    known: &KnownTables,
) -> PipelineError {
    let prefix = if table.name.contains('.') { format!("{RAW_SCHEMA}.") } else { String::new() };
    let raw: Vec<String> = known.raw.iter().map(|name| format!("{prefix}{name}")).collect();
    let candidates = index.keys().chain(&known.lake).chain(&raw).map(String::as_str);
    PipelineError::UnknownTable {
        name: table.name.clone(),
        at: step.file.at(table.span),
        similar: nearest(&table.name, candidates),
    }
}

/// Kahn's algorithm; of the steps that may come next, the one that is first in `reads` does. On failure, the steps that
/// are in a cycle or behind one.
fn topological_order(reads: &[Vec<Read>]) -> Result<Vec<usize>, BTreeSet<usize>> {
    let inputs_of = |reads: &Vec<Read>| -> BTreeSet<usize> {
        reads.iter().filter_map(|r| if let Input::Step(i) = r.input { Some(i) } else { None }).collect()
    };
    let mut waiting: BTreeMap<usize, BTreeSet<usize>> = reads.iter().map(inputs_of).enumerate().collect();
    let mut order = Vec::with_capacity(reads.len());
    while let Some(next) = waiting.iter().find(|(_, inputs)| inputs.is_empty()).map(|(i, _)| *i) {
        waiting.remove(&next);
        for inputs in waiting.values_mut() {
            inputs.remove(&next);
        }
        order.push(next);
    }
    if waiting.is_empty() { Ok(order) } else { Err(waiting.into_keys().collect()) }
}

/// Follows inputs among `rest` until a step comes up again; each of them has an input in `rest`.
fn cycle(steps: &[Step], reads: &[Vec<Read>], rest: &BTreeSet<usize>) -> PipelineError {
    let next = |step: usize| {
        (reads[step].iter()).find_map(|read| match read.input {
            Input::Step(input) if rest.contains(&input) => Some((input, read.span)),
            _ => None,
        })
    };
    let mut path: Vec<usize> = Vec::new();
    let mut places: Vec<SourceLocation> = Vec::new();
    let mut current = rest.first().copied();
    while let Some(step) = current {
        if let Some(start) = path.iter().position(|seen| *seen == step) {
            path.drain(..start);
            places.drain(..start);
            path.push(step);
            break;
        }
        path.push(step);
        let read = next(step);
        places.extend(read.map(|(_, span)| *steps[step].file.at(span)));
        current = read.map(|(input, _)| input);
    }
    let datasets = path.into_iter().map(|step| steps[step].dataset.clone()).collect();
    PipelineError::Cycle { datasets, reads: places }
}

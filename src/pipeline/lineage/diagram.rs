//! The lineage of a column as DOT for Graphviz and as Mermaid for Markdown: one box per dataset, arrows from input to
//! result.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{ColumnGraph, ColumnNode, NodeKind};

/// The graph in the DOT language; the expression of a column is its tooltip.
pub fn dot(graph: &ColumnGraph) -> String {
    let mut out = String::from("digraph columns {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    for (number, (dataset, nodes)) in by_dataset(graph).into_iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label={};", quoted(dataset));
        for (at, node) in nodes {
            let shape = match node.kind {
                NodeKind::Dataset => "shape=ellipse, style=solid, ",
                NodeKind::Query => "",
                NodeKind::Field => "style=solid, ",
            };
            let expression: Vec<&str> = node.parts.iter().map(|part| part.expression.as_str()).collect();
            let (label, tooltip) = (quoted(&label(node)), quoted(&expression.join(" or ")));
            let _ = writeln!(out, "    n{at} [{shape}label={label}, tooltip={tooltip}];");
        }
        out.push_str("  }\n");
    }
    for (from, to) in edges(graph) {
        let _ = writeln!(out, "  n{from} -> n{to};");
    }
    out.push_str("}\n");
    out
}

/// The graph as a Mermaid flowchart.
pub fn mermaid(graph: &ColumnGraph) -> String {
    let mut out = String::from("flowchart LR\n");
    for (number, (dataset, nodes)) in by_dataset(graph).into_iter().enumerate() {
        let _ = writeln!(out, "  subgraph d{number}[\"{}\"]", escaped(dataset));
        for (at, node) in nodes {
            let label = escaped(&label(node));
            let _ = match node.kind {
                NodeKind::Dataset => writeln!(out, "    n{at}([\"{label}\"])"),
                NodeKind::Query => writeln!(out, "    n{at}(\"{label}\")"),
                NodeKind::Field => writeln!(out, "    n{at}[\"{label}\"]"),
            };
        }
        out.push_str("  end\n");
    }
    for (from, to) in edges(graph) {
        let _ = writeln!(out, "  n{from} --> n{to}");
    }
    out
}

/// Within its dataset's box a column of the dataset needs no qualifier.
fn label(node: &ColumnNode) -> String {
    match &node.relation {
        Some(relation) => format!("{relation}.{}", node.column),
        None => node.column.clone(),
    }
}

fn by_dataset(graph: &ColumnGraph) -> BTreeMap<&str, Vec<(usize, &ColumnNode)>> {
    let mut datasets: BTreeMap<&str, Vec<(usize, &ColumnNode)>> = BTreeMap::new();
    for (at, node) in graph.nodes.iter().enumerate() {
        datasets.entry(&node.dataset).or_default().push((at, node));
    }
    datasets
}

fn edges(graph: &ColumnGraph) -> impl Iterator<Item = (usize, usize)> {
    let into = |(to, node): (usize, &ColumnNode)| node.inputs().into_iter().map(move |from| (from, to));
    graph.nodes.iter().enumerate().flat_map(into)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Mermaid has no escapes inside quotes but entities.
fn escaped(text: &str) -> String {
    text.replace('"', "#quot;")
}

//! The graph as text for a terminal, as DOT for Graphviz, and as Mermaid for Markdown.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::graph::{Graph, Input};
use super::statement::Kind;

/// The graph by phase: each dataset with what it reads. Only the steps in `selected` are shown.
pub fn text(graph: &Graph, selected: &BTreeSet<usize>) -> String {
    let mut out = String::new();
    for (phase, positions) in selected_phases(graph, selected) {
        let _ = writeln!(out, "{phase}");
        let names = positions.iter().map(|p| graph.nodes()[*p].step.dataset.len());
        let width = names.max().unwrap_or(0);
        for position in positions {
            let inputs = graph.input_names(position);
            let reads = if inputs.is_empty() { "nothing".to_string() } else { inputs.join(", ") };
            let step = &graph.nodes()[position].step;
            let view = if step.kind == Kind::View { " (view)" } else { "" };
            let _ = writeln!(out, "  {:<width$}  ← {reads}{view}", step.dataset);
        }
    }
    out
}

/// The graph in the DOT language, one cluster per phase; arrows go from input to dataset, raw tables are boxes,
/// views are dashed.
pub fn dot(graph: &Graph, selected: &BTreeSet<usize>) -> String {
    let mut out = String::from("digraph kairos {\n  rankdir=LR;\n  node [shape=ellipse];\n");
    for name in externals(graph, selected) {
        let _ = writeln!(out, "  \"{name}\" [shape=box];");
    }
    for (phase, positions) in selected_phases(graph, selected) {
        let _ = writeln!(out, "  subgraph \"cluster_{phase}\" {{\n    label=\"{phase}\";");
        for position in positions {
            let step = &graph.nodes()[position].step;
            let view = if step.kind == Kind::View { " [style=dashed]" } else { "" };
            let _ = writeln!(out, "    \"{}\"{view};", step.dataset);
        }
        out.push_str("  }\n");
    }
    for (from, to) in edges(graph, selected) {
        let _ = writeln!(out, "  \"{from}\" -> \"{to}\";");
    }
    out.push_str("}\n");
    out
}

/// The graph as a Mermaid flowchart, one subgraph per phase; arrows go from input to dataset, raw tables are
/// boxes, views are slanted.
pub fn mermaid(graph: &Graph, selected: &BTreeSet<usize>) -> String {
    let mut out = String::from("flowchart LR\n");
    for name in externals(graph, selected) {
        let _ = writeln!(out, "  {}[\"{name}\"]", mermaid_id(name));
    }
    for (phase, positions) in selected_phases(graph, selected) {
        let _ = writeln!(out, "  subgraph phase_{}[\"{phase}\"]", mermaid_id(phase));
        for position in positions {
            let step = &graph.nodes()[position].step;
            let (name, id) = (&step.dataset, mermaid_id(&step.dataset));
            let _ = match step.kind {
                Kind::Table => writeln!(out, "    {id}([\"{name}\"])"),
                Kind::View => writeln!(out, "    {id}[/\"{name}\"/]"),
            };
        }
        out.push_str("  end\n");
    }
    for (from, to) in edges(graph, selected) {
        let _ = writeln!(out, "  {} --> {}", mermaid_id(from), mermaid_id(to));
    }
    out
}

fn selected_phases<'a>(graph: &'a Graph, selected: &BTreeSet<usize>) -> Vec<(&'a str, Vec<usize>)> {
    let mut phases = graph.phases();
    for (_, positions) in &mut phases {
        positions.retain(|position| selected.contains(position));
    }
    phases.retain(|(_, positions)| !positions.is_empty());
    phases
}

fn edges<'a>(graph: &'a Graph, selected: &BTreeSet<usize>) -> Vec<(&'a str, &'a str)> {
    let into = |position: usize| {
        let node = &graph.nodes()[position];
        node.inputs.iter().map(|i| (graph.input_name(i), node.step.dataset.as_str()))
    };
    selected.iter().flat_map(|position| into(*position)).collect()
}

/// Everything the selected steps read that is not among them.
fn externals<'a>(graph: &'a Graph, selected: &BTreeSet<usize>) -> BTreeSet<&'a str> {
    let inputs = selected.iter().flat_map(|position| &graph.nodes()[*position].inputs);
    inputs
        .filter(|input| !matches!(input, Input::Step(position) if selected.contains(position)))
        .map(|input| graph.input_name(input))
        .collect()
}

/// Mermaid identifiers are words, and some words (`end`, `graph`) are its own: hence the prefix.
fn mermaid_id(name: &str) -> String {
    let word: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("d_{word}")
}

//! The lineage of a column as an indented tree.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{ColumnGraph, ColumnNode, NodeKind, Values};

/// What the tree says of each column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Its name.
    Names,
    /// Its expression too, what decides on its rows and the parameters.
    Expressions,
}

/// The tree, in lines of `width` characters as far as names allow. A column that is there already is only named. What
/// decides only on rows hangs on a dotted branch.
pub fn tree(graph: &ColumnGraph, values: Option<&Values>, detail: Detail, width: usize) -> String {
    let mut drawing = Drawing { graph, values, detail, width, drawn: BTreeSet::new(), out: String::new() };
    if !graph.nodes.is_empty() {
        drawing.node(0, "", "");
    }
    drawing.out
}

struct Drawing<'a> {
    graph: &'a ColumnGraph,
    values: Option<&'a Values>,
    detail: Detail,
    width: usize,
    drawn: BTreeSet<usize>,
    out: String,
}

impl Drawing<'_> {
    /// Draws a node; its first line begins with `first`, all below it with `rest`.
    fn node(&mut self, at: usize, first: &str, rest: &str) {
        let node = &self.graph.nodes[at];
        let inputs = node.inputs();
        if !self.drawn.insert(at) && !node.parts.is_empty() {
            let _ = writeln!(self.out, "{first}{}  (above)", self.heading(at, node));
            return;
        }
        let below = if inputs.is_empty() { format!("{rest}   ") } else { format!("{rest}│  ") };
        self.header(at, node, first, &below);
        for (position, input) in inputs.iter().enumerate() {
            let last = position + 1 == inputs.len();
            let is_value = node.parts.iter().any(|part| part.inputs.contains(input));
            let (branch, under) = match (last, is_value) {
                (false, true) => ("├─ ", "│  "),
                (true, true) => ("└─ ", "   "),
                (false, false) => ("├┄ ", "│  "),
                (true, false) => ("└┄ ", "   "),
            };
            self.node(*input, &format!("{rest}{branch}"), &format!("{rest}{under}"));
        }
    }

    fn heading(&self, at: usize, node: &ColumnNode) -> String {
        let value = self.values.and_then(|values| values.text(at)).map_or(String::new(), |text| format!(" → {text}"));
        format!("{}{value}", node.name())
    }

    fn header(&mut self, at: usize, node: &ColumnNode, first: &str, below: &str) {
        let heading = self.heading(at, node);
        let source = node.source.as_ref().map_or(String::new(), |source| format!("  ({source})"));
        if self.detail == Detail::Names {
            let _ = writeln!(self.out, "{first}{heading}{source}");
            return;
        }
        // A dataset has its file in the first line, a CTE its expression, if that fits.
        if let (NodeKind::Query, [part]) = (node.kind, node.parts.as_slice()) {
            let line = format!("{first}{heading} = {}", part.expression);
            if line.chars().count() <= self.width {
                let _ = writeln!(self.out, "{line}");
                self.notes(part, below);
                return;
            }
        }
        let _ = writeln!(self.out, "{first}{heading}{source}");
        for (position, part) in node.parts.iter().enumerate() {
            let sign = if position == 0 { "= " } else { "or " };
            self.paragraph(below, sign, &part.expression);
            self.notes(part, below);
        }
    }

    fn notes(&mut self, part: &super::ColumnPart, below: &str) {
        for clause in &part.rows {
            self.paragraph(below, "  ", clause);
        }
        let parameters = part.parameters.iter().map(|(name, value)| format!("${name} = {value}"));
        let parameters: Vec<String> = parameters.collect();
        if !parameters.is_empty() {
            self.paragraph(below, "  ", &parameters.join(", "));
        }
    }

    /// A text in lines that begin with `below`; the first one has a sign, the others are indented like it.
    fn paragraph(&mut self, below: &str, sign: &str, text: &str) {
        const NARROWEST: usize = 40;
        let indent = " ".repeat(sign.chars().count());
        let room = self.width.saturating_sub(below.chars().count() + indent.len()).max(NARROWEST);
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let line = lines.last_mut().map_or(0, |line| line.chars().count());
            if line > 0 && line + 1 + word.chars().count() > room {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        for (position, line) in lines.iter().enumerate() {
            let lead = if position == 0 { sign } else { &indent };
            let _ = writeln!(self.out, "{below}{lead}{line}");
        }
    }
}

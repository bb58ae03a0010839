//! What a query refers to: tables that are not its own CTEs, pinned versions, functions and parameters.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, ObjectNamePart, Query, Spanned, TableFactor, Value,
    ValueWithSpan, Visit, Visitor,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::engine::ASSEMBLE;

/// The table function that reads an older version: `at_version('dataset', n)`.
pub const AT_VERSION: &str = "at_version";

/// A table that a query reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRead {
    /// The name as DataFusion normalises it: unquoted parts in lower case, joined by dots.
    pub name: String,
    /// Where it is read first.
    pub span: Span,
}

/// Everything a query refers to by name.
#[derive(Debug, Clone, Default)]
pub struct References {
    /// Tables minus CTEs, each once, in the order in which they appear.
    pub tables: Vec<TableRead>,
    /// Patterns in calls of `assemble`, each of which stands for the datasets that it finds.
    pub patterns: Vec<TableRead>,
    /// Datasets read with `at_version`. Their contents never change, so they are no edges of the graph.
    pub pinned: BTreeSet<String>,
    /// Scalar, aggregate, window and table functions called, in lower case.
    pub functions: BTreeSet<String>,
    /// Placeholders without their `$`.
    pub parameters: BTreeSet<String>,
}

impl References {
    /// Collects the references of `query` and of all queries inside it.
    ///
    /// A CTE hides a table of the same name where SQL says so: in the CTEs after it and in the body of its `WITH`, in
    /// its own definition only under `RECURSIVE`, and nowhere else.
    pub fn of(query: &Query) -> Self {
        let mut collector = Collector::default();
        // The visitor never breaks.
        let _ = query.visit(&mut collector);
        collector.found
    }
}

/// One `WITH` clause on the way from the outermost query to the current one.
#[derive(Default)]
struct Scope {
    recursive: bool,
    /// The definitions of the CTEs by address, with their names. Compared only, never dereferenced.
    definitions: Vec<(*const Query, String)>,
    /// The names that hide tables at this point.
    visible: Vec<String>,
}

impl Scope {
    fn of(query: &Query) -> Self {
        let Some(with) = &query.with else {
            return Self::default();
        };
        let definition = |cte: &datafusion::sql::sqlparser::ast::Cte| {
            (std::ptr::from_ref(cte.query.as_ref()), normalised(&cte.alias.name))
        };
        Self {
            recursive: with.recursive,
            definitions: with.cte_tables.iter().map(definition).collect(),
            visible: Vec::new(),
        }
    }

    fn show(&mut self, definition: &Query) {
        let defined = self.definitions.iter().find(|(query, _)| std::ptr::eq(*query, definition));
        if let Some((_, name)) = defined {
            self.visible.push(name.clone());
        }
    }
}

#[derive(Default)]
struct Collector {
    scopes: Vec<Scope>,
    /// The name of the table function whose arguments come next: a relation to the visitor, not to us.
    function_name: Option<*const ObjectName>,
    found: References,
}

impl Collector {
    fn read(&mut self, parts: &[&Ident], span: Span) {
        let parts: Vec<String> = parts.iter().map(|ident| normalised(ident)).collect();
        let hidden = |name: &String| self.scopes.iter().any(|scope| scope.visible.contains(name));
        if matches!(parts.as_slice(), [name] if hidden(name)) {
            return;
        }
        let name = parts.join(".");
        if self.found.tables.iter().all(|table| table.name != name) {
            self.found.tables.push(TableRead { name, span });
        }
    }

    fn call_table_function(&mut self, name: &ObjectName, arguments: &[FunctionArg]) {
        let function = last_part(name);
        if function == AT_VERSION
            && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))) = arguments.first()
            && let Value::SingleQuotedString(dataset) = &value.value
        {
            self.found.pinned.insert(dataset.clone());
        }
        // A table function sees no columns, so a bare name among its positional arguments is a table.
        for argument in arguments {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument {
                self.read_bare_name(expr);
                if function == ASSEMBLE
                    && let Expr::Value(value) = expr
                    && let Value::SingleQuotedString(pattern) = &value.value
                {
                    self.found.patterns.push(TableRead { name: pattern.clone(), span: value.span });
                }
            }
        }
        self.found.functions.insert(function);
    }

    fn read_bare_name(&mut self, expr: &Expr) {
        match expr {
            Expr::Nested(inner) => self.read_bare_name(inner),
            Expr::Identifier(ident) => self.read(&[ident], ident.span),
            Expr::CompoundIdentifier(parts) => {
                self.read(&parts.iter().collect::<Vec<_>>(), expr.span());
            }
            _ => {}
        }
    }
}

impl Visitor for Collector {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let Some(outer) = self.scopes.last_mut().filter(|scope| scope.recursive) {
            outer.show(query);
        }
        self.scopes.push(Scope::of(query));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.scopes.pop();
        if let Some(outer) = self.scopes.last_mut().filter(|scope| !scope.recursive) {
            outer.show(query);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args: Some(arguments), .. } => {
                self.function_name = Some(std::ptr::from_ref(name));
                self.call_table_function(name, &arguments.args);
            }
            TableFactor::Function { name, .. } => {
                self.found.functions.insert(last_part(name));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        if self.function_name.take_if(|name| std::ptr::eq(*name, relation)).is_none() {
            let parts: Vec<&Ident> = relation.0.iter().filter_map(ObjectNamePart::as_ident).collect();
            self.read(&parts, relation.span());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            self.found.functions.insert(last_part(&function.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        if let Value::Placeholder(name) = &value.value {
            self.found.parameters.insert(name.trim_start_matches('$').to_string());
        }
        ControlFlow::Continue(())
    }
}

/// The identifier as DataFusion normalises it: lower case unless quoted.
pub fn normalised(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

fn last_part(name: &ObjectName) -> String {
    name.0.last().and_then(ObjectNamePart::as_ident).map(normalised).unwrap_or_default()
}

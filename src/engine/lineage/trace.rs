//! Following a column down a logical plan.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, TableReference};
use datafusion::datasource::source_as_provider;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{InList, Unnest};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Distinct, Expr, JoinType, LogicalPlan, Subquery, TableScan};

use super::expression::Writer;
use super::rows::row_conditions;
use super::{Part, Source, Step, Tables};
use crate::lake::DatasetProvider;

/// The columns of one statement, followed as far as they were asked for.
pub struct Lineage {
    query: Arc<LogicalPlan>,
    tables: Tables,
    steps: Vec<Step>,
    /// The step of a column of a relation; equal relations are one.
    known: HashMap<(u64, usize), usize>,
    leaves: Vec<Leaf>,
    /// The queries around the one that is followed, which a correlated subquery refers to.
    outer: Vec<LogicalPlan>,
    /// The recursive CTEs that are being followed.
    recursive: Vec<(String, LogicalPlan)>,
}

/// Where an expression of one `select` ends: a column of a table or of another step.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) source: Source,
    /// What stands in the text instead of the column's bare name.
    text: Option<String>,
}

impl Lineage {
    pub(super) fn new(query: Arc<LogicalPlan>, tables: Tables) -> Self {
        let (steps, leaves, outer, recursive) = Default::default();
        Self { query, tables, steps, known: HashMap::new(), leaves, outer, recursive }
    }

    /// The columns of the statement's result.
    pub fn schema(&self) -> SchemaRef {
        self.query.schema().inner().clone()
    }

    /// Follows a column of the result and returns its step; `None` if there is no such column.
    ///
    /// # Errors
    /// If the plan is inconsistent, which would be an error of DataFusion or of this module.
    pub fn trace(&mut self, column: &str) -> Result<Option<usize>> {
        let query = self.query.clone();
        match query.schema().fields().iter().position(|field| field.name() == column) {
            Some(at) => Ok(Some(self.step(None, &query, at)?)),
            None => Ok(None),
        }
    }

    /// A step by its number.
    pub fn step_at(&self, step: usize) -> Option<&Step> {
        self.steps.get(step)
    }

    /// The step of column `at` of a relation.
    fn step(&mut self, relation: Option<&str>, plan: &LogicalPlan, at: usize) -> Result<usize> {
        let mut hash = DefaultHasher::new();
        // A correlated subquery is another one in another query.
        (relation, plan, &self.outer).hash(&mut hash);
        let key = (hash.finish(), at);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let step = self.steps.len();
        // Known before it is complete: a recursive CTE comes back to it.
        self.known.insert(key, step);
        let (relation, column) = (relation.map(str::to_owned), plan.schema().field(at).name().clone());
        self.steps.push(Step { relation, column, parts: Vec::new() });
        self.steps[step].parts = self.parts(plan, at)?;
        Ok(step)
    }

    /// How column `at` of a `select` or a union is computed.
    fn parts(&mut self, plan: &LogicalPlan, at: usize) -> Result<Vec<Part>> {
        match plan {
            LogicalPlan::Union(union) => {
                let branches = union.inputs.iter().map(|branch| self.parts(branch, at));
                Ok(branches.collect::<Result<Vec<_>>>()?.concat())
            }
            LogicalPlan::RecursiveQuery(query) => {
                self.recursive.push((query.name.clone(), plan.clone()));
                let mut parts = self.parts(&query.static_term, at)?;
                parts.extend(self.parts(&query.recursive_term, at)?);
                self.recursive.pop();
                Ok(parts)
            }
            LogicalPlan::Sort(sort) if sort.fetch.is_none() && is_union(&sort.input) => self.parts(&sort.input, at),
            LogicalPlan::Distinct(Distinct::All(input)) if is_union(input) => {
                let mut parts = self.parts(input, at)?;
                parts.iter_mut().for_each(|part| part.rows.push("distinct".to_owned()));
                Ok(parts)
            }
            LogicalPlan::Values(values) => Ok(vec![self.constants(values.values.iter().map(|row| &row[at]))]),
            LogicalPlan::Extension(extension) => self.opaque(plan, extension.node.name()),
            _ => {
                let definition = self.definition(plan, at)?;
                Ok(vec![self.part(plan, &definition)?])
            }
        }
    }

    fn part(&mut self, plan: &LogicalPlan, definition: &Expr) -> Result<Part> {
        let mut part =
            Part { expression: self.text(definition), plain: matches!(definition, Expr::Column(_)), ..Part::default() };
        let (mut values, mut rows) = (BTreeSet::new(), BTreeSet::new());
        self.collect(definition, &mut part.parameters, &mut values, &mut rows)?;
        self.add_rows(plan, &mut part, &mut rows)?;
        part.row_inputs = rows.difference(&values).cloned().collect();
        part.inputs = self.in_order_of_appearance(definition, values)?;
        Ok(part)
    }

    /// Adds what decides on the rows of `plan`: the clauses to `part`, their columns to `rows`.
    fn add_rows(&mut self, plan: &LogicalPlan, part: &mut Part, rows: &mut BTreeSet<Source>) -> Result<()> {
        for condition in row_conditions(self, plan)? {
            part.rows.push(condition.text);
            for expr in &condition.exprs {
                let mut columns = BTreeSet::new();
                self.collect(expr, &mut part.parameters, &mut columns, rows)?;
                rows.extend(columns);
            }
        }
        Ok(())
    }

    /// Constant rows: the first of them stand for all.
    fn constants<'a>(&mut self, values: impl ExactSizeIterator<Item = &'a Expr>) -> Part {
        const SHOWN: usize = 4;
        let more = if values.len() > SHOWN { ", …" } else { "" };
        let mut part = Part::default();
        let shown: Vec<String> = values.take(SHOWN).map(|value| self.text(value)).collect();
        part.expression = format!("values {}{more}", shown.join(", "));
        part
    }

    /// A node whose inside is not SQL, such as a table function over a relation: every column may come from every one
    /// of its inputs.
    fn opaque(&mut self, plan: &LogicalPlan, name: &str) -> Result<Vec<Part>> {
        let mut part = Part { expression: format!("{}(…)", name.to_lowercase()), ..Part::default() };
        let (mut values, mut rows) = (BTreeSet::new(), BTreeSet::new());
        for input in plan.inputs() {
            for at in 0..input.schema().fields().len() {
                let definition = self.definition(input, at)?;
                self.collect(&definition, &mut part.parameters, &mut values, &mut rows)?;
            }
            self.add_rows(input, &mut part, &mut rows)?;
        }
        part.row_inputs = rows.difference(&values).cloned().collect();
        part.inputs = values.into_iter().collect();
        Ok(vec![part])
    }

    /// Column `at` of `plan` as an expression over leaves.
    pub(super) fn definition(&mut self, plan: &LogicalPlan, at: usize) -> Result<Expr> {
        match plan {
            LogicalPlan::Projection(projection) => self.expand(&projection.expr[at], &projection.input),
            LogicalPlan::Filter(filter) => self.definition(&filter.input, at),
            LogicalPlan::Sort(sort) => self.definition(&sort.input, at),
            LogicalPlan::Limit(limit) => self.definition(&limit.input, at),
            LogicalPlan::Repartition(repartition) => self.definition(&repartition.input, at),
            LogicalPlan::Subquery(subquery) => self.definition(&subquery.subquery, at),
            LogicalPlan::Distinct(Distinct::All(input)) if !is_union(input) => self.definition(input, at),
            LogicalPlan::Distinct(Distinct::On(on)) => self.expand(&on.select_expr[at], &on.input),
            LogicalPlan::Window(window) => match at.checked_sub(window.input.schema().fields().len()) {
                Some(own) => self.expand(&window.window_expr[own], &window.input),
                None => self.definition(&window.input, at),
            },
            LogicalPlan::Aggregate(aggregate) => {
                let groups = grouping_set_to_exprlist(&aggregate.group_expr)?;
                // With grouping sets, an internal column that says which one a row is of follows the groups.
                let results = aggregate.schema.fields().len() - aggregate.aggr_expr.len();
                match (groups.get(at), at.checked_sub(results)) {
                    (_, Some(own)) => self.expand(&aggregate.aggr_expr[own], &aggregate.input),
                    (Some(group), None) => self.expand(group, &aggregate.input),
                    (None, None) => Ok(Expr::Column(Column::from_name("grouping_id"))),
                }
            }
            LogicalPlan::Join(join) => {
                let of_left = match join.join_type {
                    JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => 0,
                    _ => join.left.schema().fields().len(),
                };
                let definition = match at.checked_sub(of_left) {
                    None => self.definition(&join.left, at)?,
                    Some(own) if own < join.right.schema().fields().len() => self.definition(&join.right, own)?,
                    Some(_) => return Ok(Expr::Column(Column::from_name("mark"))),
                };
                Ok(self.told_apart(definition, plan, at))
            }
            LogicalPlan::SubqueryAlias(alias) if is_only_renamed(&alias.input) => self.definition(&alias.input, at),
            LogicalPlan::SubqueryAlias(alias) => {
                let step = self.step(Some(alias.alias.table()), &alias.input, at)?;
                Ok(self.leaf(Source::Step(step), plan, at))
            }
            LogicalPlan::TableScan(scan) => self.field(scan, plan, at),
            LogicalPlan::Unnest(unnest) => {
                let inner = self.definition(&unnest.input, unnest.dependency_indices[at])?;
                let nested = unnest.list_type_columns.iter().map(|(index, _)| index).chain(&unnest.struct_type_columns);
                let is_nested = nested.into_iter().any(|index| *index == unnest.dependency_indices[at]);
                Ok(if is_nested { Expr::Unnest(Unnest::new(inner)) } else { inner })
            }
            LogicalPlan::Union(_) | LogicalPlan::Distinct(_) => self.unnamed("union", plan, at),
            LogicalPlan::RecursiveQuery(query) => self.unnamed(&query.name, plan, at),
            LogicalPlan::Values(_) => self.unnamed("values", plan, at),
            LogicalPlan::Extension(extension) => self.unnamed(&extension.node.name().to_lowercase(), plan, at),
            other => Ok(Expr::Column(Column::from_name(other.schema().field(at).name()))),
        }
    }

    /// A relation without a name of its own that does not fit into the expression around it.
    fn unnamed(&mut self, name: &str, plan: &LogicalPlan, at: usize) -> Result<Expr> {
        let step = self.step(Some(name), plan, at)?;
        Ok(self.leaf(Source::Step(step), plan, at))
    }

    fn field(&mut self, scan: &TableScan, plan: &LogicalPlan, at: usize) -> Result<Expr> {
        let name = scan.table_name.table();
        let working = self.recursive.iter().rev().find(|(recursive, _)| recursive == name).cloned();
        if let (None, Some((name, query))) = (scan.table_name.schema(), working) {
            return self.unnamed(&name, &query, at);
        }
        let column = plan.schema().field(at).name().clone();
        let provider = source_as_provider(&scan.source)?;
        let table = match provider.downcast_ref::<DatasetProvider>() {
            Some(pinned) => {
                let snapshot = pinned.snapshot();
                format!("at_version('{}', {})", snapshot.dataset().replace('/', "."), snapshot.version())
            }
            None => self.tables.meant_by(&scan.table_name).unwrap_or(name).to_owned(),
        };
        Ok(self.leaf(Source::Field { table, column }, plan, at))
    }

    fn leaf(&mut self, source: Source, plan: &LogicalPlan, at: usize) -> Expr {
        self.leaf_as(source, plan.schema().field(at).name(), None)
    }

    fn leaf_as(&mut self, source: Source, name: &str, text: Option<String>) -> Expr {
        let relation = TableReference::bare(self.leaves.len().to_string());
        self.leaves.push(Leaf { source, text });
        Expr::Column(Column::new(Some(relation), name))
    }

    /// The leaf behind a column of an expanded expression.
    pub(super) fn leaf_of(&self, column: &Column) -> Option<&Leaf> {
        self.leaves.get(column.relation.as_ref()?.table().parse::<usize>().ok()?)
    }

    /// Keeps the qualifier of a column whose name both sides of a join have.
    fn told_apart(&mut self, definition: Expr, join: &LogicalPlan, at: usize) -> Expr {
        let (qualifier, field) = join.schema().qualified_field(at);
        let twice = join.schema().fields().iter().filter(|other| other.name() == field.name()).count() > 1;
        match (&definition, qualifier) {
            (Expr::Column(column), Some(qualifier)) if twice => self.qualified(column, qualifier.table()),
            _ => definition,
        }
    }

    fn qualified(&mut self, column: &Column, qualifier: &str) -> Expr {
        match self.leaf_of(column).cloned() {
            Some(leaf) if leaf.text.is_none() => {
                let text = format!("{qualifier}.{}", column.name);
                self.leaf_as(leaf.source, &column.name, Some(text))
            }
            _ => Expr::Column(column.clone()),
        }
    }

    /// The expression with its columns, which are those of `input`, replaced by their definitions.
    pub(super) fn expand(&mut self, expr: &Expr, input: &LogicalPlan) -> Result<Expr> {
        let replace = |expr: Expr| match expr {
            Expr::Column(column) => Ok(Transformed::yes(self.column(&column, input)?)),
            Expr::OuterReferenceColumn(_, column) => {
                let Some(outer) = self.outer.pop() else {
                    return Ok(Transformed::no(Expr::Column(column)));
                };
                let definition = self.expand_qualified(&Expr::Column(column), &outer);
                self.outer.push(outer);
                Ok(Transformed::yes(definition?))
            }
            Expr::Alias(alias) => Ok(Transformed::yes(*alias.expr)),
            Expr::ScalarSubquery(subquery) => Ok(Transformed::yes(self.subquery(&subquery, input, "(subquery)")?)),
            Expr::Exists(exists) => {
                let text = if exists.negated { "not exists (subquery)" } else { "exists (subquery)" };
                Ok(Transformed::yes(self.subquery(&exists.subquery, input, text)?))
            }
            Expr::InSubquery(test) => {
                let column = test.subquery.subquery.schema().field(0).name().clone();
                let list = vec![self.subquery(&test.subquery, input, &format!("subquery.{column}"))?];
                Ok(Transformed::yes(Expr::InList(InList { expr: test.expr, list, negated: test.negated })))
            }
            other => Ok(Transformed::no(other)),
        };
        Ok(expr.clone().transform_up(replace)?.data)
    }

    fn column(&mut self, column: &Column, input: &LogicalPlan) -> Result<Expr> {
        match input.schema().maybe_index_of_column(column) {
            Some(at) => self.definition(input, at),
            None => Ok(Expr::Column(column.clone())),
        }
    }

    fn subquery(&mut self, subquery: &Subquery, around: &LogicalPlan, text: &str) -> Result<Expr> {
        self.outer.push(around.clone());
        let step = self.step(Some("subquery"), &subquery.subquery, 0);
        self.outer.pop();
        Ok(self.leaf_as(Source::Step(step?), "subquery", Some(text.to_owned())))
    }

    /// The text of an expression over leaves.
    pub(super) fn text(&self, expr: &Expr) -> String {
        let column = |column: &Column| match self.leaf_of(column) {
            Some(Leaf { text: Some(text), .. }) => text.clone(),
            _ => column.name.clone(),
        };
        Writer { column: &column }.text(expr)
    }

    /// Like [`Self::expand`], but a column keeps the qualifier that the statement wrote: join keys, outer columns.
    pub(super) fn expand_qualified(&mut self, expr: &Expr, input: &LogicalPlan) -> Result<Expr> {
        let Expr::Column(named) = expr else {
            return self.expand(expr, input);
        };
        match (self.column(named, input)?, &named.relation) {
            (Expr::Column(column), Some(relation)) => Ok(self.qualified(&column, relation.table())),
            (definition, _) => Ok(definition),
        }
    }
}

fn is_union(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Union(_))
}

/// Whether an alias only gives a table or a CTE another name.
pub(super) fn is_only_renamed(input: &LogicalPlan) -> bool {
    matches!(input, LogicalPlan::TableScan(_) | LogicalPlan::SubqueryAlias(_))
}

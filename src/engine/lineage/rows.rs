//! What decides on the rows of one `select`: its joins, filters, groups and limits.

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::logical_expr::{Distinct, Expr, Join, JoinType, Limit, LogicalPlan, Sort, utils::conjunction};

use super::trace::{Lineage, is_only_renamed};

/// One clause that decides on rows.
pub(super) struct Condition {
    /// The clause as SQL.
    pub text: String,
    /// Its expressions, over leaves.
    pub exprs: Vec<Expr>,
}

/// The clauses between `plan` and the tables, CTEs and named subqueries that it reads, in the order in which they apply.
pub(super) fn row_conditions(lineage: &mut Lineage, plan: &LogicalPlan) -> Result<Vec<Condition>> {
    let mut found = Vec::new();
    collect(lineage, plan, &mut found)?;
    Ok(found)
}

fn collect(lineage: &mut Lineage, plan: &LogicalPlan, found: &mut Vec<Condition>) -> Result<()> {
    match plan {
        LogicalPlan::Projection(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::Unnest(_) => {}
        LogicalPlan::Filter(filter) => {
            collect(lineage, &filter.input, found)?;
            let word = match filter.input.as_ref() {
                LogicalPlan::Aggregate(_) => "having",
                LogicalPlan::Window(_) => "qualify",
                _ => "where",
            };
            let predicate = lineage.expand(&filter.predicate, &filter.input)?;
            found.push(Condition { text: format!("{word} {}", lineage.text(&predicate)), exprs: vec![predicate] });
            return Ok(());
        }
        LogicalPlan::Aggregate(aggregate) => {
            collect(lineage, &aggregate.input, found)?;
            let groups = aggregate.group_expr.iter().map(|group| lineage.expand(group, &aggregate.input));
            let exprs = groups.collect::<Result<Vec<_>>>()?;
            if !exprs.is_empty() {
                let texts: Vec<String> = exprs.iter().map(|expr| lineage.text(expr)).collect();
                found.push(Condition { text: format!("group by {}", texts.join(", ")), exprs });
            }
            return Ok(());
        }
        LogicalPlan::Join(join) => {
            let mut text = String::new();
            let mut exprs = Vec::new();
            join_clause(lineage, join, &mut text, &mut exprs, found)?;
            found.push(Condition { text, exprs });
            return Ok(());
        }
        // A union is a relation of its own.
        LogicalPlan::Distinct(distinct) if matches!(distinct.input().as_ref(), LogicalPlan::Union(_)) => return Ok(()),
        LogicalPlan::Distinct(distinct) => {
            collect(lineage, distinct.input(), found)?;
            let on = match distinct {
                Distinct::All(_) => Vec::new(),
                Distinct::On(on) => {
                    let keys = on.on_expr.iter().map(|key| lineage.expand(key, &on.input));
                    keys.collect::<Result<Vec<_>>>()?
                }
            };
            let texts: Vec<String> = on.iter().map(|key| lineage.text(key)).collect();
            let keys = if on.is_empty() { String::new() } else { format!(" on ({})", texts.join(", ")) };
            found.push(Condition { text: format!("distinct{keys}"), exprs: on });
            return Ok(());
        }
        LogicalPlan::Limit(limit) => {
            collect(lineage, &limit.input, found)?;
            found.push(limit_clause(lineage, limit)?);
            return Ok(());
        }
        _ => return Ok(()),
    }
    plan.inputs().into_iter().try_for_each(|input| collect(lineage, input, found))
}

fn limit_clause(lineage: &mut Lineage, limit: &Limit) -> Result<Condition> {
    let mut text = String::new();
    let mut exprs = Vec::new();
    if let Some(sort) = sorted(&limit.input) {
        for key in &sort.expr {
            exprs.push(lineage.expand(&key.expr, &sort.input)?);
        }
        let keys: Vec<String> = (exprs.iter().zip(&sort.expr))
            .map(|(expr, key)| format!("{}{}", lineage.text(expr), if key.asc { "" } else { " desc" }))
            .collect();
        text = format!("order by {} ", keys.join(", "));
    }
    if let Some(fetch) = &limit.fetch {
        text.push_str(&format!("limit {} ", lineage.text(fetch)));
    }
    if let Some(skip) = &limit.skip {
        text.push_str(&format!("offset {}", lineage.text(skip)));
    }
    Ok(Condition { text: text.trim_end().to_owned(), exprs })
}

/// The sort below a limit; a projection between them drops what is sorted by and not selected.
fn sorted(plan: &LogicalPlan) -> Option<&Sort> {
    match plan {
        LogicalPlan::Sort(sort) => Some(sort),
        LogicalPlan::Projection(projection) => sorted(&projection.input),
        _ => None,
    }
}

/// `a join b on … left join c on …`: a chain of joins is one clause.
fn join_clause(
    lineage: &mut Lineage,
    join: &Join,
    text: &mut String,
    exprs: &mut Vec<Expr>,
    found: &mut Vec<Condition>,
) -> Result<()> {
    match join.left.as_ref() {
        LogicalPlan::Join(left) => join_clause(lineage, left, text, exprs, found)?,
        left => {
            text.push_str(&named(left));
            collect(lineage, left, found)?;
        }
    }
    collect(lineage, &join.right, found)?;
    let mut keys = Vec::new();
    for (left, right) in &join.on {
        let (left, right) =
            (lineage.expand_qualified(left, &join.left)?, lineage.expand_qualified(right, &join.right)?);
        keys.push(left.eq(right));
    }
    if let Some(filter) = &join.filter {
        let both = LogicalPlan::Join(Join { join_type: JoinType::Inner, ..both_sides(join)? });
        keys.push(lineage.expand(filter, &both)?);
    }
    let on = conjunction(keys);
    let condition = on.as_ref().map_or(String::new(), |on| format!(" on {}", lineage.text(on)));
    let word = match join.join_type {
        JoinType::Inner if on.is_none() => "cross join",
        JoinType::Inner => "join",
        JoinType::Left => "left join",
        JoinType::Right => "right join",
        JoinType::Full => "full join",
        JoinType::LeftSemi | JoinType::LeftMark => "left semi join",
        JoinType::LeftAnti => "left anti join",
        JoinType::RightSemi | JoinType::RightMark => "right semi join",
        JoinType::RightAnti => "right anti join",
    };
    text.push_str(&format!(" {word} {}{condition}", named(&join.right)));
    exprs.extend(on);
    Ok(())
}

/// The join with the columns of both sides, which its filter may name even where its result has one side only.
fn both_sides(join: &Join) -> Result<Join> {
    let schema = join.left.schema().join(join.right.schema())?;
    Ok(Join { schema: Arc::new(schema), ..join.clone() })
}

/// A relation as a `from` clause names it.
fn named(plan: &LogicalPlan) -> String {
    match plan {
        LogicalPlan::TableScan(scan) => scan.table_name.to_string(),
        LogicalPlan::SubqueryAlias(alias) if is_only_renamed(&alias.input) => {
            format!("{} {}", named(&alias.input), alias.alias.table())
        }
        LogicalPlan::SubqueryAlias(alias) => alias.alias.table().to_owned(),
        _ => "(…)".to_owned(),
    }
}

//! The columns in an expanded expression, and what each of them is there for.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;

use super::Source;
use super::parameter::marked;
use super::trace::Lineage;

impl Lineage {
    /// Sorts the columns of an expression over leaves into those that its value comes from and those that only decide
    /// which rows belong together, and notes its parameters.
    pub(super) fn collect(
        &self,
        expr: &Expr,
        parameters: &mut BTreeMap<String, String>,
        values: &mut BTreeSet<Source>,
        rows: &mut BTreeSet<Source>,
    ) -> Result<()> {
        expr.apply(|inner| {
            match inner {
                Expr::Column(column) => values.extend(self.leaf_of(column).map(|leaf| leaf.source.clone())),
                Expr::ScalarFunction(call) => {
                    if let Some((name, value)) = marked(call) {
                        parameters.insert(name.to_owned(), self.text(value));
                        return Ok(TreeNodeRecursion::Jump);
                    }
                }
                Expr::WindowFunction(call) => {
                    let params = &call.params;
                    let mut columns = BTreeSet::new();
                    for expr in params.partition_by.iter().chain(params.order_by.iter().map(|key| &key.expr)) {
                        self.collect(expr, parameters, &mut columns, rows)?;
                    }
                    // A rank has no argument: its value is the order.
                    let target = if params.args.is_empty() { &mut *values } else { &mut *rows };
                    target.extend(columns);
                    for expr in params.args.iter().chain(params.filter.as_deref()) {
                        self.collect(expr, parameters, values, rows)?;
                    }
                    return Ok(TreeNodeRecursion::Jump);
                }
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(())
    }

    /// `sources` in the order in which `expr` names them.
    pub(super) fn in_order_of_appearance(&self, expr: &Expr, sources: BTreeSet<Source>) -> Result<Vec<Source>> {
        let mut ordered: Vec<Source> = Vec::new();
        expr.apply(|inner| {
            if let Expr::Column(column) = inner
                && let Some(leaf) = self.leaf_of(column)
                && sources.contains(&leaf.source)
                && !ordered.contains(&leaf.source)
            {
                ordered.push(leaf.source.clone());
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(ordered)
    }
}

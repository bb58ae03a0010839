//! `neutralize(x, group)`: x without the average of its group.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::error::Result;
use datafusion::physical_plan::aggregates::group_values::new_group_values;
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use super::arguments::Kind;
use super::function::WindowFunction;
use crate::column::numbers;
use crate::kernels;

pub(super) fn function() -> WindowFunction {
    WindowFunction::new(
        "neutralize",
        "x minus the mean of the present x of the same group within the partition. A NULL group is \
         a group of its own.",
        |_| Ok(Box::new(|columns| Ok(kernels::neutralize(&numbers(&columns[0])?, &group_numbers(&columns[1])?)))),
    )
    .required("x", Kind::Series, "The values of one cross-section.")
    .required("group", Kind::Group, "The group of each row, e.g. its sector; any type.")
}

/// Numbers the distinct values of a column from 0, by the hash table of DataFusion's GROUP BY.
fn group_numbers(column: &ArrayRef) -> Result<Vec<usize>> {
    let field = Field::new("group", column.data_type().clone(), true);
    let mut table = new_group_values(Arc::new(Schema::new(vec![field])), &GroupOrdering::None)?;
    let mut numbers = Vec::with_capacity(column.len());
    table.intern(&[Arc::clone(column)], &mut numbers)?;
    Ok(numbers)
}

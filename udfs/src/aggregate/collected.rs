//! The rows of all groups, kept until a group is asked for.

use std::mem;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array, new_empty_array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{
    SortColumn, SortOptions, concat, filter, lexsort_to_indices, prep_null_mask_filter, take,
};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::function::Kernel;
use crate::column::{nullable, numbers};

/// Collects the arguments' and the ordering's columns as they come, without looking at a row; sorts them by group, and
/// within a group by the ordering, when results are asked for.
pub(super) struct Collected {
    kernel: Kernel,
    /// How many of the columns are arguments; the others are what the rows are ordered by.
    arguments: usize,
    types: Vec<DataType>,
    options: Vec<SortOptions>,
    /// Per column, the pieces in which it came.
    pieces: Vec<Vec<ArrayRef>>,
    /// The group of each row.
    groups: Vec<u32>,
    count: usize,
}

impl Collected {
    pub(super) fn new(kernel: Kernel, arguments: usize, order: Vec<DataType>, options: Vec<SortOptions>) -> Self {
        let mut types = vec![DataType::Float64; arguments];
        types.extend(order);
        let pieces = vec![Vec::new(); types.len()];
        Self { kernel, arguments, types, options, pieces, groups: Vec::new(), count: 0 }
    }

    fn push(&mut self, columns: &[ArrayRef], groups: impl Iterator<Item = usize>, count: usize) {
        for (pieces, column) in self.pieces.iter_mut().zip(columns) {
            pieces.push(Arc::clone(column));
        }
        self.groups.extend(groups.map(|group| group as u32));
        self.count = self.count.max(count);
    }

    /// Removes the first groups and returns their columns, rows in order, with the first row of each group.
    fn emit(&mut self, emit: EmitTo) -> Result<(Vec<ArrayRef>, Vec<usize>)> {
        let emitted = match emit {
            EmitTo::All => self.count,
            EmitTo::First(count) => count.min(self.count),
        };
        let columns = mem::replace(&mut self.pieces, vec![Vec::new(); self.types.len()]);
        let pairs = columns.iter().zip(&self.types);
        let columns = pairs.map(|(pieces, of)| joined(pieces, of)).collect::<Result<Vec<_>>>()?;
        let groups = mem::take(&mut self.groups);
        let mut sizes = vec![0; self.count];
        groups.iter().for_each(|group| sizes[*group as usize] += 1);
        let mut starts = starts(&sizes);
        let rows = match &columns[self.arguments..] {
            [] => rows_as_they_came(&groups, &starts),
            order => sorted_rows(&groups, order, &self.options)?,
        };
        let columns = columns.iter().map(|column| Ok(take(column, &rows, None)?)).collect::<Result<Vec<_>>>()?;
        starts.truncate(emitted + 1);
        let rest = starts[emitted];
        if emitted < self.count {
            let later = columns.iter().map(|column| column.slice(rest, groups.len() - rest)).collect::<Vec<_>>();
            let of_rows = rows.values()[rest..].iter().map(|row| groups[*row as usize] as usize - emitted);
            let count = self.count - emitted;
            self.count = 0;
            self.push(&later, of_rows, count);
        } else {
            self.count = 0;
        }
        Ok((columns.iter().map(|column| column.slice(0, rest)).collect(), starts))
    }
}

fn joined(pieces: &[ArrayRef], of: &DataType) -> Result<ArrayRef> {
    match pieces {
        [] => Ok(new_empty_array(of)),
        [one] => Ok(Arc::clone(one)),
        several => Ok(concat(&several.iter().map(AsRef::as_ref).collect::<Vec<_>>())?),
    }
}

/// The rows by group, and within a group as they came.
fn rows_as_they_came(groups: &[u32], starts: &[usize]) -> UInt32Array {
    let mut next = starts.to_vec();
    let mut rows = vec![0; groups.len()];
    for (row, group) in groups.iter().enumerate() {
        let place = &mut next[*group as usize];
        rows[*place] = row as u32;
        *place += 1;
    }
    rows.into()
}

/// The rows by group, and within a group by the ordering's columns.
fn sorted_rows(groups: &[u32], order: &[ArrayRef], options: &[SortOptions]) -> Result<UInt32Array> {
    let by_group: ArrayRef = Arc::new(UInt32Array::from(groups.to_vec()));
    let by_group = SortColumn { values: by_group, options: None };
    let keys = order.iter().zip(options);
    let keys = keys.map(|(values, options)| SortColumn { values: Arc::clone(values), options: Some(*options) });
    Ok(lexsort_to_indices(&[vec![by_group], keys.collect()].concat(), None)?)
}

fn starts(sizes: &[usize]) -> Vec<usize> {
    let sums = sizes.iter().scan(0, |sum, size| {
        *sum += size;
        Some(*sum)
    });
    std::iter::once(0).chain(sums).collect()
}

impl GroupsAccumulator for Collected {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        rows: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        let Some(rows) = rows else {
            self.push(values, groups.iter().copied(), count);
            return Ok(());
        };
        // A row for which the condition is unknown does not pass it.
        let rows = if rows.null_count() > 0 { prep_null_mask_filter(rows) } else { rows.clone() };
        let values = values.iter().map(|column| Ok(filter(column, &rows)?)).collect::<Result<Vec<_>>>()?;
        let kept = groups.iter().zip(rows.values()).filter_map(|(group, keep)| keep.then_some(*group));
        self.push(&values, kept, count);
        Ok(())
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let (columns, starts) = self.emit(emit)?;
        let columns = columns[..self.arguments].iter().map(numbers).collect::<Result<Vec<_>>>()?;
        let group = |bounds: &[usize]| {
            let of_group: Vec<&[f64]> = columns.iter().map(|column| &column[bounds[0]..bounds[1]]).collect();
            Ok((self.kernel)(&of_group)?)
        };
        Ok(nullable(starts.windows(2).map(group).collect::<Result<Vec<_>>>()?))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let (columns, starts) = self.emit(emit)?;
        Ok(columns
            .into_iter()
            .map(|column| lists(column, starts.windows(2).map(|group| group[1] - group[0])))
            .collect())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], count: usize) -> Result<()> {
        let states: Vec<&ListArray> = states.iter().map(AsArray::as_list::<i32>).collect();
        let Some(first) = states.first() else {
            return Ok(());
        };
        let offsets = first.offsets().clone();
        let (start, end) = (offsets[0] as usize, offsets[offsets.len() - 1] as usize);
        let lengths = offsets.windows(2).map(|pair| (pair[1] - pair[0]) as usize);
        let of_rows: Vec<usize> =
            groups.iter().zip(lengths).flat_map(|(group, length)| std::iter::repeat_n(*group, length)).collect();
        // All lists of a state are cut alike.
        let values: Vec<ArrayRef> = states.iter().map(|list| list.values().slice(start, end - start)).collect();
        self.push(&values, of_rows.into_iter(), count);
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], rows: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut one_by_one =
            Self::new(self.kernel.clone(), self.arguments, self.types[self.arguments..].to_vec(), self.options.clone());
        let count = values.first().map_or(0, |column| column.len());
        one_by_one.update_batch(values, &(0..count).collect::<Vec<_>>(), rows, count)?;
        one_by_one.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        let pieces = self.pieces.iter().flatten().map(|piece| piece.get_array_memory_size()).sum::<usize>();
        pieces + self.groups.capacity() * size_of::<u32>() + size_of_val(self)
    }
}

/// A column as lists of the given lengths.
fn lists(values: ArrayRef, lengths: impl Iterator<Item = usize>) -> ArrayRef {
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(lengths), values, None))
}

/// The same for a query without groups.
#[derive(Debug)]
pub(super) struct Ungrouped(Collected);

impl Ungrouped {
    pub(super) fn new(rows: Collected) -> Self {
        Self(rows)
    }
}

impl Accumulator for Ungrouped {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |column| column.len());
        self.0.update_batch(values, &vec![0; rows], None, 1)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.count = 1;
        ScalarValue::try_from_array(&GroupsAccumulator::evaluate(&mut self.0, EmitTo::All)?, 0)
    }

    fn size(&self) -> usize {
        GroupsAccumulator::size(&self.0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.count = 1;
        let lists = GroupsAccumulator::state(&mut self.0, EmitTo::All)?;
        lists.iter().map(|list| ScalarValue::try_from_array(list, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = states.first().map_or(0, |state| state.len());
        GroupsAccumulator::merge_batch(&mut self.0, states, &vec![0; lists], 1)
    }
}

impl std::fmt::Debug for Collected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collected").field("types", &self.types).field("groups", &self.count).finish_non_exhaustive()
    }
}

//! Columns in which the rows of a key lie together.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanBufferBuilder, Float64Array, RecordBatch, UInt32Array, new_null_array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{concat, take};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};
use datafusion::common::DataFusionError;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::aggregates::group_values::new_group_values;
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use crate::engine::by_key::columns;

/// Where the rows of some batches go.
pub(super) struct Places {
    /// The place of every row, in the order of the batches. Rows of the same key lie together and keep their order.
    pub(super) of_rows: Vec<u32>,
    /// The number of rows of each key, in the order in which the keys lie.
    sizes: Vec<usize>,
}

impl Places {
    pub(super) fn new(keys: &[Arc<dyn PhysicalExpr>], batches: &[&RecordBatch], schema: &Schema) -> Result<Self> {
        let fields = keys.iter().map(|key| Ok(Field::new("key", key.data_type(schema)?, true)));
        let fields = fields.collect::<Result<Vec<_>>>()?;
        let mut known = new_group_values(Arc::new(Schema::new(fields)), &GroupOrdering::None)?;
        let rows = batches.iter().map(|batch| batch.num_rows()).sum();
        if u32::try_from(rows).is_err() {
            let limit = u32::MAX;
            let message = format!("a cross-section takes up to {limit} rows at once, found {rows}: select fewer dates");
            return Err(DataFusionError::ResourcesExhausted(message));
        }
        // First the key of every row; there are not more keys than rows.
        let (mut of_rows, mut of_batch) = (Vec::with_capacity(rows), Vec::new());
        for batch in batches {
            known.intern(&columns(keys, batch)?, &mut of_batch)?;
            of_rows.extend(of_batch.iter().map(|key| *key as u32));
        }
        let mut sizes = vec![0; known.len()];
        of_rows.iter().for_each(|key| sizes[*key as usize] += 1);
        let starts = sizes.iter().scan(0, |end, size| Some(std::mem::replace(end, *end + *size as u32)));
        let mut next: Vec<u32> = starts.collect();
        for row in &mut of_rows {
            let next = &mut next[*row as usize];
            *row = *next;
            *next += 1;
        }
        Ok(Self { of_rows, sizes })
    }

    /// The row at every place.
    fn rows(&self) -> UInt32Array {
        let mut rows = vec![0; self.of_rows.len()];
        for (row, place) in self.of_rows.iter().enumerate() {
            rows[*place as usize] = row as u32;
        }
        rows.into()
    }
}

/// Gathers columns of some batches, a few at a time.
pub(super) struct Gatherer<'a> {
    batches: &'a [&'a RecordBatch],
    places: &'a Places,
    /// What the groups look like; every column may have missing values.
    schema: SchemaRef,
    /// The row at every place, once it is needed.
    rows: OnceCell<UInt32Array>,
    /// Memory of columns that were let go, for the next ones: from the system it comes page by page, which takes longer
    /// than to fill it.
    spare: Vec<Vec<f64>>,
}

impl<'a> Gatherer<'a> {
    pub(super) fn new(batches: &'a [&'a RecordBatch], places: &'a Places, schema: &Schema) -> Self {
        let nullable = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
        let schema = Arc::new(Schema::new(nullable.collect::<Vec<_>>()));
        Self { batches, places, schema, rows: OnceCell::new(), spare: Vec::new() }
    }

    /// The columns at these positions of the schema.
    pub(super) fn gather(&mut self, read: impl IntoIterator<Item = usize>) -> Result<BTreeMap<usize, ArrayRef>> {
        read.into_iter().map(|at| Ok((at, self.column(at)?))).collect()
    }

    fn column(&mut self, at: usize) -> Result<ArrayRef> {
        let pieces: Vec<&dyn Array> = self.batches.iter().map(|batch| batch.column(at).as_ref()).collect();
        match self.schema.field(at).data_type() {
            DataType::Float64 => Ok(Arc::new(self.numbers(&pieces))),
            kind if pieces.is_empty() => Ok(new_null_array(kind, 0)),
            _ => Ok(take(&concat(&pieces)?, self.rows.get_or_init(|| self.places.rows()), None)?),
        }
    }

    /// Every value is written to its place at once; nothing is put together first.
    fn numbers(&mut self, pieces: &[&dyn Array]) -> Float64Array {
        let mut places = self.places.of_rows.as_slice();
        let mut values = self.spare.pop().unwrap_or_else(|| vec![0.0; places.len()]);
        let mut valid = None;
        for piece in pieces.iter().map(|piece| piece.as_primitive::<Float64Type>()) {
            let (here, after) = places.split_at(piece.len());
            for (value, place) in piece.values().iter().zip(here) {
                values[*place as usize] = *value;
            }
            if let Some(nulls) = piece.nulls().filter(|nulls| nulls.null_count() > 0) {
                let valid = valid.get_or_insert_with(|| all_valid(values.len()));
                let missing = nulls.iter().zip(here).filter(|(valid, _)| !valid);
                missing.for_each(|(_, place)| valid.set_bit(*place as usize, false));
            }
            places = after;
        }
        Float64Array::new(values.into(), valid.map(|mut valid| NullBuffer::new(valid.finish())))
    }

    /// The rows of each key. Columns that were not gathered have no values.
    pub(super) fn groups(&self, gathered: &BTreeMap<usize, ArrayRef>) -> Result<Vec<RecordBatch>> {
        let largest = self.places.sizes.iter().copied().max().unwrap_or(0);
        let without: Vec<ArrayRef> =
            self.schema.fields().iter().map(|field| new_null_array(field.data_type(), largest)).collect();
        let mut start = 0;
        let group = self.places.sizes.iter().map(|&size| {
            let column = |(at, without): (usize, &ArrayRef)| match gathered.get(&at) {
                Some(column) => column.slice(start, size),
                None => without.slice(0, size),
            };
            let columns = without.iter().enumerate().map(column).collect();
            start += size;
            Ok(RecordBatch::try_new(self.schema.clone(), columns)?)
        });
        group.collect()
    }

    /// Takes back the memory of columns, unless somebody still reads it.
    pub(super) fn let_go(&mut self, gathered: BTreeMap<usize, ArrayRef>) {
        for column in gathered.into_values() {
            let Some(values) = column.as_primitive_opt::<Float64Type>().map(|column| column.values().clone()) else {
                continue;
            };
            drop(column);
            self.spare.extend(values.into_inner().into_vec());
        }
    }
}

fn all_valid(rows: usize) -> BooleanBufferBuilder {
    let mut valid = BooleanBufferBuilder::new(rows);
    valid.append_n(rows, true);
    valid
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Int32Array, StringArray};
    use datafusion::arrow::compute::{concat_batches, filter_record_batch};
    use datafusion::arrow::datatypes::Int32Type;
    use datafusion::physical_expr::expressions::Column;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Batches of different lengths that begin within their arrays; keys, numbers and texts with and without missing values.
    fn some_batches(rng: &mut StdRng) -> Vec<RecordBatch> {
        let keys = rng.random_range(1..9);
        let missing = [0.0, 0.3, 1.0][rng.random_range(0..3)];
        let batch = |rng: &mut StdRng| {
            let rows = rng.random_range(0..40);
            let there: Vec<bool> = (0..rows).map(|_| !rng.random_bool(missing)).collect();
            let key: Int32Array = (0..rows).map(|_| rng.random_bool(0.9).then(|| rng.random_range(0..keys))).collect();
            let x: Float64Array = there.iter().map(|there| there.then(|| rng.random::<f64>())).collect();
            let name: StringArray = there.iter().map(|there| there.then(|| rng.random::<u8>().to_string())).collect();
            let columns: [(_, ArrayRef); 3] = [("key", Arc::new(key)), ("x", Arc::new(x)), ("name", Arc::new(name))];
            let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)));
            let from = rng.random_range(0..=rows);
            batch.unwrap().slice(from, rows - from)
        };
        (0..rng.random_range(1..6)).map(|_| batch(rng)).collect()
    }

    #[test]
    fn groups_are_the_rows_of_each_key_in_their_order() {
        for seed in 0..200 {
            let batches = some_batches(&mut StdRng::seed_from_u64(seed));
            let schema = batches[0].schema();
            let whole = concat_batches(&schema, &batches).unwrap();
            let batches: Vec<&RecordBatch> = batches.iter().collect();
            let key: Arc<dyn PhysicalExpr> = Arc::new(Column::new("key", 0));
            let places = Places::new(&[key], &batches, &schema).unwrap();
            let mut gatherer = Gatherer::new(&batches, &places, &schema);
            // The second time with the memory of the first.
            for round in 0..2 {
                let gathered = gatherer.gather([0, 1, 2]).unwrap();
                let mut seen = 0;
                for group in gatherer.groups(&gathered).unwrap() {
                    let keys = |batch: &RecordBatch| batch.column(0).as_primitive::<Int32Type>().clone();
                    let key = keys(&group).iter().next().unwrap();
                    let here = keys(&whole).iter().map(|other| Some(other == key)).collect();
                    assert_eq!(group, filter_record_batch(&whole, &here).unwrap(), "seed {seed}, round {round}");
                    seen += group.num_rows();
                }
                assert_eq!(seen, whole.num_rows(), "seed {seed}");
                gatherer.let_go(gathered);
                assert!(seen == 0 || gatherer.spare.len() == 1, "seed {seed}, round {round}");
            }
        }
    }

    #[test]
    fn memory_that_is_still_read_is_not_taken_back() {
        let x: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]));
        let batch = RecordBatch::try_from_iter([("x", x)]).unwrap();
        let batches = [&batch];
        let places = Places { of_rows: vec![2, 0, 1], sizes: vec![3] };
        let mut gatherer = Gatherer::new(&batches, &places, &batch.schema());
        let gathered = gatherer.gather([0]).unwrap();
        let read = gathered[&0].slice(1, 2);
        gatherer.let_go(gathered);
        assert!(gatherer.spare.is_empty());
        gatherer.gather([0]).unwrap();
        assert_eq!(read.as_primitive::<Float64Type>().values(), &[3.0, 1.0]);
    }
}

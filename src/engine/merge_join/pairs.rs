//! Rows of the left side with their partners, and what they are as columns.

use datafusion::arrow::array::RecordBatchOptions;
use datafusion::arrow::array::{Array, ArrayData, ArrayRef, MutableArrayData, RecordBatch, make_array, new_null_array};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result;

/// Pairs of rows, as stretches: of one left batch, and of the right batches that its partners are in.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Each with the number that it has among all of the right side.
    partners: Vec<(usize, RecordBatch)>,
    stretches: Vec<Stretch>,
}

/// Rows that follow each other, on both sides.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    row: usize,
    len: usize,
    /// The batch of the partners among `partners`, and the first of them; none for rows without partners.
    partner: Option<(usize, usize)>,
}

impl Pairs {
    /// Rows with partners, one each, in a batch of this number.
    pub(super) fn add(&mut self, row: usize, number: usize, batch: &RecordBatch, from: usize, len: usize) {
        let at = self.partners.iter().rposition(|(known, _)| *known == number).unwrap_or_else(|| {
            self.partners.push((number, batch.clone()));
            self.partners.len() - 1
        });
        self.push(Stretch { row, len, partner: Some((at, from)) });
    }

    /// A row without partners, if those come out.
    pub(super) fn add_alone_if(&mut self, all: bool, row: usize) {
        if all {
            self.push(Stretch { row, len: 1, partner: None });
        }
    }

    /// How many batches the partners are in.
    pub(super) fn batches(&self) -> usize {
        self.partners.len()
    }

    pub(super) fn len(&self) -> usize {
        self.stretches.iter().map(|stretch| stretch.len).sum()
    }

    fn push(&mut self, next: Stretch) {
        if let Some(last) = self.stretches.last_mut() {
            let follows = match (last.partner, next.partner) {
                (None, None) => true,
                (Some((batch, from)), Some((next_batch, next_from))) => {
                    batch == next_batch && from + last.len == next_from
                }
                _ => false,
            };
            if follows && last.row + last.len == next.row {
                last.len += next.len;
                return;
            }
        }
        self.stretches.push(next);
    }

    /// The columns of the left batch, then those of the partners.
    pub(super) fn rows(&self, left: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
        let left_columns = left.columns().iter().map(|column| self.of_left(column));
        let right_fields = schema.fields().iter().skip(left.num_columns()).enumerate();
        let right_columns = right_fields.map(|(at, field)| {
            let sources = self.partners.iter().map(|(_, batch)| batch.column(at)).collect::<Vec<_>>();
            match sources.as_slice() {
                [] => Ok(new_null_array(field.data_type(), self.len())),
                sources => self.of_partners(sources),
            }
        });
        let options = RecordBatchOptions::new().with_row_count(Some(self.len()));
        let columns = left_columns.chain(right_columns).collect::<Result<_>>()?;
        Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
    }

    fn of_left(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let stretches = self.stretches.as_slice();
        let unbroken = stretches.windows(2).all(|pair| pair[0].row + pair[0].len == pair[1].row);
        match (unbroken, stretches.first()) {
            (true, Some(first)) => Ok(column.slice(first.row, self.len())),
            _ => gathered(&[column], self.len(), stretches.iter().map(|s| (Some((0, s.row)), s.len))),
        }
    }

    fn of_partners(&self, columns: &[&ArrayRef]) -> Result<ArrayRef> {
        match self.stretches.as_slice() {
            [Stretch { partner: Some((batch, from)), len, .. }] => Ok(columns[*batch].slice(*from, *len)),
            stretches => gathered(columns, self.len(), stretches.iter().map(|s| (s.partner, s.len))),
        }
    }
}

/// Stretches of arrays, one after the other; NULL for those of none.
fn gathered(
    sources: &[&ArrayRef],
    rows: usize,
    stretches: impl Iterator<Item = (Option<(usize, usize)>, usize)>,
) -> Result<ArrayRef> {
    let data: Vec<ArrayData> = sources.iter().map(|source| source.to_data()).collect();
    let mut gathered = MutableArrayData::new(data.iter().collect(), true, rows);
    for (source, len) in stretches {
        match source {
            Some((source, from)) => gathered.try_extend(source, from, from + len)?,
            None => gathered.try_extend_nulls(len)?,
        }
    }
    Ok(make_array(gathered.freeze()))
}

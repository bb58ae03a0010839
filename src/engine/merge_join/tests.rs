//! Pairs of random rows, in batches of any size, against every row compared with every other.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{executor::block_on, stream};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::partners::Partners;
use crate::engine::keys::Keys;

type Row = (Option<&'static str>, Option<i32>, i64);

/// Rows by ticker and date, missing ones last, each with a number of its own.
fn some_rows(rng: &mut StdRng) -> Vec<Row> {
    let missing = [0.0, 0.1][rng.random_range(0..2)];
    let dates = rng.random_range(1..30);
    let mut rows: Vec<Row> = (0..rng.random_range(0..60))
        .map(|_| {
            let ticker = ["A", "B", "BB", "C"][rng.random_range(0..4)];
            let there = |rng: &mut StdRng| !rng.random_bool(missing);
            (there(rng).then_some(ticker), there(rng).then_some(rng.random_range(0..dates)), 0)
        })
        .collect();
    rows.sort_by_key(|(ticker, date, _)| (ticker.is_none(), *ticker, date.is_none(), *date));
    if rng.random_bool(0.5) {
        rows.dedup();
    }
    rows.iter_mut().enumerate().for_each(|(at, row)| row.2 = at as i64);
    rows
}

fn batch(rows: &[Row], names: [&str; 3]) -> RecordBatch {
    let columns: [ArrayRef; 3] = [
        Arc::new(rows.iter().map(|row| row.0).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.1).collect::<Date32Array>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<Int64Array>()),
    ];
    RecordBatch::try_from_iter_with_nullable(names.into_iter().zip(columns).map(|(name, column)| (name, column, true)))
        .unwrap()
}

/// The rows cut anywhere, empty batches among them.
fn cut(rng: &mut StdRng, rows: &[Row], names: [&str; 3]) -> Vec<RecordBatch> {
    let (mut batches, mut from) = (Vec::new(), 0);
    while from < rows.len() {
        let to = rows.len().min(from + rng.random_range(0..12));
        batches.push(batch(&rows[from..to], names));
        from = to;
    }
    batches
}

#[test]
fn every_pair_and_no_other() {
    const LEFT: [&str; 3] = ["ticker", "date", "n"];
    const RIGHT: [&str; 3] = ["its_ticker", "its_date", "its_n"];
    for seed in 0..20_000 {
        let mut rng = StdRng::seed_from_u64(seed);
        let (left, right) = (some_rows(&mut rng), some_rows(&mut rng));
        let all = rng.random_bool(0.5);

        let empty = batch(&[], RIGHT);
        let batches = cut(&mut rng, &right, RIGHT);
        let rows = RecordBatchStreamAdapter::new(empty.schema(), stream::iter(batches.into_iter().map(Ok)));
        let mut partners = Partners::new(Box::pin(rows), [0, 1]);
        let fields =
            batch(&[], LEFT).schema().fields().iter().chain(empty.schema().fields()).cloned().collect::<Vec<_>>();
        let schema = Arc::new(datafusion::arrow::datatypes::Schema::new(fields));
        let mut found = Vec::new();
        for batch in cut(&mut rng, &left, LEFT) {
            let (keys, mut row) = (Keys::of(&batch, [0, 1]).unwrap(), 0);
            while row < keys.len() {
                let (pairs, next) = block_on(partners.of(&keys, row, all)).unwrap();
                found.push(pairs.rows(&batch, &schema).unwrap());
                row = next;
            }
        }

        let equal = |a: &Row, b: &Row| a.0.is_some() && a.1.is_some() && (a.0, a.1) == (b.0, b.1);
        let mut expected: Vec<(Row, Option<Row>)> = Vec::new();
        for row in &left {
            let its = right.iter().filter(|other| equal(row, other));
            let before = expected.len();
            expected.extend(its.map(|other| (*row, Some(*other))));
            if all && expected.len() == before {
                expected.push((*row, None));
            }
        }
        let ours = batch(&expected.iter().map(|pair| pair.0).collect::<Vec<_>>(), LEFT);
        let column = |at: usize| -> ArrayRef {
            let its = expected.iter().map(|pair| pair.1);
            match at {
                0 => Arc::new(its.map(|row| row.and_then(|row| row.0)).collect::<StringArray>()),
                1 => Arc::new(its.map(|row| row.and_then(|row| row.1)).collect::<Date32Array>()),
                _ => Arc::new(its.map(|row| row.map(|row| row.2)).collect::<Int64Array>()),
            }
        };
        let columns = ours.columns().iter().cloned().chain((0..3).map(column)).collect();
        let expected = RecordBatch::try_new(schema.clone(), columns).unwrap();
        let found = datafusion::arrow::compute::concat_batches(&schema, &found).unwrap();
        assert_eq!(
            found,
            expected,
            "seed {seed}\n{}\n{}",
            pretty_format_batches(std::slice::from_ref(&found)).unwrap(),
            pretty_format_batches(std::slice::from_ref(&expected)).unwrap()
        );
    }
}

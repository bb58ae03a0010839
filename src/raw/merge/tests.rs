use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Float64Array, Int32Array, StringArray};
use datafusion::arrow::compute::{SortColumn, lexsort_to_indices, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema};
use rand::Rng;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

/// A row of `actions`-like data: a key of text that may be NULL, then three further columns.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    key: (Option<&'static str>, Option<i32>),
    updated: Option<i32>,
    x: Option<i32>,
    y: Option<i32>,
    origin: i32,
}

/// What a file of each set has besides the key: (lastupdated, x, y).
const SETS: [(bool, bool, bool); 4] =
    [(true, true, true), (true, true, false), (false, true, true), (true, false, true)];

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("ticker", DataType::Utf8, true),
        Field::new("n", DataType::Int32, true),
        Field::new("lastupdated", DataType::Date32, true),
        Field::new("x", DataType::Float64, true),
        Field::new("y", DataType::Int32, true),
    ]))
}

fn plan() -> MergePlan {
    let sets = SETS.map(|(updated, x, y)| {
        let names = [("lastupdated", updated), ("x", x), ("y", y)];
        let names = names.iter().filter(|(_, present)| *present).map(|(name, _)| *name);
        let fields = ["ticker", "n"].into_iter().chain(names);
        Arc::new(Schema::new(fields.map(|name| schema().field_with_name(name).unwrap().clone()).collect::<Vec<_>>()))
    });
    MergePlan::new(schema(), &["ticker", "n"], Some("lastupdated"), &sets).unwrap()
}

/// The rows in the order of the merge: by key, NULL last, and within a key as they came.
fn to_batch(rows: &[Row]) -> RecordBatch {
    let schema = schema();
    let fields = schema.fields().iter().cloned().chain([Arc::new(Field::new(ORIGIN, DataType::Int32, false))]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|r| r.key.0).collect::<StringArray>()),
        Arc::new(rows.iter().map(|r| r.key.1).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|r| r.updated).collect::<Date32Array>()),
        Arc::new(rows.iter().map(|r| r.x.map(f64::from)).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|r| r.y).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|r| r.origin).collect::<Int32Array>()),
    ];
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns).unwrap();
    let arrival: ArrayRef = Arc::new(Int32Array::from_iter_values(0..rows.len() as i32));
    let options = datafusion::arrow::compute::SortOptions { descending: false, nulls_first: false };
    let by = [batch.column(0).clone(), batch.column(1).clone(), arrival]
        .map(|values| SortColumn { values, options: Some(options) });
    take_record_batch(&batch, &lexsort_to_indices(&by, None).unwrap()).unwrap()
}

/// Whether a key column is present, and its value; NULL equals NULL.
type Key = (bool, String, bool, i32);

/// One row after the other into a map.
fn naive(rows: &[Row]) -> (BTreeMap<Key, Row>, Counts) {
    let mut now = BTreeMap::new();
    let mut before = BTreeMap::new();
    let mut counts = Counts::default();
    for row in rows {
        let (ticker, n) = row.key;
        let key = (ticker.is_none(), ticker.unwrap_or("").to_owned(), n.is_none(), n.unwrap_or(0));
        if row.origin == STORED {
            before.insert(key.clone(), row.clone());
        } else {
            counts.landed += 1;
        }
        let Some(held) = now.get_mut(&key) else {
            now.insert(key, Row { origin: 0, ..row.clone() });
            continue;
        };
        if let (Some(held), Some(new)) = (held.updated, row.updated)
            && new < held
        {
            continue;
        }
        let (updated, x, y) = SETS[row.origin as usize];
        if updated {
            held.updated = row.updated;
        }
        if x {
            held.x = row.x;
        }
        if y {
            held.y = row.y;
        }
    }
    for (key, row) in &now {
        let landed = rows.iter().any(|r| r.key == row.key && r.origin != STORED);
        match before.get(key) {
            None => counts.inserted += 1,
            Some(_) if !landed => {}
            Some(old) if (old.updated, old.x, old.y) == (row.updated, row.x, row.y) => counts.unchanged += 1,
            Some(_) => counts.updated += 1,
        }
    }
    (now, counts)
}

fn merge(plan: &MergePlan, sorted: &RecordBatch, mut cut: impl FnMut() -> usize) -> (RecordBatch, Counts) {
    let mut merger = Merger::new(plan);
    let mut out = Vec::new();
    let mut at = 0;
    while at < sorted.num_rows() {
        let length = cut().min(sorted.num_rows() - at);
        out.extend(merger.push(&sorted.slice(at, length)).unwrap());
        at += length;
    }
    out.extend(merger.finish().unwrap());
    (concat_batches(&plan.schema, &out).unwrap(), merger.counts())
}

fn random_row(random: &mut StdRng, origin: i32) -> Row {
    let tickers = [None, Some("A"), Some("B"), Some("NA"), Some("ZZ")];
    let mut maybe = |most: i32| {
        let value = random.random_range(-1..most);
        (value >= 0).then_some(value)
    };
    let (n, updated, x, y) = (maybe(4), maybe(3), maybe(2), maybe(2));
    let (has_updated, has_x, has_y) = usize::try_from(origin).map_or((true, true, true), |set| SETS[set]);
    Row {
        key: (tickers[random.random_range(0..tickers.len())], n),
        updated: updated.filter(|_| has_updated),
        x: x.filter(|_| has_x),
        y: y.filter(|_| has_y),
        origin,
    }
}

#[test]
fn agrees_with_one_row_after_the_other() {
    let plan = plan();
    assert_eq!(plan.groups.len(), 4, "the key, lastupdated, x and y are supplied by different sets");
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..2000 {
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..random.random_range(0..12) {
            let row = random_row(&mut random, STORED);
            // A key is stored once.
            if rows.iter().all(|other| other.key != row.key) {
                rows.push(row);
            }
        }
        for _ in 0..random.random_range(0..25) {
            let set = random.random_range(0..SETS.len()) as i32;
            rows.push(random_row(&mut random, set));
        }
        let (expected, expected_counts) = naive(&rows);
        let (merged, counts) = merge(&plan, &to_batch(&rows), || random.random_range(1..6));
        assert_eq!(counts, expected_counts, "{rows:#?}");
        let expected: Vec<Row> = expected.into_values().collect();
        let expected = to_batch(&expected).project(&[0, 1, 2, 3, 4]).unwrap();
        assert_eq!(merged, expected, "{rows:#?}");
    }
}

/// A complete answer: what is stored in its window and not in the files goes, and nothing else changes.
#[test]
fn a_window_removes_what_the_files_do_not_have() {
    let plan = plan().within(Some(Window::Tickers(["A".to_owned(), "NA".to_owned()].into())));
    let mut random = StdRng::seed_from_u64(2);
    let mut removed = 0;
    for _ in 0..1000 {
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..random.random_range(0..12) {
            let row = random_row(&mut random, STORED);
            if rows.iter().all(|other| other.key != row.key) {
                rows.push(row);
            }
        }
        for _ in 0..random.random_range(0..8) {
            rows.push(random_row(&mut random, 0));
        }
        let (mut expected, mut expected_counts) = naive(&rows);
        let landed = |key| rows.iter().any(|row| row.key == key && row.origin != STORED);
        let before = expected.len();
        expected.retain(|_, row| !matches!(row.key.0, Some("A" | "NA")) || landed(row.key));
        expected_counts.removed = (before - expected.len()) as u64;
        removed += expected_counts.removed;
        let (merged, counts) = merge(&plan, &to_batch(&rows), || random.random_range(1..6));
        assert_eq!(counts, expected_counts, "{rows:#?}");
        let expected: Vec<Row> = expected.into_values().collect();
        assert_eq!(merged, to_batch(&expected).project(&[0, 1, 2, 3, 4]).unwrap(), "{rows:#?}");
    }
    assert!(removed > 1000, "{removed}");
}

fn row(updated: Option<i32>, x: i32, origin: i32) -> Row {
    Row { key: (Some("A"), Some(1)), updated, x: Some(x), y: Some(x), origin }
}

fn x_of(rows: &[Row]) -> (f64, Counts) {
    let (merged, counts) = merge(&plan(), &to_batch(rows), || 100);
    assert_eq!(merged.num_rows(), 1);
    (merged.column(3).as_primitive::<Float64Type>().value(0), counts)
}

#[test]
fn an_older_row_never_replaces_a_newer_one() {
    let (x, counts) = x_of(&[row(Some(5), 1, STORED), row(Some(4), 2, 0)]);
    assert_eq!((x, counts.changes(), counts.unchanged), (1.0, 0, 1));
}

#[test]
fn on_the_same_day_the_later_row_wins() {
    let (x, counts) = x_of(&[row(Some(5), 1, STORED), row(Some(5), 2, 0), row(Some(5), 3, 0)]);
    assert_eq!((x, counts.updated, counts.landed), (3.0, 1, 2));
}

#[test]
fn a_row_without_a_date_wins() {
    let (x, counts) = x_of(&[row(Some(5), 1, STORED), row(None, 2, 0)]);
    assert_eq!((x, counts.updated), (2.0, 1));
}

#[test]
fn a_key_of_a_thousand_rows_over_many_batches() {
    let rows: Vec<Row> = (0..1000).map(|n| row(Some(n % 10), n, 0)).collect();
    let (merged, counts) = merge(&plan(), &to_batch(&rows), || 7);
    assert_eq!(merged.column(3).as_primitive::<Float64Type>().value(0), 999.0);
    assert_eq!((merged.num_rows(), counts.inserted, counts.landed), (1, 1, 1000));
}

//! Column bounds of a data file: from Parquet footers into the Delta log, and from the log to the planner.
//!
//! The log's form is the Delta protocol's "Per-file Statistics": `{"numRecords": n, "minValues": {…}, "maxValues": {…},
//! "nullCount": {…}}`. Types without a natural order in JSON carry a null count only.
//!
//! A program that opens a table parses this JSON of all files, to skip those of other tickers and dates. The bounds of numbers
//! let it skip none, as each file has small and large ones, and of a matrix they are nearly all: they stand apart, as a text
//! ([`Bounds`]) of which a query parses what it asks for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// Statistics as the Delta log stores them.
pub(super) fn to_json(schema: &Schema, statistics: &Statistics) -> String {
    let (mut min, mut max, mut nulls) = (Map::new(), Map::new(), Map::new());
    for (field, column) in schema.fields().iter().zip(&statistics.column_statistics) {
        if let Some(value) = column.min_value.get_value().and_then(scalar_to_json) {
            min.insert(field.name().clone(), value);
        }
        if let Some(value) = column.max_value.get_value().and_then(scalar_to_json) {
            max.insert(field.name().clone(), value);
        }
        if let Some(count) = column.null_count.get_value() {
            nulls.insert(field.name().clone(), json!(count));
        }
    }
    let rows = statistics.num_rows.get_value().copied().unwrap_or(0);
    json!({"numRecords": rows, "minValues": min, "maxValues": max, "nullCount": nulls}).to_string()
}

/// The log's form. Values are parsed as the type of their column asks.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Logged<'a> {
    num_records: Option<usize>,
    #[serde(borrow)]
    min_values: Values<'a>,
    #[serde(borrow)]
    max_values: Values<'a>,
    #[serde(borrow)]
    null_count: Values<'a>,
}

/// Values by column.
type Values<'a> = Option<HashMap<Cow<'a, str>, &'a RawValue>>;

/// Statistics from the Delta log, one entry per field of `schema`; whatever the log does not say is unknown.
pub(super) fn from_json(schema: &Schema, text: Option<&str>) -> Statistics {
    let logged: Logged = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let columns = schema.fields().iter().map(|field| {
        let scalar = |values: &Values<'_>| json_to_scalar(json_of(values, field)?, field.data_type());
        let mut column = ColumnStatistics::new_unknown();
        column.null_count = count(json_of(&logged.null_count, field).and_then(|nulls| nulls.parse().ok()));
        column.min_value = bound(scalar(&logged.min_values));
        column.max_value = bound(scalar(&logged.max_values));
        column
    });
    Statistics {
        num_rows: count(logged.num_records),
        // The size of the file says little about that of the decoded rows; the planner then goes by their number.
        total_byte_size: Precision::Absent,
        column_statistics: columns.collect(),
    }
}

/// Bounds and null counts of numbers. A column has four words: minimum, maximum, null count, and its name; what is not known is
/// a `-`. They end with `|`, which JSON need not escape.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds(String);

impl Bounds {
    /// Takes them out of a file's statistics.
    pub(super) fn take(schema: &Schema, statistics: &mut Statistics) -> Self {
        let word = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let number = |bound: &Precision<ScalarValue>| word(bound.get_value().and_then(scalar_to_text));
        let columns = schema.fields().iter().zip(&mut statistics.column_statistics);
        let text = columns.filter(|(field, _)| stands_apart(field)).map(|(field, column)| {
            let column = std::mem::replace(column, ColumnStatistics::new_unknown());
            let nulls = word(column.null_count.get_value().map(usize::to_string));
            format!("{} {} {nulls} {}|", number(&column.min_value), number(&column.max_value), field.name())
        });
        Self(text.collect())
    }

    /// As it stands in the log.
    pub(super) fn from_log(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Adds to the statistics of a file what is known of these columns.
    pub(super) fn add_to(&self, statistics: &mut Arc<Statistics>, schema: &Schema, columns: &HashSet<usize>) {
        let numbers = columns.iter().filter(|at| stands_apart(schema.field(**at)));
        let asked: HashMap<&str, usize> = numbers.map(|&at| (schema.field(at).name().as_str(), at)).collect();
        if asked.is_empty() {
            return;
        }
        let statistics = Arc::make_mut(statistics);
        for line in self.0.split_terminator('|') {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            let [min, max, nulls, name] = words[..] else { continue };
            let Some(&at) = asked.get(name) else { continue };
            let bound = |text: &str| bound(json_to_scalar(text, schema.field(at).data_type()));
            statistics.column_statistics[at] = ColumnStatistics {
                null_count: count(nulls.parse().ok()),
                min_value: bound(min),
                max_value: bound(max),
                ..ColumnStatistics::new_unknown()
            };
        }
    }
}

/// Whether a column is among the [`Bounds`].
fn stands_apart(field: &Field) -> bool {
    let is_number = field.data_type().is_signed_integer() || field.data_type().is_floating();
    is_number && !field.name().contains(['|', '"', '\\'])
}

fn count(count: Option<usize>) -> Precision<usize> {
    count.map_or(Precision::Absent, Precision::Exact)
}

/// Text bounds may be cut short by the writer; they still bound.
fn bound(value: Option<ScalarValue>) -> Precision<ScalarValue> {
    value.map_or(Precision::Absent, Precision::Inexact)
}

fn json_of<'a>(values: &Values<'a>, field: &Field) -> Option<&'a str> {
    values.as_ref()?.get(field.name().as_str()).map(|value| value.get())
}

/// A number in the shortest form that gives it back.
fn scalar_to_text(value: &ScalarValue) -> Option<String> {
    match value {
        ScalarValue::Float64(Some(x)) => x.is_finite().then(|| format!("{x:e}")),
        ScalarValue::Float32(Some(x)) => x.is_finite().then(|| format!("{x:e}")),
        whole => scalar_to_json(whole).map(|number| number.to_string()),
    }
}

fn scalar_to_json(value: &ScalarValue) -> Option<Value> {
    match value {
        v if v.is_null() => None,
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => Some(json!(text)),
        ScalarValue::Boolean(Some(flag)) => Some(json!(flag)),
        ScalarValue::Float64(Some(x)) => x.is_finite().then(|| json!(x)),
        ScalarValue::Float32(Some(x)) => x.is_finite().then(|| json!(x)),
        ScalarValue::Int8(_) | ScalarValue::Int16(_) | ScalarValue::Int32(_) | ScalarValue::Int64(_) => {
            value.to_string().parse::<i64>().ok().map(|n| json!(n))
        }
        ScalarValue::Date32(_) => Some(json!(value.to_string())),
        _ => None,
    }
}

/// A JSON string, number or boolean as a value of this type. Opening a matrix of 158 columns in forty files parses twelve
/// thousand, most of them doubles, and the general way through an array of one takes as long as all the rest.
fn json_to_scalar(json: &str, data_type: &DataType) -> Option<ScalarValue> {
    if data_type == &DataType::Float64 {
        return json.parse().ok().map(|x| ScalarValue::Float64(Some(x)));
    }
    let text = match serde_json::from_str(json).ok()? {
        Value::String(text) => text,
        Value::Number(_) | Value::Bool(_) => json.to_owned(),
        _ => return None,
    };
    ScalarValue::try_from_string(text, data_type).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_survive_the_log() {
        let schema = Schema::new(vec![
            Field::new("ticker", DataType::Utf8, true),
            Field::new("date", DataType::Date32, true),
            Field::new("x", DataType::Float64, true),
            Field::new("n", DataType::Int64, true),
        ]);
        let values = [
            (ScalarValue::from("A"), ScalarValue::from("ZZ")),
            (ScalarValue::Date32(Some(0)), ScalarValue::Date32(Some(20_000))),
            (ScalarValue::Float64(Some(-1.5)), ScalarValue::Float64(Some(1e300))),
            (ScalarValue::Int64(Some(-7)), ScalarValue::Int64(Some(i64::MAX))),
        ];
        let column = |(min, max): &(ScalarValue, ScalarValue)| {
            let mut column = ColumnStatistics::new_unknown();
            column.min_value = Precision::Inexact(min.clone());
            column.max_value = Precision::Inexact(max.clone());
            column.null_count = Precision::Exact(3);
            column
        };
        let statistics = Statistics {
            num_rows: Precision::Exact(10),
            total_byte_size: Precision::Absent,
            column_statistics: values.iter().map(column).collect(),
        };
        assert_eq!(from_json(&schema, Some(&to_json(&schema, &statistics))), statistics);
        let mut others = statistics.clone();
        let bounds = Bounds::take(&schema, &mut others);
        let text = to_json(&schema, &others);
        assert!(
            text.contains("ticker") && text.contains("date") && !text.contains("\"x\"") && !text.contains("\"n\""),
            "{text}"
        );
        let mut logged = Arc::new(from_json(&schema, Some(&text)));
        Bounds::from_log(bounds.as_str()).add_to(&mut logged, &schema, &(0..4).collect());
        assert_eq!(*logged, statistics);
    }

    #[test]
    fn only_columns_that_are_asked_for_are_parsed() {
        let field = |name| Field::new(name, DataType::Float64, true);
        let schema = Schema::new(vec![field("a b"), field("c"), field("d|e"), Field::new("f", DataType::Int8, true)]);
        let column = |min: ScalarValue, max: ScalarValue, nulls| {
            let mut column = ColumnStatistics::new_unknown();
            (column.min_value, column.max_value) = (Precision::Inexact(min), Precision::Inexact(max));
            column.null_count = nulls;
            column
        };
        let number = |x: f64| ScalarValue::Float64(Some(x));
        let columns = vec![
            column(number(-0.0), number(5e-324), Precision::Exact(0)),
            column(number(f64::MIN), number(f64::MAX), Precision::Absent),
            column(number(1.0), number(2.0), Precision::Exact(7)),
            column(ScalarValue::Int8(Some(-1)), ScalarValue::Int8(Some(1)), Precision::Exact(3)),
        ];
        let statistics = Statistics { column_statistics: columns, ..Statistics::new_unknown(&schema) };
        let bounds = Bounds::take(&schema, &mut statistics.clone());
        assert_eq!(bounds.as_str(), format!("-0e0 5e-324 0 a b|{:e} {:e} - c|-1 1 3 f|", f64::MIN, f64::MAX));
        let mut found = Arc::new(Statistics::new_unknown(&schema));
        bounds.add_to(&mut found, &schema, &HashSet::from([0, 2, 3]));
        let unknown = ColumnStatistics::new_unknown();
        let expected = [&statistics.column_statistics[0], &unknown, &unknown, &statistics.column_statistics[3]];
        assert_eq!(found.column_statistics.iter().collect::<Vec<_>>(), expected);
        // A text that is none, such as another program might write, says nothing.
        Bounds::from_log("1 2|| x y z c|1 2 3 unknown|").add_to(&mut found, &schema, &HashSet::from([1]));
        assert_eq!(
            (&found.column_statistics[1].min_value, &found.column_statistics[1].null_count),
            (&Precision::Absent, &Precision::Absent)
        );
    }

    #[test]
    fn what_the_log_does_not_say_is_unknown() {
        let schema = Schema::new(vec![Field::new("x", DataType::Float64, true)]);
        for text in [None, Some(""), Some("{}"), Some("{\"minValues\":{\"x\":null}}")] {
            let column = &from_json(&schema, text).column_statistics[0];
            assert_eq!(column, &ColumnStatistics::new_unknown());
        }
        // Other programs leave out more, or say more.
        let text = r#"{"numRecords":7,"minValues":null,"maxValues":{"x":"high","y":{"z":1}},"nullCount":{"x":2},"tightBounds":true}"#;
        let statistics = from_json(&schema, Some(text));
        let column = &statistics.column_statistics[0];
        assert_eq!((statistics.num_rows, column.null_count), (Precision::Exact(7), Precision::Exact(2)));
        assert_eq!((&column.min_value, &column.max_value), (&Precision::Absent, &Precision::Absent));
    }
}

//! One dataset in two lakes: what was said in the past, and what is said now.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{Verdict, is_date};
use crate::audit::Result;
use crate::audit::header::role;
use crate::engine::Engine;
use crate::lake::{Lake, Snapshot};
use crate::pipeline::{Pipeline, Role};

/// How far two floats may be apart, as a share of the larger one. Sums over a date add the same terms in an order that
/// depends on how the rows were dealt to the cores, so the last bits differ; a value that knows more differs by far more.
const RELATIVE: f64 = 1e-12;
/// And as a share of the largest value of the column, for values that are differences of much larger ones.
const OF_LARGEST: f64 = 1e-14;
/// Where the rows say whether their ticker is a member.
const MEMBERSHIP: &str = "sep_base_academic";

/// The first place where past and present disagree.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Every column in which some row disagrees; `(row)` if one side does not have a row.
    pub columns: Vec<String>,
    /// How many rows disagree in the first of them; the rest is about that one too.
    pub rows: u64,
    /// The first key, `ticker=A date=2024-01-31`.
    pub key: String,
    /// What was said in the past.
    pub then: String,
    /// What is said now.
    pub now: String,
}

/// Compares the rows dated up to `as_of`; returns how many there were.
pub(super) async fn compare(
    engine: &Engine,
    past: &Lake,
    pipeline: &Pipeline,
    dataset: &str,
    as_of: NaiveDate,
) -> Result<(u64, Verdict)> {
    let (Some(now), Some(then)) = (engine.lake().snapshot(dataset).await?, past.snapshot(dataset).await?) else {
        return Ok((0, Verdict::NotCompared("not built")));
    };
    let key = now.layout().sort.clone();
    let dated = now.schema().field_with_name("date").is_ok_and(|field| is_date(field.data_type()));
    match role(pipeline, dataset) {
        Some(Role::Snapshot) => return Ok((0, Verdict::NotCompared("of the last date only"))),
        _ if !dated => return Ok((0, Verdict::NotCompared("has no dates"))),
        _ if !key.iter().any(|column| column == "date") => return Ok((0, Verdict::NotCompared("not ordered by date"))),
        _ => {}
    }
    let targets = targets(engine.lake(), pipeline, &now).await?;
    let members = engine.lake().snapshot(MEMBERSHIP).await?.is_some_and(|s| has_column(&s, "in_universe"));
    let pair = Pair { dataset, key: &key, schema: now.schema(), as_of, targets, members };
    let engine = engine.clone().with_dataset_of("past", past, then);
    let counts = engine.query(&pair.counts()).await?;
    let Some(counts) = counts.first() else { return Ok((0, Verdict::Same)) };
    let count = |at: usize| counts.column(at).as_primitive::<Int64Type>().iter().flatten().next().unwrap_or(0) as u64;
    let rows = count(0);
    let comparisons = pair.comparisons().into_iter().enumerate();
    let differing: Vec<_> = comparisons.map(|(at, one)| (count(at + 1), one)).filter(|(rows, _)| *rows > 0).collect();
    let Some((differ, (column, condition))) = differing.first() else { return Ok((rows, Verdict::Same)) };
    let first = engine.query(&pair.first(column, condition)).await?;
    let (key, then, now) = pair.cells(first.first())?;
    let columns = differing.iter().map(|(_, (column, _))| column.clone()).collect();
    Ok((rows, Verdict::Differs(Difference { columns, rows: *differ, key, then, now })))
}

/// The columns that hold outcomes: all of a target, and those that an assembly has from one.
async fn targets(lake: &Lake, pipeline: &Pipeline, now: &Snapshot) -> Result<BTreeSet<String>> {
    let is_target = |dataset: &str| role(pipeline, dataset) == Some(Role::Target);
    let names = now.schema().fields().iter().map(|field| field.name().clone());
    if is_target(now.dataset()) {
        return Ok(names.collect());
    }
    let record = lake.record(now.dataset(), now.version()).await?.unwrap_or_default();
    let source = |name: &String| record.columns.get(name)?.source.as_deref()?.split_once('.');
    Ok(names.filter(|name| source(name).is_some_and(|(dataset, _)| is_target(dataset))).collect())
}

fn has_column(snapshot: &Snapshot, column: &str) -> bool {
    snapshot.schema().field_with_name(column).is_ok()
}

/// The queries about one dataset.
struct Pair<'a> {
    dataset: &'a str,
    key: &'a [String],
    schema: &'a Schema,
    as_of: NaiveDate,
    /// Columns whose past value may be missing, since it was not known yet.
    targets: BTreeSet<String>,
    /// Whether the lake says who is a member.
    members: bool,
}

impl Pair<'_> {
    /// Both sides of every row. A ticker that was never a member yet may be missing in the past as a whole: its rows come
    /// in when it becomes one, and no cross-section of members has seen them.
    fn paired(&self) -> String {
        let Self { dataset, as_of, .. } = self;
        let unborn = match self.members && self.key.iter().any(|column| column == "ticker") {
            true => format!(
                " and ticker not in (select ticker from {MEMBERSHIP} where date <= date '{as_of}' \
                 group by ticker having not bool_or(in_universe) except select ticker from past.\"{dataset}\")"
            ),
            false => String::new(),
        };
        let on = self.key.iter().map(|k| format!("n.\"{k}\" = t.\"{k}\"")).collect::<Vec<_>>().join(" and ");
        let key = self.key.iter().map(|k| format!("coalesce(n.\"{k}\", t.\"{k}\") as \"{k}\"")).collect::<Vec<_>>();
        let values = self.values().map(|(c, _)| format!("t.\"{c}\" as \"then {c}\", n.\"{c}\" as \"now {c}\""));
        let columns = key.into_iter().chain(values).collect::<Vec<_>>().join(", ");
        format!(
            "with n as (select *, true as present from \"{dataset}\" where date <= date '{as_of}'{unborn}), \
             t as (select *, true as present from past.\"{dataset}\"), \
             largest as (select {}), \
             paired as (select {columns}, t.present as \"then\", n.present as \"now\" from n full join t on {on})",
            self.largest()
        )
    }

    /// One row: the largest absolute value of each column.
    fn largest(&self) -> String {
        let floats = self.values().filter(|(_, data_type)| data_type.is_floating());
        let largest = floats.map(|(c, _)| format!("max(abs(\"{c}\")) as \"largest {c}\""));
        let columns: Vec<_> = ["count(*) as rows".to_owned()].into_iter().chain(largest).collect();
        format!("{} from n", columns.join(", "))
    }

    /// The columns that are compared, with their types.
    fn values(&self) -> impl Iterator<Item = (&str, &DataType)> {
        let fields = self.schema.fields().iter().map(|field| (field.name().as_str(), field.data_type()));
        fields.filter(|(name, _)| !self.key.iter().any(|key| key == name))
    }

    /// What may differ, each with the condition under which a row does.
    fn comparisons(&self) -> Vec<(String, String)> {
        let row = ("(row)".to_owned(), "\"then\" is null or \"now\" is null".to_owned());
        let values = self.values().map(|(name, data_type)| (name.to_owned(), self.differs(name, data_type)));
        [row].into_iter().chain(values).collect()
    }

    fn differs(&self, column: &str, data_type: &DataType) -> String {
        let (then, now) = (format!("\"then {column}\""), format!("\"now {column}\""));
        let mut differs = format!("({then} is distinct from {now})");
        if data_type.is_floating() {
            differs = format!(
                "{differs} and coalesce(abs({then} - {now}) > {RELATIVE:?} * greatest(abs({then}), abs({now})) \
                 + {OF_LARGEST:?} * \"largest {column}\", true)"
            );
        }
        let closed = if self.targets.contains(column) { format!("{then} is not null and ") } else { String::new() };
        format!("\"then\" and \"now\" and {closed}{differs}")
    }

    fn counts(&self) -> String {
        let count =
            |(_, condition): &(String, String)| format!("coalesce(sum(case when {condition} then 1 else 0 end), 0)");
        let counts = self.comparisons().iter().map(count).collect::<Vec<_>>();
        let named =
            counts.iter().enumerate().map(|(at, count)| format!("{count} as d{at}")).collect::<Vec<_>>().join(", ");
        format!("{} select count(*) as compared, {named} from paired cross join largest", self.paired())
    }

    fn first(&self, column: &str, condition: &str) -> String {
        let key = self.key.iter().map(|k| format!("\"{k}\"")).collect::<Vec<_>>().join(", ");
        let values = match column {
            "(row)" => "case when \"then\" then 'there' else 'not there' end, case when \"now\" then 'there' else 'not there' end"
                .to_owned(),
            column => format!("\"then {column}\", \"now {column}\""),
        };
        format!(
            "{} select {key}, {values} from paired cross join largest where {condition} order by date, {key} limit 1",
            self.paired()
        )
    }

    /// The key and both values of the row that [`Pair::first`] found.
    fn cells(&self, first: Option<&RecordBatch>) -> Result<(String, String, String)> {
        let options = FormatOptions::default().with_null("NULL");
        let cell = |at: usize| match first.filter(|batch| batch.num_rows() > 0) {
            Some(batch) => Ok(ArrayFormatter::try_new(batch.column(at), &options)?.value(0).to_string()),
            None => Ok::<_, ArrowError>(String::new()),
        };
        let key = self.key.iter().enumerate().map(|(at, name)| Ok(format!("{name}={}", cell(at)?)));
        let key = key.collect::<Result<Vec<_>>>()?.join(" ");
        Ok((key, cell(self.key.len())?, cell(self.key.len() + 1)?))
    }
}

//! `kairos describe`

use std::collections::BTreeMap;

use clap::Args;
use indicatif::{DecimalBytes, HumanCount};

use super::{CliError, Context, print, print_table};
use crate::engine::{Engine, Relation};
use crate::lake::{CommitRecord, Lake, Snapshot};
use crate::pipeline::meaning;
use crate::report::{Align, Table};

/// Show a dataset's columns: types, missing values, first dates, bounds, and what they mean
#[derive(Debug, Args)]
pub(super) struct DescribeArgs {
    /// Dataset, such as feat_beta or raw.sep
    dataset: String,
}

pub(super) async fn run(context: &Context, args: &DescribeArgs) -> Result<(), CliError> {
    show(context, &context.engine()?, &args.dataset).await
}

/// Prints what is known of a dataset and its columns.
pub(super) async fn show(context: &Context, engine: &Engine, dataset: &str) -> Result<(), CliError> {
    if let Some(view) = engine.viewed(dataset).await? {
        return show_view(context, engine.lake(), &view).await;
    }
    let lake = engine.lake();
    let snapshot = context.find(lake, dataset).await?;
    let rows = snapshot.rows();
    let sort = match snapshot.layout().sort.as_slice() {
        [] => "unsorted".to_owned(),
        sort => format!("sorted by {}", sort.join(", ")),
    };
    print(format_args!(
        "{} version {}: {} rows, {}, {sort}; Parquet files: {}",
        snapshot.dataset().replace('/', "."),
        snapshot.version(),
        HumanCount(rows),
        DecimalBytes(snapshot.size()),
        snapshot.files().len(),
    ))?;
    for folder in folders(&snapshot) {
        print(format_args!("  {}", lake.child_url(&format!("{}/{folder}", snapshot.dataset()))))?;
    }
    let manifest = Manifest::of(lake, &snapshot).await?;
    let mut table = Table::new(&[
        ("column", Align::Left),
        ("type", Align::Left),
        ("null", Align::Right),
        ("first date", Align::Right),
        ("min", Align::Right),
        ("max", Align::Right),
        ("role", Align::Left),
        ("from", Align::Left),
        ("meaning", Align::Left),
    ]);
    for column in snapshot.columns() {
        let nulls = column.nulls.map(|nulls| format!("{:.2}%", 100.0 * nulls as f64 / rows.max(1) as f64));
        let bound = |value: Option<datafusion::common::ScalarValue>| value.map_or(String::new(), |v| v.to_string());
        let known = manifest.column(&column.name);
        table.row([
            column.name,
            column.data_type.to_string(),
            nulls.unwrap_or_default(),
            known.first_date,
            bound(column.min),
            bound(column.max),
            known.role,
            known.source,
            known.meaning,
        ]);
    }
    print_table(table)
}

/// Prints what is said of a view's columns: of one that has its name from a dataset what is said there, of others what
/// the view's file says. Their values are those of the datasets.
async fn show_view(context: &Context, lake: &Lake, view: &Relation) -> Result<(), CliError> {
    let views = context.views(&context.parameters(&context.sql_tree()?)?)?;
    let Some(step) = views.iter().find(|step| step.dataset == view.name()) else {
        return Err(CliError::failed(format!("{} is no view any more", view.name())));
    };
    print(format_args!("{}: a view of {} ({})", step.dataset, step.inputs.join(", "), step.source))?;
    let mut inputs = Vec::new();
    for input in &step.inputs {
        if let Some(snapshot) = lake.snapshot(&Lake::dataset_of(input)).await? {
            inputs.push((Manifest::of(lake, &snapshot).await?, snapshot));
        }
    }
    let own = Manifest { own: step.record(context.run_id()), inputs: BTreeMap::new() };
    let columns = ["column", "type", "role", "from", "meaning"].map(|name| (name, Align::Left));
    let mut table = Table::new(&columns);
    for field in view.schema().fields() {
        let has = |(_, snapshot): &&(Manifest, Snapshot)| snapshot.schema().index_of(field.name()).is_ok();
        let known = inputs.iter().find(has).map_or(&own, |(manifest, _)| manifest).column(field.name());
        table.row([field.name().clone(), field.data_type().to_string(), known.role, known.source, known.meaning]);
    }
    print_table(table)
}

/// What the commits say of a version's columns, its own and those of the datasets it is assembled from.
struct Manifest {
    own: CommitRecord,
    /// The commits of the inputs that columns were taken from, at the versions that were read.
    inputs: BTreeMap<String, CommitRecord>,
}

/// A column as its commits describe it; empty where they say nothing.
struct Described {
    first_date: String,
    role: String,
    source: String,
    meaning: String,
}

impl Manifest {
    async fn of(lake: &Lake, snapshot: &Snapshot) -> Result<Self, CliError> {
        let own = lake.record(snapshot.dataset(), snapshot.version()).await?.unwrap_or_default();
        let mut inputs = BTreeMap::new();
        let sources = own.columns.values().filter_map(|column| column.source.as_deref()?.split_once('.'));
        for (dataset, _) in sources {
            if let Some(version) = own.inputs.get(dataset).filter(|_| !inputs.contains_key(dataset)) {
                let record = lake.record(dataset, *version).await?.unwrap_or_default();
                inputs.insert(dataset.to_owned(), record);
            }
        }
        Ok(Self { own, inputs })
    }

    fn column(&self, name: &str) -> Described {
        let column = self.own.columns.get(name).cloned().unwrap_or_default();
        let taken = column.source.as_deref().and_then(|source| source.split_once('.'));
        let taken = taken.and_then(|(dataset, column)| Some((self.inputs.get(dataset)?, column)));
        let (record, column_there) = taken.unwrap_or((&self.own, name));
        let is_key = ["ticker", "date"].contains(&name);
        Described {
            role: record.role.clone().filter(|_| !is_key).unwrap_or_default(),
            meaning: if is_key { String::new() } else { meaning(&record.about, column_there) },
            source: column.source.clone().unwrap_or_default(),
            first_date: column.first_date.unwrap_or_default(),
        }
    }
}

/// Where the version's files are: one folder for a derived dataset, one per year for a raw one.
fn folders(snapshot: &Snapshot) -> Vec<&str> {
    let mut folders: Vec<&str> = snapshot.files().iter().map(|file| file.folder()).collect();
    folders.dedup();
    match folders.len() {
        0..=3 => folders,
        _ => vec![""],
    }
}

//! `kairos datasets`

use clap::Args;
use indicatif::{DecimalBytes, HumanCount};

use super::{CliError, Context, print_table};
use crate::engine::Engine;
use crate::report::{Align, Table};

/// List the datasets of the lake
#[derive(Debug, Args)]
pub(super) struct DatasetsArgs {}

pub(super) async fn run(context: &Context, _: &DatasetsArgs) -> Result<(), CliError> {
    show(context, &context.engine()?).await
}

/// Prints a line for every dataset of the lake and every view.
pub(super) async fn show(context: &Context, engine: &Engine) -> Result<(), CliError> {
    let lake = engine.lake();
    let mut table = Table::new(&[
        ("dataset", Align::Left),
        ("version", Align::Right),
        ("rows", Align::Right),
        ("columns", Align::Right),
        ("files", Align::Right),
        ("size", Align::Right),
        ("dates", Align::Left),
    ]);
    let mut count = 0;
    for name in lake.folders().await? {
        let Some(snapshot) = lake.snapshot(&name).await? else {
            continue;
        };
        let columns = snapshot.columns();
        let date = columns.iter().find(|column| column.name == "date");
        let dates = date.and_then(|date| Some(format!("{} … {}", date.min.as_ref()?, date.max.as_ref()?)));
        let hidden = if engine.view(&name).is_some() { " (hidden by the view)" } else { "" };
        table.row([
            name.replace('/', ".") + hidden,
            snapshot.version().to_string(),
            HumanCount(snapshot.rows()).to_string(),
            columns.len().to_string(),
            snapshot.files().len().to_string(),
            DecimalBytes(snapshot.size()).to_string(),
            dates.unwrap_or_default(),
        ]);
        count += 1;
    }
    for view in engine.views() {
        let nothing = String::new;
        table.row([view.name.clone(), "view".into(), nothing(), nothing(), nothing(), nothing(), view.source.clone()]);
    }
    match count {
        0 => Err(CliError::failed(format!(
            "there is no dataset in the lake '{}'\nhelp: land files with `kairos --lake {} land --dir DIR`, or see `kairos demo`",
            lake.display(),
            context.lake_location()
        ))),
        _ => print_table(table),
    }
}

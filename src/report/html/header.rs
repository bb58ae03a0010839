//! The head of a report: what was run with what, and its key figures.

use maud::{Markup, html};

use super::data::{Book, RunReport, Scope};
use super::figures::{Figure, books, figure_of};
use super::number::{Unit, counted, date};

/// Figures that stand at the top: how they are called there, and the names that they may have.
const TILES: [(&str, &[&str]); 6] = [
    ("Annual return", &["cagr", "annual_return", "annualized_return"]),
    ("Volatility", &["annual_vol", "annualized_vol"]),
    ("Sharpe ratio", &["sharpe"]),
    ("Max drawdown", &["max_drawdown"]),
    ("Information ratio", &["information_ratio"]),
    ("Periods above 0", &["hit_rate"]),
];

/// Title, origin and key figures.
pub(super) fn header(report: &RunReport) -> Markup {
    let run = &report.run;
    html! {
        header {
            p.kicker { "Backtest report" }
            h1 { (run.strategy) }
            p.lead {
                @if let Some(alpha) = &run.alpha { "Ranked by " code { (alpha) } " · " }
                (date(run.from)) " to " (date(run.to)) " · " (counted(report.periods.len(), "rebalance"))
            }
            (origin(report))
        }
        (tiles(report))
    }
}

fn origin(report: &RunReport) -> Markup {
    let run = &report.run;
    html! {
        dl.origin {
            div { dt { "Run" } dd { code { (run.run_id) } } }
            @if let Some(at) = run.started_at { div { dt { "Started" } dd { (at.format("%Y-%m-%d %H:%M UTC")) } } }
            div { dt { "Code" } dd { (run.code_version) } }
            div.wide { dt { "Data" } dd { (versions(&run.inputs)) } }
            div.wide { dt { "Command" } dd { code { (run.command) } } }
        }
    }
}

/// Datasets with their versions.
fn versions(inputs: &[(String, i64)]) -> Markup {
    html! {
        @if inputs.is_empty() { "not recorded" }
        @for (at, (dataset, version)) in inputs.iter().enumerate() {
            @if at > 0 { " · " }
            span.version { (dataset) " " b { "v" (version) } }
        }
    }
}

/// One tile per key figure that the run has: of the portfolio, or else of its active return, large; the others below.
fn tiles(report: &RunReport) -> Markup {
    let of = |book, figure: &Figure| report.metric(book, &Scope::All, figure.name);
    let books = books(report, |scope| *scope == Scope::All);
    let values = |figure: &Figure| -> Vec<_> {
        books.iter().filter_map(|(book, name)| Some((*name, *book, of(*book, figure)?))).collect()
    };
    let tiles = TILES.iter().filter_map(|(label, names)| {
        let mut known = names.iter().filter_map(|name| figure_of(name));
        let found = known.find_map(|figure| Some((figure.unit, values(figure))).filter(|(_, found)| !found.is_empty()));
        found.map(|(unit, values)| tile(label, unit, values))
    });
    let tiles: Vec<_> = tiles.collect();
    html! { @if !tiles.is_empty() { div.tiles { @for tile in tiles { (tile) } } } }
}

fn tile(label: &str, unit: Unit, mut values: Vec<(&str, Book, f64)>) -> Markup {
    let main = values.iter().position(|(_, book, _)| *book == Book::Portfolio).unwrap_or(values.len() - 1);
    let (_, _, value) = values.remove(main);
    html! {
        div.tile {
            span.name { (label) }
            span.value { (unit.show(value)) }
            @for (book, _, value) in values { span.other { (book) b { (unit.show(value)) } } }
        }
    }
}

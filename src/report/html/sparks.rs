//! Tables with a little chart in each row: sectors of the book, and the constraints that held it back.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kairos_udfs::kernels::{Window, rolling_mean};
use maud::{Markup, html};

use super::Result;
use super::axis::{Axis, day};
use super::chart::{Chart, Mark, Size};
use super::data::RunReport;
use super::number::{Unit, words};
use super::palette::Colour;
use super::series::{effective_number, summary};

/// Rebalances in a line of binding constraints: a quarter of weekly ones.
const TRAILING: usize = 13;

/// Numbers of one row of a table, by rebalance: what is drawn above zero, and what is drawn below.
struct Row<'a> {
    name: &'a str,
    above: Vec<f64>,
    below: Vec<f64>,
}

/// One row per name; a rebalance without a number has zero.
fn rows<'a>(dates: &[NaiveDate], numbers: impl Iterator<Item = (NaiveDate, &'a str, f64, f64)>) -> Vec<Row<'a>> {
    let finite = |value: f64| if value.is_finite() { value.abs() } else { 0.0 };
    let zeros = || vec![0.0; dates.len()];
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for (date, name, above, below) in numbers {
        if let Ok(at) = dates.binary_search(&date) {
            let row = rows.entry(name).or_insert_with(|| Row { name, above: zeros(), below: zeros() });
            row.above[at] += finite(above);
            row.below[at] -= finite(below);
        }
    }
    rows.into_values().collect()
}

fn highest<'a>(columns: impl Iterator<Item = &'a Vec<f64>>) -> f64 {
    columns.flatten().copied().fold(0.0, f64::max)
}

fn lowest<'a>(columns: impl Iterator<Item = &'a Vec<f64>>) -> f64 {
    columns.flatten().copied().fold(0.0, f64::min)
}

/// Weights of sectors, long and short.
pub(super) fn sectors(report: &RunReport) -> Result<Markup> {
    let dates: Vec<NaiveDate> = report.periods.iter().map(|period| period.date).collect();
    let weights = report.sectors.iter().map(|row| (row.date, row.sector.as_str(), row.long, row.short));
    let rows = rows(&dates, weights);
    if rows.is_empty() {
        return Ok(html! { p.absent { "The run keeps no weights of sectors." } });
    }
    let range = (lowest(rows.iter().map(|row| &row.below)), highest(rows.iter().map(|row| &row.above)));
    let shorts = range.0 < 0.0;
    let gross = |at: usize| rows.iter().map(|row| row.above[at] - row.below[at]).collect::<Vec<f64>>();
    let effective: Vec<f64> = (0..dates.len()).map(|at| effective_number(&gross(at))).collect();
    let percent = |value: f64| Unit::Percent(0).show(value);
    Ok(html! {
        h3 { "Sector weights" }
        p {
            "Weights over time, all on one scale from " (percent(range.0)) " to " (percent(range.1)) "."
            @if let Some(found) = summary(&effective) {
                " The book is spread as if over " b { (Unit::Plain(1).show(found.mean)) }
                " equal sectors on average, and " b { (Unit::Plain(1).show(found.last)) } " at last."
            }
        }
        div.scroll { table.numbers.sparks {
            thead {
                @if shorts { tr { th {} th {} th colspan="4" { "Long" } th colspan="4" { "Short" } } }
                tr {
                    th { "Sector" } th {}
                    @for _ in 0..=usize::from(shorts) { th { "Mean" } th { "Last" } th { "Lowest" } th { "Highest" } }
                }
            }
            tbody { @for row in &rows { tr {
                th { (row.name) }
                td.spark { (spark(row.name, &dates, &row.above, &row.below, range)?) }
                (weight_cells(&row.above))
                @if shorts { (weight_cells(&row.below)) }
            } } }
        } }
    })
}

fn weight_cells(values: &[f64]) -> Markup {
    let show = |value: f64| Unit::Percent(1).show(value);
    html! {
        @if let Some(found) = summary(values) {
            td { (show(found.mean)) } td { (show(found.last)) }
            td { (show(found.lowest.1)) } td { (show(found.highest.1)) }
        }
    }
}

/// How often, and how much, constraints bound.
pub(super) fn constraints(report: &RunReport) -> Result<Markup> {
    let dates: Vec<NaiveDate> = report.periods.iter().map(|period| period.date).collect();
    let rows = rows(&dates, report.constraints.iter().map(|row| (row.date, row.constraint.as_str(), row.names, 0.0)));
    if rows.is_empty() {
        return Ok(html! { p.absent { "No constraint bound on any date, or the run does not record them." } });
    }
    let count = |value: f64| Unit::Plain(0).show(value);
    Ok(html! {
        h3 { "Binding constraints" }
        p {
            "How many names (or sectors) sat on a bound; the lines are means of the last " (TRAILING)
            " rebalances, each on its own scale."
        }
        div.scroll { table.numbers.sparks {
            thead { tr {
                th { "Constraint" } th {}
                th { "Rebalances bound" } th { "Mean when bound" } th { "Most" } th { "Last" }
            } }
            tbody { @for row in &rows {
                @let bound = row.above.iter().filter(|names| **names > 0.0).count() as f64;
                @let line = trailing_mean(&row.above);
                tr {
                    th { (words(row.name)) }
                    td.spark { (spark(row.name, &dates, &line, &row.below, (0.0, highest([&line].into_iter())))?) }
                    td { (Unit::Percent(0).show(bound / dates.len() as f64)) }
                    td { (Unit::Plain(1).show(row.above.iter().sum::<f64>() / bound)) }
                    td { (count(highest([&row.above].into_iter()))) }
                    td { (count(row.above.last().copied().unwrap_or(f64::NAN))) }
                }
            } }
        } }
    })
}

/// The mean of the last rebalances, so that a constraint that binds now and then makes a line.
fn trailing_mean(names: &[f64]) -> Vec<f64> {
    Window::new(TRAILING, 1).map(|window| rolling_mean(names, window)).unwrap_or_default()
}

/// A little chart of what is above and what is below zero.
fn spark(label: &str, dates: &[NaiveDate], above: &[f64], below: &[f64], (low, high): (f64, f64)) -> Result<Markup> {
    let days: Vec<f64> = dates.iter().map(|date| day(*date)).collect();
    let marks = |colour, values: &[f64]| {
        let edge: Vec<(f64, f64)> = days.iter().copied().zip(values.iter().copied()).collect();
        let points = edge.iter().map(|(x, y)| (*x, 0.0, *y)).collect();
        [Mark::Area { colour, opacity: 0.35, points }, Mark::Line { colour, width: 1.0, points: edge }]
    };
    let mut drawn = marks(Colour::Portfolio, above).to_vec();
    if low < 0.0 {
        drawn.extend(marks(Colour::Active, below));
    }
    // A day or a value alone has a range, too.
    let (first, last) = (days.first().copied().unwrap_or(0.0), days.last().copied().unwrap_or(0.0));
    let x = Axis { range: first..last.max(first + 1.0), ticks: Vec::new() };
    let y = Axis { range: low..high.max(low + f64::EPSILON), ticks: Vec::new() };
    Chart { label: label.to_owned(), size: Size::Spark, x, y, bands: Vec::new(), marks: drawn }.svg()
}

//! Where the numbers come from: parameters, data, states of periods.

use std::collections::BTreeMap;

use maud::html;

use super::data::RunReport;
use super::number::{Unit, count};
use super::page::Section;

/// Everything needed to run the backtest again.
pub(super) fn section(report: &RunReport) -> Section {
    let run = &report.run;
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for period in &report.periods {
        *states.entry(period.status.as_str()).or_default() += 1;
    }
    let share = |periods: usize| Unit::Percent(0).show(periods as f64 / report.periods.len() as f64);
    let body = html! {
        div.pair {
            div {
                h3 { "States of periods" }
                p { "Held: the old book was kept; cash: nothing was held; relaxed: a constraint was given up." }
                table.numbers {
                    thead { tr { th { "State" } th { "Periods" } th { "Share" } } }
                    tbody { @for (state, periods) in &states { tr {
                        th { (state) } td { (count(*periods)) } td { (share(*periods)) }
                    } } }
                }
            }
            div {
                h3 { "Data" }
                p { "Datasets read, with their versions in the lake." }
                @if run.inputs.is_empty() { p.absent { "Not recorded." } } @else {
                    table.numbers {
                        thead { tr { th { "Dataset" } th { "Version" } } }
                        tbody { @for (dataset, version) in &run.inputs { tr {
                            th { code { (dataset) } } td { (version) }
                        } } }
                    }
                }
            }
        }
        h3 { "Parameters" }
        @if run.parameters.is_empty() { p.absent { "The run has no parameters." } } @else {
            dl.parameters { @for (name, value) in &run.parameters { div { dt { code { (name) } } dd { (value) } } } }
        }
    };
    Section { id: "origin", title: "Where the numbers come from", body }
}

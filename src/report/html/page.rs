//! The document around the sections.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::data::RunReport;
use super::number::date;
use super::palette;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// A part of the page with a heading.
pub(super) struct Section {
    /// What links point to.
    pub id: &'static str,
    pub title: &'static str,
    pub body: Markup,
}

/// The whole document.
pub(super) fn page(report: &RunReport, header: &Markup, sections: &[Section]) -> String {
    let run = &report.run;
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content={ "kairos " (run.code_version) };
                title { (run.strategy) " · " (date(run.from)) " to " (date(run.to)) }
                // An empty icon: browsers would ask the network for one.
                link rel="icon" href="data:,";
                style { (PreEscaped(palette::rules())) (PreEscaped(STYLE)) }
            }
            body {
                (header)
                nav { @for section in sections { a href={ "#" (section.id) } { (section.title) } } }
                main { @for section in sections { section id=(section.id) { h2 { (section.title) } (section.body) } } }
                footer {
                    "Simulated results of past data; they say nothing certain about the future. Run "
                    code { (run.run_id) } ", kairos " (run.code_version) "."
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    document.into_string()
}

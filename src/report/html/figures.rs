//! Key figures in full: over all periods, by year and by regime.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::data::{Book, Metric, RunReport, Scope};
use super::number::{Unit, words};
use super::page::Section;
use super::regimes;

/// How a figure is named and shown.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub name: &'static str,
    pub label: &'static str,
    pub unit: Unit,
}

const fn figure(name: &'static str, label: &'static str, unit: Unit) -> Figure {
    Figure { name, label, unit }
}

/// The figures that are known, in the order in which they are shown (spec 06 §6.8).
const KNOWN: [Figure; 23] = [
    figure("periods", "Periods", Unit::Plain(0)),
    figure("total_return", "Total return", Unit::Percent(1)),
    figure("cagr", "Annual return (CAGR)", Unit::Percent(1)),
    figure("annual_return", "Annual return", Unit::Percent(1)),
    figure("annual_return_before_costs", "Annual return before costs", Unit::Percent(1)),
    figure("annual_vol", "Volatility", Unit::Percent(1)),
    figure("sharpe", "Sharpe ratio", Unit::Plain(2)),
    figure("sortino", "Sortino ratio", Unit::Plain(2)),
    figure("calmar", "Calmar ratio", Unit::Plain(2)),
    figure("max_drawdown", "Maximum drawdown", Unit::Percent(1)),
    figure("hit_rate", "Periods above zero", Unit::Percent(0)),
    figure("information_ratio", "Information ratio", Unit::Plain(2)),
    figure("information_ratio_scaled", "Information ratio, benchmark at equal volatility", Unit::Plain(2)),
    figure("alpha", "CAPM alpha, a year", Unit::Percent(1)),
    figure("beta", "CAPM beta", Unit::Plain(2)),
    figure("turnover", "Turnover a year, one way", Unit::Percent(1)),
    figure("gross", "Mean gross exposure", Unit::Percent(0)),
    figure("net", "Mean net exposure", Unit::Percent(0)),
    figure("leverage", "Mean leverage", Unit::Plain(2)),
    figure("leverage_max", "Highest leverage", Unit::Plain(2)),
    figure("effective_n", "Effective number of names", Unit::Plain(1)),
    figure("at_name_cap", "Positions at the cap on names", Unit::Percent(0)),
    figure("cost", "Costs, a year", Unit::Percent(2)),
];

/// Books with their names, in the order of columns.
const BOOKS: [(Book, &str); 3] =
    [(Book::Portfolio, "Portfolio"), (Book::Benchmark, "Benchmark"), (Book::Active, "Active")];

/// The figure of that name, if it is known.
pub(super) fn figure_of(name: &str) -> Option<&'static Figure> {
    KNOWN.iter().find(|figure| figure.name == name)
}

/// All key figures of the run.
pub(super) fn section(report: &RunReport) -> Section {
    let body = html! {
        @if report.metrics.is_empty() {
            p.absent { "The run has no key figures." }
        } @else {
            p {
                "As the run computed them, with " (Unit::Plain(1).show(report.run.periods_per_year))
                " periods a year."
                @if report.has_benchmark() { " Active: the portfolio less the benchmark." }
            }
            (overall(report))
            (parts(report, "By year", "Year", &years(report)))
            (parts(report, "By regime", "Regime", &regimes(report)))
        }
    };
    Section { id: "figures", title: "Key figures", body }
}

/// Names of the figures that some books have in some scope: known ones in their order, then the others by name.
fn names<'a>(report: &'a RunReport, books: &[(Book, &str)], of: impl Fn(&Scope) -> bool) -> Vec<&'a str> {
    let shown = |metric: &&Metric| {
        metric.value.is_some() && of(&metric.scope) && books.iter().any(|(book, _)| *book == metric.book)
    };
    let found: BTreeSet<&str> = report.metrics.iter().filter(shown).map(|metric| metric.name.as_str()).collect();
    let known = KNOWN.iter().map(|figure| figure.name).filter(|name| found.contains(name));
    let others = found.iter().copied().filter(|name| figure_of(name).is_none());
    known.chain(others).collect()
}

fn label(name: &str) -> String {
    let unknown = || {
        let words = words(name);
        let mut letters = words.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    figure_of(name).map_or_else(unknown, |figure| figure.label.to_owned())
}

fn value(report: &RunReport, book: Book, scope: &Scope, name: &str) -> String {
    let unit = figure_of(name).map_or(Unit::Plain(3), |figure| figure.unit);
    unit.show(report.metric(book, scope, name).unwrap_or(f64::NAN))
}

/// The books that have a figure in some scope. Without a benchmark there is only the portfolio: the active return is
/// the same.
pub(super) fn books(report: &RunReport, of: impl Fn(&Scope) -> bool) -> Vec<(Book, &'static str)> {
    let has = |book| report.metrics.iter().any(|m| m.book == book && of(&m.scope) && m.value.is_some());
    let shown = |book| book == Book::Portfolio || report.has_benchmark();
    BOOKS.into_iter().filter(|(book, _)| shown(*book) && has(*book)).collect()
}

fn overall(report: &RunReport) -> Markup {
    let all = |scope: &Scope| *scope == Scope::All;
    let books = books(report, all);
    html! {
        div.scroll { table.numbers.even {
            thead { tr { th {} @for (_, name) in &books { th { (name) } } } }
            tbody { @for name in names(report, &books, all) { tr {
                th { (label(name)) }
                @for (book, _) in &books { td { (value(report, *book, &Scope::All, name)) } }
            } } }
        } }
    }
}

/// Figures of parts of the periods: a table per book, a row per part.
fn parts(report: &RunReport, title: &str, what: &str, scopes: &[Scope]) -> Markup {
    if scopes.is_empty() {
        return html! {};
    }
    let of_part = |scope: &Scope| scopes.contains(scope);
    let books = books(report, of_part);
    html! {
        details {
            summary { (title) }
            @for (book, book_name) in &books {
                @let names = names(report, &[(*book, book_name)], of_part);
                div.scroll { table.numbers {
                    thead { tr {
                        th { (book_name) ", " (what.to_lowercase()) }
                        @for name in &names { th { (label(name)) } }
                    } }
                    tbody { @for scope in scopes { tr {
                        th { (scope_name(scope)) }
                        @for name in &names { td { (value(report, *book, scope, name)) } }
                    } } }
                } }
            }
        }
    }
}

fn scope_name(scope: &Scope) -> String {
    match scope {
        Scope::All => "All".to_owned(),
        Scope::Year(year) => year.to_string(),
        Scope::Regime(regime) => words(regime),
    }
}

fn years(report: &RunReport) -> Vec<Scope> {
    let found = report.metrics.iter().map(|metric| &metric.scope).filter(|scope| matches!(scope, Scope::Year(_)));
    found.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

fn regimes(report: &RunReport) -> Vec<Scope> {
    let found = report.metrics.iter().filter_map(|metric| match &metric.scope {
        Scope::Regime(regime) => Some(regime.as_str()),
        _ => None,
    });
    let mut found: Vec<&str> = found.collect::<BTreeSet<_>>().into_iter().collect();
    found.sort_by_key(|regime| regimes::order(regime));
    found.into_iter().map(|regime| Scope::Regime(regime.to_owned())).collect()
}

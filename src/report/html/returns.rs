//! Returns by month and by year.

use std::collections::BTreeMap;

use chrono::{Datelike, Month, NaiveDate};
use maud::{Markup, html};

use super::Result;
use super::chart::Size;
use super::data::RunReport;
use super::figure::{ByPlace, Series, Style};
use super::heat::{cell, strongest};
use super::number::Unit;
use super::page::Section;
use super::palette::Colour;
use super::series::{any, compounded};
use super::timeline::Timeline;

type Monthly = BTreeMap<(i32, u32), f64>;
type Yearly = BTreeMap<i32, f64>;

/// Monthly and yearly returns.
pub(super) fn section(report: &RunReport) -> Result<Section> {
    let ends = Timeline::of(&report.periods).ends;
    let portfolio = report.column(|period| period.port_ret);
    let benchmark = report.column(|period| period.bench_ret);
    let body = if any(&portfolio) {
        let benchmark = report.has_benchmark().then_some(benchmark.as_slice());
        html! {
            p { "Period returns, compounded; a period counts in the month and the year in which it ends." }
            (months(&ends, &portfolio, benchmark))
            (years(&ends, &portfolio, benchmark)?)
        }
    } else {
        html! { p.absent { "No period of the run has a return." } }
    };
    Ok(Section { id: "returns", title: "Monthly and yearly returns", body })
}

fn by_month(ends: &[NaiveDate], returns: &[f64]) -> Monthly {
    compounded(ends.iter().zip(returns).map(|(end, ret)| ((end.year(), end.month()), *ret)))
}

fn by_year(ends: &[NaiveDate], returns: &[f64]) -> Yearly {
    compounded(ends.iter().zip(returns).map(|(end, ret)| (end.year(), *ret)))
}

/// What one earned beyond the other, where both are known.
fn less<K: Ord + Copy>(these: &BTreeMap<K, f64>, those: &BTreeMap<K, f64>) -> BTreeMap<K, f64> {
    these.iter().filter_map(|(part, ret)| those.get(part).map(|other| (*part, ret - other))).collect()
}

fn months(ends: &[NaiveDate], portfolio: &[f64], benchmark: Option<&[f64]>) -> Markup {
    let (monthly, yearly) = (by_month(ends, portfolio), by_year(ends, portfolio));
    html! {
        h3 { "Portfolio by month" }
        (calendar(&monthly, &yearly))
        @if let Some(benchmark) = benchmark {
            @let (of_months, of_years) = (by_month(ends, benchmark), by_year(ends, benchmark));
            details {
                summary { "Benchmark and difference by month" }
                h4 { "Benchmark" }
                (calendar(&of_months, &of_years))
                h4 { "Portfolio less benchmark" }
                (calendar(&less(&monthly, &of_months), &less(&yearly, &of_years)))
            }
        }
    }
}

/// A row per year, a column per month, and the year's return.
fn calendar(monthly: &Monthly, yearly: &Yearly) -> Markup {
    let of = |year: i32, month: u32| monthly.get(&(year, month)).copied().unwrap_or(f64::NAN);
    let most = strongest(monthly.values().copied());
    let most_of_years = strongest(yearly.values().copied());
    let name = |month: u8| Month::try_from(month).map_or("", |month| &month.name()[..3]);
    html! {
        div.scroll { table.heatmap {
            thead { tr { th {} @for month in 1..=12 { th { (name(month)) } } th.total { "Year" } } }
            tbody { @for (year, ret) in yearly.iter().rev() { tr {
                th { (year) }
                @for month in 1..=12 { (cell(of(*year, month), most, Unit::Percent(1))) }
                (cell(*ret, most_of_years, Unit::Percent(1)))
            } } }
        } }
    }
}

fn years(ends: &[NaiveDate], portfolio: &[f64], benchmark: Option<&[f64]>) -> Result<Markup> {
    let yearly = by_year(ends, portfolio);
    let of_benchmark = benchmark.map(|returns| by_year(ends, returns)).unwrap_or_default();
    let values = |of: &Yearly| yearly.keys().map(|year| of.get(year).copied().unwrap_or(f64::NAN)).collect();
    let series = |name, colour, of: &Yearly| Series::new(name, colour, Style::Bars, values(of));
    let mut chart = ByPlace {
        title: "By year",
        about: "The first and the last year may be parts of one.",
        size: Size::Low,
        unit: Unit::Percent(1),
        what: "Year",
        places: yearly.keys().map(i32::to_string).collect(),
        series: vec![
            series("Portfolio", Colour::Portfolio, &yearly),
            series("Benchmark", Colour::Benchmark, &of_benchmark),
        ],
    };
    let drawn = chart.series.clone();
    if benchmark.is_some() {
        chart.series.push(series("Difference", Colour::Active, &less(&yearly, &of_benchmark)));
    } else {
        chart.series.truncate(1);
    }
    let numbers = chart.numbers();
    chart.series = drawn;
    chart.draw(&numbers)
}

//! What was earned, and what it took to sit through it.

use maud::{Markup, html};

use super::Result;
use super::axis::Origin;
use super::chart::Size;
use super::data::RunReport;
use super::drawdowns::{underwater, worst};
use super::figure::{Numbers, OverTime, Scale, Series, Style};
use super::number::{MISSING, Unit, date};
use super::page::Section;
use super::palette::Colour;
use super::regimes;
use super::series::{any, equity, rolling_sharpe, rolling_volatility};
use super::timeline::Timeline;

/// Periods in a rolling figure: a year of weekly rebalances.
const ROLLING: usize = 52;
/// Drawdowns in the table.
const WORST: usize = 5;
/// Equity that has grown by more than this is drawn in logarithms, or its beginning would be flat.
const MANIFOLD: f64 = 3.0;

/// Equity, drawdown, and rolling figures.
pub(super) fn section(report: &RunReport) -> Result<Section> {
    let time = Timeline::of(&report.periods);
    let portfolio = report.column(|period| period.port_ret);
    let benchmark = if report.has_benchmark() { report.column(|period| period.bench_ret) } else { Vec::new() };
    let body = html! {
        @if any(&portfolio) {
            (value(report, &time, &portfolio, &benchmark)?)
            (losses(&time, &portfolio, &benchmark)?)
            (rolling(report, &time, &portfolio, &benchmark)?)
        } @else {
            p.absent { "No period of the run has a return." }
        }
    };
    Ok(Section { id: "performance", title: "Performance", body })
}

fn value(report: &RunReport, time: &Timeline, portfolio: &[f64], benchmark: &[f64]) -> Result<Markup> {
    let (portfolio, benchmark) = (equity(portfolio), if benchmark.is_empty() { Vec::new() } else { equity(benchmark) });
    let (low, high) = portfolio.iter().chain(&benchmark).fold((1.0_f64, 1.0_f64), |(l, h), v| (l.min(*v), h.max(*v)));
    let scale = if low > 0.01 && high / low > MANIFOLD { Scale::Logarithmic } else { Scale::Linear(Origin::Free) };
    let dates = time.valued();
    let about = match scale {
        Scale::Linear(_) => "Value of 1 invested at the start, after leverage and costs, returns reinvested.",
        Scale::Logarithmic => {
            "Value of 1 invested at the start, after leverage and costs, returns reinvested. Logarithmic scale: equal \
             distances are equal percentages."
        }
    };
    let drawn = OverTime {
        title: "Equity",
        about,
        size: Size::Full,
        unit: Unit::Plain(2),
        scale,
        dates: &dates,
        series: vec![
            Series::new("Benchmark", Colour::Benchmark, Style::Line, benchmark),
            Series::new("Portfolio", Colour::Portfolio, Style::Strong, portfolio),
        ],
        bands: regimes::bands(&report.periods, &dates),
        note: regimes::legend(&report.periods),
        numbers: Numbers::Extremes,
    };
    Ok(html! {
        (drawn.draw()?)
        @if report.periods.iter().all(|period| period.regime.is_none()) {
            p.absent { "The run knows no market regimes: there are no bands behind the chart." }
        }
        @if !report.has_benchmark() {
            p.absent { "There is no benchmark, or it is cash, which earns nothing here: only the portfolio is drawn." }
        }
    })
}

fn losses(time: &Timeline, portfolio: &[f64], benchmark: &[f64]) -> Result<Markup> {
    let dates = time.valued();
    let of_benchmark = if benchmark.is_empty() { Vec::new() } else { underwater(&equity(benchmark)) };
    let portfolio = equity(portfolio);
    let drawn = OverTime {
        title: "Drawdown",
        about: "Value relative to the highest reached so far, at ends of periods.",
        size: Size::Low,
        unit: Unit::Percent(1),
        scale: Scale::Linear(Origin::Zero),
        dates: &dates,
        series: vec![
            Series::new("Benchmark", Colour::Benchmark, Style::Line, of_benchmark),
            Series::new("Portfolio", Colour::Portfolio, Style::Filled, underwater(&portfolio)),
        ],
        bands: Vec::new(),
        note: html! {},
        numbers: Numbers::Summary,
    };
    let found = worst(&portfolio, WORST);
    let days = |from: usize, to: usize| match (dates.get(from), dates.get(to)) {
        (Some(from), Some(to)) => Unit::Plain(0).show((*to - *from).num_days() as f64),
        _ => MISSING.to_owned(),
    };
    let at = |position: usize| dates.get(position).map_or_else(|| MISSING.to_owned(), |day| date(*day));
    let end = dates.len().saturating_sub(1);
    Ok(html! {
        (drawn.draw()?)
        h3 { "Worst drawdowns" }
        @if found.is_empty() {
            p.absent { "The portfolio never fell below an earlier value." }
        } @else {
            div.scroll { table.numbers {
                thead { tr {
                    th { "Peak" } th { "Trough" } th { "Recovery" } th { "Depth" }
                    th { "Days down" } th { "Days up" } th { "Days in all" }
                } }
                tbody { @for loss in &found { tr {
                    th { (at(loss.peak)) } td { (at(loss.trough)) }
                    @match loss.recovery {
                        Some(back) => { td { (at(back)) } },
                        None => { td { "not yet" } },
                    }
                    td { (Unit::Percent(1).show(loss.depth)) }
                    td { (days(loss.peak, loss.trough)) }
                    td { (loss.recovery.map_or_else(|| MISSING.to_owned(), |back| days(loss.trough, back))) }
                    td { (days(loss.peak, loss.recovery.unwrap_or(end))) }
                } } }
            } }
        }
    })
}

fn rolling(report: &RunReport, time: &Timeline, portfolio: &[f64], benchmark: &[f64]) -> Result<Markup> {
    if portfolio.len() < ROLLING {
        return Ok(
            html! { p.absent { "Rolling figures need " (ROLLING) " periods, the run has " (portfolio.len()) "." } },
        );
    }
    let year = report.run.periods_per_year;
    let figure = |title, about, unit, of: &dyn Fn(&[f64]) -> Vec<f64>| {
        let series = vec![
            Series::new("Benchmark", Colour::Benchmark, Style::Line, of(benchmark)),
            Series::new("Portfolio", Colour::Portfolio, Style::Strong, of(portfolio)),
        ];
        let scale = Scale::Linear(Origin::Zero);
        let (dates, bands, note) = (time.ends.as_slice(), Vec::new(), html! {});
        let numbers = Numbers::Summary;
        OverTime { title, about, size: Size::Half, unit, scale, dates, series, bands, note, numbers }.draw()
    };
    let sharpe = figure(
        "Rolling Sharpe ratio",
        "Mean over deviation of the last 52 period returns, annualised; no riskless rate.",
        Unit::Plain(2),
        &|returns| rolling_sharpe(returns, ROLLING, year),
    )?;
    let volatility = figure(
        "Rolling volatility",
        "Deviation of the last 52 period returns, annualised.",
        Unit::Percent(1),
        &|returns| rolling_volatility(returns, ROLLING, year),
    )?;
    Ok(html! { div.pair { (sharpe) (volatility) } })
}

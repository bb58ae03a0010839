//! What was held: exposure, leverage, turnover, names, beta, and what it cost.

use maud::{Markup, html};

use super::Result;
use super::axis::Origin;
use super::chart::Size;
use super::data::{Period, RunReport};
use super::figure::{Numbers, OverTime, Scale, Series, Style, swatch};
use super::number::Unit;
use super::page::Section;
use super::palette::Colour;
use super::series::{any, cumulative};
use super::sparks::{constraints, sectors};
use super::timeline::Timeline;

/// Series that differ by less than this everywhere are one.
const SAME: f64 = 1e-9;

/// The book over time.
pub(super) fn section(report: &RunReport) -> Result<Section> {
    let time = Timeline::of(&report.periods);
    let drawn: Result<Vec<_>> = PARTS.iter().map(|part| part.draw(report, &time)).collect();
    let (drawn, costs) = (drawn?, costs(report, &time)?);
    let absent =
        PARTS.iter().zip(&drawn).filter(|(_, figure)| figure.is_none()).map(|(part, _)| part.title.to_lowercase());
    let absent: Vec<_> = absent.chain(costs.is_none().then(|| "costs".to_owned())).collect();
    let body = html! {
        div.pair { @for figure in drawn.iter().flatten().chain(&costs) { (figure) } }
        @if !absent.is_empty() { p.absent { "Not recorded by the run, or nothing in it: " (absent.join(", ")) "." } }
        (sectors(report)?)
        (constraints(report)?)
    };
    Ok(Section { id: "book", title: "The book", body })
}

/// A column of periods: its name, its colour, and where it is.
type Column = (&'static str, Colour, fn(&Period) -> Option<f64>);

/// A figure of the book whose series come from columns of periods.
struct Part {
    title: &'static str,
    about: &'static str,
    unit: Unit,
    /// Rebalances at the beginning that are left out.
    skip: usize,
    columns: &'static [Column],
}

const PARTS: [Part; 5] = [
    Part {
        title: "Exposure",
        about: "Gross: sum of absolute weights; net: sum of weights; invested: share of the budget not in cash.",
        unit: Unit::Percent(1),
        skip: 0,
        columns: &[
            ("Gross", Colour::Portfolio, |period| period.gross),
            ("Net", Colour::Active, |period| period.net),
            ("Invested", Colour::Third, |period| period.invested),
        ],
    },
    Part {
        title: "Leverage",
        about: "What the book is multiplied by to reach its target volatility.",
        unit: Unit::Plain(2),
        skip: 0,
        columns: &[("Leverage", Colour::Portfolio, |period| period.leverage)],
    },
    Part {
        title: "Turnover",
        about: "Half the sum of absolute changes of weights, one way; the first purchase is left out.",
        unit: Unit::Percent(1),
        skip: 1,
        columns: &[("Turnover", Colour::Portfolio, |period| period.turnover)],
    },
    Part {
        title: "Names held",
        about: "Number of names with a weight after each rebalance.",
        unit: Unit::Plain(0),
        skip: 0,
        columns: &[
            ("Long", Colour::Portfolio, |period| period.n_long),
            ("Short", Colour::Active, |period| period.n_short.filter(|names| *names != 0.0)),
        ],
    },
    Part {
        title: "Beta",
        about: "Weighted mean of the betas of the names held, at formation.",
        unit: Unit::Plain(2),
        skip: 0,
        columns: &[("Beta", Colour::Portfolio, |period| period.beta)],
    },
];

impl Part {
    /// The figure; nothing if there are no numbers.
    fn draw(&self, report: &RunReport, time: &Timeline) -> Result<Option<Markup>> {
        let column = |(name, colour, of): &Column| {
            let mut values = report.column(of);
            values.iter_mut().take(self.skip).for_each(|value| *value = f64::NAN);
            Series::new(name, *colour, Style::Line, values)
        };
        let series = self.columns.iter().map(column).filter(|series| any(&series.values));
        let series = merged(series.collect());
        if series.is_empty() {
            return Ok(None);
        }
        let (scale, dates) = (Scale::Linear(Origin::Zero), time.formed.as_slice());
        let (title, about, unit, bands) = (self.title, self.about, self.unit, Vec::new());
        let (note, numbers, size) = (html! {}, Numbers::Summary, Size::Half);
        OverTime { title, about, size, unit, scale, dates, series, bands, note, numbers }.draw().map(Some)
    }
}

/// Series that are the same become one with both names, instead of one that hides the other.
fn merged(series: Vec<Series>) -> Vec<Series> {
    let same = |a: f64, b: f64| (a - b).abs() <= SAME || (!a.is_finite() && !b.is_finite());
    let mut distinct: Vec<Series> = Vec::new();
    for next in series {
        let twin = distinct.iter_mut().find(|one| one.values.iter().zip(&next.values).all(|(a, b)| same(*a, *b)));
        match twin {
            Some(twin) => twin.name = format!("{} = {}", twin.name, next.name.to_lowercase()),
            None => distinct.push(next),
        }
    }
    distinct
}

/// What was paid so far; nothing if nothing was.
fn costs(report: &RunReport, time: &Timeline) -> Result<Option<Markup>> {
    let parts = [
        ("Trading", Colour::Portfolio, report.column(|period| period.cost_trading)),
        ("Borrowing", Colour::Active, report.column(|period| period.cost_borrow)),
        ("Financing", Colour::Third, report.column(|period| period.cost_financing)),
    ];
    let charged = |costs: &[f64]| costs.iter().any(|cost| cost.is_finite() && *cost != 0.0);
    let paid: Vec<_> = parts.into_iter().filter(|(_, _, costs)| charged(costs)).collect();
    if paid.is_empty() {
        return Ok(None);
    }
    let mut series: Vec<_> =
        paid.iter().map(|(name, colour, costs)| Series::new(name, *colour, Style::Line, cumulative(costs))).collect();
    if paid.len() > 1 {
        let of_period = |at: usize| paid.iter().map(|(_, _, costs)| costs[at]).filter(|cost| cost.is_finite()).sum();
        let total: Vec<f64> = (0..report.periods.len()).map(of_period).collect();
        series.push(Series::new("All", Colour::Benchmark, Style::Strong, cumulative(&total)));
    }
    let sum = |series: &Series| series.values.last().copied().unwrap_or(f64::NAN);
    let years = report.periods.len() as f64 / report.run.periods_per_year;
    let show = |value: f64| Unit::Percent(2).show(value);
    let table = html! {
        table.numbers {
            thead { tr { th {} th { "In all" } th { "A year" } th { "A rebalance" } } }
            tbody { @for one in &series { tr {
                th { (swatch(one.colour)) (one.name) }
                td { (show(sum(one))) } td { (show(sum(one) / years)) }
                td { (Unit::Percent(3).show(sum(one) / report.periods.len() as f64)) }
            } } }
        }
    };
    let drawn = OverTime {
        title: "Costs",
        about: "Sum of costs so far, as shares of the book's value; all returns shown here are after them.",
        size: Size::Half,
        unit: Unit::Percent(2),
        scale: Scale::Linear(Origin::Zero),
        dates: &time.ends,
        series,
        bands: Vec::new(),
        note: html! {},
        numbers: Numbers::Own(table),
    };
    drawn.draw().map(Some)
}

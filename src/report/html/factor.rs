//! What the alpha says about later returns, apart from any portfolio.

use maud::{Markup, html};

use super::Result;
use super::axis::Origin;
use super::chart::Size;
use super::data::{Correlations, Decay, Factor, RunReport};
use super::figure::{ByPlace, Numbers, OverTime, Scale, Series, Style};
use super::heat::cell;
use super::number::{Unit, counted};
use super::page::Section;
use super::palette::Colour;
use super::series::{any, rolling_mean_with_error, summary};

/// Ranges are so many standard errors to each side: 95 % of a normal distribution.
const CONFIDENCE: f64 = 1.96;

/// Information coefficients, decay, quantiles, correlations.
pub(super) fn section(report: &RunReport) -> Result<Section> {
    let body = match &report.factor {
        None => html! { p.absent { "The report was made without factor diagnostics." } },
        Some(factor) => html! {
            p {
                "The column " code { (factor.column) } " and the returns of the next "
                (counted(factor.horizon as usize, "row")) ", date by date over the members of the universe."
            }
            (coefficients(factor)?)
            div.pair { (decay(factor)?) (quantiles(factor)?) }
            (spread(factor)?)
            (turnover(factor))
            @if let Some(matrix) = &factor.correlations { (correlations(matrix)) }
        },
    };
    Ok(Section { id: "factor", title: "The factor", body })
}

fn number(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}

/// Rows in a year of dates as dense as these.
fn year_of(dates: &[chrono::NaiveDate]) -> usize {
    let days = match (dates.first(), dates.last()) {
        (Some(first), Some(last)) => (*last - *first).num_days().max(1) as f64,
        _ => return 1,
    };
    ((dates.len() as f64 / days * 365.25).round() as usize).clamp(12, 252).min(dates.len().max(1))
}

fn coefficients(factor: &Factor) -> Result<Markup> {
    let of_horizon = factor.coefficients.iter().filter(|row| row.horizon == factor.horizon);
    let (dates, values): (Vec<_>, Vec<_>) = of_horizon.map(|row| (row.date, number(row.spearman))).unzip();
    if !any(&values) {
        return Ok(html! { p.absent { "There are no information coefficients of this horizon." } });
    }
    let window = year_of(&dates);
    // Returns over h rows overlap on dates closer than h rows; on dates a year of which are n, a row is 252/n dates.
    let rows_between = (252.0 / window as f64).round().max(1.0) as usize;
    let lag = (factor.horizon as usize).div_ceil(rows_between).saturating_sub(1);
    let (means, errors) = rolling_mean_with_error(&values, window, lag);
    let margin = errors.iter().map(|error| CONFIDENCE * error).collect();
    let mut rolling = Series::new("Mean of a year, with 95% confidence band", Colour::Portfolio, Style::Strong, means);
    rolling.margin = Some(margin);
    let present: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let above = present.iter().filter(|value| **value > 0.0).count() as f64 / present.len() as f64;
    let t = kairos_udfs::kernels::newey_west_t(&present, lag);
    let about = format!(
        "Rank correlation of the column with the return that follows, mean over a year of {window} dates. The band is \
         1.96 standard errors after Newey and West wide to each side, which allows for the overlap of the returns."
    );
    let drawn = OverTime {
        title: "Information coefficient",
        about: &about,
        size: Size::Full,
        unit: Unit::Plain(3),
        scale: Scale::Linear(Origin::Zero),
        dates: &dates,
        series: vec![rolling],
        bands: Vec::new(),
        note: html! {},
        numbers: Numbers::Summary,
    };
    let mean = summary(&values).map_or(f64::NAN, |found| found.mean);
    Ok(html! {
        (drawn.draw()?)
        p.note {
            "Over all " (counted(present.len(), "date")) ": mean " b { (Unit::Plain(4).show(mean)) }
            ", t " b { (Unit::Plain(1).show(t)) } " (Newey and West), above zero on "
            b { (Unit::Percent(0).show(above)) } " of dates."
        }
    })
}

fn decay(factor: &Factor) -> Result<Markup> {
    let rows: Vec<_> = factor.decay.iter().map(|row| (row, number(row.ic), error_of(row))).collect();
    let mut series = Series::new("IC", Colour::Portfolio, Style::Line, rows.iter().map(|(_, ic, _)| *ic).collect());
    series.margin = Some(rows.iter().map(|(_, _, error)| CONFIDENCE * error).collect());
    let chart = ByPlace {
        title: "Decay",
        about: "Mean information coefficient by horizon in rows, with its 95% confidence range.",
        size: Size::Half,
        unit: Unit::Plain(3),
        what: "Horizon",
        places: rows.iter().map(|(row, ..)| row.horizon.to_string()).collect(),
        series: vec![series],
    };
    let numbers = html! {
        table.numbers {
            thead { tr { th { "Horizon" } th { "IC" } th { "Standard error" } th { "t" } } }
            tbody { @for (row, ic, error) in &rows { tr {
                th { (row.horizon) }
                td { (Unit::Plain(4).show(*ic)) } td { (Unit::Plain(4).show(*error)) }
                td { (Unit::Plain(1).show(number(row.t_nw))) }
            } } }
        }
    };
    chart.draw(&numbers)
}

fn error_of(row: &Decay) -> f64 {
    let derived = match (row.ic, row.t_nw) {
        (Some(ic), Some(t)) if t != 0.0 => (ic / t).abs(),
        _ => f64::NAN,
    };
    row.standard_error.filter(|error| error.is_finite()).unwrap_or(derived)
}

fn quantiles(factor: &Factor) -> Result<Markup> {
    let values = factor.quantiles.iter().map(|row| number(row.mean_return)).collect();
    let chart = ByPlace {
        title: "Quantile returns",
        about: "Mean return over the horizon of names by quantile of the column, 1 the lowest values.",
        size: Size::Half,
        unit: Unit::Percent(2),
        what: "Quantile",
        places: factor.quantiles.iter().map(|row| row.quantile.to_string()).collect(),
        series: vec![Series::new("Mean return", Colour::Portfolio, Style::Bars, values)],
    };
    let numbers = chart.numbers();
    chart.draw(&numbers)
}

fn spread(factor: &Factor) -> Result<Markup> {
    let (dates, values): (Vec<_>, Vec<_>) = factor.spread.iter().map(|row| (row.date, number(row.cumulative))).unzip();
    let drawn = OverTime {
        title: "Spread of the quantiles",
        about: "Return of the highest less that of the lowest quantile, summed up over dates; no costs.",
        size: Size::Low,
        unit: Unit::Percent(1),
        scale: Scale::Linear(Origin::Zero),
        dates: &dates,
        series: vec![Series::new("Highest less lowest", Colour::Portfolio, Style::Filled, values)],
        bands: Vec::new(),
        note: html! {},
        numbers: Numbers::Extremes,
    };
    drawn.draw()
}

fn turnover(factor: &Factor) -> Markup {
    if factor.turnover.is_empty() {
        return html! {};
    }
    html! {
        h3 { "How fast it changes" }
        p {
            "Rank correlation of the column with itself some dates earlier, and the share of the outer quantiles that \
             is new."
        }
        div.scroll { table.numbers {
            thead { tr { th { "Dates" } th { "Autocorrelation" } th { "Highest quantile" } th { "Lowest quantile" } } }
            tbody { @for row in &factor.turnover { tr {
                th { (row.lag) }
                td { (Unit::Plain(3).show(number(row.autocorrelation))) }
                td { (Unit::Percent(1).show(number(row.top))) } td { (Unit::Percent(1).show(number(row.bottom))) }
            } } }
        } }
    }
}

fn correlations(matrix: &Correlations) -> Markup {
    let value =
        |row: usize, column: usize| number(matrix.values.get(row).and_then(|row| row.get(column)).copied().flatten());
    html! {
        h3 { "Factor correlation" }
        p { "Mean over dates of the rank correlation of each pair of columns." }
        div.scroll { table.heatmap.matrix {
            thead { tr { th {} th {} @for at in 1..=matrix.names.len() { th { (at) } } } }
            tbody { @for (row, name) in matrix.names.iter().enumerate() { tr {
                th.number { (row + 1) } th { (name) }
                @for column in 0..matrix.names.len() {
                    @if row == column { td.heat.same { "1" } } @else { (cell(value(row, column), 1.0, Unit::Plain(2))) }
                }
            } } }
        } }
    }
}

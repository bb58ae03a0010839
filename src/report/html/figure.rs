//! Figures: a title, what is shown, a chart, and its numbers.

use chrono::NaiveDate;
use maud::{Markup, PreEscaped, html};
use serde_json::json;

use super::Result;
use super::axis::{Axis, Origin, day};
use super::chart::{Band, Chart, Mark, Size};
use super::number::{Unit, date};
use super::palette::Colour;
use super::series::{any, summary};

/// Pixels.
const WIDEST_BAR: f64 = 48.0;

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// A line.
    Line,
    /// A line in front of others.
    Strong,
    /// A line, and the area between it and zero.
    Filled,
    /// A bar around each date, as wide as the space between dates allows.
    Bars,
}

/// Numbers by date, under a name.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub name: String,
    pub colour: Colour,
    pub style: Style,
    /// One per date; NaN where missing.
    pub values: Vec<f64>,
    /// Half the width of the band around it.
    pub margin: Option<Vec<f64>>,
}

impl Series {
    pub(super) fn new(name: &str, colour: Colour, style: Style, values: Vec<f64>) -> Self {
        Self { name: name.to_owned(), colour, style, values, margin: None }
    }

    /// Without its first values.
    fn skip(&mut self, count: usize) {
        let kept = |values: &mut Vec<f64>| drop(values.drain(..count.min(values.len())));
        kept(&mut self.values);
        self.margin.iter_mut().for_each(kept);
    }
}

/// How values are spread over the vertical axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear(Origin),
    /// For values above zero: equal ratios are equally far apart.
    Logarithmic,
}

/// The table below a chart.
pub(super) enum Numbers {
    /// Last, mean, and extremes with their dates.
    Summary,
    /// The same without the mean, which says nothing of a running total.
    Extremes,
    /// A table of its own.
    Own(Markup),
}

/// A figure of series over time.
pub(super) struct OverTime<'a> {
    pub title: &'a str,
    pub about: &'a str,
    pub size: Size,
    pub unit: Unit,
    pub scale: Scale,
    pub dates: &'a [NaiveDate],
    pub series: Vec<Series>,
    /// What is behind them, and what it means.
    pub bands: Vec<Band>,
    pub note: Markup,
    pub numbers: Numbers,
}

impl OverTime<'_> {
    /// The figure; a series without a single value is left out, and a figure without a series is nothing.
    pub(super) fn draw(mut self) -> Result<Markup> {
        self.series.retain(|series| any(&series.values));
        // What begins later, such as a rolling figure, has an axis that begins with it.
        let begins = |series: &Series| series.values.iter().position(|value| value.is_finite());
        let begin = self.series.iter().filter_map(begins).min().unwrap_or(0);
        let dates = self.dates.get(begin..).unwrap_or_default();
        self.dates = dates;
        self.series.iter_mut().for_each(|series| series.skip(begin));
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return Ok(html! {}) };
        if self.series.is_empty() {
            return Ok(html! {});
        }
        let marks: Vec<Mark> = self.series.iter().flat_map(|series| self.marks(series)).collect();
        let values = self.series.iter().flat_map(|series| series.values.iter().copied());
        let y = match self.scale {
            Scale::Linear(origin) => Axis::of_values(marks.iter().flat_map(Mark::values), self.unit, origin),
            Scale::Logarithmic => Axis::of_logarithms(values),
        };
        let x = Axis::of_dates(*first, *last, self.size.date_labels());
        let readout = self.readout(&x);
        let chart = Chart { label: self.title.to_owned(), size: self.size, x, y, bands: self.bands.clone(), marks };
        let body = html! {
            (legend(&self.series))
            div.scroll { (chart.svg()?) }
            script type="application/json" { (PreEscaped(readout)) }
            (self.note)
            div.scroll { (self.numbers()) }
        };
        Ok(figure(self.title, self.about, self.size, &body))
    }

    fn marks(&self, series: &Series) -> Vec<Mark> {
        let colour = series.colour;
        let place = |value: f64| match self.scale {
            Scale::Linear(_) => value,
            Scale::Logarithmic => value.ln(),
        };
        let days = self.dates.iter().map(|date| day(*date));
        let points: Vec<_> = days.zip(&series.values).map(|(x, value)| (x, place(*value))).collect();
        let mut marks = Vec::new();
        if let Some(margin) = &series.margin {
            let around = points.iter().zip(margin).map(|((x, y), margin)| (*x, y - margin, y + margin));
            marks.push(Mark::Area { colour, opacity: 0.16, points: around.collect() });
        }
        match series.style {
            Style::Line => marks.push(Mark::Line { colour, width: 1.5, points }),
            Style::Strong => marks.push(Mark::Line { colour, width: 2.0, points }),
            Style::Filled => {
                let below = points.iter().map(|(x, y)| (*x, 0.0, *y)).collect();
                marks.push(Mark::Area { colour, opacity: 0.14, points: below });
                marks.push(Mark::Line { colour, width: 1.5, points });
            }
            Style::Bars => marks.push(Mark::Bars { colour, bars: bars(&points) }),
        }
        marks
    }

    /// What the script needs to say the values under the pointer.
    fn readout(&self, x: &Axis) -> String {
        let precision = 10f64.powi(self.unit.precision() as i32 + 1);
        let rounded = |value: &f64| value.is_finite().then(|| (value * precision).round() / precision);
        let (percent, digits) = match self.unit {
            Unit::Percent(digits) => (true, digits),
            Unit::Plain(digits) => (false, digits),
        };
        let series = self.series.iter().map(|series| {
            let values: Vec<_> = series.values.iter().map(rounded).collect();
            json!({"name": series.name, "colour": series.colour.name(), "values": values})
        });
        let readout = json!({
            "days": self.dates.iter().map(|date| day(*date) as i64).collect::<Vec<_>>(),
            "series": series.collect::<Vec<_>>(),
            "range": [x.range.start, x.range.end], "plot": self.size.plot(), "percent": percent, "digits": digits,
        });
        // Inside a script element only `</script` would end it.
        readout.to_string().replace('<', "\\u003c")
    }

    fn numbers(&self) -> Markup {
        let with_mean = match &self.numbers {
            Numbers::Own(table) => return table.clone(),
            Numbers::Summary => true,
            Numbers::Extremes => false,
        };
        let show = |value| self.unit.show(value);
        let extreme = |(at, value): (usize, f64)| {
            html! { td { (show(value)) @if let Some(day) = self.dates.get(at) { " " small { (date(*day)) } } } }
        };
        html! {
            table.numbers {
                thead { tr { th {} th { "Last" } @if with_mean { th { "Mean" } } th { "Lowest" } th { "Highest" } } }
                tbody { @for series in &self.series { @if let Some(found) = summary(&series.values) {
                    tr {
                        th { (swatch(series.colour)) (series.name) }
                        td { (show(found.last)) }
                        @if with_mean { td { (show(found.mean)) } }
                        (extreme(found.lowest)) (extreme(found.highest))
                    }
                } } }
            }
        }
    }
}

/// A figure of numbers by place: one group of bars per place, or a dot with its range.
pub(super) struct ByPlace<'a> {
    pub title: &'a str,
    pub about: &'a str,
    pub size: Size,
    pub unit: Unit,
    /// What the places are, as heading of their column in the table.
    pub what: &'a str,
    pub places: Vec<String>,
    /// One value per place; with a margin, dots with their ranges are drawn.
    pub series: Vec<Series>,
}

impl ByPlace<'_> {
    /// The figure; nothing without a value.
    pub(super) fn draw(mut self, numbers: &Markup) -> Result<Markup> {
        self.series.retain(|series| any(&series.values));
        if self.series.is_empty() {
            return Ok(html! {});
        }
        let count = self.series.len();
        let marks: Vec<_> = self.series.iter().enumerate().map(|(at, series)| self.placed(series, at, count)).collect();
        let y = Axis::of_values(marks.iter().flat_map(Mark::values), self.unit, Origin::Zero);
        let x = Axis::of_places(&self.places);
        let chart = Chart { label: self.title.to_owned(), size: self.size, x, y, bands: Vec::new(), marks };
        let body = html! {
            @if count > 1 { (legend(&self.series)) }
            div.scroll { (chart.svg()?) }
            div.scroll { (numbers) }
        };
        Ok(figure(self.title, self.about, self.size, &body))
    }

    /// The marks of the `at`-th of `count` series, which share places.
    fn placed(&self, series: &Series, at: usize, count: usize) -> Mark {
        let colour = series.colour;
        if let Some(margin) = &series.margin {
            let values = series.values.iter().zip(margin).enumerate();
            let ranges = values.map(|(place, (y, margin))| (place as f64 + 0.5, y - margin, *y, y + margin)).collect();
            return Mark::Ranges { colour, ranges };
        }
        // Bars take two thirds of their place, but are not wider than they are read as bars.
        let of_pixel = self.places.len() as f64 / self.size.plot_width();
        let width = (0.66 / count as f64).min(WIDEST_BAR * of_pixel);
        let from = |place: usize| place as f64 + 0.5 + (at as f64 - count as f64 / 2.0) * width;
        let bar = |(place, y): (usize, &f64)| (from(place), from(place) + width * 0.94, *y);
        Mark::Bars { colour, bars: series.values.iter().enumerate().map(bar).collect() }
    }

    /// The values themselves, a place per row.
    pub(super) fn numbers(&self) -> Markup {
        html! {
            table.numbers.even {
                thead { tr { th { (self.what) } @for series in &self.series { th { (series.name) } } } }
                tbody { @for (at, place) in self.places.iter().enumerate() { tr {
                    th { (place) }
                    @for series in &self.series {
                        td { (self.unit.show(series.values.get(at).copied().unwrap_or(f64::NAN))) }
                    }
                } } }
            }
        }
    }
}

/// Bars that end where the next begins, with a little space.
fn bars(points: &[(f64, f64)]) -> Vec<(f64, f64, f64)> {
    let gaps = points.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|gap| *gap > 0.0);
    let half = gaps.fold(f64::INFINITY, f64::min).min(20.0) * 0.38;
    points.iter().map(|(x, y)| (x - half, x + half, *y)).collect()
}

/// The frame of a figure.
pub(super) fn figure(title: &str, about: &str, size: Size, body: &Markup) -> Markup {
    let class = if size == Size::Half { "plot half" } else { "plot" };
    html! { figure class=(class) { figcaption { h3 { (title) } p { (about) } } (body) } }
}

fn legend(series: &[Series]) -> Markup {
    html! { ul.legend { @for series in series { li { (swatch(series.colour)) (series.name) } } } }
}

/// A little patch of a colour.
pub(super) fn swatch(colour: Colour) -> Markup {
    html! { i class={ "swatch c-" (colour.name()) } {} }
}

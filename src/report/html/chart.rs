//! Marks on axes, drawn as SVG by plotters.

use std::fmt::Display;
use std::ops::Range;

use maud::{Markup, PreEscaped, html};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;

use super::axis::Axis;
use super::palette::Colour;
use super::{ReportError, Result};

/// Plotters places marks on whole pixels; so many of them make one pixel of the page.
const SCALE: u32 = 2;
const LABEL_SIZE: u32 = 12;
const TOP: u32 = 8;
const BOTTOM: u32 = 26;
/// Room for the labels of values, in pixels of the page.
const LEFT: u32 = 60;
/// Room for the half of the last label that reaches beyond the axis.
const RIGHT: u32 = 16;
/// Between an axis and its labels.
const GAP: u32 = 6;

/// How large a chart is on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// As wide as the page.
    Full,
    /// As wide, and not as high.
    Low,
    /// Two stand beside each other.
    Half,
    /// A line in a table, without labels.
    Spark,
}

impl Size {
    fn pixels(self) -> (u32, u32) {
        match self {
            Self::Full => (960, 320),
            Self::Low => (960, 190),
            Self::Half => (468, 220),
            Self::Spark => (220, 34),
        }
    }

    /// What lies between the axes: left and right as shares of the width, top and bottom as shares of the height.
    pub(super) fn plot(self) -> [f64; 4] {
        let (width, height) = self.pixels();
        let share = |pixels: u32, of: u32| f64::from(pixels) / f64::from(of);
        [share(LEFT, width), share(width - RIGHT, width), share(TOP, height), share(height - BOTTOM, height)]
    }

    /// Labels that an axis of dates may have before they touch.
    pub(super) fn date_labels(self) -> usize {
        if self == Self::Half { 6 } else { 12 }
    }

    /// Pixels between left and right.
    pub(super) fn plot_width(self) -> f64 {
        f64::from(self.pixels().0 - LEFT - RIGHT)
    }
}

/// A stretch of the horizontal axis, behind everything else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Band {
    pub from: f64,
    pub to: f64,
    pub colour: Colour,
    pub opacity: f64,
}

/// What is drawn. A place whose value is not finite is a gap.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// A line through points.
    Line { colour: Colour, width: f64, points: Vec<(f64, f64)> },
    /// What lies between two lines.
    Area { colour: Colour, opacity: f64, points: Vec<(f64, f64, f64)> },
    /// Bars from zero, each from one place to another.
    Bars { colour: Colour, bars: Vec<(f64, f64, f64)> },
    /// Points with the range that they may be in.
    Ranges { colour: Colour, ranges: Vec<(f64, f64, f64, f64)> },
}

/// A chart.
pub(super) struct Chart {
    /// What it shows, for those who do not see it.
    pub label: String,
    pub size: Size,
    pub x: Axis,
    pub y: Axis,
    pub bands: Vec<Band>,
    pub marks: Vec<Mark>,
}

impl Chart {
    /// The chart as an element of the page.
    pub(super) fn svg(&self) -> Result<Markup> {
        let (width, height) = self.size.pixels();
        let mut drawn = String::new();
        self.draw(SVGBackend::with_string(&mut drawn, (width * SCALE, height * SCALE)))?;
        let inner = drawn.split_once('>').map_or("", |(_, rest)| rest).trim_end().trim_end_matches("</svg>");
        let view = format!("0 0 {} {}", width * SCALE, height * SCALE);
        Ok(html! { svg viewBox=(view) role="img" aria-label=(self.label) { (PreEscaped(compact(inner))) } })
    }

    fn draw(&self, backend: SVGBackend) -> Result<()> {
        let failed =
            |reason: &dyn Display| ReportError::Chart { chart: self.label.clone(), reason: reason.to_string() };
        let root = backend.into_drawing_area();
        let mut builder = ChartBuilder::on(&root);
        if self.size != Size::Spark {
            builder.margin_top(TOP * SCALE).margin_right(RIGHT * SCALE);
            builder.x_label_area_size(BOTTOM * SCALE).y_label_area_size(LEFT * SCALE);
        }
        let (x, y) = (Places(self.x.clone()), Places(self.y.clone()));
        let mut chart = builder.build_cartesian_2d(x, y).map_err(|e| failed(&e))?;
        let (low, high) = (self.y.range.start, self.y.range.end);
        let bands = self.bands.iter().map(|band| {
            Rectangle::new([(band.from, low), (band.to, high)], band.colour.rgb().mix(band.opacity).filled())
        });
        chart.draw_series(bands).map_err(|e| failed(&e))?;
        if self.size != Size::Spark {
            let mut mesh = chart.configure_mesh();
            mesh.disable_x_mesh().bold_line_style(Colour::Grid.rgb().stroke_width(SCALE)).axis_style(TRANSPARENT);
            mesh.set_all_tick_mark_size(GAP * SCALE).label_style(("sans-serif", f64::from(LABEL_SIZE * SCALE) * 1.24));
            mesh.draw().map_err(|e| failed(&e))?;
        }
        if low < 0.0 && high > 0.0 {
            let ends = vec![(self.x.range.start, 0.0), (self.x.range.end, 0.0)];
            let zero = PathElement::new(ends, Colour::Zero.rgb().stroke_width(SCALE));
            chart.draw_series([zero]).map_err(|e| failed(&e))?;
        }
        for element in self.marks.iter().flat_map(Mark::elements) {
            chart.draw_series([element]).map_err(|e| failed(&e))?;
        }
        drop(chart);
        root.present().map_err(|e| failed(&e))
    }
}

/// An axis as plotters wants it: with our labels instead of those that it would choose.
struct Places(Axis);

impl Ranged for Places {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let share = (value - self.0.range.start) / (self.0.range.end - self.0.range.start);
        first + (f64::from(last - first) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.0.ticks.iter().map(|(at, _)| *at).collect() }
    }

    fn range(&self) -> Range<f64> {
        self.0.range.clone()
    }
}

impl ValueFormatter<f64> for Places {
    fn format_ext(&self, at: &f64) -> String {
        self.0.label(*at)
    }
}

type Element<'a> = DynElement<'static, SVGBackend<'a>, (f64, f64)>;

impl Mark {
    /// The numbers on the vertical axis.
    pub(super) fn values(&self) -> Vec<f64> {
        match self {
            Self::Line { points, .. } => points.iter().map(|(_, y)| *y).collect(),
            Self::Area { points, .. } => points.iter().flat_map(|(_, low, high)| [*low, *high]).collect(),
            Self::Bars { bars, .. } => bars.iter().map(|(_, _, y)| *y).chain([0.0]).collect(),
            Self::Ranges { ranges, .. } => ranges.iter().flat_map(|(_, low, y, high)| [*low, *y, *high]).collect(),
        }
    }

    fn elements<'a>(&self) -> Vec<Element<'a>> {
        match self {
            Self::Line { colour, width, points } => {
                let stroke = colour.rgb().stroke_width((width * f64::from(SCALE)).round() as u32);
                let path = |run: &[(f64, f64)]| match run {
                    // A line needs two points; one alone is a dot.
                    [only] => Circle::new(*only, SCALE * 5 / 2, colour.rgb().filled()).into_dyn(),
                    run => PathElement::new(run.to_vec(), stroke).into_dyn(),
                };
                runs(points, |(_, y)| y.is_finite()).map(path).collect()
            }
            Self::Area { colour, opacity, points } => {
                let shape = |run: &[(f64, f64, f64)]| {
                    let there = run.iter().map(|(x, low, _)| (*x, *low));
                    let back = run.iter().rev().map(|(x, _, high)| (*x, *high));
                    Polygon::new(there.chain(back).collect::<Vec<_>>(), colour.rgb().mix(*opacity)).into_dyn()
                };
                let long = runs(points, |(_, low, high)| low.is_finite() && high.is_finite()).filter(|r| r.len() > 1);
                long.map(shape).collect()
            }
            Self::Bars { colour, bars } => {
                let present = bars.iter().filter(|(_, _, y)| y.is_finite());
                let bar = |(from, to, y): &(f64, f64, f64)| {
                    Rectangle::new([(*from, y.max(0.0)), (*to, y.min(0.0))], colour.rgb().filled()).into_dyn()
                };
                present.map(bar).collect()
            }
            Self::Ranges { colour, ranges } => {
                let stroke = colour.rgb().stroke_width(SCALE * 3 / 2);
                let range = |(x, low, y, high): &(f64, f64, f64, f64)| {
                    let line = PathElement::new(vec![(*x, *low), (*x, *high)], stroke).into_dyn();
                    let dot = Circle::new((*x, *y), SCALE * 4, colour.rgb().filled()).into_dyn();
                    let spread = (low.is_finite() && high.is_finite()).then_some(line);
                    spread.into_iter().chain([dot])
                };
                ranges.iter().filter(|(_, _, y, _)| y.is_finite()).flat_map(range).collect()
            }
        }
    }
}

/// Stretches of what is present.
fn runs<T: Copy>(items: &[T], present: impl Fn(T) -> bool + Copy) -> impl Iterator<Item = &[T]> {
    items.chunk_by(move |a, b| present(*a) == present(*b)).filter(move |run| present(run[0]))
}

/// Leaves out what says nothing or what the style of the page says, about a quarter of the text.
fn compact(svg: &str) -> String {
    let svg =
        svg.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "").replace(" font-family=\"sans-serif\"", "");
    svg.replace(" fill=\"#000000\"", "").replace(" \"", "\"").replace(">\n", ">").replace("\n<", "<")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::axis::Origin;
    use crate::report::html::number::Unit;

    fn chart(marks: Vec<Mark>) -> String {
        let y = Axis::of_values(marks.iter().flat_map(Mark::values), Unit::Plain(1), Origin::Free);
        let x = Axis { range: 0.0..4.0, ticks: vec![(2.0, "two".to_owned())] };
        let chart = Chart { label: "a <chart>".to_owned(), size: Size::Half, x, y, bands: Vec::new(), marks };
        chart.svg().unwrap().into_string()
    }

    #[test]
    fn gaps_break_lines_and_a_point_alone_is_a_dot() {
        let points = vec![(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0), (3.5, f64::INFINITY)];
        let svg = chart(vec![Mark::Line { colour: Colour::Portfolio, width: 1.5, points }]);
        let of_line = "stroke=\"#1F5FA8\" stroke-width=\"3\"";
        assert_eq!(svg.matches(of_line).count(), 1, "{svg}");
        assert_eq!(svg.matches("<circle").count(), 1, "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn labels_are_escaped_and_places_are_named() {
        let svg = chart(vec![Mark::Bars { colour: Colour::Active, bars: vec![(0.0, 1.0, -2.0), (1.0, 2.0, 3.0)] }]);
        assert!(svg.contains("aria-label=\"a &lt;chart&gt;\"") && svg.contains(">two</text>"), "{svg}");
        assert_eq!(svg.matches("fill=\"#C4561B\"").count(), 2, "{svg}");
        assert!(svg.ends_with("</svg>") && svg.matches("</svg>").count() == 1);
    }
}

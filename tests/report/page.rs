//! The document, as text.

use kairos::report::html::{Book, ReportError, RunReport, Scope, render};

use crate::sample::{full, minimal};

/// The colours of what charts draw besides their data: the lines of the grid and of zero, bands of regimes.
const FRAME: [&str; 5] = ["#E4E6EA", "#A3A9B2", "#2E7FD1", "#A9AFB8", "#E07B28"];

/// The text of what is between two markers, each time they occur.
fn between<'a>(text: &'a str, from: &'a str, to: &'a str) -> Vec<&'a str> {
    text.split(from).skip(1).map(|rest| rest.split_once(to).unwrap().0).collect()
}

/// The marks of a chart that show data.
fn marks(svg: &str) -> usize {
    let elements =
        svg.split('<').filter(|e| ["polyline", "polygon", "rect", "circle"].iter().any(|tag| e.starts_with(tag)));
    elements.filter(|element| !FRAME.iter().any(|frame| element.contains(frame))).count()
}

/// What is read on the page: no tags, scripts or styles.
fn read(html: &str) -> String {
    let body = html.split_once("<body>").unwrap().1;
    let mut text = String::new();
    for (at, part) in body.split("<script").enumerate() {
        let part = if at == 0 { part } else { part.split_once("</script>").unwrap().1 };
        text.extend(
            part.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).map(|t| format!("{t} ")),
        );
    }
    text
}

/// Checks what holds for every page, and returns it with its charts and its text.
fn page(report: &RunReport) -> (String, Vec<String>, String) {
    let html = render(report).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>"));
    for outside in ["src=", "url(", "@import", "href=\"http", "https://"] {
        assert!(!html.contains(outside), "the page needs {outside}");
    }
    let text = read(&html);
    for word in text.split_whitespace() {
        let number = word.trim_matches(|c: char| !c.is_alphanumeric());
        assert!(!["NaN", "inf", "Infinity", "null", "None"].contains(&number), "'{word}' is on the page");
    }
    for data in between(&html, "application/json\">", "</script>") {
        serde_json::from_str::<serde_json::Value>(data).unwrap();
    }
    let charts: Vec<String> = between(&html, "<svg", "</svg>").into_iter().map(str::to_owned).collect();
    for chart in &charts {
        assert!(marks(chart) > 0, "a chart without a mark: {chart}");
        assert!(!chart.contains("NaN") && !chart.contains("inf\""), "{chart}");
    }
    let ids = ["performance", "returns", "figures", "book", "factor", "origin"];
    let sections = between(&html, "<section id=\"", "\"");
    assert_eq!(sections, ids);
    (html, charts, text)
}

fn titles(html: &str) -> Vec<&str> {
    between(html, "<h3>", "</h3>")
}

#[test]
fn a_run_with_everything() {
    let report = full(250, false, 7);
    let (html, charts, text) = page(&report);
    let expected = [
        "Equity",
        "Drawdown",
        "Worst drawdowns",
        "Rolling Sharpe ratio",
        "Rolling volatility",
        "Portfolio by month",
        "By year",
        "Exposure",
        "Leverage",
        "Turnover",
        "Names held",
        "Beta",
        "Costs",
        "Sector weights",
        "Binding constraints",
        "Information coefficient",
        "Decay",
        "Quantile returns",
        "Spread of the quantiles",
        "How fast it changes",
        "Factor correlation",
        "States of periods",
        "Data",
        "Parameters",
    ];
    assert_eq!(titles(&html), expected);
    // One per figure, sector and constraint.
    assert_eq!(charts.len(), 15 + 11 + 3);
    for origin in
        ["feat_matrix", "v12", "0.1.0 (c6e9a55)", "kairos backtest risk4_save", "019b3f2a-77c1", "turnover_lambda"]
    {
        assert!(text.contains(origin), "{origin} is missing");
    }
    for name in ["A figure of tomorrow", "Annual return (CAGR)", "low vol bull", "2023", "not recorded"] {
        assert_eq!(text.contains(name), name != "not recorded", "{name}");
    }
    assert!(!html.contains("class=\"absent\""));
}

#[test]
fn ten_years_of_weeks_stay_small() {
    let (html, ..) = page(&full(520, true, 3));
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
}

#[test]
fn numbers_on_the_page_are_those_of_the_run() {
    let report = full(250, false, 7);
    let (html, _, text) = page(&report);
    let sharpe =
        report.metrics.iter().find(|m| m.book == Book::Portfolio && m.scope == Scope::All && m.name == "sharpe");
    let tile = format!("<span class=\"value\">{:.2}</span>", sharpe.unwrap().value.unwrap());
    assert!(html.contains(&tile), "{tile}");
    let value = report.periods.iter().fold(1.0, |value, period| value * (1.0 + period.port_ret.unwrap()));
    let equity = html.split_once("<h3>Equity</h3>").unwrap().1;
    let table = equity.split_once("<table").unwrap().1.split_once("</table>").unwrap().0;
    assert!(table.contains(&format!("Portfolio</th><td>{value:.2}</td>")), "{value}: {table}");
    let year: f64 = report
        .periods
        .iter()
        .filter(|p| p.date_end.unwrap().format("%Y").to_string() == "2021")
        .map(|p| (1.0 + p.port_ret.unwrap()).ln())
        .sum();
    assert!(text.contains(&format!("{:.1}%", year.exp_m1() * 100.0)));
}

#[test]
fn a_market_neutral_run_has_no_benchmark() {
    let (html, charts, text) = page(&full(140, true, 11));
    assert!(text.contains("There is no benchmark, or it is cash"));
    assert!(!text.contains("Benchmark") && !text.contains("Active") && !charts[0].contains("#858C96"), "{text}");
    assert!(text.contains("Borrowing") && html.contains("Short</th>"));
}

#[test]
fn a_run_with_nothing_but_returns_says_what_is_absent() {
    let (html, charts, text) = page(&minimal(60, 5));
    // Equity, drawdown, two rolling figures, years.
    assert_eq!(charts.len(), 5);
    let absent = between(&html, "<p class=\"absent\">", "</p>");
    assert_eq!(absent.len(), 9, "{absent:?}");
    assert!(text.contains("exposure, leverage, turnover, names held, beta, costs"), "{text}");
    assert!(text.contains("made without factor diagnostics"));
    let (_, charts, text) = page(&minimal(30, 5));
    assert!(charts.len() == 3 && text.contains("Rolling figures need 52 periods, the run has 30"));
}

#[test]
fn a_run_of_one_period() {
    let (html, charts, _) = page(&full(1, false, 5));
    assert!(charts.len() > 15, "{}", charts.len());
    assert!(html.contains("The portfolio never fell below an earlier value"));
    page(&minimal(1, 5));
}

#[test]
fn runs_without_a_number_have_no_chart() {
    let mut report = minimal(20, 5);
    for period in &mut report.periods {
        period.port_ret = None;
    }
    let (_, charts, text) = page(&report);
    assert!(charts.is_empty() && text.contains("No period of the run has a return"));
    for period in &mut report.periods {
        period.port_ret = Some(f64::NAN);
        period.beta = Some(f64::INFINITY);
    }
    assert!(page(&report).1.is_empty());
}

#[test]
fn ruin_is_drawn() {
    let mut report = full(80, false, 5);
    report.periods[40].port_ret = Some(-1.2);
    let (_, _, text) = page(&report);
    assert!(text.contains("−100.0%") && text.contains("not yet"));
}

#[test]
fn texts_are_escaped() {
    let mut report = full(60, false, 5);
    report.run.command = "kairos --set x='<b>&\"</script>'".to_owned();
    report.sectors.iter_mut().for_each(|row| row.sector = "<script>alert(1)</script>".to_owned());
    report.periods[3].regime = Some("</svg><i>".to_owned());
    let html = render(&report).unwrap();
    assert!(!html.contains("<script>alert") && !html.contains("'<b>") && !html.contains("</svg><i>"));
    assert!(html.contains("&lt;script&gt;alert(1)"));
}

#[test]
fn what_cannot_be_reported_is_refused() {
    let mut report = full(5, false, 5);
    report.periods.swap(1, 2);
    let error = render(&report).unwrap_err();
    assert!(matches!(error, ReportError::Unordered { .. }), "{error}");
    assert!(error.to_string().contains("2020-02-12 comes after 2020-02-19"), "{error}");
    report.periods.clear();
    assert!(render(&report).unwrap_err().to_string().contains("has no periods"));
}

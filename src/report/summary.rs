//! A backtest as terminal tables.

use super::{Align, Table};
use crate::backtest::{ALL, Figures};

/// How a figure is written.
#[derive(Debug, Clone, Copy)]
enum Style {
    Percent,
    Ratio,
    Count,
}

/// Figures of the portfolio beside those of its benchmark and of the difference.
const SIDE_BY_SIDE: [(&str, &str, Style); 9] = [
    ("total return", "total_return", Style::Percent),
    ("return per year", "annual_return", Style::Percent),
    ("volatility", "annual_vol", Style::Percent),
    ("Sharpe ratio", "sharpe", Style::Ratio),
    ("information ratio", "information_ratio", Style::Ratio),
    ("Sortino ratio", "sortino", Style::Ratio),
    ("largest drawdown", "max_drawdown", Style::Percent),
    ("return / drawdown", "calmar", Style::Ratio),
    ("periods that gain", "hit_rate", Style::Percent),
];

/// Figures of the portfolio alone.
const OF_THE_BOOK: [(&str, &str, Style); 11] = [
    ("return before costs", "annual_return_before_costs", Style::Percent),
    ("beta to the benchmark", "beta", Style::Ratio),
    ("alpha per year", "alpha", Style::Percent),
    ("effective number of names", "effective_n", Style::Count),
    ("positions at the name cap", "at_name_cap", Style::Percent),
    ("turnover per year", "turnover", Style::Percent),
    ("costs per year", "cost", Style::Percent),
    ("gross exposure", "gross", Style::Percent),
    ("net exposure", "net", Style::Percent),
    ("leverage", "leverage", Style::Ratio),
    ("largest leverage", "leverage_max", Style::Ratio),
];

const BOOKS: [&str; 3] = ["portfolio", "benchmark", "active"];

/// The run as a whole: portfolio, benchmark and active side by side, then what only the portfolio has.
pub fn overview(figures: &Figures) -> Table {
    let mut table = Table::new(&[
        ("", Align::Left),
        ("portfolio", Align::Right),
        ("benchmark", Align::Right),
        ("active", Align::Right),
    ]);
    for (label, name, style) in SIDE_BY_SIDE {
        let cells: Vec<String> = BOOKS.iter().map(|book| shown(figures.get(book, ALL, name), style)).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            table.row([vec![label.to_owned()], cells].concat());
        }
    }
    for (label, name, style) in OF_THE_BOOK {
        let cell = shown(figures.get(BOOKS[0], ALL, name), style);
        if !cell.is_empty() {
            table.row([label.to_owned(), cell, String::new(), String::new()]);
        }
    }
    table
}

/// One row per year, or per regime.
pub fn by_scope(figures: &Figures, kind: &str, heading: &str) -> Option<Table> {
    let scopes = figures.scopes(kind);
    if scopes.is_empty() {
        return None;
    }
    let mut table = Table::new(&[
        (heading, Align::Left),
        ("periods", Align::Right),
        ("portfolio", Align::Right),
        ("benchmark", Align::Right),
        ("active", Align::Right),
        ("volatility", Align::Right),
        ("Sharpe", Align::Right),
    ]);
    for scope in scopes {
        let of = |book: &str, name: &str, style| shown(figures.get(book, &format!("{kind}{scope}"), name), style);
        let returns = BOOKS.iter().map(|book| of(book, "total_return", Style::Percent));
        let rest = [of(BOOKS[0], "annual_vol", Style::Percent), of(BOOKS[0], "sharpe", Style::Ratio)];
        let first = [scope.clone(), of(BOOKS[0], "periods", Style::Count)];
        table.row(first.into_iter().chain(returns).chain(rest));
    }
    Some(table)
}

fn shown(value: Option<f64>, style: Style) -> String {
    match (value, style) {
        (None, _) => String::new(),
        (Some(value), Style::Percent) => format!("{:.2}%", 100.0 * value),
        (Some(value), Style::Ratio) => format!("{value:.2}"),
        (Some(value), Style::Count) => format!("{value:.0}"),
    }
}

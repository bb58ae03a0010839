//! Wide tables on a narrow screen: long texts are cut, and if that is not enough, columns in the middle are left out.
//!
//! A number or a date is never cut, because a part of one is a wrong one.

use console::{measure_text_width, truncate_str};

use super::{Align, Table};

/// Spaces between two columns.
const GAP: usize = 2;
/// A text keeps this many characters before columns are left out for it.
const READABLE: usize = 12;
const ELLIPSIS: &str = "…";

impl Table {
    /// The table in at most `width` characters, and how many of its columns are left out for that.
    ///
    /// A table with texts of several lines, such as a query plan, is returned as it is: cut, it would say nothing.
    pub fn fitted(self, width: usize) -> (Self, usize) {
        let widths = self.widths();
        let several_lines = self.rows.iter().flatten().any(|cell| cell.contains('\n'));
        if several_lines || total(&widths) <= width || widths.is_empty() {
            return (self, 0);
        }
        let texts = self.texts();
        let mut least: Vec<_> = widths.iter().zip(&texts).map(|(w, text)| least(*text, *w)).collect();
        if widths[0] <= width / 2 {
            least[0] = widths[0]; // it says what the row is about
        }
        let (front, back) = if total(&least) <= width { (widths.len(), 0) } else { outer(&least, width) };
        let hidden = widths.len() - front - back;
        let table = if hidden == 0 { self } else { self.without_middle(front, back) };
        (table.with_texts_cut(width), hidden)
    }

    fn widths(&self) -> Vec<usize> {
        let widest = |at: usize| self.rows.iter().filter_map(|row| row.get(at)).map(|c| measure_text_width(c)).max();
        let columns = self.columns.iter().enumerate();
        columns.map(|(at, (name, _))| measure_text_width(name).max(widest(at).unwrap_or(0))).collect()
    }

    /// Which columns may be cut: those with a letter in some cell.
    fn texts(&self) -> Vec<bool> {
        let lettered =
            |at: usize| self.rows.iter().filter_map(|row| row.get(at)).any(|cell| cell.contains(char::is_alphabetic));
        let columns = self.columns.iter().enumerate();
        columns.map(|(at, (_, align))| *align == Align::Left && lettered(at)).collect()
    }

    /// The first `front` and the last `back` columns, with a column of ellipses between them.
    fn without_middle(self, front: usize, back: usize) -> Self {
        fn cut<T>(mut cells: Vec<T>, front: usize, back: usize, between: T) -> Vec<T> {
            let last = cells.split_off(cells.len() - back);
            cells.truncate(front);
            cells.push(between);
            cells.extend(last);
            cells
        }
        let columns = cut(self.columns, front, back, (ELLIPSIS.to_owned(), Align::Left));
        let rows = self.rows.into_iter().map(|row| cut(row, front, back, ELLIPSIS.to_owned())).collect();
        Self { columns, rows }
    }

    /// Cuts texts at the largest common length that lets the table fit; the names of columns last of all.
    fn with_texts_cut(mut self, width: usize) -> Self {
        let widths = self.widths();
        let mut texts = self.texts();
        texts[0] &= widths[0] > width / 2;
        let capped = |cap: usize| -> Vec<usize> {
            texts.iter().zip(&widths).map(|(text, w)| if *text { cap.min(*w) } else { *w }).collect()
        };
        let widest = widths.iter().copied().max().unwrap_or(1);
        let cap = (1..=widest).rev().find(|cap| total(&capped(*cap)) <= width).unwrap_or(width.max(1));
        for ((name, _), text) in self.columns.iter_mut().zip(&texts) {
            if *text {
                *name = truncate_str(name, cap, ELLIPSIS).into_owned();
            }
        }
        for row in &mut self.rows {
            for (cell, _) in row.iter_mut().zip(&texts).filter(|(_, text)| **text) {
                *cell = truncate_str(cell, cap, ELLIPSIS).into_owned();
            }
        }
        self
    }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

fn least(text: bool, width: usize) -> usize {
    if text { width.min(READABLE) } else { width }
}

/// How many columns fit at the front and at the back, in turn, beside the column of ellipses. The first is always kept.
fn outer(least: &[usize], width: usize) -> (usize, usize) {
    let (mut front, mut back) = (1, 0);
    let mut used = least[0] + GAP + 1;
    loop {
        let left = least.len() - front - back;
        let next = if back < front { least[least.len() - 1 - back] } else { least[front] };
        if left <= 1 || used + GAP + next > width {
            return (front, back);
        }
        used += GAP + next;
        if back < front { back += 1 } else { front += 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, Align)], row: &[&str]) -> Table {
        let mut table = Table::new(columns);
        table.row(row.iter().map(|cell| (*cell).to_owned()));
        table
    }

    fn widest(table: &Table) -> usize {
        table.to_string().lines().map(measure_text_width).max().unwrap()
    }

    #[test]
    fn a_table_that_fits_is_left_alone() {
        let narrow = table(&[("a", Align::Left), ("b", Align::Right)], &["x", "1"]);
        let (fitted, hidden) = narrow.clone().fitted(4);
        assert_eq!((fitted.to_string(), hidden), (narrow.to_string(), 0));
    }

    #[test]
    fn long_texts_are_cut_before_columns_go() {
        let wide = table(
            &[("ticker", Align::Left), ("name", Align::Left), ("close", Align::Right)],
            &["AAPL", "QUARRY CAHE DATA HOLDINGS INC", "123.456"],
        );
        let (fitted, hidden) = wide.fitted(35);
        assert_eq!(hidden, 0);
        assert_eq!(fitted.to_string(), "ticker  name                  close\nAAPL    QUARRY CAHE DATA …  123.456");
    }

    #[test]
    fn dates_are_not_cut() {
        let wide = table(
            &[("dataset", Align::Left), ("about", Align::Left), ("dates", Align::Left)],
            &["feat_beta", "betas to the market of members", "2021-12-28 … 2025-12-18"],
        );
        let (fitted, hidden) = wide.fitted(50);
        assert_eq!(hidden, 0);
        assert!(fitted.to_string().ends_with("2021-12-28 … 2025-12-18"), "{fitted}");
    }

    #[test]
    fn columns_in_the_middle_go_and_numbers_stay_whole() {
        let names = ["date", "c1", "c2", "c3", "c4", "c5"];
        let columns: Vec<_> = names.iter().map(|n| (*n, Align::Right)).collect();
        let wide = table(&columns, &["2024-01-02", "1.23456", "2.23456", "3.23456", "4.23456", "5.23456"]);
        for width in 10..60 {
            let (fitted, hidden) = wide.clone().fitted(width);
            let text = fitted.to_string();
            assert!(widest(&fitted) <= width.max(13), "{width}:\n{text}");
            let shown = names.iter().filter(|name| text.contains(**name)).count();
            assert_eq!(shown + hidden, names.len(), "{width}:\n{text}");
            for number in text.lines().nth(1).unwrap().split_whitespace().filter(|cell| *cell != ELLIPSIS) {
                assert!(number == "2024-01-02" || number.ends_with(".23456"), "{number} is cut");
            }
        }
        let (fitted, hidden) = wide.fitted(30);
        assert_eq!(hidden, 4);
        assert_eq!(fitted.to_string(), "      date  …       c5\n2024-01-02  …  5.23456");
    }

    #[test]
    fn wide_characters_count_twice_and_plans_are_not_cut() {
        let (fitted, _) = table(&[("name", Align::Left)], &["日本取引所グループ"]).fitted(9);
        assert!(widest(&fitted) <= 9, "{fitted}");
        let plan = table(&[("plan", Align::Left)], &["one long line\nand another"]);
        assert_eq!(plan.clone().fitted(5).0.to_string(), plan.to_string());
    }
}

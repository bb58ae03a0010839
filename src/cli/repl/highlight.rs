//! Colours of a statement while it is typed.

use console::style;

use super::lex::{Kind, pieces};

/// `line` in colours; `before` are the lines of the statement above it, which may have opened a text or comment.
pub(super) fn highlight(before: &str, line: &str) -> String {
    let text = format!("{before}{line}");
    let mut coloured = String::with_capacity(2 * line.len());
    for piece in pieces(&text) {
        let start = piece.bytes.start.max(before.len());
        if let Some(part) = text.get(start..piece.bytes.end).filter(|part| !part.is_empty()) {
            coloured.push_str(&colour(part, piece.kind));
        }
    }
    coloured
}

fn colour(part: &str, kind: Kind) -> String {
    let part = style(part);
    match kind {
        Kind::Keyword => part.blue().bold(),
        Kind::Text => part.green(),
        Kind::Unclosed => part.yellow(),
        Kind::Number => part.cyan(),
        Kind::Parameter => part.magenta(),
        Kind::Comment => part.dim(),
        Kind::Name | Kind::Space | Kind::Semicolon | Kind::Symbol => part,
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_no_letter() {
        for (before, line) in [("", "select 'é' from x -- ü"), ("select 'a\n", "b' from x"), ("", "select 'open")] {
            assert_eq!(console::strip_ansi_codes(&highlight(before, line)), line);
        }
    }
}

//! A statement while it is typed, as pieces of text: what the prompt, the colours and the completion need to know.

use std::ops::Range;

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer, Whitespace};

/// The words that are coloured and completed. The parser knows many more, such as `date` and `close`, which are names
/// of columns here.
pub(super) const KEYWORDS: [&str; 56] = [
    "all",
    "and",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "create",
    "cross",
    "desc",
    "distinct",
    "else",
    "end",
    "except",
    "exists",
    "explain",
    "false",
    "filter",
    "from",
    "full",
    "group",
    "having",
    "in",
    "inner",
    "intersect",
    "interval",
    "is",
    "join",
    "left",
    "like",
    "limit",
    "not",
    "null",
    "nulls",
    "offset",
    "on",
    "or",
    "order",
    "outer",
    "over",
    "partition",
    "qualify",
    "replace",
    "right",
    "rows",
    "select",
    "table",
    "then",
    "true",
    "union",
    "using",
    "when",
    "where",
    "window",
    "with",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Keyword,
    Name,
    Text,
    Number,
    Parameter,
    Comment,
    Space,
    Semicolon,
    Symbol,
    /// A text or comment that is not closed yet.
    Unclosed,
}

/// A part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) bytes: Range<usize>,
    pub(super) kind: Kind,
}

/// Cuts a text into pieces that cover all of it.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut tokens = Vec::new();
    let closed = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location_into_buf(&mut tokens).is_ok();
    let lines: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut pieces: Vec<Piece> = Vec::with_capacity(tokens.len() + 1);
    for token in tokens.iter().filter(|token| token.token != Token::EOF) {
        let bytes = offset(text, &lines, token.span.start)..offset(text, &lines, token.span.end);
        pieces.push(Piece { bytes, kind: kind(&token.token) });
    }
    let end = pieces.last().map_or(0, |piece| piece.bytes.end);
    if !closed && end < text.len() {
        pieces.push(Piece { bytes: end..text.len(), kind: Kind::Unclosed });
    }
    pieces
}

/// Whether Enter ends the statement: a semicolon stands after it, or there is nothing in it.
pub(super) fn is_complete(text: &str) -> bool {
    let pieces = pieces(text);
    let last = pieces.iter().rev().find(|piece| !matches!(piece.kind, Kind::Space | Kind::Comment));
    last.is_none_or(|piece| piece.kind == Kind::Semicolon)
}

/// Whether there is nothing to run in it.
pub(super) fn is_blank(text: &str) -> bool {
    pieces(text).iter().all(|piece| matches!(piece.kind, Kind::Space | Kind::Comment | Kind::Semicolon))
}

/// Whether it makes a dataset, so that there are new names.
pub(super) fn creates(text: &str) -> bool {
    let keywords = pieces(text).into_iter().filter(|piece| piece.kind == Kind::Keyword);
    keywords.into_iter().any(|piece| text[piece.bytes].eq_ignore_ascii_case("create"))
}

fn kind(token: &Token) -> Kind {
    match token {
        Token::Word(word) if word.quote_style.is_none() && is_keyword(&word.value) => Kind::Keyword,
        Token::Word(_) => Kind::Name,
        Token::Number(..) => Kind::Number,
        Token::Placeholder(_) => Kind::Parameter,
        Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => Kind::Comment,
        Token::Whitespace(_) => Kind::Space,
        Token::SemiColon => Kind::Semicolon,
        Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) | Token::EscapedStringLiteral(_) => Kind::Text,
        _ => Kind::Symbol,
    }
}

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.binary_search(&word.to_ascii_lowercase().as_str()).is_ok()
}

/// The byte at a place that the tokenizer counts in lines and characters.
fn offset(text: &str, lines: &[usize], at: Location) -> usize {
    let start = lines.get((at.line as usize).saturating_sub(1)).copied().unwrap_or(text.len());
    let rest = text.get(start..).unwrap_or("");
    start + rest.char_indices().nth((at.column as usize).saturating_sub(1)).map_or(rest.len(), |(byte, _)| byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_but_not_in_a_text_or_comment() {
        for complete in ["select 1;", "select 1; -- done", "select ';';", "", "  ", "-- only a comment"] {
            assert!(is_complete(complete), "{complete}");
        }
        for open in ["select 1", "select ';", "select 1 -- ;", "select /* ;", "select 1; select"] {
            assert!(!is_complete(open), "{open}");
        }
        assert!(is_blank(" ; -- nothing") && !is_blank("select"));
    }

    #[test]
    fn pieces_cover_the_text() {
        for text in ["select 'é', x\n  from \"Ü\" -- ü\nwhere y > 1.5e3 and $p;", "select 'open", "select /* open\nx"]
        {
            let mut at = 0;
            for piece in pieces(text) {
                assert_eq!(piece.bytes.start, at, "{text}");
                at = piece.bytes.end;
            }
            assert_eq!(at, text.len(), "{text}");
        }
        let kinds: Vec<_> = pieces("select close, 'a' from x").iter().map(|piece| piece.kind).collect();
        assert_eq!(kinds[0], Kind::Keyword);
        assert_eq!(kinds[2], Kind::Name, "close is a column");
        assert!(KEYWORDS.is_sorted());
    }
}

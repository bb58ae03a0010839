//! What Tab offers: commands, datasets, columns, functions, parameters and keywords, by the place in the statement.

use std::collections::BTreeMap;

use datafusion::arrow::datatypes::Schema;

use super::lex::{KEYWORDS, Kind, Piece, is_keyword, pieces};
use crate::engine::Engine;
use crate::lake::LakeError;

/// The datasets of a lake and the views, with their columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalog(BTreeMap<String, Vec<String>>);

impl Catalog {
    pub(super) async fn load(engine: &Engine) -> Result<Self, LakeError> {
        let lake = engine.lake();
        let mut datasets = BTreeMap::new();
        for folder in lake.folders().await? {
            if let Some(snapshot) = lake.snapshot(&folder).await? {
                datasets.insert(folder.replace('/', "."), names(snapshot.schema()));
            }
        }
        for view in engine.views() {
            // A view over what has not been built has no columns yet.
            let columns = engine.viewed(&view.name).await.ok().flatten();
            datasets.insert(view.name.clone(), columns.map_or(Vec::new(), |view| names(view.schema())));
        }
        Ok(Self(datasets))
    }

    /// The columns of a dataset, which SQL may call `raw.x` or `x`.
    fn columns(&self, dataset: &str) -> Option<&Vec<String>> {
        self.0.get(dataset).or_else(|| self.0.get(&format!("raw.{dataset}")))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let raw = self.0.keys().filter_map(|name| name.strip_prefix("raw.")).filter(|name| !self.0.contains_key(*name));
        self.0.keys().map(String::as_str).chain(raw)
    }
}

/// Everything that has a name.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    pub(super) catalog: Catalog,
    pub(super) functions: Vec<String>,
    pub(super) parameters: Vec<String>,
    pub(super) commands: Vec<&'static str>,
}

impl Names {
    /// The start of the word that ends at `at`, and what it may become. `text` is the whole statement.
    pub(super) fn complete(&self, text: &str, at: usize) -> (usize, Vec<String>) {
        let typed = &text[..at];
        let start = typed.rfind(|c: char| !is_of_word(c)).map_or(0, |before| before + char_len(typed, before));
        let word = &typed[start..];
        let offers = match typed.strip_prefix('\\') {
            Some(command) if !command.contains(char::is_whitespace) => {
                return (0, starting(typed, self.commands.iter().copied()));
            }
            Some(command) if command.starts_with("set") => {
                let settings: Vec<String> = self.parameters.iter().map(|name| format!("{name}=")).collect();
                starting(word, settings.iter().map(String::as_str))
            }
            Some(command) if !command.starts_with("plan") => starting(word, self.catalog.names()),
            _ => self.in_sql(text, start, word),
        };
        (start, offers)
    }

    fn in_sql(&self, text: &str, start: usize, word: &str) -> Vec<String> {
        let pieces = pieces(text);
        let inside = |piece: &Piece| piece.bytes.contains(&start) || piece.bytes.end == start;
        let quoted = |kind| matches!(kind, Kind::Text | Kind::Comment | Kind::Unclosed);
        if pieces.iter().any(|piece| piece.bytes.start < start && inside(piece) && quoted(piece.kind)) {
            return Vec::new();
        }
        if word.starts_with('$') {
            let parameters: Vec<String> = self.parameters.iter().map(|name| format!("${name}")).collect();
            return starting(word, parameters.iter().map(String::as_str));
        }
        let words: Vec<&Piece> = pieces.iter().filter(|p| !matches!(p.kind, Kind::Space | Kind::Comment)).collect();
        let before = words.iter().rev().find(|piece| piece.bytes.end <= start).map(|piece| &text[piece.bytes.clone()]);
        if before.is_some_and(names_a_dataset_next) {
            return starting(word, self.catalog.names());
        }
        let read = self.read(text, &words);
        if let Some((qualifier, _)) = word.rsplit_once('.') {
            return self.of_qualifier(qualifier, word, &read);
        }
        let mut offers = starting(word, self.columns_of(&read));
        offers.extend(starting(word, self.catalog.names()));
        if !word.is_empty() {
            offers.extend(starting(word, self.functions.iter().map(String::as_str)).into_iter().map(|f| f + "("));
            let upper = word.chars().all(|c| c.is_ascii_uppercase());
            let keywords = starting(word, KEYWORDS).into_iter();
            offers.extend(keywords.map(|k| if upper { k.to_ascii_uppercase() } else { k }));
        }
        offers.sort();
        offers.dedup();
        offers
    }

    /// The datasets that the statement reads, by the names under which it reads them.
    fn read<'a>(&'a self, text: &'a str, words: &[&Piece]) -> Vec<(&'a str, &'a Vec<String>)> {
        let words: Vec<&str> = words.iter().map(|piece| &text[piece.bytes.clone()]).collect();
        let mut read = Vec::new();
        for (at, _) in words.iter().enumerate().filter(|(_, word)| names_a_dataset_next(word)) {
            let (name, next) = match words.get(at + 1..) {
                Some([schema, ".", name, ..]) if schema.eq_ignore_ascii_case("raw") => (*name, at + 4),
                Some([name, ..]) => (*name, at + 2),
                _ => continue,
            };
            let Some(columns) = self.catalog.columns(&name.to_lowercase()) else {
                continue;
            };
            read.push((name, columns));
            let alias = match words.get(next..) {
                Some([keyword, alias, ..]) if keyword.eq_ignore_ascii_case("as") => Some(*alias),
                Some([alias, ..]) if !is_keyword(alias) => Some(*alias),
                _ => None,
            };
            read.extend(alias.map(|alias| (alias, columns)));
        }
        read
    }

    /// Columns of what is read; of every dataset while nothing is.
    fn columns_of<'a>(&'a self, read: &[(&str, &'a Vec<String>)]) -> impl Iterator<Item = &'a str> {
        let all = read.is_empty().then(|| self.catalog.0.values()).into_iter().flatten();
        let named: Vec<&Vec<String>> = read.iter().map(|(_, columns)| *columns).collect();
        all.chain(named).flatten().map(String::as_str)
    }

    fn of_qualifier(&self, qualifier: &str, word: &str, read: &[(&str, &Vec<String>)]) -> Vec<String> {
        let known = read.iter().find(|(name, _)| name.eq_ignore_ascii_case(qualifier)).map(|(_, columns)| *columns);
        let columns = known.or_else(|| self.catalog.columns(&qualifier.to_lowercase()));
        let columns: Vec<String> =
            columns.into_iter().flatten().map(|column| format!("{qualifier}.{column}")).collect();
        let mut offers = starting(word, columns.iter().map(String::as_str));
        offers.extend(starting(word, self.catalog.names()));
        offers
    }
}

fn names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

fn names_a_dataset_next(word: &str) -> bool {
    ["from", "join", "table"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '$')
}

fn char_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// The names that begin with `word`, whatever their letter case, in order.
fn starting<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let word = word.to_lowercase();
    let mut found: Vec<String> =
        names.into_iter().filter(|name| name.to_lowercase().starts_with(&word)).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Names {
        let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let datasets = [
            ("feat_beta", columns(&["ticker", "date", "beta_252d"])),
            ("feat_adv", columns(&["ticker", "date", "adv_20d"])),
            ("raw.sep", columns(&["ticker", "date", "close", "closeadj"])),
        ];
        Names {
            catalog: Catalog(datasets.map(|(name, columns)| (name.to_owned(), columns)).into()),
            functions: vec!["rolling_mean".into(), "rolling_std".into()],
            parameters: vec!["momentum_weight".into()],
            commands: vec!["\\d", "\\history", "\\plan", "\\set"],
        }
    }

    /// What Tab offers at the bar.
    fn offers(text: &str) -> Vec<String> {
        let at = text.find('|').unwrap();
        known().complete(&text.replace('|', ""), at).1
    }

    #[test]
    fn datasets_after_from_and_join() {
        assert_eq!(offers("select * from |"), ["feat_adv", "feat_beta", "raw.sep", "sep"]);
        assert_eq!(offers("select * from feat_b|"), ["feat_beta"]);
        assert_eq!(offers("select * from sep join FEAT_A|"), ["feat_adv"]);
        assert_eq!(offers("select * from raw.|"), ["raw.sep"]);
    }

    #[test]
    fn columns_of_the_datasets_that_the_statement_names() {
        assert_eq!(offers("select cl| from sep"), ["close", "closeadj"]);
        assert_eq!(offers("select b| from sep"), ["between", "by"], "beta_252d is not in sep");
        assert_eq!(offers("select beta|"), ["beta_252d"], "nothing is named yet");
        assert_eq!(offers("select s.c| from sep s join feat_beta as b"), ["s.close", "s.closeadj"]);
        assert_eq!(offers("select s.c, b.b|\nfrom raw.sep s join feat_beta as b"), ["b.beta_252d"]);
    }

    #[test]
    fn functions_parameters_keywords_and_commands() {
        assert_eq!(offers("select rolling_m|"), ["rolling_mean("]);
        assert_eq!(offers("select $m|"), ["$momentum_weight"]);
        assert_eq!(offers("SEL|"), ["SELECT"]);
        assert_eq!(offers("\\h|"), ["\\history"]);
        assert_eq!(offers("\\d feat_b|"), ["feat_beta"]);
        assert_eq!(offers("\\set m|"), ["momentum_weight="]);
        assert_eq!(offers("\\plan select cl| from sep"), ["close", "closeadj"]);
        assert!(offers("select 'fr|").is_empty(), "a text is not completed");
    }
}

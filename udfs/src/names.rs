//! Names that look alike, for the suggestions in error messages.

/// Up to three of `candidates` that look like `name`, the most similar first.
///
/// The measure is the normalised Damerau–Levenshtein distance: prefix-weighted measures such as Jaro–Winkler would call
/// all names that begin with `feat_` alike.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    const ALIKE: f64 = 0.55;
    let mut scored: Vec<(f64, &str)> = (candidates.into_iter())
        .map(|c| (strsim::normalized_damerau_levenshtein(name, c), c))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    (scored.into_iter().take(3)).map(|(_, name)| name.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_found() {
        let names = ["feat_beta", "feat_adv", "two", "raw.sep"];
        assert_eq!(nearest("tow", names), ["two"]);
        assert_eq!(nearest("feat_betta", names), ["feat_beta"]);
        assert!(nearest("something_else", names).is_empty());
    }
}

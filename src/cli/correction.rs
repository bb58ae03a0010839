//! The command that the user most likely meant, to be pasted.

use super::error::mention;

/// A name that does not exist, and the one that looks most like it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Correction {
    wrong: String,
    right: String,
}

impl Correction {
    /// The first of the similar names; `None` if there is none.
    pub(crate) fn new(wrong: &str, similar: &[String]) -> Option<Self> {
        let right = similar.first()?.clone();
        Some(Self { wrong: wrong.to_owned(), right })
    }

    /// The command line with the name put right; `None` if the name is not in it, but in a file.
    pub(crate) fn of(&self, command_line: impl IntoIterator<Item = String>) -> Option<String> {
        let mut words: Vec<String> = command_line.into_iter().collect();
        if let Some(program) = words.first_mut() {
            *program = "kairos".to_owned();
        }
        let (word, at) = words.iter_mut().skip(1).find_map(|word| mention(word, &self.wrong).map(|at| (word, at)))?;
        word.replace_range(at, &self.right);
        shlex::try_join(words.iter().map(String::as_str)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrected(line: &str, wrong: &str, right: &str) -> Option<String> {
        Correction::new(wrong, &[right.to_owned()]).unwrap().of(shlex::split(line).unwrap())
    }

    #[test]
    fn the_wrong_word_alone_is_replaced() {
        let said = corrected("/opt/kairos --lake feat run feat_bta feat", "feat_bta", "feat_beta");
        assert_eq!(said.unwrap(), "kairos --lake feat run feat_beta feat");
        let said = corrected("kairos --set z_clop=3 run", "z_clop", "z_clip");
        assert_eq!(said.unwrap(), "kairos --set 'z_clip=3' run");
        let said = corrected("kairos sql -c 'select tickrs, tickr from sep'", "tickr", "ticker");
        assert_eq!(said.unwrap(), "kairos sql -c 'select tickrs, ticker from sep'");
        assert_eq!(corrected("kairos run", "tickr", "ticker"), None);
    }
}

//! Many runs over a grid of parameters.

use super::{BacktestError, Result};

/// The values of some parameters, of which a sweep runs every combination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    axes: Vec<(String, Vec<String>)>,
}

impl Grid {
    /// Reads `top_n=25,50,75 target_vol=0.1,0.2`.
    ///
    /// # Errors
    /// [`BacktestError::Grid`] if a part is not `name=value,value …` or a name stands twice.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |why: String| BacktestError::Grid { text: text.to_owned(), why };
        let mut axes: Vec<(String, Vec<String>)> = Vec::new();
        for part in text.split_whitespace() {
            let (name, values) =
                part.split_once('=').ok_or_else(|| wrong(format!("'{part}' is not name=value,value …")))?;
            let values: Vec<String> = values.split(',').map(str::to_owned).collect();
            if name.is_empty() || values.iter().any(String::is_empty) {
                return Err(wrong(format!("'{part}' lacks a name or a value")));
            }
            if axes.iter().any(|(known, _)| known == name) {
                return Err(wrong(format!("{name} stands twice")));
            }
            axes.push((name.to_owned(), values));
        }
        match axes.is_empty() {
            true => Err(wrong("it is empty".to_owned())),
            false => Ok(Self { axes }),
        }
    }

    /// The names of the parameters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.axes.iter().map(|(name, _)| name.as_str())
    }

    /// Every combination as settings `name=value`, the last parameter changing fastest.
    pub fn settings(&self) -> Vec<Vec<String>> {
        let mut combinations = vec![Vec::new()];
        for (name, values) in &self.axes {
            let extend = |so_far: Vec<String>| {
                values.iter().map(move |value| [so_far.clone(), vec![format!("{name}={value}")]].concat())
            };
            combinations = combinations.into_iter().flat_map(extend).collect();
        }
        combinations
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;

    #[test]
    fn every_combination_once() {
        let grid = Grid::parse("top_n=25,50 target_vol=0.1,0.2").unwrap();
        let settings = grid.settings();
        assert_eq!(settings.len(), 4);
        assert_eq!(settings[1], ["top_n=25", "target_vol=0.2"]);
        assert_eq!(grid.names().collect::<Vec<_>>(), ["top_n", "target_vol"]);
    }

    #[test]
    fn what_is_no_grid_is_said() {
        for text in ["", "top_n", "top_n=", "=5", "a=1 a=2", "a=1,,2"] {
            assert!(Grid::parse(text).is_err(), "{text:?}");
        }
    }
}

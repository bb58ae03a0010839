//! The options of a call: their kinds, and reading them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::declaration::{OptionSpec, TableFunction};
use super::error::TableFunctionError;
use crate::names::nearest;

/// What an option holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OptionKind {
    /// A number within these bounds.
    Number { least: f64, most: f64 },
    /// As `Number`, or NULL for none.
    MaybeNumber { least: f64, most: f64 },
    /// A whole number of at least `least`.
    Count { least: usize },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// True or false.
    Flag,
}

impl OptionKind {
    /// Whether an option may be absent without a default.
    pub(crate) fn is_optional(self) -> bool {
        matches!(self, Self::MaybeNumber { .. })
    }

    fn accepts(self, value: &OptionValue) -> bool {
        match (self, value) {
            (Self::Number { least, most } | Self::MaybeNumber { least, most }, OptionValue::Number(x)) => {
                (least..=most).contains(x)
            }
            (Self::Count { least }, OptionValue::Number(x)) => x.fract() == 0.0 && *x >= least as f64 && *x < 1e15,
            (Self::Choice(words), OptionValue::Text(word)) => words.contains(&word.as_str()),
            (Self::Flag, OptionValue::Flag(_)) => true,
            _ => false,
        }
    }

    fn expected(self) -> String {
        // The smallest positive number stands for all that is above 0, the largest for no bound.
        let bounds = |least: f64, most: f64| match (least == f64::MIN_POSITIVE, most < f64::MAX) {
            (true, true) => format!("a number above 0 and at most {most}"),
            (true, false) => "a number above 0".to_owned(),
            (false, true) => format!("a number from {least} to {most}"),
            (false, false) => format!("a number of at least {least}"),
        };
        match self {
            Self::Number { least, most } => bounds(least, most),
            Self::MaybeNumber { least, most } => format!("{} or null", bounds(least, most)),
            Self::Count { least } => format!("a whole number of at least {least}"),
            Self::Choice(words) => words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", "),
            Self::Flag => "true or false".to_owned(),
        }
    }
}

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum OptionValue {
    Flag(bool),
    Number(f64),
    Text(String),
}

impl std::fmt::Display for OptionValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "'{value}'"),
        }
    }
}

/// The options of a call by name, defaults included. One that is absent is not set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Options {
    values: BTreeMap<String, OptionValue>,
}

impl Options {
    /// Checks what a call sets (`None` for NULL) against what the function declares.
    pub(crate) fn new(
        function: &TableFunction,
        set: Vec<(String, Option<OptionValue>)>,
    ) -> Result<Self, TableFunctionError> {
        let mut values: BTreeMap<String, OptionValue> = BTreeMap::new();
        for option in &function.options {
            if let Some(default) = &option.default {
                values.insert(option.name.to_owned(), default.clone());
            }
        }
        for (name, value) in set {
            let Some(option) = function.options.iter().find(|option| option.name == name) else {
                let known: Vec<&'static str> = function.options.iter().map(|option| option.name).collect();
                let nearest = nearest(&name, known.iter().copied());
                return Err(TableFunctionError::UnknownOption {
                    function: function.name,
                    option: name,
                    nearest,
                    known,
                });
            };
            match value {
                // NULL is how a call says that it leaves a limit out.
                None if option.kind.is_optional() => drop(values.remove(&name)),
                Some(value) if option.kind.accepts(&value) => drop(values.insert(name, value)),
                other => {
                    let found = other.map_or("NULL".to_owned(), |value| value.to_string());
                    let (function, option, expected) = (function.name, option.name, option.kind.expected());
                    return Err(TableFunctionError::OptionValue { function, option, expected, found });
                }
            }
        }
        for option in &function.options {
            if !option.kind.is_optional() && !values.contains_key(option.name) {
                let (function, option, meaning) = (function.name, option.name, option.meaning);
                return Err(TableFunctionError::MissingOption { function, option, meaning });
            }
        }
        Ok(Self { values })
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &OptionValue)> {
        self.values.iter()
    }

    /// A number that may be absent.
    pub(crate) fn maybe(&self, name: &str) -> Option<f64> {
        match self.values.get(name) {
            Some(OptionValue::Number(value)) => Some(*value),
            _ => None,
        }
    }

    /// A number. The declaration says that it is there; NaN if it is not.
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.maybe(name).unwrap_or(f64::NAN)
    }

    /// A whole number.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.number(name) as usize
    }

    /// A switch.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(OptionValue::Flag(true)))
    }

    /// A word; empty if it is absent.
    pub(crate) fn word(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some(OptionValue::Text(word)) => word,
            _ => "",
        }
    }
}

/// A number within bounds.
pub(super) fn number(name: &'static str, default: f64, least: f64, most: f64, meaning: &'static str) -> OptionSpec {
    let kind = OptionKind::Number { least, most };
    OptionSpec { name, kind, default: Some(OptionValue::Number(default)), meaning }
}

/// A positive number, or none.
pub(super) fn maybe(name: &'static str, meaning: &'static str) -> OptionSpec {
    let kind = OptionKind::MaybeNumber { least: f64::MIN_POSITIVE, most: f64::MAX };
    OptionSpec { name, kind, default: None, meaning }
}

/// A whole number of at least `least`.
pub(super) fn count(name: &'static str, default: usize, least: usize, meaning: &'static str) -> OptionSpec {
    let (kind, default) = (OptionKind::Count { least }, Some(OptionValue::Number(default as f64)));
    OptionSpec { name, kind, default, meaning }
}

/// One of some words, of which the first is the default.
pub(super) fn choice(name: &'static str, words: &'static [&'static str], meaning: &'static str) -> OptionSpec {
    let default = words.first().map(|word| OptionValue::Text((*word).to_owned()));
    OptionSpec { name, kind: OptionKind::Choice(words), default, meaning }
}

/// True or false.
pub(super) fn switch(name: &'static str, default: bool, meaning: &'static str) -> OptionSpec {
    OptionSpec { name, kind: OptionKind::Flag, default: Some(OptionValue::Flag(default)), meaning }
}

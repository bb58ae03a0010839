//! Parameters: declared in `pipeline.toml` ([`super::manifest`]), changed by overlays and `--set`, bound into statements
//! ([`super::bind`]).
//!
//! The last word wins: a value that is given later, by an overlay or `--set`, takes the place of every earlier one, of
//! those for single strategies too.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use toml::de::DeValue;

use super::error::PipelineError;
use super::source::SqlFile;
use kairos_udfs::nearest;

/// The type of a parameter, taken from its TOML default. A string with the unit `column` is the name of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    /// `Int64`.
    Integer,
    /// `Float64`, finite.
    Float,
    /// `Utf8`.
    Text,
    /// No value but a name: it stands for the column itself.
    Column,
    /// `Boolean`.
    Boolean,
    /// `Date32`; a TOML local date.
    Date,
}

impl fmt::Display for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "an integer",
            Self::Float => "a finite number",
            Self::Text => "a string",
            Self::Column => "the name of a column",
            Self::Boolean => "true or false",
            Self::Date => "a date (YYYY-MM-DD)",
        })
    }
}

/// The value of a parameter. Never NULL; floats are finite.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterValue {
    /// `Int64`.
    Integer(i64),
    /// `Float64`.
    Float(f64),
    /// `Utf8`.
    Text(String),
    /// The name of a column, letter case included.
    Column(String),
    /// `Boolean`.
    Boolean(bool),
    /// `Date32`.
    Date(NaiveDate),
}

impl ParameterValue {
    /// The type of this value.
    pub fn kind(&self) -> ParameterType {
        match self {
            Self::Integer(_) => ParameterType::Integer,
            Self::Float(_) => ParameterType::Float,
            Self::Text(_) => ParameterType::Text,
            Self::Column(_) => ParameterType::Column,
            Self::Boolean(_) => ParameterType::Boolean,
            Self::Date(_) => ParameterType::Date,
        }
    }

    /// The value as a commit records it; dates become ISO 8601 strings.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Integer(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Text(value) | Self::Column(value) => value.as_str().into(),
            Self::Boolean(value) => (*value).into(),
            Self::Date(value) => value.to_string().into(),
        }
    }

    /// Reads `text` as a value of type `kind`; `None` if it is not one.
    pub fn parse(text: &str, kind: ParameterType) -> Option<Self> {
        match kind {
            ParameterType::Integer => text.parse().ok().map(Self::Integer),
            ParameterType::Float => text.parse().ok().filter(|value: &f64| value.is_finite()).map(Self::Float),
            ParameterType::Text => Some(Self::Text(text.to_string())),
            ParameterType::Column => is_column_name(text).then(|| Self::Column(text.to_string())),
            ParameterType::Boolean => text.parse().ok().map(Self::Boolean),
            ParameterType::Date => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self::Date),
        }
    }

    pub(super) fn from_toml(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().map(Self::Integer),
            DeValue::Float(x) => Self::parse(x.as_str(), ParameterType::Float),
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Boolean(value) => Some(Self::Boolean(*value)),
            DeValue::Datetime(at) if at.time.is_none() && at.offset.is_none() => {
                let date = at.date?;
                NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into()).map(Self::Date)
            }
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        }
    }

    /// The same value as type `kind`: an integer may stand for a float and a string name a column, nothing else is
    /// converted.
    pub(super) fn converted(self, kind: ParameterType) -> Option<Self> {
        match (self, kind) {
            (Self::Integer(value), ParameterType::Float) => Some(Self::Float(value as f64)),
            (Self::Text(name), ParameterType::Column) => Self::parse(&name, ParameterType::Column),
            (value, kind) => (value.kind() == kind).then_some(value),
        }
    }
}

impl fmt::Display for ParameterValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            // Debug is the shortest text that reads back as the same float, and always shows that it is one.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(value) | Self::Column(value) => write!(f, "{value}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Date(value) => write!(f, "{value}"),
        }
    }
}

/// Whether a column may be called so: not empty, no space around it, nothing that does not print.
fn is_column_name(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control)
}

/// A declared parameter with the value in effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name, written `$name` in SQL.
    pub name: String,
    /// The value in effect.
    pub value: ParameterValue,
    /// The value the base tree declares.
    pub default: ParameterValue,
    /// The values for single strategies, by the name of the strategy; see [`Parameters::for_strategy`].
    pub strategies: BTreeMap<String, ParameterValue>,
    /// The unit of the value.
    pub unit: Option<String>,
    /// One line of meaning.
    pub about: Option<String>,
    /// The only values it may take; empty if any value of its type will do.
    pub choices: Vec<ParameterValue>,
    /// The smallest number it may be.
    pub least: Option<ParameterValue>,
    /// What decided the value: the path of a `pipeline.toml`, or `--set`.
    pub set_by: String,
}

impl Parameter {
    pub(super) fn expected(&self) -> String {
        let choices: Vec<String> = self.choices.iter().map(ToString::to_string).collect();
        match (choices.is_empty(), &self.least) {
            (false, _) => format!("one of {}", choices.join(", ")),
            (true, Some(least)) => format!("{} of at least {least}", self.default.kind()),
            (true, None) => self.default.kind().to_string(),
        }
    }

    pub(super) fn accepts(&self, value: &ParameterValue) -> bool {
        let large_enough = self.least.as_ref().is_none_or(|least| match (value, least) {
            (ParameterValue::Integer(value), ParameterValue::Integer(least)) => value >= least,
            (ParameterValue::Float(value), ParameterValue::Float(least)) => value >= least,
            _ => true,
        });
        large_enough && (self.choices.is_empty() || self.choices.contains(value))
    }

    /// Gives it a value, which counts for every strategy.
    pub(super) fn give(&mut self, value: ParameterValue, by: &str) {
        self.value = value;
        self.strategies.clear();
        self.set_by = by.to_string();
    }
}

/// All parameters, in the order in which they are declared.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    pub(super) declared: Vec<Parameter>,
}

impl Parameters {
    /// Reads the manifests in order (the base first, then the overlays) and applies `settings`, each `name=value`.
    ///
    /// # Errors
    /// If a manifest is not valid TOML, a declaration or value has the wrong form or type, or a setting names an
    /// unknown parameter.
    pub fn load(manifests: &[SqlFile], settings: &[String]) -> Result<Self, PipelineError> {
        let mut parameters = Self::default();
        for manifest in manifests {
            parameters.read(manifest)?;
        }
        for setting in settings {
            parameters.set(setting)?;
        }
        Ok(parameters)
    }

    /// The parameter called `name` (without `$`).
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.declared.iter().find(|parameter| parameter.name == name)
    }

    /// All parameters in the order in which they are declared.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.declared.iter()
    }

    /// Declared names that look like `name`.
    pub fn similar(&self, name: &str) -> Vec<String> {
        nearest(name, self.declared.iter().map(|p| p.name.as_str()))
    }

    /// Applies one `name=value`.
    ///
    /// # Errors
    /// If there is no `=`, no such parameter, or the value does not have its type.
    pub fn set(&mut self, setting: &str) -> Result<(), PipelineError> {
        let Some((name, text)) = setting.split_once('=') else {
            return Err(PipelineError::MalformedSetting { setting: setting.to_string() });
        };
        let (name, text) = (name.trim(), text.trim());
        let similar = self.similar(name);
        let Some(parameter) = self.declared.iter_mut().find(|p| p.name == name) else {
            return Err(PipelineError::UnknownSetting { name: name.to_string(), similar });
        };
        let value = ParameterValue::parse(text, parameter.default.kind())
            .filter(|value| parameter.accepts(value))
            .ok_or_else(|| PipelineError::InvalidSetting {
                name: name.to_string(),
                expected: parameter.expected(),
                found: format!("{text:?}"),
                example: parameter.default.to_string(),
            })?;
        parameter.give(value, "--set");
        Ok(())
    }

    /// The parameters as the strategy called `name` sees them: with its own values where the manifests declare some.
    ///
    /// A value that the user set with `--set` stays, and so does one that an overlay gives without values for
    /// strategies of its own.
    pub fn for_strategy(&self, name: &str) -> Self {
        let mut own = self.clone();
        for parameter in &mut own.declared {
            if let Some(value) = parameter.strategies.get(name).cloned() {
                parameter.give(value, &format!("strategy {name}"));
            }
        }
        own
    }
}

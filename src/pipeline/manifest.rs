//! Reading a `pipeline.toml`: one table per parameter.
//!
//! ```toml
//! [min_adv]
//! default = 500000.0        # the type of the value is the type of the parameter
//! unit    = "USD"
//! about   = "Least average daily dollar volume of a member"
//!
//! [return_basis]
//! default = "closeadj"
//! choices = ["closeadj", "close"]
//! unit    = "column"        # $return_basis is this column, not a string
//! about   = "Price column of returns"
//!
//! [target_vol]
//! default    = 0.2
//! least      = 0.0          # no smaller number is taken
//! strategies = { ls = 0.12, ls_opt = 0.1 }    # what these take instead
//! ```
//!
//! An overlay's `pipeline.toml` may write `min_adv = 1000000.0` for a new default, or whole tables as above. A new default
//! counts for all strategies, unless its table has `strategies` too; new `strategies` take the place of the old ones.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{PipelineError, SourceLocation};
use super::params::{Parameter, ParameterType, ParameterValue, Parameters};
use super::source::SqlFile;

/// The unit that makes a string the name of a column.
const COLUMN: &str = "column";

impl Parameters {
    /// Adds the declarations of `file` and applies its new defaults.
    pub(super) fn read(&mut self, file: &SqlFile) -> Result<(), PipelineError> {
        let document = DeTable::parse(&file.text).map_err(|error| PipelineError::Manifest {
            message: error.message().to_string(),
            at: SourceLocation::of_bytes(file, error.span().unwrap_or(0..0)),
            help: "a pipeline.toml holds one table per parameter: [name], default = value".to_string(),
        })?;
        let mut entries: Vec<_> = document.into_inner().into_iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, entry) in &entries {
            let context = Declaration { file, name: name.get_ref(), span: name.span() };
            match entry.get_ref() {
                DeValue::Table(table) => self.declare(&context, table)?,
                _ => self.redefine(&context, entry)?,
            }
        }
        Ok(())
    }

    /// `name = value`: a new default for a parameter that an earlier manifest declares.
    fn redefine(&mut self, context: &Declaration<'_>, entry: &Spanned<DeValue<'_>>) -> Result<(), PipelineError> {
        let similar = self.similar(context.name);
        let Some(parameter) = self.declared.iter_mut().find(|p| p.name == context.name) else {
            return Err(context.error(
                format!("{} = value changes a parameter, but none is declared by this name", context.name),
                context.span.clone(),
                match similar.as_slice() {
                    [] => format!("declare it: [{}], default = value", context.name),
                    names => format!("did you mean {}?", names.join(", ")),
                },
            ));
        };
        let value = context.value_for(parameter, entry)?;
        parameter.give(value, &context.file.origin);
        Ok(())
    }

    /// `[name]`: a new parameter, or in an overlay a new default with a new unit or meaning.
    fn declare(&mut self, context: &Declaration<'_>, table: &DeTable<'_>) -> Result<(), PipelineError> {
        context.check_name()?;
        let position = self.declared.iter().position(|p| p.name == context.name);
        let mut parameter = match position {
            Some(known) => self.declared[known].clone(),
            None => context.first_declaration(table)?,
        };
        for (key, entry) in table {
            match key.get_ref().as_ref() {
                "default" | "strategies" => {}
                "unit" => parameter.unit = Some(context.unit(&parameter, entry)?),
                "about" => parameter.about = Some(context.text(entry)?),
                "choices" => parameter.choices = context.choices(&parameter, entry)?,
                "least" => parameter.least = Some(context.least(&parameter, entry)?),
                other => {
                    let help = "the keys are default, unit, about, choices, least, strategies".to_string();
                    return Err(context.error(format!("unknown key {other}"), key.span(), help));
                }
            }
        }
        if let Some(entry) = table.get("default") {
            let value = context.value_for(&parameter, entry)?;
            parameter.give(value, &context.file.origin);
        }
        if let Some(entry) = table.get("strategies") {
            parameter.strategies = context.strategies(&parameter, entry)?;
        }
        match position {
            Some(known) => self.declared[known] = parameter,
            None => self.declared.push(parameter),
        }
        Ok(())
    }
}

/// One entry of a manifest while it is read: knows how to say where something is wrong.
struct Declaration<'a> {
    file: &'a SqlFile,
    name: &'a str,
    span: std::ops::Range<usize>,
}

impl Declaration<'_> {
    fn error(&self, message: String, span: std::ops::Range<usize>, help: String) -> PipelineError {
        PipelineError::Manifest { message, at: SourceLocation::of_bytes(self.file, span), help }
    }

    fn check_name(&self) -> Result<(), PipelineError> {
        let starts = self.name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if starts && self.name.chars().all(rest) {
            return Ok(());
        }
        let help = "use lower-case letters, digits and _, so that $name is one word in SQL".to_string();
        Err(self.error(format!("{:?} is not a parameter name", self.name), self.span.clone(), help))
    }

    fn first_declaration(&self, table: &DeTable<'_>) -> Result<Parameter, PipelineError> {
        let Some(entry) = table.get("default") else {
            let help = "add default = value; its type is the type of the parameter".to_string();
            return Err(self.error(format!("{} has no default", self.name), self.span.clone(), help));
        };
        let names_column = table.get("unit").is_some_and(|unit| unit.get_ref().as_str() == Some(COLUMN));
        let value = ParameterValue::from_toml(entry.get_ref());
        let (value, help) = if names_column {
            let name = value.and_then(|value| value.converted(ParameterType::Column));
            (name, "its unit is column: use the name of a column, as a string")
        } else {
            (value, "use an integer, a finite float, a string, a boolean or a local date")
        };
        let value = value.ok_or_else(|| {
            let message = format!("{} cannot default to {}", self.name, described(entry.get_ref()));
            self.error(message, entry.span(), help.to_string())
        })?;
        Ok(Parameter {
            name: self.name.to_string(),
            default: value.clone(),
            value,
            strategies: BTreeMap::new(),
            unit: None,
            about: None,
            choices: Vec::new(),
            least: None,
            set_by: self.file.origin.clone(),
        })
    }

    fn value_for(&self, parameter: &Parameter, entry: &Spanned<DeValue<'_>>) -> Result<ParameterValue, PipelineError> {
        ParameterValue::from_toml(entry.get_ref())
            .and_then(|value| value.converted(parameter.default.kind()))
            .filter(|value| parameter.accepts(value))
            .ok_or_else(|| {
                self.error(
                    format!("{} expects {}, found {}", self.name, parameter.expected(), described(entry.get_ref())),
                    entry.span(),
                    format!("for example {}", parameter.default),
                )
            })
    }

    fn text(&self, entry: &Spanned<DeValue<'_>>) -> Result<String, PipelineError> {
        entry.get_ref().as_str().map(str::to_string).ok_or_else(|| {
            let message = format!("expected a string, found {}", described(entry.get_ref()));
            self.error(message, entry.span(), "put it in quotes".to_string())
        })
    }

    /// The unit of `parameter`, which an overlay may reword but not use to change the type.
    fn unit(&self, parameter: &Parameter, entry: &Spanned<DeValue<'_>>) -> Result<String, PipelineError> {
        let unit = self.text(entry)?;
        let is_column = parameter.default.kind() == ParameterType::Column;
        if is_column == (unit == COLUMN) {
            return Ok(unit);
        }
        let (message, help) = if is_column {
            (format!("{} names a column and cannot have another unit", self.name), "leave the unit out")
        } else {
            let kind = parameter.default.kind();
            (format!("{} is {kind} and cannot become the name of a column", self.name), "give it another unit")
        };
        Err(self.error(message, entry.span(), help.to_string()))
    }

    /// `{ ls = 0.12, ls_opt = 0.1 }`.
    fn strategies(
        &self,
        parameter: &Parameter,
        entry: &Spanned<DeValue<'_>>,
    ) -> Result<BTreeMap<String, ParameterValue>, PipelineError> {
        let table = entry.get_ref().as_table().ok_or_else(|| {
            let message = format!("expected values by strategy, found {}", described(entry.get_ref()));
            self.error(message, entry.span(), format!("for example {{ ls = {} }}", parameter.default))
        })?;
        let value = |(strategy, entry): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
            Ok((strategy.get_ref().to_string(), self.value_for(parameter, entry)?))
        };
        table.iter().map(value).collect()
    }

    fn choices(
        &self,
        parameter: &Parameter,
        entry: &Spanned<DeValue<'_>>,
    ) -> Result<Vec<ParameterValue>, PipelineError> {
        let kind = parameter.default.kind();
        let read = |item: &Spanned<DeValue<'_>>| {
            ParameterValue::from_toml(item.get_ref()).and_then(|value| value.converted(kind))
        };
        let values: Option<Vec<_>> = entry.get_ref().as_array().and_then(|items| items.iter().map(read).collect());
        values.filter(|values| !values.is_empty()).ok_or_else(|| {
            let message = format!("the choices of {} are not a list of values of its type", self.name);
            self.error(message, entry.span(), format!("each choice is {kind}"))
        })
    }

    fn least(&self, parameter: &Parameter, entry: &Spanned<DeValue<'_>>) -> Result<ParameterValue, PipelineError> {
        let kind = parameter.default.kind();
        let is_number = matches!(kind, ParameterType::Integer | ParameterType::Float);
        let value = ParameterValue::from_toml(entry.get_ref()).and_then(|value| value.converted(kind));
        value.filter(|_| is_number).ok_or_else(|| {
            let message = format!("{} is {kind} and cannot be at least {}", self.name, described(entry.get_ref()));
            self.error(message, entry.span(), "least is for numbers, and of their type".to_string())
        })
    }
}

fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(n) => n.to_string(),
        DeValue::Float(x) => x.to_string(),
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(at) => at.to_string(),
        DeValue::Array(_) => "an array".to_string(),
        DeValue::Table(_) => "a table".to_string(),
    }
}

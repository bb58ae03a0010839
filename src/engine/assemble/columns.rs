//! Which columns an assembly has, under which names and of which types. Judged by schemas alone, never by rows, so that
//! the same files always give the same columns.

use std::collections::{BTreeMap, HashMap};

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::AssembleError;
use super::call::{CopyOf, Repeated};

/// The key of the base and of every dataset.
pub(in crate::engine) const KEY: [&str; 2] = ["ticker", "date"];

/// A column of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OutputColumn {
    /// Name and type in the result.
    pub field: Field,
    /// The dataset, by its position.
    pub dataset: usize,
    /// The column, by its position in the dataset's schema.
    pub column: usize,
}

/// Two columns that must be equal wherever both datasets have a row: `(dataset, column)`, by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EqualColumns {
    pub copy: (usize, usize),
    pub source: (usize, usize),
}

/// The columns of an assembly, without the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub output: Vec<OutputColumn>,
    pub equal: Vec<EqualColumns>,
}

impl Columns {
    /// Names the columns of `datasets` in their order; a declared copy is left out.
    ///
    /// The first dataset with a name owns it. A later column of that name is called after its dataset
    /// (`dollar_volume_adv`) or numbered (`dollar_volume_1`), as `repeated` says.
    pub fn of(datasets: &[(String, SchemaRef)], repeated: Repeated, copies: &[CopyOf]) -> Result<Self, AssembleError> {
        let equal = copies.iter().map(|copy| equal(datasets, copy)).collect::<Result<Vec<_>, _>>()?;
        let mut names = Names { by_lower_case: KEY.map(|key| (key.to_owned(), key.to_owned())).into() };
        let mut output = Vec::new();
        for (dataset, (name, schema)) in datasets.iter().enumerate() {
            check_key(name, schema)?;
            for (column, field) in schema.fields().iter().enumerate() {
                let is_copy = equal.iter().any(|equal| equal.copy == (dataset, column));
                if is_copy || KEY.contains(&field.name().as_str()) {
                    continue;
                }
                let called = names.take(name, field.name(), repeated)?;
                let field = Field::new(called, assembled_type(field.data_type()), true);
                output.push(OutputColumn { field, dataset, column });
            }
        }
        Ok(Self { output, equal })
    }
}

/// Numbers are Float64, flags Int8, texts and dates stay.
fn assembled_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Boolean | DataType::Int8 => DataType::Int8,
        number if number.is_numeric() => DataType::Float64,
        other => other.clone(),
    }
}

/// Whether the columns have a key.
pub(crate) fn has_key(schema: &Schema) -> bool {
    KEY.iter().all(|key| schema.column_with_name(key).is_some())
}

pub(super) fn check_key(dataset: &str, schema: &Schema) -> Result<(), AssembleError> {
    let type_of = |name: &str| schema.field_with_name(name).ok().map(|field| field.data_type().clone());
    match (type_of(KEY[0]), type_of(KEY[1])) {
        (Some(DataType::Utf8), Some(DataType::Date32)) => Ok(()),
        (ticker, date) => {
            let shown = |found: Option<DataType>| found.map_or("missing".to_owned(), |t| t.to_string());
            let found = format!("ticker is {}, date is {}", shown(ticker), shown(date));
            Err(AssembleError::Key { dataset: dataset.to_owned(), found })
        }
    }
}

/// The names that are taken.
struct Names {
    by_lower_case: HashMap<String, String>,
}

impl Names {
    fn take(&mut self, dataset: &str, column: &str, repeated: Repeated) -> Result<String, AssembleError> {
        let short = dataset.strip_prefix("feat_").unwrap_or(dataset);
        let name = match repeated {
            _ if !self.is_taken(column) => column.to_owned(),
            Repeated::Dataset if !self.is_taken(&format!("{column}_{short}")) => format!("{column}_{short}"),
            Repeated::Dataset => self.numbered(&format!("{column}_{short}"), 2),
            Repeated::Number => self.numbered(column, 1),
        };
        match self.by_lower_case.insert(name.to_lowercase(), name.clone()) {
            None => Ok(name),
            Some(taken) => {
                let (dataset, column) = (dataset.to_owned(), column.to_owned());
                Err(AssembleError::AlikeNames { dataset, column, name, taken })
            }
        }
    }

    fn numbered(&self, name: &str, first: usize) -> String {
        let mut number = first;
        while self.is_taken(&format!("{name}_{number}")) {
            number += 1;
        }
        format!("{name}_{number}")
    }

    fn is_taken(&self, name: &str) -> bool {
        self.by_lower_case.get(&name.to_lowercase()).is_some_and(|taken| taken == name)
    }
}

fn equal(datasets: &[(String, SchemaRef)], copy: &CopyOf) -> Result<EqualColumns, AssembleError> {
    let by_name: BTreeMap<&str, usize> = datasets.iter().enumerate().map(|(i, (name, _))| (name.as_str(), i)).collect();
    let find = |(dataset, column): &(String, String)| {
        let unknown = |found| AssembleError::UnknownCopy { dataset: dataset.clone(), column: column.clone(), found };
        let at = *by_name.get(dataset.as_str()).ok_or_else(|| unknown("the dataset is not assembled".to_owned()))?;
        let schema = &datasets[at].1;
        let column = schema.index_of(column).map_err(|_| {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            unknown(format!("the dataset has {}", names.join(", ")))
        })?;
        Ok((at, column))
    };
    Ok(EqualColumns { copy: find(&copy.copy)?, source: find(&copy.source)? })
}

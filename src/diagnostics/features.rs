//! Names on the command line → columns of datasets.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::{DataType, SchemaRef};

use super::{DiagnosticsError, Result};
use crate::engine::Engine;
use kairos_udfs::nearest;

/// What all features are read from, if it has been built.
const MATRIX: &str = "feat_matrix";
/// What features are meant to predict; its columns are in the future and never features.
const TARGETS: &str = "feat_targets";

/// A numeric column that is examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// The dataset, keyed by ticker and date.
    pub dataset: String,
    /// The column.
    pub column: String,
    /// How results call it: the column, with its dataset where the column alone could be another one.
    pub name: String,
}

/// A dataset and its columns.
struct Candidate {
    dataset: String,
    schema: SchemaRef,
}

impl Candidate {
    async fn open(engine: &Engine, dataset: &str) -> Result<Self> {
        let schema = engine.rows(&format!("select * from {} limit 0", quoted(dataset))).await?.schema();
        for missing in ["ticker", "date"] {
            if schema.field_with_name(missing).is_err() {
                return Err(DiagnosticsError::NotKeyed { dataset: dataset.to_owned(), missing });
            }
        }
        Ok(Self { dataset: dataset.to_owned(), schema })
    }

    fn columns(&self) -> impl Iterator<Item = (&str, &DataType)> {
        let fields = self.schema.fields().iter().map(|field| (field.name().as_str(), field.data_type()));
        fields.filter(|(name, _)| !["ticker", "date"].contains(name))
    }

    fn feature(&self, column: &str) -> Feature {
        let name = column.to_owned();
        Feature { dataset: self.dataset.clone(), column: name.clone(), name }
    }
}

/// Finds the columns: `all`, `column` or `dataset.column` each.
///
/// Columns without a dataset are looked up in `dataset`; if that is not given, in `feat_matrix`, or in all `feat_*`
/// datasets if there is no matrix. `all` leaves out what lies in the future: the columns of `feat_targets`.
///
/// # Errors
/// If a column does not exist, is in several datasets, or is not a number.
pub async fn find_features(engine: &Engine, dataset: Option<&str>, columns: &[String]) -> Result<Vec<Feature>> {
    let needs_search = columns.iter().any(|column| !column.contains('.'));
    let candidates = if needs_search { candidates(engine, dataset).await? } else { Vec::new() };
    let mut features: Vec<Feature> = Vec::new();
    for column in columns {
        let found = match column.rsplit_once('.') {
            _ if column == "all" => all(engine, dataset, &candidates).await?,
            Some((dataset, column)) => vec![find(&[Candidate::open(engine, dataset).await?], column)?],
            None => vec![find(&candidates, column)?],
        };
        for feature in found {
            if !features.contains(&feature) {
                features.push(feature);
            }
        }
    }
    let names: Vec<String> = features.iter().map(|feature| feature.column.clone()).collect();
    for feature in &mut features {
        if names.iter().filter(|name| **name == feature.column).count() > 1 {
            feature.name = format!("{}.{}", feature.dataset, feature.column);
        }
    }
    if features.is_empty() { Err(DiagnosticsError::NoFeatures) } else { Ok(features) }
}

/// The column of a dataset, or of the only dataset that has it.
fn find(candidates: &[Candidate], column: &str) -> Result<Feature> {
    let having: Vec<_> = candidates.iter().filter(|c| c.columns().any(|(name, _)| name == column)).collect();
    match having.as_slice() {
        [one] => match one.columns().find(|(name, _)| *name == column) {
            Some((_, found)) if !found.is_numeric() => Err(DiagnosticsError::NotNumeric {
                dataset: one.dataset.clone(),
                column: column.to_owned(),
                found: found.to_string(),
            }),
            _ => Ok(one.feature(column)),
        },
        [] => Err(DiagnosticsError::UnknownColumn {
            column: column.to_owned(),
            searched: candidates.iter().map(|c| c.dataset.clone()).collect(),
            near: nearest(column, candidates.iter().flat_map(|c| c.columns().map(|(name, _)| name))),
        }),
        several => Err(DiagnosticsError::AmbiguousColumn {
            column: column.to_owned(),
            candidates: several.iter().map(|c| format!("{}.{column}", c.dataset)).collect(),
        }),
    }
}

async fn all(engine: &Engine, asked: Option<&str>, candidates: &[Candidate]) -> Result<Vec<Feature>> {
    let mut future = BTreeSet::new();
    if asked != Some(TARGETS) && engine.lake().snapshot(TARGETS).await?.is_some() {
        let targets = Candidate::open(engine, TARGETS).await?;
        future.extend(targets.columns().map(|(name, _)| name.to_owned()));
    }
    let of = |candidate: &Candidate| -> Vec<Feature> {
        let numeric = candidate.columns().filter(|(name, of)| of.is_numeric() && !future.contains(*name));
        numeric.map(|(name, _)| candidate.feature(name)).collect()
    };
    Ok(candidates.iter().flat_map(of).collect())
}

async fn candidates(engine: &Engine, dataset: Option<&str>) -> Result<Vec<Candidate>> {
    if let Some(dataset) = dataset {
        return Ok(vec![Candidate::open(engine, dataset).await?]);
    }
    if engine.lake().snapshot(MATRIX).await?.is_some() {
        return Ok(vec![Candidate::open(engine, MATRIX).await?]);
    }
    let mut candidates = Vec::new();
    for name in engine.lake().folders().await? {
        if name.starts_with("feat_") && name != TARGETS && engine.lake().snapshot(&name).await?.is_some() {
            match Candidate::open(engine, &name).await {
                Ok(candidate) => candidates.push(candidate),
                // A dataset of dates or of filings is no dataset of features per ticker and date.
                Err(DiagnosticsError::NotKeyed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    if candidates.is_empty() { Err(DiagnosticsError::NoFeatures) } else { Ok(candidates) }
}

/// A name as SQL takes it whatever it is made of; `raw.sep` keeps its schema.
pub(super) fn quoted(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
    parts.join(".")
}

//! Datasets that columns are copied from.

use std::collections::BTreeMap;

use datafusion::arrow::datatypes::Field;

use crate::engine::Result;
use crate::engine::assemble::KEY;
use crate::lake::{DatasetProvider, lines_up};

/// A dataset.
pub(super) struct Donor {
    pub provider: DatasetProvider,
    /// The first dates that its commit records, by column; `None` if nothing of it can be copied.
    first_dates: Option<BTreeMap<String, String>>,
}

impl Donor {
    /// A dataset whose rows may be those of `base`.
    pub(super) async fn of(base: &DatasetProvider, provider: &DatasetProvider) -> Result<Self> {
        let snapshot = provider.snapshot();
        let mut donor = Self { provider: provider.clone(), first_dates: None };
        // Only Kairos looks for what is not finite; its files of one number of rows have the same row groups.
        let looked_at = snapshot.files().iter().all(|file| file.not_finite.is_some());
        if !looked_at || !lines_up(base.snapshot(), snapshot, &KEY) {
            return Ok(donor);
        }
        let record = provider.lake().record(snapshot.dataset(), snapshot.version()).await?;
        let dates = record.map(|record| record.columns).unwrap_or_default().into_iter();
        let dates: BTreeMap<_, _> = dates.filter_map(|(name, column)| Some((name, column.first_date?))).collect();
        donor.first_dates = Some(dates).filter(|dates| dates.contains_key(KEY[1]));
        Ok(donor)
    }

    /// Whether its files have the rows of the base's, as far as the log tells.
    pub(super) fn fits(&self) -> bool {
        self.first_dates.is_some()
    }

    /// Whether a column is stored as the table's is: of its type, and without the NaN and infinities that an assembly makes
    /// NULL.
    pub(super) fn gives(&self, column: usize, field: &Field) -> bool {
        let snapshot = self.provider.snapshot();
        let stored = snapshot.schema().field(column);
        let same_type = stored.data_type() == field.data_type() && !field.data_type().is_nested();
        let mut not_finite =
            snapshot.files().iter().flat_map(|file| file.not_finite.iter().flat_map(|names| names.iter()));
        self.fits() && same_type && !not_finite.any(|name| name == stored.name())
    }

    /// The first date on which a column has a value.
    pub(super) fn first_date(&self, column: usize) -> Option<String> {
        self.first_dates.as_ref()?.get(self.provider.snapshot().schema().field(column).name()).cloned()
    }

    /// Where its schema has a column.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.provider.snapshot().schema().index_of(name).ok()
    }
}

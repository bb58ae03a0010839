//! The commits that are killed.

use kairos::lake::{CommitRecord, DatasetWriter, Lake, Layout, NewVersion};

use super::{build, engine, land_prices, text};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operation {
    /// The first version of a derived dataset.
    FirstBuild,
    /// A derived dataset of several files, written by several tasks, from another one.
    Build,
    /// A derived dataset whose file is uploaded in parts.
    BuildLarge,
    /// The build of version 9, after which the log is summed up.
    BuildTenth,
    /// The first landing of a table.
    FirstLand,
    /// A landing that rewrites one year, leaves one and adds one.
    Land,
}

/// Enough floats of full precision for a file of several parts.
const LARGE: (usize, usize) = (40_000, 40);

impl Operation {
    pub const ALL: [Self; 6] =
        [Self::FirstBuild, Self::Build, Self::BuildLarge, Self::BuildTenth, Self::FirstLand, Self::Land];

    pub fn dataset(self) -> &'static str {
        match self {
            Self::FirstLand | Self::Land => "raw/sep",
            _ => "x",
        }
    }

    /// The lake as it is before: all that the operation needs, and an older version unless it makes the first.
    pub async fn prepare(self, lake: &Lake) {
        match self {
            Self::FirstBuild | Self::Build => write_base(lake).await,
            Self::FirstLand => {}
            Self::BuildLarge => drop(build(lake, "create or replace table x as select 1 as n").await.unwrap()),
            Self::BuildTenth => {
                for n in 0..9 {
                    build(lake, &format!("create or replace table x as select {n} as n")).await.unwrap();
                }
            }
            Self::Land => land_prices(lake, &[("A", "2023-01-03", 1), ("A", "2024-01-03", 2)]).await,
        }
        if self == Self::Build {
            build(lake, "create or replace table x as select ticker, n from base order by ticker, n").await.unwrap();
        }
    }

    pub async fn run(self, lake: &Lake) {
        let sql = match self {
            Self::FirstLand | Self::Land => {
                return land_prices(lake, &[("B", "2024-01-03", 7), ("B", "2025-01-03", 8)]).await;
            }
            Self::FirstBuild | Self::Build => {
                "create or replace table x as select ticker, -n as n from base order by ticker, n".to_owned()
            }
            Self::BuildLarge => {
                let columns = (0..LARGE.1).map(|k| format!(", sin(value * {k}.7) as c{k}")).collect::<String>();
                format!("create or replace table x as select value as n{columns} from generate_series(1, {})", LARGE.0)
            }
            Self::BuildTenth => "create or replace table x as select 1000 as n".to_owned(),
        };
        build(lake, &sql).await.unwrap();
    }

    /// What a reader sees: all rows, or what stands for them whatever their order if they are many.
    pub async fn contents(self, lake: &Lake) -> String {
        let Some(snapshot) = lake.snapshot(self.dataset()).await.unwrap() else {
            return "no version".to_owned();
        };
        let sql = match self {
            Self::FirstLand | Self::Land => "select ticker, date, close from raw.sep order by ticker, date".to_owned(),
            Self::FirstBuild | Self::Build => {
                "select count(*), count(distinct ticker), sum(n), sum(n * n), count(distinct n) from x".to_owned()
            }
            Self::BuildLarge if snapshot.version() > 0 => {
                let columns = (1..LARGE.1).map(|k| format!(", sum(cast(c{k} * 1e12 as bigint))")).collect::<String>();
                format!("select count(*), sum(n){columns} from x")
            }
            Self::BuildLarge | Self::BuildTenth => "select n from x".to_owned(),
        };
        text(lake, &sql).await
    }
}

/// A dataset of four files, cut where those that are derived from it are to be cut.
async fn write_base(lake: &Lake) {
    let rows = "select 'T' || lpad(cast(value / 100 as varchar), 4, '0') as ticker, value as n \
        from generate_series(0, 19999) order by ticker, n";
    let splits = vec!["T0050".to_owned(), "T0100".to_owned(), "T0150".to_owned()];
    let layout = Layout { splits, ..Layout::sorted_by(["ticker", "n"]) };
    let batches = engine(lake).query(rows).await.unwrap();
    let schema = kairos::lake::storable_schema("base", &batches[0].schema()).unwrap();
    let mut writer = DatasetWriter::new(lake, "base", "v00000000", "part", schema.clone(), &layout).unwrap();
    for batch in batches {
        let columns = batch.columns().iter().zip(schema.fields());
        let stored = columns.map(|(column, field)| arrow::compute::cast(column, field.data_type()).unwrap());
        writer.write(&arrow::array::RecordBatch::try_new(schema.clone(), stored.collect()).unwrap()).await.unwrap();
    }
    let add = writer.finish().await.unwrap().files;
    assert_eq!(add.len(), 4);
    let new = NewVersion { base: None, schema, layout, add, remove: vec![], record: CommitRecord::default() };
    lake.commit("base", new).await.unwrap();
}

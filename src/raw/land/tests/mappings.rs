//! Files of other sources, by the mappings that the documentation shows.

use super::*;
use crate::raw::Mapping;

impl World {
    async fn land_mapped(&mut self, mapping: &str, file: &str, text: &str) -> Result<LandSummary> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sources").join(mapping);
        let mapping = Mapping::read(&path)?;
        self.options.mapping = Some(Arc::new(mapping.clone()));
        let file = self.file(file, text);
        land(&self.lake, mapping.table(), &[file], &self.options).await
    }

    fn mapping(&self, text: &str) -> Result<Mapping> {
        Mapping::read(&self.file("mapping.toml", text))
    }
}

const SHOWN: &str = "ticker date open close volume closeadj closeunadj";

#[tokio::test]
async fn the_documented_sources() {
    let mut world = World::new();
    let text = "date,open,high,low,close,volume,Name\n2013-02-08,15.07,15.12,14.63,14.75,8407500,AAL\n";
    world.land_mapped("kaggle_sp500.toml", "all.csv", text).await.unwrap();
    let text = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n\
                AAPL.US,D,20240102,000000,187.1,188.4,183.8,185.6,82488700,0\n";
    world.land_mapped("stooq.toml", "aapl.us.txt", text).await.unwrap();
    let text = "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,370.8,375.9,366.7,370.8,368.1,25258600\n\
                2024-01-03,null,null,null,null,null,null\n";
    world.land_mapped("yahoo.toml", "msft.csv", text).await.unwrap();
    let text = "ticker,volume,open,close,high,low,window_start,transactions\n\
                NVDA,1000,48.1,48.2,48.3,48.0,1704171600000000000,12\n";
    world.land_mapped("polygon.toml", "2024-01-02.csv", text).await.unwrap();
    let expected = [
        "AAL|2013-02-08|15.07|14.75|8407500.0|14.75|",
        "AAPL|2024-01-02|187.1|185.6|82488700.0|185.6|",
        "MSFT|2024-01-02|370.8|370.8|25258600.0|368.1|",
        "MSFT|2024-01-03|||||",
        "NVDA|2024-01-02|48.1|48.2|1000.0|48.2|48.2",
    ];
    assert_eq!(world.rows("sep", SHOWN).await, expected);
    let text = "Symbol,Name,Sector\nMMM,3M Company,Industrials\nNULL,\"Null, Inc\",Energy\n";
    world.land_mapped("kaggle_constituents.toml", "constituents.csv", text).await.unwrap();
    let expected = ["MMM|1|3M Company|Industrials|SEP", "NULL|2|Null, Inc|Energy|SEP"];
    assert_eq!(world.rows("tickers", "ticker permaticker name sector table").await, expected);
}

#[tokio::test]
async fn a_row_that_no_expression_can_read_is_named() {
    let mut world = World::new();
    let header = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>";
    let row = |ticker: &str, date: &str, close: &str| format!("{ticker},D,{date},0,1,1,1,{close},1,0\n");
    let text = [
        format!("{header}\n"),
        row("A", "20240102", "1"),
        row("B", "2024-01", "1"),
        row("C", "20240102", "dear"),
        row("D", "20240103", "2"),
    ]
    .concat();
    let error = world.land_mapped("stooq.toml", "x.txt", &text).await.unwrap_err().to_string();
    assert!(error.contains("2 rows are bad"), "{error}");
    assert!(error.contains("line 3") && error.contains("2024-01") && error.contains("line 4"), "{error}");
    assert!(error.contains("column close: 'dear' is not a number"), "{error}");
    world.options.quarantine = true;
    let landed = world.land_mapped("stooq.toml", "x.txt", &text).await.unwrap();
    assert_eq!((landed.inserted, landed.rejected), (2, 2));
    assert_eq!(world.rows("sep", "ticker date close").await, ["A|2024-01-02|1.0", "D|2024-01-03|2.0"]);
    let rejected = rows(&world.batch(REJECTED_DATASET, None).await, "line column record");
    assert_eq!(rejected, ["3||B,D,2024-01,0,1,1,1,1,1,0", "4|close|C,D,20240102,0,1,1,1,dear,1,0"]);
}

#[tokio::test]
async fn a_mapping_that_cannot_work_says_why() {
    let mut world = World::new();
    let all = "ticker = \"a\"\ndate = \"b\"\nopen = \"c\"\nhigh = \"c\"\nlow = \"c\"\nclose = \"c\"\nvolume = \"c\"\n";
    let refused = |text: &str| world.mapping(text).unwrap_err().to_string();
    assert!(refused("table = \"sep\"\n[columns]\nticker = \"a\"\n").contains("must have date, open"));
    let message = refused(&format!("table = \"sep\"\n[columns]\n{all}closeadj = \"c\"\nclosunadj = \"c\"\n"));
    assert!(message.contains("'closunadj'") && message.contains("closeunadj"), "{message}");
    assert!(refused("table = \"prices\"\n[columns]\n").contains("there is no raw table 'prices'"));
    assert!(refused("tabel = \"sep\"\n").contains("tabel"));
    let mapping = world.mapping(&format!("table = \"sep\"\n[columns]\n{all}closeadj = \"adj\"\n")).unwrap();
    world.options.mapping = Some(Arc::new(mapping));
    let error = world.try_land("sep", &["a,b,c\nA,2024-01-02,1\n"]).await.unwrap_err().to_string();
    assert!(
        error.contains("closeadj = \"adj\"") && error.contains("the columns there are a, b, c, file, row"),
        "{error}"
    );
}

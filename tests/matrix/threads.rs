//! The number of threads decides how rows are dealt out, and must decide nothing else.

use crate::common::{Desk, SQL};

#[test]
fn every_dataset_is_the_same_on_any_number_of_threads() {
    let files = Desk::new();
    let market = files.path("market").display().to_string();
    files.ok(&["synth", "--tickers", "150", "--days", "420", "--out", &market]);
    let built = ["1", "2", "8"].map(|threads| {
        let desk = Desk::new();
        desk.ok(&["land", "--dir", &market]);
        desk.ok(&["--sql", SQL, "--threads", threads, "run"]);
        desk
    });
    let names =
        built[0].rows("select table_name from information_schema.tables where table_schema = 'lake' order by 1");
    assert!(names.len() > 40, "{names:?}");
    for name in names.concat() {
        let columns = |column: &str| {
            let sql = format!(
                "select 1 from information_schema.columns where table_name = '{name}' and column_name = '{column}'"
            );
            !built[0].rows(&sql).is_empty()
        };
        let keys: Vec<&str> = ["date", "ticker", "datekey", "regime"].into_iter().filter(|key| columns(key)).collect();
        let order = if keys.is_empty() { String::new() } else { format!("order by {}", keys.join(", ")) };
        let sql = format!("select * from {name} {order}");
        let rows = |desk: &Desk| desk.ok(&["sql", "--format", "csv", "-c", &sql]);
        let one = rows(&built[0]);
        for (desk, threads) in built[1..].iter().zip([2, 8]) {
            let other = rows(desk);
            let difference = one.lines().zip(other.lines()).find(|(one, other)| one != other);
            assert_eq!(difference, None, "{name}: 1 and {threads} threads");
            assert_eq!(one.lines().count(), other.lines().count(), "{name}: 1 and {threads} threads");
        }
    }
}

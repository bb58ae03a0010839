//! Every two operations at the same time: both do their work, or one is told that the other was first.

use std::process::{Child, Output, Stdio};

use crate::common::{Desk, soak, stderr};

/// Operations by name.
const OPERATIONS: [(&str, &[&str]); 8] = [
    ("land", &["land", "sep", "a.csv"]),
    ("land another", &["land", "sep", "b.csv"]),
    ("build", &["sql", "-c", "create or replace table x as select ticker, close from raw.sep order by ticker"]),
    (
        "build again",
        &["sql", "-c", "create or replace table x as select ticker, close * 2 as close from raw.sep order by ticker"],
    ),
    ("build from it", &["sql", "-c", "create or replace table y as select count(*) as n from x"]),
    ("read", &["sql", "-c", "select count(*) from x join raw.sep using (ticker)"]),
    ("export", &["export", "x", "--format", "csv"]),
    ("vacuum", &["vacuum", "--keep-versions", "3", "--keep-days", "1"]),
];

#[test]
fn any_two_operations_get_along() {
    let desk = Desk::new();
    let file = |name: &str, close: usize| {
        let header = "ticker,date,open,high,low,close,volume,closeadj";
        desk.write(name, &format!("{header}\nA,2024-01-02,1,1,1,{close},1,1\nB,2023-01-03,1,1,1,{close},1,1\n"));
    };
    file("a.csv", 1);
    file("b.csv", 2);
    for (_, operation) in &OPERATIONS[..5] {
        desk.ok(operation);
    }
    let mut lost = 0;
    for round in 0..soak(2, 50) {
        for (first, one) in OPERATIONS {
            for (second, other) in OPERATIONS {
                // So that there is something to do each time.
                file("a.csv", 3 + round * 2);
                file("b.csv", 4 + round * 2);
                let both = [start(&desk, one), start(&desk, other)].map(|child| child.wait_with_output().unwrap());
                lost += both
                    .iter()
                    .map(|output| u32::from(was_second(output, &format!("{first} beside {second}"))))
                    .sum::<u32>();
                let whole =
                    desk.rows("select count(*), count(distinct x.ticker) from x join raw.sep s on x.ticker = s.ticker");
                assert_eq!(whole, [["2", "2"]], "{first} beside {second}");
                assert_eq!(desk.number("select n from y"), 2.0, "{first} beside {second}");
            }
        }
    }
    println!("{lost} were told to run again");
}

fn start(desk: &Desk, arguments: &[&str]) -> Child {
    desk.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Whether it was told that another writer was first; anything else must have gone well.
fn was_second(output: &Output, what: &str) -> bool {
    if output.status.success() {
        return false;
    }
    let said = stderr(output);
    assert!(said.contains("was changed by another writer"), "{what}: {said}");
    true
}

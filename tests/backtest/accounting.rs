//! The default mode keeps its books: returns, drift, costs and delistings can be computed again from positions and prices.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::common::{Desk, SQL};
use crate::market::{Csv, NAMES, Periods, alpha, close, dates, default, lake, ticker};

/// Decisions from 2019-05-21, the session number 100, every fifth session.
const FROM: [&str; 2] = ["--from", "2019-05-21"];
const FIRST: usize = 100;
const FREE: [&str; 6] = ["--set", "cost_bps=0", "--set", "borrow_bps=0", "--target-vol", "0"];

fn session(date: &str) -> usize {
    dates().iter().position(|known| known.to_string() == date).unwrap()
}

fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected}");
}

#[test]
fn without_costs_and_limits_a_return_is_the_mean_of_the_best_names() {
    let desk = lake();
    let run = default(&desk, "risk1", &[&FROM[..], &FREE[..], &["--top-n", "8"]].concat());
    let (raw, net, bench) = (run.returns("port_ret_raw"), run.returns("port_ret"), run.returns("bench_ret"));
    assert_eq!(raw.len(), 19, "decisions on the sessions 100, 105 … 190; that of 195 has not ended");
    for (period, date) in run.table.texts("date").iter().enumerate() {
        let t = FIRST + 5 * period;
        assert_eq!(session(date), t);
        let earned = |i: &usize| close(*i, t + 6) / close(*i, t + 1) - 1.0;
        let mut names: Vec<usize> = (0..NAMES).collect();
        names.sort_by(|a, b| alpha(*b, t).total_cmp(&alpha(*a, t)));
        let expected = names[..8].iter().map(earned).sum::<f64>() / 8.0;
        assert_close(raw[period], expected, 1e-14, "raw return");
        assert_close(net[period], expected, 1e-14, "net return");
        let everybody = names.iter().map(earned).sum::<f64>() / NAMES as f64;
        assert_close(bench[period], everybody, 1e-14, "benchmark");
    }
}

/// Lands a fund called MKT that has a price from its session `first` to `last`.
fn land_fund(desk: &Desk, first: usize, last: usize) {
    let mut rows = String::from("ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n");
    for (t, date) in dates().iter().enumerate().take(last + 1).skip(first) {
        let (price, adjusted) = (fund(t), fund(t) / 2.0);
        writeln!(rows, "MKT,{date},{price},{price},{price},{price},1000,{adjusted},{price},{date}").unwrap();
    }
    let file = desk.write("sfp.csv", &rows);
    desk.ok(&["land", "sfp", &file]);
}

/// The price of the fund, with as many digits as the vendor gives.
fn fund(t: usize) -> f64 {
    ((100.0 + t as f64 + 5.0 * (0.3 * t as f64).sin()) * 1e3).round() / 1e3
}

#[test]
fn a_fund_is_a_benchmark_from_execution_to_execution() {
    let desk = lake();
    land_fund(&desk, 0, 199);
    let fund_options = ["--set", "benchmark=fund", "--set", "benchmark_ticker=MKT"];
    let run = default(&desk, "risk1", &[&FROM[..], &FREE[..], &fund_options[..], &["--top-n", "8"]].concat());
    let (net, bench, active) = (run.returns("port_ret"), run.returns("bench_ret"), run.returns("active_ret"));
    assert_eq!(bench.len(), 19);
    for period in 0..bench.len() {
        let t = FIRST + 5 * period;
        assert_close(bench[period], fund(t + 6) / fund(t + 1) - 1.0, 1e-14, "benchmark");
        assert_close(active[period], net[period] - bench[period], 1e-14, "active return");
    }
    // The fund's prices are among what was read.
    let inputs = std::fs::read_to_string(desk.path("figures.json")).unwrap();
    assert!(inputs.contains("\"raw.sfp\": 0"), "{inputs}");
    let read =
        desk.ok(&[&["--sql", SQL, "backtest", "risk1", "--alpha", "alpha", "--dry-run"], &fund_options[..]].concat());
    assert!(read.contains("raw.sfp") && !read.contains("missing"), "{read}");
    let cash = ["--set", "benchmark=cash"];
    let run = default(&desk, "risk1", &[&FROM[..], &FREE[..], &cash[..], &["--top-n", "8"]].concat());
    assert!(run.returns("bench_ret").iter().all(|ret| *ret == 0.0));
    assert_eq!(run.returns("port_ret"), net, "what a run is compared with does not change it");
}

#[test]
fn a_benchmark_that_does_not_cover_the_run_is_refused() {
    let desk = lake();
    let run = |ticker: &str, code| {
        let setting = format!("benchmark_ticker={ticker}");
        let options = ["--alpha", "alpha", "--top-n", "8", "--set", "benchmark=fund", "--set", &setting];
        desk.fails(code, &[&["--sql", SQL, "backtest", "risk1"], &FROM[..], &options[..]].concat())
    };
    let message = run("MKT", 1);
    assert!(message.contains("raw.sfp") && message.contains("kairos land"), "{message}");
    // The execution of the seventh period, on session 131, is the first one with a price.
    land_fund(&desk, 131, 199);
    let message = run("MKT", 1);
    for words in ["benchmarks/fund.sql has no return for 6 of the 19 periods", "from 2019-05-21", "from 2019-06-25"] {
        assert!(message.contains(words), "no {words:?} in {message}");
    }
    let message = run("QQQ", 1);
    assert!(message.contains("no return for 19 of the 19 periods"), "{message}");
}

/// Weights by name.
type Book = BTreeMap<String, f64>;

/// A run and its positions by session.
fn positions(desk: &Desk, strategy: &str, options: &[&str]) -> (Periods, Vec<(usize, Book)>) {
    let file = desk.path("weights.csv").display().to_string();
    let run = default(desk, strategy, &[options, &["--weights", &file]].concat());
    let weights = Csv::read(&file);
    let mut found: Vec<(usize, Book)> = Vec::new();
    let rows = weights.texts("date").into_iter().zip(weights.texts("ticker")).zip(weights.numbers("weight"));
    for ((date, name), weight) in rows {
        let session = session(&date);
        if found.last().is_none_or(|(last, _)| *last != session) {
            found.push((session, BTreeMap::new()));
        }
        found.last_mut().unwrap().1.insert(name, weight);
    }
    (run, found)
}

#[test]
fn capital_follows_from_shares_and_prices_and_costs_from_what_is_traded() {
    let desk = lake();
    let price: BTreeMap<String, usize> = (0..NAMES).map(|i| (ticker(i), i)).collect();
    for (strategy, options) in [
        ("risk4", &["--top-n", "8", "--set", "name_cap=0.2"][..]),
        ("ls", &["--top-n", "6", "--bottom-n", "6", "--set", "name_cap=0.4"]),
        ("ls_opt", &["--top-n", "8", "--bottom-n", "8", "--set", "name_cap=0.2", "--set", "sector_net=0.3"]),
        ("short_only", &["--bottom-n", "6"]),
    ] {
        let settings = ["--set", "vol_min_periods=4", "--set", "financing_bps=100", "--set", "cost_bps=7"];
        let (run, positions) = positions(&desk, strategy, &[&FROM[..], &settings[..], options].concat());
        let columns = ["leverage", "port_ret", "cost_trading", "cost_borrow", "cost_financing", "turnover"];
        let [leverage, net, trading, borrow, financing, turnover] = columns.map(|name| run.returns(name));
        assert!(
            leverage.iter().any(|leverage| *leverage != 1.0) || strategy == "short_only",
            "{strategy}: {leverage:?}"
        );
        let mut before = Book::new();
        for period in 0..run.table.len() {
            let (t, weights) = &positions[period];
            let held: BTreeMap<&String, f64> = weights.iter().map(|(name, w)| (name, leverage[period] * w)).collect();
            let names = held.keys().copied().chain(before.keys()).collect::<std::collections::BTreeSet<_>>();
            let change = |name: &String| held.get(name).unwrap_or(&0.0) - before.get(name).unwrap_or(&0.0);
            let traded: f64 = names.iter().map(|name| change(name).abs()).sum();
            assert_close(trading[period], traded * 7e-4, 1e-14, "trading costs");
            assert_close(turnover[period], traded / 2.0, 1e-12, "turnover");
            let short: f64 = held.values().filter(|h| **h < 0.0).map(|h| -h).sum();
            assert_close(borrow[period], short * 50e-4 * 5.0 / 252.0, 1e-14, "borrow costs");
            let long: f64 = held.values().filter(|h| **h > 0.0).sum();
            assert_close(financing[period], (long - 1.0).max(0.0) * 100e-4 * 5.0 / 252.0, 1e-14, "financing");
            // One unit of capital buys shares at the execution; what they are worth at the next one, and the cash.
            let cash = 1.0 - held.values().sum::<f64>();
            let shares = held.iter().map(|(name, h)| (*name, h / close(price[*name], t + 1)));
            let worth: BTreeMap<&String, f64> =
                shares.map(|(name, shares)| (name, shares * close(price[name], t + 6))).collect();
            let capital = cash + worth.values().sum::<f64>();
            let costs = trading[period] + borrow[period] + financing[period];
            assert_close(net[period], capital - 1.0 - costs, 1e-12, "net return");
            before = worth.into_iter().map(|(name, worth)| (name.clone(), worth / capital)).collect();
        }
    }
}

/// The volatility per year that twenty daily returns up to session `t` expect of a book: half of the covariances, no variance
/// below the 5 % quantile, 1e-6 more of each (spec 06 §6.3, §6.4).
fn expected_volatility(book: &BTreeMap<&String, f64>, t: usize) -> f64 {
    const DAYS: usize = 20;
    let index = |name: &str| (0..NAMES).find(|i| ticker(*i) == name).unwrap();
    let deviations = |name: &&String| {
        let i = index(name);
        let returns: Vec<f64> = (t + 1 - DAYS..=t).map(|t| close(i, t) / close(i, t - 1) - 1.0).collect();
        let mean = returns.iter().sum::<f64>() / DAYS as f64;
        returns.iter().map(|r| r - mean).collect::<Vec<f64>>()
    };
    let x: Vec<Vec<f64>> = book.keys().map(deviations).collect();
    let s = |i: usize, j: usize| x[i].iter().zip(&x[j]).map(|(a, b)| a * b).sum::<f64>() / (DAYS - 1) as f64;
    let mut variances: Vec<f64> = (0..x.len()).map(|i| s(i, i)).collect();
    variances.sort_by(f64::total_cmp);
    let place = 0.05 * (x.len() - 1) as f64;
    let (low, high) = (variances[place as usize], variances[place as usize + 1]);
    let floor = low + place.fract() * (high - low);
    let cell = |i: usize, j: usize| if i == j { s(i, i).max(floor) + 1e-6 } else { 0.5 * s(i, j) };
    let weights: Vec<f64> = book.values().copied().collect();
    let pairs = (0..x.len()).flat_map(|i| (0..x.len()).map(move |j| (i, j)));
    (252.0 * pairs.map(|(i, j)| weights[i] * weights[j] * cell(i, j)).sum::<f64>()).sqrt()
}

#[test]
fn leverage_goes_by_the_covariance_of_the_names_held() {
    let desk = lake();
    let how = ["--set", "vol_method=ex_ante_cov", "--set", "cov_window=20", "--set", "shrinkage=0.5"];
    for (strategy, target, most, options) in [
        ("risk4", "0.12", 1.5, &["--top-n", "8", "--set", "name_cap=0.3"][..]),
        ("ls", "0.12", 4.0, &["--top-n", "6", "--bottom-n", "6", "--set", "name_cap=0.4"]),
    ] {
        let settings = [&FROM[..], &how[..], options, &["--target-vol", target]].concat();
        let (run, positions) = positions(&desk, strategy, &settings);
        let leverage = run.returns("leverage");
        for (period, (t, weights)) in positions.iter().take(leverage.len()).enumerate() {
            let held: BTreeMap<&String, f64> =
                weights.iter().filter(|(_, w)| **w != 0.0).map(|(name, w)| (name, *w)).collect();
            let free = target.parse::<f64>().unwrap() / expected_volatility(&held, *t);
            assert_close(leverage[period], free.clamp(0.25, most), 1e-10, strategy);
        }
        assert!(leverage.iter().any(|l| *l != 1.0 && *l > 0.25 && *l < most), "{strategy}: {leverage:?}");
    }
    // Both legs of the blend, each by its own names.
    let settings = [&FROM[..], &how[..], &["--top-n", "8", "--set", "leg_n=8", "--set", "name_cap=0.2"]].concat();
    let by_names = default(&desk, "regime_switching", &settings).returns("gross");
    let by_past = default(&desk, "regime_switching", &[&FROM[..], &settings[4..]].concat()).returns("gross");
    assert!(by_names.iter().all(|gross| gross.is_finite()) && by_names != by_past);
}

/// The market in which S05 trades for the last time on session 120, and other names go on.
fn delisted() -> Desk {
    let desk = lake();
    let last = dates()[120];
    for table in ["sep_base_academic", "feat_matrix"] {
        let sql = format!(
            "create or replace table {table} as select * from {table} \
             where not (ticker = 'S05' and date > date '{last}') order by ticker, date"
        );
        desk.ok(&["sql", "-c", &sql]);
    }
    desk
}

#[test]
fn a_name_that_stops_trading_is_held_at_its_last_price_then_sold() {
    let desk = delisted();
    let all = ["--top-n", "24"];
    let (run, positions) = positions(&desk, "baseline", &[&FROM[..], &FREE[..], &all].concat());
    let raw = run.returns("port_ret_raw");
    let earned = |i: usize, t: usize| close(i, t + 6) / close(i, t + 1) - 1.0;
    let others = |t: usize| (0..NAMES).filter(|i| *i != 5).map(|i| earned(i, t)).sum::<f64>();
    // Decided on session 115, bought on 116; the last price is that of 120, the period ends with 121.
    let partly = close(5, 120) / close(5, 116) - 1.0;
    assert_close(raw[3], (others(115) + partly) / 24.0, 1e-14, "the period of the last trade");
    // Decided on session 120, its last: it cannot be told yet, and earns nothing.
    assert_close(raw[4], others(120) / 24.0, 1e-14, "the period after");
    assert_close(positions[4].1["S05"], 1.0 / 24.0, 1e-14, "its weight");
    assert_eq!(positions[5].1["S05"], 0.0, "then it is sold");
    assert!(!positions[6].1.contains_key("S05"));
}

#[test]
fn a_name_that_is_written_off_earns_the_delisting_return() {
    let desk = delisted();
    let options = ["--top-n", "24", "--set", "stale_sessions=3", "--set", "delist_return=-0.5"];
    let run = default(&desk, "baseline", &[&FROM[..], &FREE[..], &options].concat());
    let raw = run.returns("port_ret_raw");
    let others: f64 = (0..NAMES).filter(|i| *i != 5).map(|i| close(i, 126) / close(i, 121) - 1.0).sum();
    assert_close(raw[4], (others - 0.5) / 24.0, 1e-14, "written off before session 126");
}

#[test]
fn what_happens_later_changes_nothing_before() {
    let whole = lake();
    let cut = lake();
    let last = dates()[161];
    for table in ["sep_base_academic", "feat_matrix", "regime_history_academic"] {
        let order = if table.starts_with("regime") { "date" } else { "ticker, date" };
        let sql = format!(
            "create or replace table {table} as select * from {table} where date <= date '{last}' order by {order}"
        );
        cut.ok(&["sql", "-c", &sql]);
    }
    for (strategy, options) in [
        ("baseline", &["--top-n", "6", "--bottom-n", "6"][..]),
        ("risk4", &["--top-n", "8", "--set", "vol_min_periods=4"]),
        ("risk4", &["--top-n", "8", "--set", "vol_method=ex_ante_cov", "--set", "cov_window=20"]),
        ("ls", &["--top-n", "6", "--bottom-n", "6", "--set", "name_cap=0.4"]),
        ("ls_opt", &["--top-n", "8", "--bottom-n", "8", "--set", "name_cap=0.2"]),
        ("regime_switching", &["--top-n", "8", "--set", "leg_n=8", "--set", "name_cap=0.2"]),
        ("short_only", &["--bottom-n", "6"]),
    ] {
        let options = [&FROM[..], options].concat();
        let (now, then) = (default(&whole, strategy, &options), default(&cut, strategy, &options));
        assert_eq!(then.table.len(), 12, "{strategy}: decisions on the sessions 100, 105 … 155");
        for column in ["port_ret", "port_ret_raw", "bench_ret", "leverage", "turnover", "cost_trading"] {
            let (now, then) = (now.returns(column), then.returns(column));
            assert_eq!(now[..then.len()], then[..], "{strategy}: {column}");
        }
    }
}

#[test]
fn the_same_on_one_thread_and_on_many() {
    let desk = lake();
    for strategy in ["risk4", "ls", "ls_opt"] {
        let options = ["--top-n", "8", "--bottom-n", "8", "--set", "name_cap=0.3"];
        let returns = ["1", "2", "8"].map(|threads| {
            let threads = ["--threads", threads];
            default(&desk, strategy, &[&FROM[..], &options, &threads].concat()).returns("port_ret")
        });
        assert_eq!(returns[0], returns[1], "{strategy}");
        assert_eq!(returns[0], returns[2], "{strategy}");
    }
}

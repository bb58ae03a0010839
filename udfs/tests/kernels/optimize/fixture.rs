//! The optimised strategies of the conformance fixture, spec 06 §9: a closed-form panel of 24 names.

use kairos_udfs::kernels::optimize::{
    KktClip, Method, Optimization, Optimized, Return, Returns, Status, Ties, optimize,
};
use kairos_udfs::kernels::portfolio::CrossSection;

use super::examples::assert_near;

const NAMES: usize = 24;
const DATES: usize = 200;
/// 2019-01-01.
const FIRST: i32 = 17_897;

fn close(i: usize, t: usize) -> f64 {
    let (i, t) = (i as f64, t as f64);
    30.0 + i + 4.0 * (0.05 * t * (1.0 + 0.07 * i) + i).sin() + 1.5 * (0.9 * t + 2.0 * i).cos() + 0.02 * t
}

fn alpha(i: usize, t: usize) -> f64 {
    let (i, t) = (i as f64, t as f64);
    (0.3 * i + 0.11 * t).sin() + 0.5 * (0.7 * i - 0.05 * t).cos()
}

fn sector(i: usize) -> u32 {
    let place = 5 * i % NAMES;
    [9, 15, 20, 23, 24].iter().position(|end| place < *end).unwrap() as u32
}

fn weekdays() -> Vec<i32> {
    // 1970-01-01 was a Thursday.
    (FIRST..).filter(|day| (day + 3) % 7 < 5).take(DATES).collect()
}

fn returns(days: &[i32]) -> Returns {
    let entry = |i: usize, t: usize| {
        let since = t.checked_sub(1);
        let value = since.map_or(f64::NAN, |since| close(i, t) / close(i, since) - 1.0);
        Return { day: days[t], since: days[since.unwrap_or(0)], value }
    };
    Returns { dates: days.to_vec(), names: (0..NAMES).map(|i| (0..DATES).map(|t| entry(i, t)).collect()).collect() }
}

struct Run {
    books: Vec<Optimized>,
    raw: Vec<f64>,
    scale: f64,
    total: f64,
}

fn run(name_cap: f64, risk_aversion: f64, script: KktClip) -> Run {
    let days = weekdays();
    let ticker: Vec<u32> = (0..NAMES as u32).collect();
    let of = |value: &dyn Fn(usize) -> f64| (0..NAMES).map(value).collect::<Vec<f64>>();
    let (volatility, beta) = (of(&|i| 0.010 + 0.001 * (7 * i % 24) as f64), of(&|i| 0.5 + 0.05 * (11 * i % 24) as f64));
    let sector: Vec<u32> = (0..NAMES).map(sector).collect();
    let eligible: Vec<bool> = (0..NAMES).map(|i| 1e6 * (1 + 5 * i % 24) as f64 >= 2e6).collect();
    let times: Vec<usize> = (100..195).step_by(5).collect();
    let alphas: Vec<Vec<f64>> = times.iter().map(|t| of(&|i| alpha(i, *t))).collect();
    let targets: Vec<Vec<f64>> = times.iter().map(|t| of(&|i| close(i, t + 5) / close(i, *t) - 1.0)).collect();
    let cross = |k: usize| CrossSection {
        ticker: &ticker,
        alpha: &alphas[k],
        volatility: &volatility,
        beta: &beta,
        sector: &sector,
        eligible: &eligible,
        period_return: &targets[k],
    };
    let dates: Vec<_> = times.iter().enumerate().map(|(k, t)| (days[*t], cross(k))).collect();
    let how = Optimization {
        long: 6,
        short: 6,
        name_cap,
        sector_multiple: 1.3,
        ties: Ties::Ticker,
        method: Method::KktClip(KktClip { risk_aversion, ..script }),
        ..Optimization::default()
    };
    let books = optimize(&dates, &returns(&days), &how, 2);
    let earned = |(book, target): (&Optimized, &Vec<f64>)| {
        book.positions.iter().map(|position| position.weight * target[position.ticker as usize]).sum::<f64>()
    };
    let raw: Vec<f64> = books.iter().zip(&targets).map(earned).collect();
    let mean = raw.iter().sum::<f64>() / raw.len() as f64;
    let variance = raw.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (raw.len() - 1) as f64;
    let scale = 0.10 / (variance * 50.4).sqrt();
    let total = raw.iter().map(|r| 1.0 + scale * r).product::<f64>() - 1.0;
    Run { books, raw, scale, total }
}

fn assert_run(run: &Run, raw: [f64; 4], scale: f64, total: f64) {
    assert_eq!(run.raw.len(), 19);
    assert!(run.books.iter().all(|book| book.status == Status::Solved));
    assert_near(&[run.raw[0], run.raw[1], run.raw[2], run.raw[18]], &raw, 5.1e-13);
    assert_near(&[run.scale, run.total], &[scale, total], 5.1e-11);
}

/// The closed-form panel is the one of the specification.
#[test]
fn panel() {
    assert_near(&[close(0, 0), close(0, 1), close(23, 199)], &[31.5, 31.152331629488707, 53.81760537888499], 1e-13);
    assert_near(&[alpha(5, 100)], &[-0.03095329651734923], 1e-15);
    let days = weekdays();
    // 2019-05-21 and 2019-10-07.
    assert_eq!((days[100], days[199]), (FIRST + 140, FIRST + 279));
}

#[test]
fn saturated() {
    let raw = [0.015471990411, -0.000799676808, 0.002492133915, -0.003348270821];
    for script in [KktClip::research(), KktClip::production()] {
        let run = run(0.03, 1.0, script);
        assert_run(&run, raw, 2.4770603275, 0.0417236256);
        let weight = |ticker: u32| run.books[0].positions.iter().find(|it| it.ticker == ticker).unwrap().weight;
        assert_near(&[weight(1), weight(9)], &[-0.0844291380, 0.1048841578], 5.1e-11);
    }
}

#[test]
fn research() {
    let run = run(0.25, 20_000.0, KktClip::research());
    assert_run(&run, [0.007512140133, 0.005075013521, -0.000113882746, -0.000729274558], 2.8588133366, 0.1331764311);
    let first = &run.books[0];
    assert_eq!(first.returns, 60);
    let tickers: Vec<u32> = first.positions.iter().map(|position| position.ticker).collect();
    assert_eq!(tickers, [1, 2, 3, 6, 7, 8, 9, 10, 15, 20, 21, 22]);
    let raw: Vec<f64> = first.positions.iter().map(|position| position.target).collect();
    // The specification prints .42867525 for S08; NumPy finds .428675266498 as well.
    let expected = [
        -0.15242492,
        -0.22119355,
        -0.35377510,
        0.10770758,
        0.36757147,
        0.42867527,
        0.47926784,
        0.13100780,
        0.15133207,
        -0.29538304,
        -0.37625178,
        -0.26653364,
    ];
    assert_near(&raw, &expected, 5.1e-9);
    let weights: Vec<f64> = first.positions.iter().map(|position| position.weight).collect();
    let expected = [
        -0.0640999948,
        -0.0961432175,
        -0.1056715263,
        0.0423622478,
        0.1110371135,
        0.1158551501,
        0.1112995932,
        0.0640098280,
        0.0554360674,
        -0.0925834470,
        -0.0877654104,
        -0.0537364040,
    ];
    assert_near(&weights, &expected, 5.1e-11);
}

#[test]
fn production() {
    let run = run(0.25, 20_000.0, KktClip::production());
    assert_run(&run, [0.007446624632, 0.005274481452, 0.000382083465, -0.000433776616], 2.8659873506, 0.1375359695);
    assert_eq!(run.books[0].returns, 56);
}

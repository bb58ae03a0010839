//! A made-up run: the same for the same seed, with the shapes that real ones have.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta};
use kairos::report::html::{
    Binding, Book, Coefficient, Correlations, Decay, Factor, Metric, Period, QuantileReturn, Run, RunReport, Scope,
    SectorWeight, Spread, Turnover,
};
use kairos_udfs::kernels::{annualized_return, annualized_vol, max_drawdown, sharpe};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

pub const WEEKS: f64 = 252.0 / 5.0;

const SECTORS: [&str; 11] = [
    "Basic Materials",
    "Communication Services",
    "Consumer Cyclical",
    "Consumer Defensive",
    "Energy",
    "Financial Services",
    "Healthcare",
    "Industrials",
    "Real Estate",
    "Technology",
    "Utilities",
];

const FACTORS: [&str; 8] = [
    "alpha_composite_v8",
    "mom_12_1",
    "reversal_1m",
    "book_to_market",
    "fcf_yield",
    "quality_z",
    "size_z",
    "vol_blend",
];

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A run with everything, over so many weeks. A book with a short side has no benchmark and has betas near zero.
pub fn full(weeks: usize, shorts: bool, seed: u64) -> RunReport {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = move || -> f64 { StandardNormal.sample(&mut random) };
    let start = date("2020-02-05");
    let at = |week: usize| start + TimeDelta::days(7 * week as i64);
    let (mut leverage, mut trend, mut heat) = (1.0, 0.4, 0.5);
    let mut periods = Vec::with_capacity(weeks);
    for week in 0..weeks {
        trend = 0.96 * trend + 0.25 * normal();
        heat = 0.95 * heat + 0.28 * normal();
        let calm = if heat > 0.6 { 1.7 } else { 1.0 };
        let market = 0.0016 + 0.002 * trend + 0.018 * calm * normal();
        let bench_ret = if shorts { 0.0 } else { market };
        let raw = 0.0011 + 0.94 * bench_ret + 0.006 * normal();
        leverage = (0.9 * leverage + 0.1 * (1.1 / calm + 0.1 * normal())).clamp(0.25, 1.5);
        let turnover = if week == 0 { 1.0 } else { (0.085 + 0.02 * normal()).clamp(0.02, 0.10) };
        let (cost_trading, cost_borrow) = (turnover * 0.002 * leverage, if shorts { 0.00005 } else { 0.0 });
        let cost_financing = (leverage - 1.0).max(0.0) * 0.0004;
        let port_ret = raw * leverage - cost_trading - cost_borrow - cost_financing;
        let volatility = ["low_vol", "normal_vol", "high_vol"][(heat > -0.4) as usize + (heat > 0.6) as usize];
        let direction = ["bear", "neutral", "bull"][(trend > -0.5) as usize + (trend > 0.4) as usize];
        periods.push(Period {
            date: at(week),
            exec_date: Some(at(week) + TimeDelta::days(1)),
            date_end: Some(at(week + 1) + TimeDelta::days(1)),
            status: ["ok", "held", "relaxed"][(week % 41 == 40) as usize + (week % 67 == 66) as usize].to_owned(),
            port_ret_raw: Some(raw),
            leverage: Some(leverage),
            cost_trading: Some(cost_trading),
            cost_borrow: Some(cost_borrow),
            cost_financing: Some(cost_financing),
            port_ret: Some(port_ret),
            bench_ret: Some(bench_ret),
            active_ret: Some(port_ret - bench_ret),
            beta: Some(if shorts { 0.02 * normal() } else { 0.95 + 0.05 * normal() }),
            gross: Some(if shorts { 1.0 } else { 0.98 + 0.005 * normal() }),
            net: Some(if shorts { 0.004 * normal() } else { 0.97 }),
            n_long: Some(75.0 + (3.0 * normal()).round()),
            n_short: Some(if shorts { 73.0 + (3.0 * normal()).round() } else { 0.0 }),
            turnover: Some(turnover),
            invested: Some((0.985 + 0.01 * normal()).min(1.0)),
            regime: Some(format!("{volatility}_{direction}")),
        });
    }
    RunReport {
        run: run(at(0), at(weeks)),
        sectors: sectors(&periods, shorts, seed),
        constraints: constraints(&periods, seed),
        metrics: metrics(&periods),
        factor: Some(factor(&periods, seed)),
        periods,
    }
}

/// A run of which only the returns are known, as in reference mode, and nothing else is.
pub fn minimal(weeks: usize, seed: u64) -> RunReport {
    let mut report = full(weeks, true, seed);
    for period in &mut report.periods {
        let (date, status, port_ret) = (period.date, "ok".to_owned(), period.port_ret);
        *period = Period { date, status, port_ret, ..Period::default() };
    }
    let run = Run { alpha: None, started_at: None, parameters: Vec::new(), inputs: Vec::new(), ..report.run };
    RunReport { run, sectors: Vec::new(), constraints: Vec::new(), metrics: Vec::new(), factor: None, ..report }
}

fn run(from: NaiveDate, to: NaiveDate) -> Run {
    let parameters = [
        ("top_n_long", "75"),
        ("target_vol", "0.20"),
        ("name_cap", "0.03"),
        ("sector_mult", "2.0"),
        ("turnover_lambda", "0.20"),
        ("turnover_cap", "0.10"),
        ("cost_bps", "10"),
        ("exec_lag", "1"),
        ("min_adv", "2000000"),
        ("mode", "default"),
    ];
    let inputs = [("feat_matrix", 12), ("sep_base_academic", 7), ("universe", 7), ("regime_history_academic", 3)];
    Run {
        run_id: "019b3f2a-77c1-7d10-9a0e-4f6f0c1f2b7d".to_owned(),
        strategy: "risk4_save".to_owned(),
        alpha: Some("alpha_composite_v8".to_owned()),
        command: "kairos backtest risk4_save --alpha alpha_composite_v8 --from 2020-02-05 --save".to_owned(),
        code_version: "0.1.0 (c6e9a55)".to_owned(),
        started_at: DateTime::from_timestamp(1_764_078_300, 0),
        periods_per_year: WEEKS,
        parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        inputs: inputs.map(|(name, version)| (name.to_owned(), version)).to_vec(),
        from,
        to,
    }
}

fn sectors(periods: &[Period], shorts: bool, seed: u64) -> Vec<SectorWeight> {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 1);
    let mut sizes: Vec<f64> = SECTORS.iter().map(|_| random.random_range(0.5..3.0)).collect();
    let mut rows = Vec::new();
    for period in periods {
        for size in &mut sizes {
            let step: f64 = StandardNormal.sample(&mut random);
            *size = (*size + 0.08 * step).clamp(0.05, 4.0);
        }
        let total: f64 = sizes.iter().sum();
        rows.extend(SECTORS.iter().zip(&sizes).map(|(sector, size)| SectorWeight {
            date: period.date,
            sector: (*sector).to_owned(),
            long: size / total * if shorts { 0.5 } else { 1.0 },
            short: if shorts { -0.5 * (0.3 * size / total + 0.7 / 11.0) } else { 0.0 },
        }));
    }
    rows
}

fn constraints(periods: &[Period], seed: u64) -> Vec<Binding> {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 2);
    let mut rows = Vec::new();
    for period in periods {
        for (constraint, most) in [("name_cap", 9), ("sector_cap", 2), ("turnover_cap", 1)] {
            let names = random.random_range(0..=most);
            if names > 0 {
                rows.push(Binding { date: period.date, constraint: constraint.to_owned(), names: f64::from(names) });
            }
        }
    }
    rows
}

fn metrics(periods: &[Period]) -> Vec<Metric> {
    let mut scopes: BTreeMap<Scope, Vec<&Period>> = BTreeMap::new();
    for period in periods {
        let regime = Scope::Regime(period.regime.clone().unwrap_or_default());
        for scope in [Scope::All, Scope::Year(period.date.year()), regime] {
            scopes.entry(scope).or_default().push(period);
        }
    }
    let mut found = Vec::new();
    for (scope, periods) in scopes {
        for book in [Book::Portfolio, Book::Benchmark, Book::Active] {
            let of = |period: &Period| match book {
                Book::Portfolio => period.port_ret,
                Book::Benchmark => period.bench_ret,
                Book::Active => period.active_ret,
            };
            let returns: Vec<f64> = periods.iter().filter_map(|period| of(period)).collect();
            let mut add = |name: &str, value: f64| {
                let (scope, name) = (scope.clone(), name.to_owned());
                found.push(Metric { book, scope, name, value: Some(value) });
            };
            add("periods", returns.len() as f64);
            add("cagr", annualized_return(&returns, WEEKS));
            add("annual_vol", annualized_vol(&returns, WEEKS));
            add(if book == Book::Active { "information_ratio" } else { "sharpe" }, sharpe(&returns, WEEKS));
            if book != Book::Active {
                add("max_drawdown", max_drawdown(&returns));
            }
            add("hit_rate", returns.iter().filter(|ret| **ret > 0.0).count() as f64 / returns.len() as f64);
        }
        if scope == Scope::All {
            for (name, value) in [("annual_turnover", 4.3), ("effective_n", 58.3), ("a_figure_of_tomorrow", 1.5)] {
                found.push(Metric {
                    book: Book::Portfolio,
                    scope: scope.clone(),
                    name: name.to_owned(),
                    value: Some(value),
                });
            }
        }
    }
    found
}

fn factor(periods: &[Period], seed: u64) -> Factor {
    let mut random = ChaCha8Rng::seed_from_u64(seed + 3);
    let mut normal = || -> f64 { StandardNormal.sample(&mut random) };
    let (mut level, mut sum) = (0.03, 0.0);
    let (mut coefficients, mut spread) = (Vec::new(), Vec::new());
    for period in periods {
        for weekday in 0..5 {
            let date = period.date + TimeDelta::days(weekday);
            level = 0.97 * level + 0.03 * 0.034 + 0.012 * normal();
            let ic = level + 0.06 * normal();
            coefficients.push(Coefficient { date, horizon: 5, spearman: Some(ic) });
            sum += 0.016 * ic + 0.0008 * normal();
            spread.push(Spread { date, cumulative: Some(sum) });
        }
    }
    let horizons = [(1, 0.014), (2, 0.019), (3, 0.023), (5, 0.030), (10, 0.036), (21, 0.041), (42, 0.034), (63, 0.026)];
    let decay = horizons.map(|(horizon, ic)| Decay {
        horizon,
        ic: Some(ic),
        t_nw: Some(ic / (0.0025 + 0.00015 * f64::from(horizon))),
        standard_error: None,
    });
    let quantiles = (1..=10).map(|quantile| QuantileReturn {
        quantile,
        mean_return: Some(0.0006 * (f64::from(quantile) - 4.4) + 0.0003 * normal()),
    });
    let values = FACTORS.iter().enumerate().map(|(row, _)| {
        let pair = |column: usize| {
            let (a, b) = (row.min(column) as f64, row.max(column) as f64);
            if row == column { 1.0 } else { 0.9 * (1.7 * a + 2.3 * b).sin() }
        };
        (0..FACTORS.len()).map(|column| Some(pair(column))).collect()
    });
    let turnover = [(1, 0.98, 0.04), (5, 0.93, 0.11), (21, 0.78, 0.27)];
    Factor {
        column: "alpha_composite_v8".to_owned(),
        horizon: 5,
        coefficients,
        decay: decay.to_vec(),
        quantiles: quantiles.collect(),
        spread,
        turnover: turnover
            .map(|(lag, autocorrelation, share)| Turnover {
                lag,
                autocorrelation: Some(autocorrelation),
                top: Some(share),
                bottom: Some(share * 1.1),
            })
            .to_vec(),
        correlations: Some(Correlations { names: FACTORS.map(str::to_owned).to_vec(), values: values.collect() }),
    }
}

//! Rows per second of every kernel on one core: `cargo bench --workspace --bench kernels`, or of those whose name holds a word:
//! `cargo bench --workspace --bench kernels -- rolling`. The mean–variance optimiser has a benchmark of its own.
//!
//! Each runs over one series after the other, as in a query: random walks with a few missing values. What works on
//! cross-sections takes a series as the values of one date.

#[allow(dead_code)]
#[path = "../tests/kernels/optimize/market.rs"]
mod market;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kairos_udfs::kernels::portfolio::{
    Book, CapMethod, Caps, Construction, CrossSection, Direction, Neutralize, OnEmpty, Overlap, Signal, Ties, Turnover,
    VolMethod, VolTarget, Weighting, construct, vol_target,
};
use kairos_udfs::kernels::{self, Band, Degenerate, MissingWeight, Ranking, Window, ZScore};
use market::Market;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const SERIES: usize = 200;
const ROWS: usize = 2000;
const SECTORS: usize = 11;
const SESSIONS_A_YEAR: f64 = 252.0;

/// What the kernels are given, all of one length.
struct Series {
    x: Vec<f64>,
    y: Vec<f64>,
    /// Simple returns of `x`.
    returns: Vec<f64>,
    /// The number of each row's session; some sessions have no row.
    session: Vec<f64>,
    sector: Vec<usize>,
    member: Vec<bool>,
}

type Kernel = (&'static str, Box<dyn Fn(&Series)>);

/// A kernel under its name, whose result counts as used.
fn kernel<T>(name: &'static str, of: impl Fn(&Series) -> T + 'static) -> Kernel {
    (name, Box::new(move |series| drop(black_box(of(black_box(series))))))
}

/// The values of a kernel that works on one row.
fn each(x: &[f64], of: impl FnMut(&f64) -> f64) -> Vec<f64> {
    x.iter().map(of).collect()
}

fn rolling() -> Vec<Kernel> {
    let full = |rows: usize| Window::new(rows, rows).expect("as many values as rows");
    let (month, quarter, year) = (full(21), full(63), full(252));
    vec![
        kernel("rolling_mean 21", move |s| kernels::rolling_mean(&s.x, month)),
        kernel("rolling_mean 252", move |s| kernels::rolling_mean(&s.x, year)),
        kernel("rolling_sum 21", move |s| kernels::rolling_sum(&s.x, month)),
        kernel("rolling_sum_by 252", |s| kernels::rolling_sum_by(&s.x, &s.session, 252.0, 126)),
        kernel("rolling_std 21", move |s| kernels::rolling_std(&s.x, month)),
        kernel("rolling_zscore 21", move |s| kernels::rolling_zscore(&s.x, month)),
        kernel("rolling_min 252", move |s| kernels::rolling_min(&s.x, year)),
        kernel("rolling_max 21", move |s| kernels::rolling_max(&s.x, month)),
        kernel("rolling_skew 63", move |s| kernels::rolling_skew(&s.x, quarter)),
        kernel("rolling_kurt 63", move |s| kernels::rolling_kurt(&s.x, quarter)),
        kernel("rolling_alpha 63", move |s| kernels::rolling_alpha(&s.x, &s.y, quarter)),
        kernel("rolling_beta 63", move |s| kernels::rolling_beta(&s.x, &s.y, quarter)),
        kernel("rolling_corr 63", move |s| kernels::rolling_corr(&s.x, &s.y, quarter)),
        kernel("rolling_resid_std 63", move |s| kernels::rolling_resid_std(&s.x, &s.y, quarter)),
    ]
}

fn recursive() -> Vec<Kernel> {
    vec![
        kernel("ewm_mean 26", |s| kernels::ewm_mean(&s.x, kernels::smoothing_of_span(26.0))),
        kernel("rsi 14", |s| kernels::rsi(&s.x, 14)),
        kernel("forward_fill", |s| kernels::forward_fill(&s.x)),
    ]
}

fn cross_sectional() -> Vec<Kernel> {
    let zscore =
        ZScore { clip: Some(3.0), winsorize: Some((0.01, 0.99)), min_group: 10, degenerate: Degenerate::Corrected };
    vec![
        kernel("winsorized_zscore", move |s| zscore.evaluate(&s.x)),
        kernel("winsorize", |s| kernels::winsorize(&s.x, &s.member, 0.01, 0.99)),
        kernel("neutralize", |s| kernels::neutralize(&s.x, &s.sector)),
        kernel("rank_pct", |s| kernels::rank_pct(&s.x)),
        kernel("quantile", |s| kernels::quantile(&mut s.x.clone(), 0.99)),
        kernel("pearson", |s| kernels::pearson(&s.x, &s.y)),
        kernel("spearman", |s| kernels::spearman(&s.x, &s.y)),
        kernel("group_means 5", |s| kernels::group_means(&Ranking::of(&s.x), &s.y, 5)),
        kernel("ntile 5", |s| kernels::ntile(s.x.len(), 5).iter().collect::<Vec<_>>()),
    ]
}

fn summaries() -> Vec<Kernel> {
    vec![
        kernel("mean", |s| kernels::mean(&s.x)),
        kernel("std", |s| kernels::std(&s.x)),
        kernel("newey_west_t 20", |s| kernels::newey_west_t(&s.returns, 20)),
        kernel("sharpe", |s| kernels::sharpe(&s.returns, SESSIONS_A_YEAR)),
        kernel("sortino", |s| kernels::sortino(&s.returns, SESSIONS_A_YEAR)),
        kernel("annualized_vol", |s| kernels::annualized_vol(&s.returns, SESSIONS_A_YEAR)),
        kernel("annualized_return", |s| kernels::annualized_return(&s.returns, SESSIONS_A_YEAR)),
        kernel("total_return", |s| kernels::total_return(&s.returns)),
        kernel("max_drawdown", |s| kernels::max_drawdown(&s.returns)),
    ]
}

fn row_by_row() -> Vec<Kernel> {
    let pairs = |s: &Series, of: fn(f64, f64) -> f64| s.x.iter().zip(&s.y).map(|(x, y)| of(*x, *y)).collect::<Vec<_>>();
    let band = |value: f64| Band { value, low: 40.0, high: 60.0 };
    let regimes = move |s: &Series| {
        s.x.iter().zip(&s.y).map(|(x, y)| kernels::regime_label(band(*x), band(*y))).collect::<Vec<_>>()
    };
    vec![
        kernel("safe_div", move |s| pairs(s, kernels::safe_div)),
        kernel("blend 2", move |s| pairs(s, |x, y| kernels::blend(MissingWeight::Renormalise, [(0.6, x), (0.4, y)]))),
        kernel("mean_of 2", move |s| pairs(s, |x, y| kernels::mean_of([x, y]))),
        kernel("clip", |s| each(&s.x, |x| kernels::clip(*x, 10.0, 90.0))),
        kernel("finite", |s| each(&s.x, |x| kernels::finite(*x))),
        kernel("bounded_inverse", |s| each(&s.x, |x| kernels::bounded_inverse(*x, 1.0))),
        kernel("symlog1p", |s| each(&s.x, |x| kernels::symlog1p(*x))),
        kernel("regime_label", regimes),
    ]
}

fn levered() -> Vec<Kernel> {
    let window = Window::new(63, 21).expect("fewer values than rows");
    let method = VolMethod::ExAnteRealised { window, lo: 0.5, hi: 2.0, shift: 1 };
    let how = VolTarget { target: 0.1, periods_per_year: SESSIONS_A_YEAR, method };
    vec![kernel("vol_target", move |s| vol_target(&s.returns, &[], &how))]
}

fn series(criterion: &mut Criterion) {
    let y = walk(&mut StdRng::seed_from_u64(1));
    let mut random = StdRng::seed_from_u64(2);
    let all: Vec<Series> = (0..SERIES).map(|_| Series::random(&mut random, &y)).collect();
    let mut group = criterion.benchmark_group("kernels");
    group.throughput(Throughput::Elements((SERIES * ROWS) as u64)).sample_size(20);
    let kernels = [rolling(), recursive(), cross_sectional(), summaries(), row_by_row(), levered()];
    for (name, kernel) in kernels.into_iter().flatten() {
        group.bench_function(name, |bencher| bencher.iter(|| all.iter().for_each(&kernel)));
    }
    group.finish();
}

impl Series {
    fn random(random: &mut StdRng, y: &[f64]) -> Self {
        let x = walk(random);
        let earned = x.windows(2).map(|pair| pair[1] / pair[0] - 1.0);
        let returns = std::iter::once(f64::NAN).chain(earned).collect();
        let mut last = 0.0;
        let mut next = || {
            last += if random.random_bool(0.02) { 2.0 } else { 1.0 };
            last
        };
        let session = (0..ROWS).map(|_| next()).collect();
        let sector = (0..ROWS).map(|_| random.random_range(0..SECTORS)).collect();
        let member = (0..ROWS).map(|_| random.random_bool(0.6)).collect();
        Self { x, y: y.to_vec(), returns, session, sector, member }
    }
}

/// Prices whose returns are equally likely between ±2 %.
fn walk(random: &mut StdRng) -> Vec<f64> {
    let mut price = 50.0;
    let mut day = || {
        price *= 1.0 + 0.04 * (random.random::<f64>() - 0.5);
        if random.random_bool(0.005) { f64::NAN } else { price }
    };
    (0..ROWS).map(|_| day()).collect()
}

/// Portfolios out of 3,000 names over 50 weeks: long with a limit on turnover, and neutral to the market.
fn portfolios(criterion: &mut Criterion) {
    let market = Market::new(3, 3000, 50);
    let dates: Vec<CrossSection<'_>> = market.dates().into_iter().map(|(_, date)| date).collect();
    let caps = Caps { name: Some(0.03), sector_multiple: Some(2.0), sector_limit: None, method: CapMethod::WaterFill };
    let long = Construction {
        signal: Signal::ZScore { clip: 3.0 },
        direction: Direction::HighIsGood,
        n_long: 75,
        n_short: 75,
        ties: Ties::Ticker,
        overlap: Overlap::Drop,
        weighting: Weighting::AlphaOverVolatility,
        caps,
        book: Book::Long,
        neutralize: Neutralize::None,
        turnover: Turnover::Restrict { lambda: 0.5, cap: 0.2 },
        on_empty: OnEmpty::Hold,
    };
    let neutral = Construction {
        book: Book::LongShort { gross: 2.0 },
        neutralize: Neutralize::Projection,
        turnover: Turnover::FullBook { lambda: 0.5, cap_one_way: 0.4, dust: 1e-4 },
        ..long
    };
    let mut group = criterion.benchmark_group("portfolios");
    let names: usize = dates.iter().map(CrossSection::len).sum();
    group.throughput(Throughput::Elements(names as u64)).sample_size(20);
    for (name, how) in [("construct, long", long), ("construct, long and short, neutral", neutral)] {
        group.bench_function(name, |bencher| bencher.iter(|| construct(black_box(&dates), &how, 1)));
    }
    group.finish();
}

criterion_group!(benches, series, portfolios);
criterion_main!(benches);

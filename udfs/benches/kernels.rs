//! Rows per second of each kernel on one core: `cargo bench --workspace --bench kernels`.
//!
//! Each runs ticker by ticker, as in a query, over random walks with a few missing values.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kairos_udfs::kernels::{self, Degenerate, Window, ZScore};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const TICKERS: usize = 200;
const DAYS: usize = 2000;

type Kernel = (&'static str, Box<dyn Fn(&[f64], &[f64]) -> Vec<f64>>);

fn each(criterion: &mut Criterion) {
    let market = walk(&mut StdRng::seed_from_u64(1));
    let mut random = StdRng::seed_from_u64(2);
    let tickers: Vec<Vec<f64>> = (0..TICKERS).map(|_| walk(&mut random)).collect();
    let mut group = criterion.benchmark_group("kernels");
    group.throughput(Throughput::Elements((TICKERS * DAYS) as u64)).sample_size(20);
    for (name, kernel) in kernels() {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for ticker in &tickers {
                    black_box(kernel(black_box(ticker), black_box(&market)));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, each);
criterion_main!(benches);

fn walk(random: &mut StdRng) -> Vec<f64> {
    let mut price = 50.0;
    let mut day = || {
        price *= 1.0 + 0.04 * (random.random::<f64>() - 0.5);
        if random.random_bool(0.005) { f64::NAN } else { price }
    };
    (0..DAYS).map(|_| day()).collect()
}

fn kernels() -> Vec<Kernel> {
    let full = |rows: usize| Window::new(rows, rows).expect("as many values as rows");
    let zscore =
        ZScore { clip: Some(3.0), winsorize: Some((0.01, 0.99)), min_group: 10, degenerate: Degenerate::Corrected };
    vec![
        ("rolling_mean 21", Box::new(move |x, _| kernels::rolling_mean(x, full(21)))),
        ("rolling_mean 252", Box::new(move |x, _| kernels::rolling_mean(x, full(252)))),
        ("rolling_sum 21", Box::new(move |x, _| kernels::rolling_sum(x, full(21)))),
        ("rolling_std 21", Box::new(move |x, _| kernels::rolling_std(x, full(21)))),
        ("rolling_zscore 21", Box::new(move |x, _| kernels::rolling_zscore(x, full(21)))),
        ("rolling_max 21", Box::new(move |x, _| kernels::rolling_max(x, full(21)))),
        ("rolling_skew 63", Box::new(move |x, _| kernels::rolling_skew(x, full(63)))),
        ("rolling_beta 63", Box::new(move |x, y| kernels::rolling_beta(x, y, full(63)))),
        ("rolling_resid_std 63", Box::new(move |x, y| kernels::rolling_resid_std(x, y, full(63)))),
        ("ewm_mean 26", Box::new(|x, _| kernels::ewm_mean(x, kernels::smoothing_of_span(26.0)))),
        ("winsorized_zscore 2000", Box::new(move |x, _| zscore.evaluate(x))),
        ("rank_pct 2000", Box::new(|x, _| kernels::rank_pct(x))),
    ]
}

use datafusion::arrow::array::*;
use datafusion::prelude::*;
use kairos_udfs::kernels::{self, Window};
use std::sync::Arc;
use std::time::Instant;

fn naive_std(x: &[f64], n: usize) -> Vec<f64> {
    (0..x.len())
        .map(|t| {
            if t + 1 < n {
                return f64::NAN;
            }
            let w = &x[t + 1 - n..=t];
            let mut a = [0.0; 8];
            let mut it = w.chunks_exact(8);
            for c in &mut it {
                for k in 0..8 {
                    a[k] += c[k];
                }
            }
            let m = (a.iter().sum::<f64>() + it.remainder().iter().sum::<f64>()) / n as f64;
            let mut a = [0.0; 8];
            let (mut lo, mut hi) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
            let mut it = w.chunks_exact(8);
            for c in &mut it {
                for k in 0..8 {
                    let d = c[k] - m;
                    a[k] += d * d;
                    if c[k] < lo[k] {
                        lo[k] = c[k]
                    }
                    if c[k] > hi[k] {
                        hi[k] = c[k]
                    }
                }
            }
            let s = a.iter().sum::<f64>()
                + it.remainder()
                    .iter()
                    .map(|v| (v - m) * (v - m))
                    .sum::<f64>();
            let lo = lo.iter().copied().fold(f64::INFINITY, f64::min);
            let hi = hi.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if hi - lo <= 1e-12 {
                0.0
            } else {
                (s / (n as f64 - 1.0)).sqrt()
            }
        })
        .collect()
}
// spec 11.3 recurrence, re-anchored every n rows; without flatness test (needs deques on top)
fn recur_std(x: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    let inv = 1.0 / n as f64;
    let (mut m, mut s) = (0.0, 0.0);
    let mut smax = 0.0f64;
    for t in n - 1..x.len() {
        if (t + 1) % n == 0 || s < 1e-6 * smax {
            let w = &x[t + 1 - n..=t];
            m = w.iter().sum::<f64>() * inv;
            s = w.iter().map(|v| (v - m) * (v - m)).sum();
            smax = s;
        } else {
            let (i, o) = (x[t], x[t - n]);
            let m2 = m + (i - o) * inv;
            s += (i - o) * ((i - m2) + (o - m));
            m = m2;
            if s > smax {
                smax = s
            }
        }
        if x[t].is_finite() {
            out[t] = (s.max(0.0) / (n as f64 - 1.0)).sqrt();
        }
    }
    out
}

#[tokio::main]
async fn main() {
    let (p, len) = (1000usize, 2000usize);
    let mut seed = 1u64;
    let mut rnd = || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (seed >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    let x: Vec<f64> = (0..p * len).map(|_| 0.04 * rnd()).collect();
    let y: Vec<f64> = (0..p * len).map(|_| 0.04 * rnd()).collect();
    let best = |name: &str, f: &dyn Fn() -> f64| {
        let mut b = f64::MAX;
        let mut check = 0.0;
        for _ in 0..3 {
            let s = Instant::now();
            check = f();
            b = b.min(s.elapsed().as_secs_f64());
        }
        println!("kernel {name:28} {:.4} s  ({check:.6})", b);
    };
    for n in [21usize, 63, 252] {
        let w = Window::new(n, n).unwrap();
        let all =
            |f: &dyn Fn(&[f64]) -> Vec<f64>| x.chunks(len).map(|c| f(c)[len - 1]).sum::<f64>();
        best(&format!("std two-stack n={n}"), &|| {
            all(&|c| kernels::rolling_std(c, w))
        });
        best(&format!("std two-pass  n={n}"), &|| {
            all(&|c| naive_std(c, n))
        });
        best(&format!("std recurrence n={n}"), &|| {
            all(&|c| recur_std(c, n))
        });
        best(&format!("mean n={n}"), &|| {
            all(&|c| kernels::rolling_mean(c, w))
        });
        best(&format!("max n={n}"), &|| {
            all(&|c| kernels::rolling_max(c, w))
        });
        best(&format!("kurt n={n}"), &|| {
            all(&|c| kernels::rolling_kurt(c, w))
        });
        best(&format!("beta n={n}"), &|| {
            x.chunks(len)
                .zip(y.chunks(len))
                .map(|(a, b)| kernels::rolling_beta(a, b, w)[len - 1])
                .sum::<f64>()
        });
        best(&format!("resid_std n={n}"), &|| {
            x.chunks(len)
                .zip(y.chunks(len))
                .map(|(a, b)| kernels::rolling_resid_std(a, b, w)[len - 1])
                .sum::<f64>()
        });
    }
    best("ewm", &|| {
        x.chunks(len)
            .map(|c| kernels::ewm_mean(c, 0.1)[len - 1])
            .sum::<f64>()
    });
    best("rank_pct", &|| {
        x.chunks(len)
            .map(|c| kernels::rank_pct(c)[len - 1])
            .sum::<f64>()
    });

    let ctx = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(2));
    kairos_udfs::register_all(&ctx).unwrap();
    let mut ids = Vec::new();
    let mut ts = Vec::new();
    for i in 0..p {
        for t in 0..len {
            ids.push(i as i64);
            ts.push(t as i64);
        }
    }
    let batch = RecordBatch::try_from_iter(vec![
        ("ticker", Arc::new(Int64Array::from(ids)) as ArrayRef),
        ("t", Arc::new(Int64Array::from(ts)) as ArrayRef),
        ("x", Arc::new(Float64Array::from(x)) as ArrayRef),
        ("y", Arc::new(Float64Array::from(y)) as ArrayRef),
    ])
    .unwrap();
    // Already ordered by ticker, t: declare it so that no sort is measured.
    let schema = batch.schema();
    let batches: Vec<_> = (0..batch.num_rows())
        .step_by(8192)
        .map(|o| batch.slice(o, 8192.min(batch.num_rows() - o)))
        .collect();
    let table = datafusion::datasource::MemTable::try_new(schema, vec![batches])
        .unwrap()
        .with_sort_order(vec![vec![
            col("ticker").sort(true, true),
            col("t").sort(true, true),
        ]]);
    ctx.register_table("d", Arc::new(table)).unwrap();
    let mut list = vec![];
    for n in [21, 63, 252] {
        list.push((
            format!("rolling_std {n}"),
            format!("rolling_std(x, {n}) over (partition by ticker order by t)"),
        ));
        list.push((format!("built-in stddev {n}"), format!("stddev(x) over (partition by ticker order by t rows between {} preceding and current row)", n - 1)));
    }
    list.push((
        "rolling_beta 252".into(),
        "rolling_beta(y, x, 252) over (partition by ticker order by t)".into(),
    ));
    list.push(("built-in regr_slope 252".into(), "regr_slope(y, x) over (partition by ticker order by t rows between 251 preceding and current row)".into()));
    list.push(("no window (sum x)".into(), "x".into()));
    list.push(("7 rolling".into(), "rolling_std(x,21) over w + rolling_mean(x,21) over w + rolling_std(x,63) over w + rolling_zscore(x,21) over w + rolling_max(x,21) over w + ewm_mean(x,12) over w + rolling_beta(y,x,252) over w".into()));
    list.push((
        "xs winsorized_zscore by t".into(),
        "winsorized_zscore(x, 3, 0.01, 0.99) over (partition by t)".into(),
    ));
    list.push((
        "xs rank_pct by t".into(),
        "rank_pct(x) over (partition by t)".into(),
    ));
    list.push((
        "xs neutralize by t".into(),
        "neutralize(x, ticker % 11) over (partition by t)".into(),
    ));
    list.push(("safe_div".into(), "safe_div(x, y)".into()));
    list.push(("x / y".into(), "x / y".into()));
    for (name, e) in list {
        let sql = format!(
            "select sum(f) from (select {e} as f from d window w as (partition by ticker order by t))"
        );
        let mut b = f64::MAX;
        for _ in 0..3 {
            let s = Instant::now();
            ctx.sql(&sql).await.unwrap().collect().await.unwrap();
            b = b.min(s.elapsed().as_secs_f64());
        }
        println!("sql {name:28} {b:.3} s");
    }
}

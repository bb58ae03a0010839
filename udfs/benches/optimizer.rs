//! The mean–variance optimiser on a market of random numbers: milliseconds per weekly date of 300 candidates.
//!
//! `cargo bench -p kairos-udfs --bench optimizer -- [PROBLEMS]` also writes the problems of some dates and their solutions
//! to a file, for `benches/peers/optimizer.py`: arrays in NumPy's format one after the other.

#[allow(dead_code)]
#[path = "../tests/kernels/optimize/market.rs"]
mod market;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::Instant;

use kairos_udfs::kernels::optimize::{
    Estimator, MeanVariance, Method, Optimization, Optimized, RiskModel, Solver, Status, optimize,
};
use market::Market;

const WEEKS: usize = 500;
const WRITTEN: usize = 40;

fn main() -> io::Result<()> {
    // Cargo adds a flag of its own.
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    for names in [500, 3000] {
        let market = Market::new(42, names, WEEKS);
        for (label, estimator) in [
            ("diagonal", Estimator::Diagonal { intensity: 0.3 }),
            ("ledoit-wolf", Estimator::LedoitWolf),
            ("10 factors", Estimator::Factors { count: 10 }),
        ] {
            let risk_model = RiskModel { estimator, ..RiskModel::default() };
            measure_covariance(&market, label, &risk_model);
            for solver in [Solver::Osqp, Solver::Clarabel] {
                for threads in [1, 2] {
                    measure(&market, label, MeanVariance { solver, risk_model, ..MeanVariance::default() }, threads);
                }
            }
        }
        for solver in [Solver::Osqp, Solver::Clarabel] {
            let limited = MeanVariance { solver, cost: 5e-4, turnover: Some(0.2), ..MeanVariance::default() };
            measure(&market, "turnover", limited, 1);
        }
        if let Some(file) = file.as_ref().filter(|_| names == 500) {
            write_problems(&market, BufWriter::new(File::create(file)?))?;
        }
    }
    Ok(())
}

fn options(method: MeanVariance) -> Optimization {
    Optimization { method: Method::MeanVariance(method), ..Optimization::default() }
}

fn measure(market: &Market, label: &str, method: MeanVariance, threads: usize) {
    let dates = market.dates();
    let start = Instant::now();
    let books = optimize(&dates, &market.returns, &options(method), threads);
    let elapsed = start.elapsed().as_secs_f64() * 1e3 / dates.len() as f64;
    let mean = |value: &dyn Fn(&Optimized) -> f64| books.iter().map(value).sum::<f64>() / books.len() as f64;
    let worst = books.iter().map(|book| book.residual).fold(0.0, f64::max);
    println!(
        "{label:12} {:?} threads {threads}: {elapsed:7.2} ms per date, {:5.0} iterations, at bound {:.2}, solved {:.3}, \
         other solver {:.3}, KKT {worst:.0e}",
        method.solver,
        mean(&|book| f64::from(book.iterations)),
        mean(&|book| book.at_bound),
        mean(&|book| f64::from(u8::from(book.status == Status::Solved))),
        mean(&|book| f64::from(u8::from(book.fallbacks.other_solver))),
    );
}

fn measure_covariance(market: &Market, label: &str, model: &RiskModel) {
    let tickers: Vec<u32> = (0..300).collect();
    let start = Instant::now();
    let estimates = market.days.iter().filter_map(|day| model.estimate(&market.returns, *day, &tickers)).count();
    println!("{label:12} covariance: {:.3} ms per date", start.elapsed().as_secs_f64() * 1e3 / estimates as f64);
}

/// Per date: expected return, beta, sector, sign, specific standard deviation, loadings (factors × names), the caps of
/// sectors, weights by OSQP, weights by Clarabel.
fn write_problems(market: &Market, mut to: impl Write) -> io::Result<()> {
    let method = MeanVariance::default();
    write_array(&mut to, &[1], &[WRITTEN as f64])?;
    for (day, cross) in market.dates().iter().take(WRITTEN) {
        let of = |solver| {
            optimize(&[(*day, *cross)], &market.returns, &options(MeanVariance { solver, ..method }), 1).remove(0)
        };
        let (osqp, clarabel) = (of(Solver::Osqp), of(Solver::Clarabel));
        let tickers: Vec<u32> = osqp.positions.iter().map(|position| position.ticker).collect();
        let estimate = method.risk_model.estimate(&market.returns, *day, &tickers).expect("the optimiser had one");
        let covariance = estimate.covariance;
        let each = |value: &dyn Fn(usize) -> f64| (0..tickers.len()).map(value).collect::<Vec<f64>>();
        let row = |name: usize| tickers[name] as usize;
        let scale = method.ic * method.horizon.sqrt();
        let sides = each(&|name| if osqp.positions[name].z > 0.0 { 1.0 } else { -1.0 });
        let members =
            |sector: u32| cross.sector.iter().zip(cross.eligible).filter(|(s, e)| **s == sector && **e).count();
        let eligible = cross.eligible.iter().filter(|eligible| **eligible).count();
        let caps: Vec<f64> =
            (0..market::SECTORS).map(|sector| 2.0 * members(sector) as f64 / eligible as f64).collect();
        let loadings = (0..covariance.factors()).flat_map(|factor| each(&|name| covariance.loadings(name)[factor]));
        let vectors = [
            each(&|name| scale * cross.volatility[row(name)] * osqp.positions[name].z),
            each(&|name| cross.beta[row(name)]),
            each(&|name| f64::from(cross.sector[row(name)])),
            sides,
            each(&|name| covariance.specific()[name].sqrt()),
        ];
        for vector in &vectors {
            write_array(&mut to, &[tickers.len()], vector)?;
        }
        write_array(&mut to, &[covariance.factors(), tickers.len()], &loadings.collect::<Vec<_>>())?;
        write_array(&mut to, &[caps.len()], &caps)?;
        for book in [osqp, clarabel] {
            write_array(&mut to, &[tickers.len()], &each(&|name| book.positions[name].weight))?;
        }
    }
    Ok(())
}

/// Version 1.0 of <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
fn write_array(to: &mut impl Write, shape: &[usize], values: &[f64]) -> io::Result<()> {
    let shape: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}");
    // Magic, version and length take 10 bytes; the header ends on a multiple of 64.
    let padded = format!("{header:width$}\n", width = (header.len() + 11).next_multiple_of(64) - 11);
    to.write_all(b"\x93NUMPY\x01\x00")?;
    to.write_all(&(padded.len() as u16).to_le_bytes())?;
    to.write_all(padded.as_bytes())?;
    values.iter().try_for_each(|value| to.write_all(&value.to_le_bytes()))
}

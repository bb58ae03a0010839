//! The mean–variance optimiser on markets of random numbers, date after date: milliseconds of CPU time per date from signal to
//! book, and of it without the covariance, which other programs are given.
//!
//! `cargo bench -p kairos-udfs --bench optimizer -- [PROBLEMS]` also writes the problems of some dates and their solutions
//! to a file, for `benches/peers/optimizer.py`: arrays in NumPy's format one after the other.

#[allow(dead_code)]
#[path = "../tests/kernels/optimize/market.rs"]
mod market;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::{Duration, Instant};

use kairos_udfs::kernels::optimize::{
    Estimator, MeanVariance, Method, Optimization, Optimized, RiskModel, Solver, Status, optimize,
};
use kairos_udfs::kernels::portfolio::CrossSection;
use market::Market;

/// How often a sequence is repeated; the median counts.
const REPEATS: usize = 5;
const COST: f64 = 5e-4;

/// Dates one after the other, and how they are optimised.
struct Sequence {
    label: &'static str,
    market: Market,
    /// Dates before it have not enough returns.
    first: usize,
    /// How many dates are written for others to solve.
    written: usize,
    /// Candidates of each side.
    side: usize,
    risk_model: RiskModel,
}

fn sequences() -> [Sequence; 2] {
    let factors = Estimator::Factors { count: 10 };
    [
        Sequence {
            label: "300 names, 60 days, shrunk covariance",
            market: Market::new(42, 500, 200),
            first: 0,
            written: 60,
            side: 150,
            risk_model: RiskModel::default(),
        },
        Sequence {
            label: "3000 names, 252 days, 10 factors",
            market: Market::new(43, 3200, 56),
            first: 36,
            written: 10,
            side: 1500,
            risk_model: RiskModel { estimator: factors, window: 252, ..RiskModel::default() },
        },
    ]
}

fn main() -> io::Result<()> {
    // Cargo adds a flag of its own.
    let file = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let mut to = file.map(File::create).transpose()?.map(BufWriter::new);
    for sequence in sequences() {
        let covariance = sequence.covariance();
        println!("{}, covariance alone: {covariance:.2} ms per date", sequence.label);
        for cost in [0.0, COST] {
            let books = [Solver::Osqp, Solver::Clarabel].map(|solver| sequence.measure(solver, cost, covariance));
            if let Some(to) = &mut to {
                sequence.write(to, cost, &books)?;
            }
        }
    }
    Ok(())
}

impl Sequence {
    fn options(&self, solver: Solver, cost: f64) -> Optimization {
        let method = MeanVariance { solver, cost, risk_model: self.risk_model, ..MeanVariance::default() };
        let method = Method::MeanVariance(method);
        Optimization { method, long: self.side, short: self.side, ..Optimization::default() }
    }

    fn dates(&self) -> Vec<(i32, CrossSection<'_>)> {
        self.market.dates().split_off(self.first)
    }

    /// Milliseconds per date of the covariance of all candidates.
    fn covariance(&self) -> f64 {
        let tickers: Vec<u32> = (0..2 * self.side as u32).collect();
        let days = &self.market.days[self.first..];
        median_time(|| {
            days.iter().filter(|day| self.risk_model.estimate(&self.market.returns, **day, &tickers).is_some()).count()
        })
    }

    fn measure(&self, solver: Solver, cost: f64, covariance: f64) -> Vec<Optimized> {
        let dates = self.dates();
        let mut books = Vec::new();
        let time = median_time(|| {
            books = optimize(&dates, &self.market.returns, &self.options(solver, cost), 1);
            books.len()
        });
        let mean = |value: &dyn Fn(&Optimized) -> f64| books.iter().map(value).sum::<f64>() / books.len() as f64;
        let share = |of: &dyn Fn(&Optimized) -> bool| mean(&|book| f64::from(u8::from(of(book))));
        println!(
            "{}, cost {cost}, {solver:?}: {time:.2} ms per date, {:.2} without the covariance, {:.1} iterations, solved \
             {:.3}, without the solver {:.3}, at bound {:.2}, KKT {:.0e}",
            self.label,
            (time - covariance).max(0.0),
            mean(&|book| f64::from(book.iterations)),
            share(&|book| book.status == Status::Solved),
            share(&|book| book.warm),
            mean(&|book| book.at_bound),
            books.iter().map(|book| book.residual).fold(0.0, f64::max),
        );
        books
    }

    /// The number of dates and the cost, then per date: expected return, beta, sector, smallest and largest weight,
    /// weight before, specific standard deviation, loadings (factors × names), the caps of sectors, weights by OSQP and by
    /// Clarabel.
    fn write(&self, to: &mut impl Write, cost: f64, books: &[Vec<Optimized>; 2]) -> io::Result<()> {
        let method = MeanVariance::default();
        let scale = method.ic * method.horizon.sqrt();
        write_array(to, &[2], &[self.written as f64, cost])?;
        for (place, (day, cross)) in self.dates().iter().take(self.written).enumerate() {
            // Without anything held, the names of a book are the candidates.
            let how = self.options(Solver::Osqp, 0.0);
            let alone = optimize(&[(*day, *cross)], &self.market.returns, &how, 1).remove(0);
            let candidates: Vec<u32> = alone.positions.iter().map(|position| position.ticker).collect();
            let is_candidate = |ticker: u32| candidates.binary_search(&ticker).is_ok();
            let of = |book: &Optimized, ticker: u32| {
                let position = book.positions.iter().find(|position| position.ticker == ticker);
                position.map_or(0.0, |position| position.weight)
            };
            let names = &books[0][place].positions;
            let names: Vec<_> = names.iter().filter(|it| cost != 0.0 || is_candidate(it.ticker)).collect();
            let tickers: Vec<u32> = names.iter().map(|position| position.ticker).collect();
            let estimate = self.risk_model.estimate(&self.market.returns, *day, &tickers);
            let covariance = estimate.expect("the optimiser had one").covariance;
            let each = |value: &dyn Fn(usize) -> f64| (0..tickers.len()).map(value).collect::<Vec<f64>>();
            let row = |name: usize| tickers[name] as usize;
            let range = |name: usize| match names[name] {
                it if !is_candidate(it.ticker) => (it.before.min(0.0), it.before.max(0.0)),
                it if it.z > 0.0 => (0.0, how.name_cap),
                _ => (-how.name_cap, 0.0),
            };
            let expected = |name: usize| {
                let value = scale * cross.volatility[row(name)] * names[name].z;
                if value.is_finite() { value } else { 0.0 }
            };
            for vector in [
                each(&expected),
                each(&|name| cross.beta[row(name)]),
                each(&|name| f64::from(cross.sector[row(name)])),
                each(&|name| range(name).0),
                each(&|name| range(name).1),
                each(&|name| if cost == 0.0 { 0.0 } else { names[name].before }),
                each(&|name| covariance.specific()[name].sqrt()),
            ] {
                write_array(to, &[tickers.len()], &vector)?;
            }
            let factor = |factor: usize| each(&|name| covariance.loadings(name)[factor]);
            let loadings: Vec<f64> = (0..covariance.factors()).flat_map(factor).collect();
            write_array(to, &[covariance.factors(), tickers.len()], &loadings)?;
            write_array(to, &[market::SECTORS as usize], &sector_caps(cross, how.sector_multiple))?;
            for books in books {
                write_array(to, &[tickers.len()], &each(&|name| of(&books[place], tickers[name])))?;
            }
        }
        Ok(())
    }
}

/// The median of some repetitions in milliseconds per item, of which `work` says how many it did.
fn median_time(mut work: impl FnMut() -> usize) -> f64 {
    let mut times: Vec<f64> = (0..REPEATS)
        .map(|_| {
            let (start, since) = (thread_time(), Instant::now());
            let items = work();
            let wall = since.elapsed();
            let spent = start.and_then(|start| Some(thread_time()? - start)).unwrap_or(wall);
            spent.as_secs_f64() * 1e3 / items as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[REPEATS / 2]
}

/// The time that this thread has had a processor for, which other programs do not change; nothing but on Linux.
fn thread_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn sector_caps(cross: &CrossSection<'_>, multiple: f64) -> Vec<f64> {
    let eligible = || cross.sector.iter().zip(cross.eligible).filter(|(_, eligible)| **eligible);
    let members = |sector: u32| eligible().filter(|(of, _)| **of == sector).count() as f64;
    (0..market::SECTORS).map(|sector| multiple * members(sector) / eligible().count() as f64).collect()
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

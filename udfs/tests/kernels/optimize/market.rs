//! A market of random numbers.

use kairos_udfs::kernels::optimize::{Return, Returns};
use kairos_udfs::kernels::portfolio::CrossSection;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub const SECTORS: u32 = 11;
/// Trading days between rebalances.
const EVERY: usize = 5;

/// Standard normal, near enough.
pub fn normal(random: &mut StdRng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

/// What is known on the rebalance dates.
pub struct Market {
    pub returns: Returns,
    pub days: Vec<i32>,
    ticker: Vec<u32>,
    sector: Vec<u32>,
    beta: Vec<f64>,
    volatility: Vec<f64>,
    pub alpha: Vec<Vec<f64>>,
    pub eligible: Vec<Vec<bool>>,
    pub period_return: Vec<Vec<f64>>,
}

impl Market {
    /// `names` names over `rebalances` weeks after 80 days of history. Every name misses some days, a few miss most.
    pub fn new(seed: u64, names: usize, rebalances: usize) -> Self {
        let random = &mut StdRng::seed_from_u64(seed);
        let days = 80 + rebalances * EVERY;
        let sector: Vec<u32> = (0..names).map(|_| random.random_range(0..SECTORS)).collect();
        let beta: Vec<f64> = (0..names).map(|_| 1.0 + 0.3 * normal(random)).collect();
        let volatility: Vec<f64> = (0..names).map(|_| 0.02 * (0.35 * normal(random)).exp()).collect();
        let mut panel: Vec<Vec<f64>> = vec![Vec::with_capacity(days); names];
        for _ in 0..days {
            let market = 0.01 * normal(random);
            let common: Vec<f64> = (0..SECTORS).map(|_| 0.007 * normal(random)).collect();
            for (name, values) in panel.iter_mut().enumerate() {
                let missing = if name % 29 == 7 { 0.6 } else { 0.01 };
                let value = beta[name] * market + common[sector[name] as usize] + volatility[name] * normal(random);
                values.push(if random.random_bool(missing) { f64::NAN } else { value });
            }
        }
        let dates: Vec<i32> = (0..days as i32).map(|day| 10_000 + day).collect();
        let entries = |values: &Vec<f64>| {
            let priced: Vec<usize> = (0..days).filter(|day| values[*day].is_finite()).collect();
            let since = |place: usize| dates[priced[place.saturating_sub(1)]];
            let entry =
                |(place, &day): (usize, &usize)| Return { day: dates[day], since: since(place), value: values[day] };
            priced.iter().enumerate().map(entry).collect()
        };
        let returns = Returns { names: panel.iter().map(entries).collect(), dates: dates.clone() };
        let rebalance: Vec<usize> = (0..rebalances).map(|k| 79 + k * EVERY).collect();
        let mut signal: Vec<f64> = (0..names).map(|_| normal(random)).collect();
        let mut alpha = Vec::new();
        for _ in &rebalance {
            signal.iter_mut().for_each(|signal| *signal = 0.9 * *signal + 0.436 * normal(random));
            alpha.push(signal.clone());
        }
        let earned = |values: &Vec<f64>, day: usize| {
            values[day + 1..(day + 1 + EVERY).min(days)]
                .iter()
                .filter(|r| r.is_finite())
                .map(|r| 1.0 + r)
                .product::<f64>()
                - 1.0
        };
        let period_return =
            rebalance.iter().map(|day| panel.iter().map(|values| earned(values, *day)).collect()).collect();
        let eligible = rebalance.iter().map(|_| (0..names).map(|_| random.random_bool(0.97)).collect()).collect();
        let days = rebalance.iter().map(|day| dates[*day]).collect();
        let ticker = (0..names as u32).collect();
        Self { returns, days, ticker, sector, beta, volatility, alpha, eligible, period_return }
    }

    pub fn dates(&self) -> Vec<(i32, CrossSection<'_>)> {
        let cross = |k: usize| CrossSection {
            ticker: &self.ticker,
            alpha: &self.alpha[k],
            volatility: &self.volatility,
            beta: &self.beta,
            sector: &self.sector,
            eligible: &self.eligible[k],
            period_return: &self.period_return[k],
        };
        (0..self.days.len()).map(|k| (self.days[k], cross(k))).collect()
    }

    pub fn beta(&self, ticker: u32) -> f64 {
        self.beta[ticker as usize]
    }

    pub fn sector(&self, ticker: u32) -> u32 {
        self.sector[ticker as usize]
    }

    /// Makes some of the numbers missing.
    pub fn spoil(&mut self, seed: u64) {
        let random = &mut StdRng::seed_from_u64(seed);
        let names = self.ticker.len();
        let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let mut pick = || (random.random_range(0..names), bad[random.random_range(0..3)]);
        for _ in 0..names / 20 {
            let (name, value) = pick();
            self.beta[name] = value;
            let (name, value) = pick();
            self.volatility[name] = value;
            for alpha in &mut self.alpha {
                let (name, value) = pick();
                alpha[name] = value;
            }
            for period_return in &mut self.period_return {
                let (name, value) = pick();
                period_return[name] = value;
            }
            let (name, value) = pick();
            self.returns.names[name].iter_mut().step_by(3).for_each(|entry| entry.value = value);
        }
    }

    pub fn set_beta(&mut self, beta: f64) {
        self.beta.iter_mut().for_each(|value| *value = beta);
    }
}

//! The business behind a stock: grows, earns, borrows, and reports a quarter at a time.

use rand_chacha::ChaCha8Rng;

use super::random::{between, chance, normal};
use super::sectors::{FINANCIALS, HEALTHCARE, SECTORS};
use super::security::Security;
use super::statement::Statement;

/// How fast assets follow the valuation of the shares, per quarter: prices lead fundamentals, so
/// that valuations return to normal in the long run.
const CATCH_UP: f64 = 0.06;

/// How fast the share of equity returns to its target, per quarter, by issues and purchases of
/// shares.
const RECAPITALISE: f64 = 0.15;

/// A company and the state of its business.
pub struct Firm {
    /// Income and costs over assets against those of an industrial company; small for banks.
    scale: f64,
    asset_turnover: f64,
    gross_margin: f64,
    operating_return: f64,
    research: f64,
    equity_share: f64,
    debt_share: f64,
    cash_share: f64,
    intangible_share: f64,
    inventory_share: f64,
    current_liability_share: f64,
    accruals: f64,
    growth: f64,
    season: [f64; 4],
    /// Logarithm of market capitalisation over assets that is normal for the company.
    valuation: f64,
    assets: f64,
    equity: f64,
    retained: f64,
    shares: f64,
    /// Profitability over its usual level, autoregressive.
    swing: f64,
    surprise: f64,
    quarter: usize,
}

impl Firm {
    /// A company in line with the market capitalisation of its stock.
    pub fn new(rng: &mut ChaCha8Rng, security: &Security) -> Self {
        let sector = &SECTORS[security.sector];
        let traits = &security.traits;
        let financial = security.sector == FINANCIALS;
        let without_revenue = security.sector == HEALTHCARE && traits.market_cap < 5e9 && chance(rng, 0.25);
        let scale = if financial { 0.15 } else { 1.0 };
        let skill = 0.6 * sector.operating_return * normal(rng) - if traits.price < 5.0 { 0.05 * scale } else { 0.0 };
        let operating_return = if without_revenue { -0.25 } else { sector.operating_return + skill };
        // Some companies owe more than they own after years of buying back shares.
        let negative_equity = !financial && chance(rng, 0.025);
        let equity_share = if negative_equity { between(rng, -0.30, -0.05) } else { spread(rng, sector.equity, 0.25) };
        let book_to_market = (0.45_f64.ln() + 0.5 * normal(rng) - 6.0 * skill.clamp(-0.1, 0.1)).exp();
        let assets = traits.market_cap * book_to_market / equity_share.abs().max(0.08);
        let mut season = std::array::from_fn(|_| 1.0 + 0.08 * normal(rng).clamp(-2.0, 2.0));
        let mean = season.iter().sum::<f64>() / 4.0;
        season.iter_mut().for_each(|quarter| *quarter /= mean);
        Self {
            scale,
            asset_turnover: if without_revenue { 0.0 } else { spread(rng, sector.turnover, 0.4) },
            gross_margin: if financial { 1.0 } else { spread(rng, sector.gross_margin, 0.25).min(0.92) },
            operating_return,
            research: sector.research,
            equity_share: equity_share.min(0.85),
            debt_share: if financial { between(rng, 0.02, 0.12) } else { between(rng, 0.1, 0.7) },
            cash_share: between(rng, 0.03, 0.18) * if without_revenue { 3.0 } else { 1.0 },
            intangible_share: if financial { 0.02 } else { between(rng, 0.0, 0.35) },
            inventory_share: if financial || sector.gross_margin > 0.5 { 0.0 } else { between(rng, 0.05, 0.2) },
            current_liability_share: between(rng, 0.25, 0.55),
            accruals: 0.006 * normal(rng),
            growth: 0.01 + 0.01 * normal(rng),
            season,
            valuation: (traits.market_cap / assets).ln(),
            assets,
            equity: assets * equity_share.min(0.85),
            retained: assets * (0.1 + 0.2 * normal(rng)),
            shares: traits.market_cap / traits.price,
            swing: 0.0,
            surprise: 0.0,
            quarter: 0,
        }
    }

    /// Closes a quarter, given the market capitalisation at its end and the dividends of the
    /// quarter (USD). A firm in distress earns less.
    pub fn close_quarter(
        &mut self,
        rng: &mut ChaCha8Rng,
        market_cap: f64,
        dividends: f64,
        distress: bool,
    ) -> Statement {
        let valuation_gap = (market_cap / self.assets).ln() - self.valuation;
        let growth = self.growth + CATCH_UP * valuation_gap + 0.02 * normal(rng);
        self.assets *= growth.clamp(-0.25, 0.30).exp();
        self.surprise = normal(rng);
        self.swing = 0.7 * self.swing + 0.4 * self.surprise;
        let flows = self.flows(rng, dividends, distress);
        self.recapitalise(&flows, market_cap);
        self.quarter += 1;
        self.balances(rng, flows).rounded()
    }

    /// What nobody could foresee about the last quarter, a standard score.
    pub fn surprise(&self) -> f64 {
        self.surprise
    }

    fn flows(&self, rng: &mut ChaCha8Rng, dividends: f64, distress: bool) -> Statement {
        let season = self.season[self.quarter % 4];
        let revenue = self.assets * self.asset_turnover / 4.0 * season * (0.04 * normal(rng)).exp();
        let deviation = 0.25 * self.operating_return.abs().max(0.01) * self.swing;
        let yearly = self.operating_return + deviation - if distress { 0.12 * self.scale } else { 0.0 };
        let opinc = self.assets * yearly / 4.0 * season;
        // Banks have no cost of revenue.
        let swing = if self.gross_margin < 1.0 { 0.03 * self.swing } else { 0.0 };
        let gross_margin = self.gross_margin * (1.0 + swing).min(1.05);
        // Costs of sales give way when operating income is larger than gross profit would be.
        let gp = (revenue * gross_margin.min(1.0)).max(opinc).min(revenue.max(opinc));
        let revenue = revenue.max(gp);
        let opex = gp - opinc;
        let rnd = if revenue > 0.0 { (revenue * self.research).min(0.8 * opex) } else { 0.8 * opex };
        let special = if chance(rng, 0.03) { -self.scale * self.assets * between(rng, 0.005, 0.05) } else { 0.0 };
        let debt = (self.assets - self.equity) * self.debt_share;
        let intexp = debt * 0.05 / 4.0;
        let depamor = self.scale * self.assets * if self.cash_share > 0.2 { 0.004 } else { 0.008 };
        let ebt = opinc + special - intexp;
        let taxexp = if ebt > 0.0 { 0.21 * ebt } else { 0.05 * ebt };
        let accrued = self.scale * self.assets * (self.accruals + 0.008 * normal(rng));
        Statement {
            revenue,
            cor: revenue - gp,
            sgna: opex - rnd,
            rnd,
            depamor,
            special,
            intexp,
            taxexp,
            ncfo: ebt - taxexp + depamor - accrued,
            capex: -depamor * between(rng, 0.6, 1.6),
            dividends,
            ..Statement::default()
        }
    }

    /// Equity after earnings and dividends, moved towards its target by issuing or buying back
    /// shares.
    fn recapitalise(&mut self, flows: &Statement, market_cap: f64) {
        let retained = flows.netinc() - flows.dividends;
        self.retained += retained;
        let before = self.equity + retained;
        let issued = RECAPITALISE * (self.equity_share * self.assets - before);
        let issued = issued.clamp(-0.03 * market_cap, 0.05 * market_cap);
        self.shares *= 1.0 + issued / market_cap;
        // Liabilities never vanish.
        self.equity = (before + issued).min(0.92 * self.assets);
    }

    fn balances(&self, rng: &mut ChaCha8Rng, flows: Statement) -> Statement {
        let liabilities = self.assets - self.equity;
        let debt = liabilities * self.debt_share;
        let cash = self.assets * self.cash_share * (0.2 * normal(rng)).exp();
        let inventory = self.assets * self.inventory_share * (0.05 * normal(rng)).exp();
        let receivables = 0.5 * flows.revenue + 0.02 * self.assets;
        Statement {
            assets: self.assets,
            assetsc: (cash + inventory + receivables).min(0.9 * self.assets),
            cash: cash.min(0.6 * self.assets),
            inventory,
            intangibles: self.assets * self.intangible_share,
            liabilities,
            liabilitiesc: liabilities * self.current_liability_share,
            debtc: 0.15 * debt,
            debtnc: 0.85 * debt,
            retearn: self.retained,
            shares: self.shares.round(),
            ..flows
        }
    }
}

/// `mean` times a lognormal factor of the given deviation.
fn spread(rng: &mut ChaCha8Rng, mean: f64, deviation: f64) -> f64 {
    mean * (deviation * normal(rng).clamp(-2.5, 2.5)).exp()
}

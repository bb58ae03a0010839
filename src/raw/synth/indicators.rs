//! The columns of `sf1` and how each follows from a statement.

use chrono::NaiveDate;
use rand_chacha::ChaCha8Rng;

use super::frame::rounded;
use super::random::chance;
use super::statement::Statement;

/// One row of `sf1`.
pub struct Row {
    /// The vendor's dimension.
    pub dimension: &'static str,
    /// Normalised quarter or year.
    pub calendardate: NaiveDate,
    /// Day of the filing, or the end of the period in `MR` dimensions.
    pub datekey: NaiveDate,
    /// End of the period.
    pub reportperiod: NaiveDate,
    /// Day the vendor last changed the row.
    pub lastupdated: NaiveDate,
    /// The period's statement in USD.
    pub statement: Statement,
    /// The trailing year, for ratios with a price in them.
    pub trailing: Option<Statement>,
    /// Average balances over the year; `None` in quarterly dimensions, where the vendor gives no
    /// returns.
    pub averages: Option<Averages>,
    /// Split-adjusted close at `datekey`; `None` before the listing.
    pub price: Option<f64>,
    /// Shares at the end of the period, adjusted for splits, in units of the traded security.
    pub shares: f64,
    /// Ordinary shares per traded receipt; 1 for shares.
    pub receipt_ratio: f64,
    /// Units of the reporting currency per USD.
    pub rate: f64,
    /// True when the balance sheet tells current from other items; those of banks do not.
    pub classified_balance: bool,
    /// Items the vendor lacks.
    pub gaps: Gaps,
}

/// Means over the four quarters of a year.
#[derive(Clone, Copy)]
pub struct Averages {
    /// Total assets.
    pub assets: f64,
    /// Equity.
    pub equity: f64,
    /// Invested capital.
    pub invcap: f64,
    /// Shares.
    pub shares: f64,
}

/// Which items are missing in a row, with what follows from them.
pub struct Gaps {
    earnings: bool,
    cash_flow: bool,
    gross_profit: bool,
    intangibles: bool,
    equity: bool,
}

impl Gaps {
    /// About as often as in the vendor's data (spec 01, section 1.3).
    pub fn draw(rng: &mut ChaCha8Rng) -> Self {
        Self {
            earnings: chance(rng, 0.02),
            cash_flow: chance(rng, 0.04),
            gross_profit: chance(rng, 0.015),
            intangibles: chance(rng, 0.03),
            equity: chance(rng, 0.001),
        }
    }
}

impl Row {
    /// An amount in the reporting currency.
    fn local(&self, dollars: f64) -> Option<f64> {
        Some((dollars * self.rate).round())
    }

    /// An amount per share in the reporting currency.
    fn per_share(&self, dollars: f64) -> Option<f64> {
        Some(rounded(dollars * self.rate / self.ordinary_shares(), 3))
    }

    /// Shares as the statements count them.
    fn ordinary_shares(&self) -> f64 {
        self.averages.map_or(self.shares, |averages| averages.shares) * self.receipt_ratio
    }

    fn net_income(&self) -> Option<f64> {
        (!self.gaps.earnings).then(|| self.statement.netinc())
    }

    fn cash_flow(&self) -> Option<f64> {
        (!self.gaps.cash_flow).then_some(self.statement.ncfo)
    }

    fn gross_profit(&self) -> Option<f64> {
        (!self.gaps.gross_profit).then(|| self.statement.gp())
    }

    fn intangibles(&self) -> Option<f64> {
        (!self.gaps.intangibles).then_some(self.statement.intangibles)
    }

    fn equity(&self) -> Option<f64> {
        (!self.gaps.equity).then(|| self.statement.equity())
    }

    /// An item that only classified balance sheets show.
    fn current(&self, dollars: f64) -> Option<f64> {
        self.classified_balance.then_some(dollars)
    }

    fn margin(&self, dollars: f64) -> Option<f64> {
        ratio(dollars, self.statement.revenue)
    }

    /// Market capitalisation in USD.
    fn market_cap(&self) -> Option<f64> {
        self.price.map(|price| (price * self.shares).round())
    }

    /// Enterprise value in USD.
    fn enterprise_value(&self) -> Option<f64> {
        self.market_cap().map(|value| value + self.statement.debt() - self.statement.cash)
    }

    /// `value` over a flow of the trailing year.
    fn over_trailing(&self, value: Option<f64>, flow: fn(&Statement) -> f64) -> Option<f64> {
        ratio(value?, flow(self.trailing.as_ref()?))
    }

    /// A flow of the period over an average balance of the year.
    fn on_average(&self, flow: Option<f64>, balance: fn(&Averages) -> f64) -> Option<f64> {
        ratio(flow?, balance(self.averages.as_ref()?))
    }
}

/// To three decimals; `None` over zero.
fn ratio(value: f64, over: f64) -> Option<f64> {
    (over != 0.0).then(|| rounded(value / over, 3))
}

/// The value of an indicator in a row.
pub type Indicator = fn(&Row) -> Option<f64>;

/// Name and value of each indicator. Amounts are in the reporting currency, those whose names end
/// in `usd` and the ones with a market price in USD.
pub const INDICATORS: &[(&str, Indicator)] = &[
    ("revenue", |r| r.local(r.statement.revenue)),
    ("revenueusd", |r| Some(r.statement.revenue)),
    ("cor", |r| r.local(r.statement.cor)),
    ("gp", |r| r.local(r.gross_profit()?)),
    ("sgna", |r| r.local(r.statement.sgna)),
    ("rnd", |r| r.local(r.statement.rnd)),
    ("opex", |r| r.local(r.statement.opex())),
    ("opinc", |r| r.local(r.statement.opinc())),
    ("ebit", |r| r.local(r.statement.ebit())),
    ("ebitusd", |r| Some(r.statement.ebit())),
    ("ebitda", |r| r.local(r.statement.ebitda())),
    ("ebitdausd", |r| Some(r.statement.ebitda())),
    ("intexp", |r| r.local(r.statement.intexp)),
    ("ebt", |r| r.local(r.statement.ebt())),
    ("taxexp", |r| r.local(r.statement.taxexp)),
    ("netinc", |r| r.local(r.net_income()?)),
    ("netinccmn", |r| r.local(r.net_income()?)),
    ("netinccmnusd", |r| r.net_income()),
    ("ncfo", |r| r.local(r.cash_flow()?)),
    ("capex", |r| r.local(r.statement.capex)),
    ("fcf", |r| r.local(r.cash_flow()? + r.statement.capex)),
    ("depamor", |r| r.local(r.statement.depamor)),
    ("ncfdiv", |r| r.local(-r.statement.dividends)),
    ("assets", |r| r.local(r.statement.assets)),
    ("assetsc", |r| r.local(r.current(r.statement.assetsc)?)),
    ("assetsnc", |r| r.local(r.current(r.statement.assets - r.statement.assetsc)?)),
    ("assetsavg", |r| r.local(r.averages?.assets)),
    ("cashneq", |r| r.local(r.statement.cash)),
    ("cashnequsd", |r| Some(r.statement.cash)),
    ("inventory", |r| r.local(r.statement.inventory)),
    ("intangibles", |r| r.local(r.intangibles()?)),
    ("liabilities", |r| r.local(r.statement.liabilities)),
    ("liabilitiesc", |r| r.local(r.current(r.statement.liabilitiesc)?)),
    ("liabilitiesnc", |r| r.local(r.current(r.statement.liabilities - r.statement.liabilitiesc)?)),
    ("debt", |r| r.local(r.statement.debt())),
    ("debtusd", |r| Some(r.statement.debt())),
    ("debtc", |r| r.local(r.statement.debtc)),
    ("debtnc", |r| r.local(r.statement.debtnc)),
    ("equity", |r| r.local(r.equity()?)),
    ("equityusd", |r| r.equity()),
    ("equityavg", |r| r.local(r.averages?.equity)),
    ("retearn", |r| r.local(r.statement.retearn)),
    ("invcap", |r| r.local(r.statement.invcap())),
    ("invcapavg", |r| r.local(r.averages?.invcap)),
    ("workingcapital", |r| r.local(r.current(r.statement.assetsc - r.statement.liabilitiesc)?)),
    ("tangibles", |r| r.local(r.statement.assets - r.intangibles()?)),
    ("sharesbas", |r| Some((r.shares * r.receipt_ratio).round())),
    ("shareswa", |r| Some(r.ordinary_shares().round())),
    ("shareswadil", |r| Some((r.ordinary_shares() * 1.015).round())),
    ("sharefactor", |r| Some(1.0 / r.receipt_ratio)),
    ("fxusd", |r| Some(r.rate)),
    ("price", |r| r.price),
    ("marketcap", |r| r.market_cap()),
    ("ev", |r| r.enterprise_value()),
    ("pe", |r| r.over_trailing(r.market_cap(), Statement::netinc)),
    ("pb", |r| ratio(r.market_cap()?, r.equity()?)),
    ("ps", |r| r.over_trailing(r.market_cap(), |year| year.revenue)),
    ("evebit", |r| r.over_trailing(r.enterprise_value(), Statement::ebit)),
    ("evebitda", |r| r.over_trailing(r.enterprise_value(), Statement::ebitda)),
    ("grossmargin", |r| r.margin(r.gross_profit()?)),
    ("netmargin", |r| r.margin(r.net_income()?)),
    ("ebitdamargin", |r| r.margin(r.statement.ebitda())),
    ("de", |r| ratio(r.statement.liabilities, r.equity()?)),
    ("currentratio", |r| ratio(r.current(r.statement.assetsc)?, r.statement.liabilitiesc)),
    ("eps", |r| r.per_share(r.net_income()?)),
    ("epsdil", |r| r.per_share(r.net_income()? / 1.015)),
    ("epsusd", |r| Some(rounded(r.net_income()? / r.ordinary_shares(), 3))),
    ("bvps", |r| r.per_share(r.equity()?)),
    ("tbvps", |r| r.per_share(r.statement.assets - r.intangibles()?)),
    ("fcfps", |r| r.per_share(r.cash_flow()? + r.statement.capex)),
    ("sps", |r| r.per_share(r.statement.revenue)),
    ("dps", |r| r.per_share(r.statement.dividends)),
    ("divyield", |r| Some(rounded(r.trailing.as_ref()?.dividends / r.market_cap()?, 4))),
    ("assetturnover", |r| r.on_average(Some(r.statement.revenue), |average| average.assets)),
    ("roe", |r| r.on_average(r.net_income(), |average| average.equity)),
    ("roa", |r| r.on_average(r.net_income(), |average| average.assets)),
    ("roic", |r| r.on_average(Some(r.statement.ebit()), |average| average.invcap)),
    ("ros", |r| r.averages.and(r.margin(r.statement.ebit()))),
];

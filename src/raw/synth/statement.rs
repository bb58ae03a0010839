//! Financial statements: the items a company reports, and those that follow from them.

use rand_chacha::ChaCha8Rng;

use super::random::between;

/// Statements of one period, in USD. Flows are those of the period, balances those at its end.
/// Everything else (equity, earnings, margins …) follows from these, so the identities of
/// accounting always hold.
#[derive(Clone, Copy, Default, Debug)]
pub struct Statement {
    /// Revenue.
    pub revenue: f64,
    /// Cost of revenue.
    pub cor: f64,
    /// Selling, general and administrative expense.
    pub sgna: f64,
    /// Research and development expense.
    pub rnd: f64,
    /// Depreciation and amortisation, contained in the expenses above.
    pub depamor: f64,
    /// Gains (positive) and losses outside operations.
    pub special: f64,
    /// Interest expense.
    pub intexp: f64,
    /// Income tax expense.
    pub taxexp: f64,
    /// Net cash flow from operations.
    pub ncfo: f64,
    /// Capital expenditure, a negative flow.
    pub capex: f64,
    /// Dividends paid to common shareholders.
    pub dividends: f64,
    /// Total assets.
    pub assets: f64,
    /// Current assets.
    pub assetsc: f64,
    /// Cash and equivalents.
    pub cash: f64,
    /// Inventory.
    pub inventory: f64,
    /// Goodwill and intangible assets.
    pub intangibles: f64,
    /// Total liabilities.
    pub liabilities: f64,
    /// Current liabilities.
    pub liabilitiesc: f64,
    /// Current debt.
    pub debtc: f64,
    /// Debt due after one year.
    pub debtnc: f64,
    /// Accumulated retained earnings or deficit.
    pub retearn: f64,
    /// Shares outstanding, in shares as they were at the start of the simulation (see
    /// `Bar::factor`).
    pub shares: f64,
}

impl Statement {
    /// Gross profit.
    pub fn gp(&self) -> f64 {
        self.revenue - self.cor
    }

    /// Operating expenses.
    pub fn opex(&self) -> f64 {
        self.sgna + self.rnd
    }

    /// Operating income.
    pub fn opinc(&self) -> f64 {
        self.gp() - self.opex()
    }

    /// Earnings before interest and tax.
    pub fn ebit(&self) -> f64 {
        self.opinc() + self.special
    }

    /// Earnings before interest, tax, depreciation and amortisation.
    pub fn ebitda(&self) -> f64 {
        self.ebit() + self.depamor
    }

    /// Earnings before tax.
    pub fn ebt(&self) -> f64 {
        self.ebit() - self.intexp
    }

    /// Net income.
    pub fn netinc(&self) -> f64 {
        self.ebt() - self.taxexp
    }

    /// Shareholders' equity.
    pub fn equity(&self) -> f64 {
        self.assets - self.liabilities
    }

    /// Total debt.
    pub fn debt(&self) -> f64 {
        self.debtc + self.debtnc
    }

    /// Invested capital (the vendor's INVCAP).
    pub fn invcap(&self) -> f64 {
        self.debt() + self.assets - self.intangibles - self.cash - self.liabilitiesc
    }

    /// Flows of all `periods` and balances of the last one; `None` without periods.
    pub fn total(periods: &[Statement]) -> Option<Statement> {
        let sum = |flow: fn(&Statement) -> f64| periods.iter().map(flow).sum();
        periods.last().map(|last| Statement {
            revenue: sum(|s| s.revenue),
            cor: sum(|s| s.cor),
            sgna: sum(|s| s.sgna),
            rnd: sum(|s| s.rnd),
            depamor: sum(|s| s.depamor),
            special: sum(|s| s.special),
            intexp: sum(|s| s.intexp),
            taxexp: sum(|s| s.taxexp),
            ncfo: sum(|s| s.ncfo),
            capex: sum(|s| s.capex),
            dividends: sum(|s| s.dividends),
            ..*last
        })
    }

    /// The same period after a correction: less revenue, more costs, and a smaller balance for it.
    pub fn restated(&self, rng: &mut ChaCha8Rng) -> Statement {
        let lost = to_thousands(self.revenue * between(rng, 0.005, 0.06));
        let found = to_thousands(self.cor * between(rng, -0.005, 0.02));
        let loss = lost + found;
        Statement {
            revenue: self.revenue - lost,
            cor: self.cor + found,
            assets: self.assets - loss,
            assetsc: self.assetsc - loss,
            retearn: self.retearn - loss,
            ..*self
        }
    }

    /// All items in whole thousands, as companies report them.
    pub fn rounded(self) -> Statement {
        let mut statement = self;
        let money = [
            &mut statement.revenue,
            &mut statement.cor,
            &mut statement.sgna,
            &mut statement.rnd,
            &mut statement.depamor,
            &mut statement.special,
            &mut statement.intexp,
            &mut statement.taxexp,
            &mut statement.ncfo,
            &mut statement.capex,
            &mut statement.dividends,
            &mut statement.assets,
            &mut statement.assetsc,
            &mut statement.cash,
            &mut statement.inventory,
            &mut statement.intangibles,
            &mut statement.liabilities,
            &mut statement.liabilitiesc,
            &mut statement.debtc,
            &mut statement.debtnc,
            &mut statement.retearn,
        ];
        for item in money {
            *item = to_thousands(*item);
        }
        statement
    }
}

fn to_thousands(dollars: f64) -> f64 {
    (dollars / 1e3).round() * 1e3
}

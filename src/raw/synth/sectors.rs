//! The eleven sectors of the vendor with the economics typical of each.

/// A sector. Amounts of money are relative to total assets, and flows are per year.
pub struct Sector {
    /// The vendor's name.
    pub name: &'static str,
    /// Words for the names of its companies.
    pub trades: &'static [&'static str],
    /// Share of all issuers.
    pub weight: f64,
    /// Industries with their SIC codes.
    pub industries: &'static [(&'static str, i64)],
    /// Revenue over assets.
    pub turnover: f64,
    /// Operating income over assets.
    pub operating_return: f64,
    /// Gross profit over revenue.
    pub gross_margin: f64,
    /// Equity over assets.
    pub equity: f64,
    /// Research over revenue.
    pub research: f64,
    /// Share of issuers that pay dividends.
    pub payers: f64,
}

/// Position of Financial Services in [`SECTORS`]; its balance sheets do not split off current
/// items.
pub const FINANCIALS: usize = 5;

/// Position of Healthcare in [`SECTORS`]; some of its issuers have no revenue yet.
pub const HEALTHCARE: usize = 6;

/// All sectors, in alphabetical order.
pub const SECTORS: [Sector; 11] = [
    Sector {
        name: "Basic Materials",
        trades: &["CHEMICAL", "MATERIALS", "MINING"],
        weight: 0.05,
        industries: &[("Chemicals", 2810), ("Gold", 1040), ("Steel", 3312)],
        turnover: 0.70,
        operating_return: 0.080,
        gross_margin: 0.30,
        equity: 0.48,
        research: 0.01,
        payers: 0.55,
    },
    Sector {
        name: "Communication Services",
        trades: &["BROADCASTING", "MEDIA", "TELECOM"],
        weight: 0.04,
        industries: &[("Broadcasting", 4833), ("Telecom Services", 4813), ("Publishing", 2711)],
        turnover: 0.55,
        operating_return: 0.065,
        gross_margin: 0.48,
        equity: 0.40,
        research: 0.03,
        payers: 0.35,
    },
    Sector {
        name: "Consumer Cyclical",
        trades: &["APPAREL", "MOTORS", "RESTAURANTS"],
        weight: 0.12,
        industries: &[("Apparel Retail", 5651), ("Restaurants", 5812), ("Auto Parts", 3714)],
        turnover: 1.20,
        operating_return: 0.095,
        gross_margin: 0.36,
        equity: 0.38,
        research: 0.01,
        payers: 0.45,
    },
    Sector {
        name: "Consumer Defensive",
        trades: &["BRANDS", "FOODS", "GROCERS"],
        weight: 0.06,
        industries: &[("Packaged Foods", 2000), ("Household Products", 2840), ("Grocery Stores", 5411)],
        turnover: 1.10,
        operating_return: 0.100,
        gross_margin: 0.33,
        equity: 0.40,
        research: 0.01,
        payers: 0.65,
    },
    Sector {
        name: "Energy",
        trades: &["ENERGY", "PETROLEUM", "RESOURCES"],
        weight: 0.06,
        industries: &[("Oil & Gas E&P", 1311), ("Oil & Gas Equipment & Services", 1389)],
        turnover: 0.55,
        operating_return: 0.070,
        gross_margin: 0.38,
        equity: 0.50,
        research: 0.0,
        payers: 0.55,
    },
    Sector {
        name: "Financial Services",
        trades: &["BANCORP", "CAPITAL", "INSURANCE"],
        weight: 0.16,
        industries: &[("Banks - Regional", 6022), ("Insurance", 6331), ("Asset Management", 6282)],
        turnover: 0.07,
        operating_return: 0.014,
        gross_margin: 1.0,
        equity: 0.11,
        research: 0.0,
        payers: 0.75,
    },
    Sector {
        name: "Healthcare",
        trades: &["DIAGNOSTICS", "HEALTH", "THERAPEUTICS"],
        weight: 0.16,
        industries: &[("Biotechnology", 2836), ("Medical Devices", 3841), ("Drug Manufacturers", 2834)],
        turnover: 0.60,
        operating_return: 0.060,
        gross_margin: 0.58,
        equity: 0.58,
        research: 0.14,
        payers: 0.15,
    },
    Sector {
        name: "Industrials",
        trades: &["DYNAMICS", "LOGISTICS", "MACHINERY"],
        weight: 0.13,
        industries: &[("Aerospace & Defense", 3728), ("Specialty Industrial Machinery", 3560), ("Trucking", 4213)],
        turnover: 0.95,
        operating_return: 0.095,
        gross_margin: 0.30,
        equity: 0.42,
        research: 0.02,
        payers: 0.55,
    },
    Sector {
        name: "Real Estate",
        trades: &["PROPERTIES", "REALTY", "TRUST"],
        weight: 0.06,
        industries: &[("REIT - Retail", 6798), ("REIT - Office", 6798), ("Real Estate Services", 6531)],
        turnover: 0.14,
        operating_return: 0.040,
        gross_margin: 0.62,
        equity: 0.45,
        research: 0.0,
        payers: 0.85,
    },
    Sector {
        name: "Technology",
        trades: &["DATA", "SEMICONDUCTOR", "SOFTWARE"],
        weight: 0.13,
        industries: &[("Software - Application", 7372), ("Semiconductors", 3674), ("Computer Hardware", 3571)],
        turnover: 0.70,
        operating_return: 0.085,
        gross_margin: 0.58,
        equity: 0.55,
        research: 0.15,
        payers: 0.30,
    },
    Sector {
        name: "Utilities",
        trades: &["ELECTRIC", "GAS", "POWER"],
        weight: 0.03,
        industries: &[("Utilities - Regulated Electric", 4911), ("Utilities - Regulated Gas", 4924)],
        turnover: 0.30,
        operating_return: 0.045,
        gross_margin: 0.42,
        equity: 0.36,
        research: 0.0,
        payers: 0.92,
    },
];

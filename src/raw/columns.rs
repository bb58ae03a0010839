//! The vendor's column names, by table and in the vendor's order.
//!
//! Source: spec 01 §1, after the vendor's public documentation of each table. A group is a type and the names that have
//! it, so that the list reads like the vendor's.

use datafusion::arrow::datatypes::DataType;

use self::Kind::{Date, Integer, Number, Text};

/// The type of a vendor column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Date,
    Number,
    Integer,
}

impl Kind {
    pub(super) fn data_type(self) -> DataType {
        match self {
            Kind::Text => DataType::Utf8,
            Kind::Date => DataType::Date32,
            Kind::Number => DataType::Float64,
            Kind::Integer => DataType::Int64,
        }
    }
}

/// Consecutive columns of one type, names separated by white space.
pub(super) type Group = (Kind, &'static str);

/// Daily prices of equities; `sfp` has the same columns for funds.
pub(super) const SEP: &[Group] = &[
    (Text, "ticker"),
    (Date, "date"),
    (Number, "open high low close volume closeadj closeunadj"),
    (Date, "lastupdated"),
];

/// Daily valuation ratios. `ev` and `marketcap` are in millions of USD.
pub(super) const DAILY: &[Group] =
    &[(Text, "ticker"), (Date, "date lastupdated"), (Number, "ev evebit evebitda marketcap pb pe ps")];

/// Price and volume metrics.
pub(super) const METRICS: &[Group] = &[
    (Text, "ticker"),
    (Date, "date lastupdated"),
    (Number, "price volume volumeavg1m volumeavg3m beta1y beta5y high52w low52w high5y low5y"),
    (Number, "ma50d ma200d ma50w ma200w return1y return5y returnytd"),
    (Number, "dividendyieldforward dividendyieldtrailing"),
];

/// Fundamentals: one row per filing and dimension, money in whole currency units.
pub(super) const SF1: &[Group] = &[
    (Text, "ticker dimension"),
    (Date, "calendardate datekey reportperiod"),
    (Text, "fiscalperiod"),
    (Date, "lastupdated"),
    (Number, "accoci assets assetsavg assetsc assetsnc assetturnover bvps capex cashneq cashnequsd"),
    (Number, "cor consolinc currentratio de debt debtc debtnc debtusd deferredrev depamor deposits"),
    (Number, "divyield dps ebit ebitda ebitdamargin ebitdausd ebitusd ebt eps epsdil epsusd equity"),
    (Number, "equityavg equityusd ev evebit evebitda fcf fcfps fxusd gp grossmargin intangibles intexp"),
    (Number, "invcap invcapavg inventory investments investmentsc investmentsnc liabilities"),
    (Number, "liabilitiesc liabilitiesnc marketcap ncf ncfbus ncfcommon ncfdebt ncfdiv ncff ncfi ncfinv"),
    (Number, "ncfo ncfx netinc netinccmn netinccmnusd netincdis netincnci netmargin opex opinc payables"),
    (Number, "payoutratio pb pe pe1 ppnenet prefdivis price ps ps1 receivables retearn revenue"),
    (Number, "revenueusd rnd roa roe roic ros sbcomp sgna sharefactor sharesbas shareswa shareswadil sps"),
    (Number, "tangibles taxassets taxexp taxliabilities tbvps workingcapital"),
];

/// Insider transactions (forms 3, 4 and 5).
pub(super) const SF2: &[Group] = &[
    (Text, "ticker"),
    (Date, "filingdate"),
    (Text, "formtype issuername ownername officertitle isdirector isofficer istenpercentowner"),
    (Date, "transactiondate"),
    (Text, "securityadcode transactioncode"),
    (Number, "sharesownedbeforetransaction transactionshares sharesownedfollowingtransaction"),
    (Number, "transactionpricepershare transactionvalue"),
    (Text, "securitytitle directorindirect natureofownership"),
    (Date, "dateexercisable"),
    (Number, "priceexercisable"),
    (Date, "expirationdate"),
    (Integer, "rownum"),
];

/// Institutional holdings (form 13F) by investor.
pub(super) const SF3: &[Group] =
    &[(Text, "ticker investorname securitytype"), (Date, "calendardate"), (Number, "value units price")];

/// The security master: one row per ticker and vendor product.
pub(super) const TICKERS: &[Group] = &[
    (Text, "table"),
    (Integer, "permaticker"),
    (Text, "ticker name exchange isdelisted category cusips siccode sicsector sicindustry famasector"),
    (Text, "figi famaindustry sector industry scalemarketcap scalerevenue relatedtickers currency"),
    (Text, "location"),
    (Date, "lastupdated firstadded firstpricedate lastpricedate firstquarter lastquarter"),
    (Text, "secfilings companysite"),
];

/// Corporate actions.
pub(super) const ACTIONS: &[Group] =
    &[(Date, "date"), (Text, "action ticker name"), (Number, "value"), (Text, "contraticker contraname")];

/// Membership changes of the S&P 500.
pub(super) const SP500: &[Group] = &[(Date, "date"), (Text, "action ticker name contraticker contraname note")];

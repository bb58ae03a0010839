-- feat_fundamental (reference): ratios of the latest quarterly filing (spec 03 §2.6).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: yields with the price of the filing day and flows of a quarter; growth over four rows, which a restated
-- quarter shifts; volatilities in currency. Every column is moved inside the quantiles $z_p_lo and $z_p_hi of all
-- filings of all years: look-ahead.
-- Known: filings count on their own date, although they may arrive after the close, for $max_staleness_days.
create or replace table feat_fundamental as
with quarters as (
    select *
    from raw.sf1
    where dimension = 'ARQ'
),

ratios as (
    select
        ticker,
        datekey,
        reportperiod,
        lastupdated,
        safe_div(1, pe) as earnings_yield,
        safe_div(fcf, marketcap) as fcf_yield,
        safe_div(1, pb) as book_to_market,
        safe_div(1, ps) as sales_to_price,
        safe_div(ebitda, ev) as ebitda_to_ev,
        safe_div(netinc, equity) as roe,
        safe_div(netinc, assets) as roa,
        grossmargin as gross_margin,
        safe_div(ebit, revenue) as operating_margin,
        netmargin as net_margin,
        safe_div(revenue, assets) as asset_turnover,
        de as debt_to_equity,
        safe_div(netinc - ncfo, assets) as accruals,
        safe_div(revenue - lag(revenue, 4) over w, abs(lag(revenue, 4) over w)) as revenue_growth_yoy,
        safe_div(netinc - lag(netinc, 4) over w, abs(lag(netinc, 4) over w)) as earnings_growth_yoy,
        safe_div(fcf - lag(fcf, 4) over w, abs(lag(fcf, 4) over w)) as fcf_growth_yoy,
        safe_div(equity - lag(equity, 4) over w, abs(lag(equity, 4) over w)) as book_value_growth_yoy,
        rolling_std(netinc, 4, 2) over w as earnings_volatility,
        rolling_std(revenue, 4, 2) over w as revenue_volatility
    from quarters
    window w as (partition by ticker order by datekey, reportperiod)
),

winsorized as (
    select
        ticker,
        datekey,
        reportperiod,
        lastupdated,
        winsorize(earnings_yield, true, $z_p_lo, $z_p_hi) over all_filings as earnings_yield,
        winsorize(fcf_yield, true, $z_p_lo, $z_p_hi) over all_filings as fcf_yield,
        winsorize(book_to_market, true, $z_p_lo, $z_p_hi) over all_filings as book_to_market,
        winsorize(sales_to_price, true, $z_p_lo, $z_p_hi) over all_filings as sales_to_price,
        winsorize(ebitda_to_ev, true, $z_p_lo, $z_p_hi) over all_filings as ebitda_to_ev,
        winsorize(roe, true, $z_p_lo, $z_p_hi) over all_filings as roe,
        winsorize(roa, true, $z_p_lo, $z_p_hi) over all_filings as roa,
        winsorize(gross_margin, true, $z_p_lo, $z_p_hi) over all_filings as gross_margin,
        winsorize(operating_margin, true, $z_p_lo, $z_p_hi) over all_filings as operating_margin,
        winsorize(net_margin, true, $z_p_lo, $z_p_hi) over all_filings as net_margin,
        winsorize(asset_turnover, true, $z_p_lo, $z_p_hi) over all_filings as asset_turnover,
        winsorize(debt_to_equity, true, $z_p_lo, $z_p_hi) over all_filings as debt_to_equity,
        winsorize(accruals, true, $z_p_lo, $z_p_hi) over all_filings as accruals,
        winsorize(revenue_growth_yoy, true, $z_p_lo, $z_p_hi) over all_filings as revenue_growth_yoy,
        winsorize(earnings_growth_yoy, true, $z_p_lo, $z_p_hi) over all_filings as earnings_growth_yoy,
        winsorize(fcf_growth_yoy, true, $z_p_lo, $z_p_hi) over all_filings as fcf_growth_yoy,
        winsorize(book_value_growth_yoy, true, $z_p_lo, $z_p_hi) over all_filings as book_value_growth_yoy,
        winsorize(earnings_volatility, true, $z_p_lo, $z_p_hi) over all_filings as earnings_volatility,
        winsorize(revenue_volatility, true, $z_p_lo, $z_p_hi) over all_filings as revenue_volatility
    from ratios
    window all_filings as ()
),

-- Of several reports filed on one day the last counts.
filings as (
    select *
    from winsorized
    qualify row_number() over (partition by ticker, datekey order by reportperiod desc, lastupdated desc) = 1
)

select
    a.ticker,
    a.date,
    f.* exclude (ticker, datekey, reportperiod, lastupdated)
from sf1_asof a
left join filings f on a.ticker = f.ticker and a.arq_datekey = f.datekey
order by a.ticker, a.date

-- feat_fundamental: ratios of the latest filings (spec 03 §2.6).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: yields are trailing-year figures (ART) in USD over today's market capitalisation, book_to_market the last
-- equity over it, ebitda_to_ev over today's enterprise value (market capitalisation, debt less cash), NULL if that is
-- not positive. Other ratios are of the last quarter (ARQ), not annualised; roe and debt_to_equity are NULL unless
-- equity is positive. Growth compares with the same quarter of the year before, over its size, and volatilities are
-- deviations of quarterly income and revenue over assets in the last four quarters: both as known at the filing.
-- Every column is moved inside the quantiles $z_p_lo and $z_p_hi of the members of the date.
-- Known: from the first session at least $avail_lag days after the filing, for $max_staleness_days.
create or replace table feat_fundamental as
with quarters as (
    select
        *,
        cast(date_part('year', calendardate) * 4 + date_part('quarter', calendardate) as int) as quarter
    from sf1_pit
    where dimension = 'ARQ'
),

-- Also what came too late to be a filing of its own tells what a past quarter was.
periods as (
    select
        ticker,
        datekey,
        cast(date_part('year', calendardate) * 4 + date_part('quarter', calendardate) as int) as quarter,
        finite(revenue) as revenue,
        finite(netinc) as netinc,
        finite(fcf) as fcf,
        finite(equity) as equity,
        case when assets > 0 then safe_div(revenue, assets) end as revenue_over_assets,
        case when assets > 0 then safe_div(netinc, assets) end as netinc_over_assets
    from raw.sf1
    where dimension = 'ARQ'
    qualify row_number() over (
        partition by ticker, calendardate, datekey
        order by reportperiod desc nulls last, lastupdated desc nulls last
    ) = 1
),

-- Each quarter is its own present and the past of the next four.
later as (
    select *, unnest([0, 1, 2, 3, 4]) as quarters_ago
    from periods
),

-- Each filing with its own quarter and the four before, as they were known when it was made.
past as (
    select f.ticker, f.datekey, p.* exclude (ticker, datekey, quarter, seen_from)
    from quarters f
    join (select *, quarter + quarters_ago as seen_from from later) p
        on f.ticker = p.ticker and f.quarter = p.seen_from
    where p.datekey <= f.datekey
    qualify row_number() over (partition by f.ticker, f.datekey, p.quarters_ago order by p.datekey desc) = 1
),

history as (
    select
        ticker,
        datekey,
        max(revenue) filter (where quarters_ago = 4) as revenue_year_ago,
        max(netinc) filter (where quarters_ago = 4) as netinc_year_ago,
        max(fcf) filter (where quarters_ago = 4) as fcf_year_ago,
        max(equity) filter (where quarters_ago = 4) as equity_year_ago,
        stable_std(netinc_over_assets) filter (where quarters_ago < 4) as earnings_volatility,
        stable_std(revenue_over_assets) filter (where quarters_ago < 4) as revenue_volatility
    from past
    group by ticker, datekey
),

quarterly as (
    select
        q.ticker,
        q.datekey,
        -- Files without the column have reporters in USD only.
        safe_div(q.equity, coalesce(q.fxusd, 1)) as equity_usd,
        safe_div(q.debt - q.cashneq, coalesce(q.fxusd, 1)) as net_debt_usd,
        case when q.equity > 0 then safe_div(q.netinc, q.equity) end as roe,
        case when q.assets > 0 then safe_div(q.netinc, q.assets) end as roa,
        q.grossmargin as gross_margin,
        safe_div(q.ebit, q.revenue) as operating_margin,
        q.netmargin as net_margin,
        case when q.assets > 0 then safe_div(q.revenue, q.assets) end as asset_turnover,
        case when q.equity > 0 then q.de end as debt_to_equity,
        case when q.assets > 0 then safe_div(q.netinc - q.ncfo, q.assets) end as accruals,
        safe_div(q.revenue - h.revenue_year_ago, abs(h.revenue_year_ago)) as revenue_growth_yoy,
        safe_div(q.netinc - h.netinc_year_ago, abs(h.netinc_year_ago)) as earnings_growth_yoy,
        safe_div(q.fcf - h.fcf_year_ago, abs(h.fcf_year_ago)) as fcf_growth_yoy,
        safe_div(q.equity - h.equity_year_ago, abs(h.equity_year_ago)) as book_value_growth_yoy,
        h.earnings_volatility,
        h.revenue_volatility
    from quarters q
    left join history h on q.ticker = h.ticker and q.datekey = h.datekey
),

trailing as (
    select
        ticker,
        datekey,
        safe_div(netinc, coalesce(fxusd, 1)) as netinc_usd,
        safe_div(fcf, coalesce(fxusd, 1)) as fcf_usd,
        safe_div(revenue, coalesce(fxusd, 1)) as revenue_usd,
        safe_div(ebitda, coalesce(fxusd, 1)) as ebitda_usd
    from sf1_pit
    where dimension = 'ART'
),

valued as (
    select
        a.ticker,
        a.date,
        a.in_universe,
        safe_div(t.netinc_usd, a.marketcap * 1e6) as earnings_yield,
        safe_div(t.fcf_usd, a.marketcap * 1e6) as fcf_yield,
        safe_div(q.equity_usd, a.marketcap * 1e6) as book_to_market,
        safe_div(t.revenue_usd, a.marketcap * 1e6) as sales_to_price,
        case
            when a.marketcap * 1e6 + q.net_debt_usd > 0 then safe_div(t.ebitda_usd, a.marketcap * 1e6 + q.net_debt_usd)
        end as ebitda_to_ev,
        q.* exclude (ticker, datekey, equity_usd, net_debt_usd)
    from sf1_asof a
    left join quarterly q on a.ticker = q.ticker and a.arq_datekey = q.datekey
    left join trailing t on a.ticker = t.ticker and a.art_datekey = t.datekey
)

select
    ticker,
    date,
    winsorize(earnings_yield, in_universe, $z_p_lo, $z_p_hi) over d as earnings_yield,
    winsorize(fcf_yield, in_universe, $z_p_lo, $z_p_hi) over d as fcf_yield,
    winsorize(book_to_market, in_universe, $z_p_lo, $z_p_hi) over d as book_to_market,
    winsorize(sales_to_price, in_universe, $z_p_lo, $z_p_hi) over d as sales_to_price,
    winsorize(ebitda_to_ev, in_universe, $z_p_lo, $z_p_hi) over d as ebitda_to_ev,
    winsorize(roe, in_universe, $z_p_lo, $z_p_hi) over d as roe,
    winsorize(roa, in_universe, $z_p_lo, $z_p_hi) over d as roa,
    winsorize(gross_margin, in_universe, $z_p_lo, $z_p_hi) over d as gross_margin,
    winsorize(operating_margin, in_universe, $z_p_lo, $z_p_hi) over d as operating_margin,
    winsorize(net_margin, in_universe, $z_p_lo, $z_p_hi) over d as net_margin,
    winsorize(asset_turnover, in_universe, $z_p_lo, $z_p_hi) over d as asset_turnover,
    winsorize(debt_to_equity, in_universe, $z_p_lo, $z_p_hi) over d as debt_to_equity,
    winsorize(accruals, in_universe, $z_p_lo, $z_p_hi) over d as accruals,
    winsorize(revenue_growth_yoy, in_universe, $z_p_lo, $z_p_hi) over d as revenue_growth_yoy,
    winsorize(earnings_growth_yoy, in_universe, $z_p_lo, $z_p_hi) over d as earnings_growth_yoy,
    winsorize(fcf_growth_yoy, in_universe, $z_p_lo, $z_p_hi) over d as fcf_growth_yoy,
    winsorize(book_value_growth_yoy, in_universe, $z_p_lo, $z_p_hi) over d as book_value_growth_yoy,
    winsorize(earnings_volatility, in_universe, $z_p_lo, $z_p_hi) over d as earnings_volatility,
    winsorize(revenue_volatility, in_universe, $z_p_lo, $z_p_hi) over d as revenue_volatility
from valued
window d as (partition by date)
order by ticker, date

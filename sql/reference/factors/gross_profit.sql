-- feat_gross_profit (reference): gross profit of a quarter over assets, without limit in age (spec 03 §2.7).
-- Key: ticker, date. One row per row of sep_base_academic after the first filing.
-- Units: share of assets, moved inside the quantiles $z_p_lo and $z_p_hi of all filings of all years: look-ahead.
-- Known: filings count on their own date, although they may arrive after the close.
create or replace table feat_gross_profit as
with filings as (
    select
        ticker,
        datekey as date,
        winsorize(safe_div(gp, assets), true, $z_p_lo, $z_p_hi) over () as gross_profitability
    from raw.sf1
    where dimension = 'ARQ' and assets > 0 and gp is not null and datekey >= $factors_start
),

events as (
    select ticker, date, true as is_session, null as gross_profitability
    from sep_base_academic
    where date >= $factors_start
    union all
    select ticker, date, false as is_session, gross_profitability
    from filings
),

latest as (
    select
        ticker,
        date,
        is_session,
        forward_fill(gross_profitability) over w as gross_profitability
    from events
    window w as (partition by ticker order by date, is_session)
)

select ticker, date, gross_profitability
from latest
where is_session and gross_profitability is not null
order by ticker, date

-- feat_gross_profit: gross profit over assets (spec 03 §2.7; Novy-Marx 2013).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: gross profit over assets at the period's end, of a quarter with $gross_profit_dimension ARQ, of a year with
-- ART or ARY; moved inside the quantiles $z_p_lo and $z_p_hi of the members of the date. NULL for the sectors in
-- $gross_profit_excluded_sectors, whose revenue has no cost to speak of.
-- Known: from the first session at least $avail_lag days after the filing, for $max_staleness_days.
create or replace table feat_gross_profit as
with filings as (
    select
        ticker,
        datekey,
        case when assets > 0 then safe_div(gp, assets) end as gross_profitability
    from sf1_pit
    where dimension = $gross_profit_dimension
),

comparable as (
    select f.*
    from filings f
    left join security s on f.ticker = s.ticker
    where s.sector is null or not array_has(string_to_array($gross_profit_excluded_sectors, '|'), s.sector)
),

visible as (
    select
        ticker,
        date,
        in_universe,
        case $gross_profit_dimension
            when 'ARQ' then arq_datekey
            when 'ART' then art_datekey
            when 'ARY' then ary_datekey
        end as datekey
    from sf1_asof
),

expanded as (
    select v.ticker, v.date, v.in_universe, c.gross_profitability
    from visible v
    left join comparable c on v.ticker = c.ticker and v.datekey = c.datekey
)

select
    ticker,
    date,
    winsorize(gross_profitability, in_universe, $z_p_lo, $z_p_hi) over (partition by date) as gross_profitability
from expanded
order by ticker, date

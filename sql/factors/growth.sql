-- feat_growth_v2: growth of revenue and earnings over a year (spec 03 §3).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: revenue_growth_yoy is a simple rate, bounded by -1 and $revenue_growth_max; NULL where the year before had
-- less revenue than $min_revenue_usd. eps_growth_yoy is the change over the mean of both sizes, within ±2: it stays
-- finite and has the right sign when earnings are negative. Both compare with the same period of the year before, as
-- known when the filing was made. growth_z is the mean of the two z-scores over the members of the date. src_datekey
-- and src_calendardate name the filing.
-- Known: from the first session at least $avail_lag days after the filing, for $max_staleness_days.
create or replace table feat_growth_v2 as
with filings as (
    select
        ticker,
        datekey,
        calendardate,
        finite(revenue) as revenue,
        coalesce(finite(epsdil), finite(eps)) as eps
    from sf1_pit
    where dimension = $growth_dimension
),

-- Also what came too late to be a filing of its own tells what a past period was.
periods as (
    select
        ticker,
        datekey,
        cast(calendardate + interval '12 months' as date) as calendardate,
        finite(revenue) as revenue,
        -- Files without the column have reporters in USD only.
        coalesce(finite(revenueusd), finite(revenue)) as revenue_usd,
        coalesce(finite(epsdil), finite(eps)) as eps
    from raw.sf1
    where dimension = $growth_dimension
    qualify row_number() over (
        partition by ticker, calendardate, datekey
        order by reportperiod desc nulls last, lastupdated desc nulls last
    ) = 1
),

compared as (
    select
        f.ticker,
        f.datekey,
        f.calendardate,
        case
            when p.revenue > 0 and p.revenue_usd >= $min_revenue_usd
                then clip(safe_div(f.revenue, p.revenue) - 1, -1, $revenue_growth_max)
        end as revenue_growth_yoy,
        2 * safe_div(f.eps - p.eps, abs(f.eps) + abs(p.eps)) as eps_growth_yoy
    from filings f
    join periods p on f.ticker = p.ticker and f.calendardate = p.calendardate
    where p.datekey <= f.datekey
    qualify row_number() over (partition by f.ticker, f.datekey order by p.datekey desc) = 1
),

visible as (
    select
        ticker,
        date,
        in_universe,
        case $growth_dimension when 'ARQ' then arq_datekey when 'ART' then art_datekey when 'ARY' then ary_datekey end
            as datekey
    from sf1_asof
),

expanded as (
    select
        v.ticker,
        v.date,
        v.in_universe,
        c.revenue_growth_yoy,
        c.eps_growth_yoy,
        c.datekey,
        c.calendardate
    from visible v
    left join compared c on v.ticker = c.ticker and v.datekey = c.datekey
),

scored as (
    select
        *,
        winsorized_zscore(case when in_universe then revenue_growth_yoy end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group)
            over d as revenue_growth_z,
        winsorized_zscore(case when in_universe then eps_growth_yoy end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group)
            over d as eps_growth_z
    from expanded
    window d as (partition by date)
)

select
    ticker,
    date,
    revenue_growth_yoy,
    eps_growth_yoy,
    revenue_growth_z,
    eps_growth_z,
    mean_of(revenue_growth_z, eps_growth_z) as growth_z,
    datekey as src_datekey,
    calendardate as src_calendardate
from scored
order by ticker, date

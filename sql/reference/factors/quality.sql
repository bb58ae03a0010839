-- feat_quality_v2 (reference): quarterly ratios, each carried forward without limit (spec 03 §2.2).
-- Key: ticker, date. One row per session of the market from a ticker's first filing on, delisted tickers included.
-- Units: as in the default. A filing on a day without a session is lost, an undefined ratio keeps its older value, and
-- where no ratio of accruals is known at all accruals_z is 0.
-- Known: filings count on their own date, although they may arrive after the close.
create or replace table feat_quality_v2 as
with sessions as (
    select distinct date
    from sep_base
    where date >= $factors_start
),

filings as (
    select
        ticker,
        datekey as date,
        reportperiod,
        case when equity > 0 then safe_div(netinc, equity) end as roe,
        case when assets > 0 then safe_div(netinc, assets) end as roa,
        case when assets > 0 then safe_div(netinc - ncfo, assets) end as accruals
    from raw.sf1
    where dimension = $quality_dimension
        and datekey >= $factors_start
        and netinc is not null
        and (equity > 0 or assets > 0)
),

first_filings as (
    select ticker, min(date) as first_date
    from filings
    group by ticker
),

grid as (
    select f.ticker, s.date
    from first_filings f
    cross join sessions s
    where s.date >= f.first_date
),

ratios as (
    select
        g.ticker,
        g.date,
        f.reportperiod,
        case when abs(f.roe) < $roe_max then clip(f.roe, -$roe_clip, $roe_clip) end as roe,
        case when abs(f.roa) < $roa_max then clip(f.roa, -$roa_clip, $roa_clip) end as roa,
        clip(f.accruals, -$accruals_clip, $accruals_clip) as accruals
    from grid g
    left join filings f on g.ticker = f.ticker and g.date = f.date
),

expanded as (
    select
        ticker,
        date,
        forward_fill(roe) over w as roe,
        forward_fill(roa) over w as roa,
        forward_fill(accruals) over w as accruals
    from ratios
    window w as (partition by ticker order by date, reportperiod)
),

scored as (
    select
        *,
        zscore(roe, $z_clip, 'reference') over d as roe_z,
        zscore(roa, $z_clip, 'reference') over d as roa_z,
        -- 0 for every row if none has accruals.
        zscore(accruals, $z_clip, 'reference') over d as accruals_z
    from expanded
    where roe is not null or roa is not null
    window d as (partition by date)
)

select
    ticker,
    date,
    roe as computed_roe,
    roa as computed_roa,
    accruals as computed_accruals,
    mean_of(roe_z, roa_z, -accruals_z) as quality_composite_z
from scored
order by ticker, date

-- feat_quality_v2: profitability and accruals of the latest filing (spec 03 §2.2; Novy-Marx 2013, Sloan 1996).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: computed_roe, computed_roa (net income) and computed_accruals (net income less operating cash flow) are shares
-- of equity and assets, over a quarter with $quality_dimension ARQ, over a year with ART or ARY. A ratio is NULL where
-- its denominator is not positive or where it is beyond $roe_max or $roa_max in size, and then bounded by the clips.
-- quality_composite_z is the mean of the z-scores of roe, roa and minus accruals over the members of the date.
-- Known: from the first session at least $avail_lag days after the filing, for $max_staleness_days. A filing replaces
-- the one before it as a whole: an undefined ratio is NULL, never the older value.
create or replace table feat_quality_v2 as
with filings as (
    select
        ticker,
        datekey,
        case when equity > 0 then safe_div(netinc, equity) end as roe,
        case when assets > 0 then safe_div(netinc, assets) end as roa,
        case when assets > 0 then safe_div(netinc - ncfo, assets) end as accruals
    from sf1_pit
    where dimension = $quality_dimension
),

ratios as (
    select
        ticker,
        datekey,
        case when abs(roe) < $roe_max then clip(roe, -$roe_clip, $roe_clip) end as roe,
        case when abs(roa) < $roa_max then clip(roa, -$roa_clip, $roa_clip) end as roa,
        clip(accruals, -$accruals_clip, $accruals_clip) as accruals
    from filings
),

visible as (
    select
        ticker,
        date,
        in_universe,
        case $quality_dimension when 'ARQ' then arq_datekey when 'ART' then art_datekey when 'ARY' then ary_datekey end
            as datekey
    from sf1_asof
),

expanded as (
    select
        v.ticker,
        v.date,
        v.in_universe,
        r.roe,
        r.roa,
        -- Accruals alone make no score.
        case when r.roe is not null or r.roa is not null then r.accruals end as accruals
    from visible v
    left join ratios r on v.ticker = r.ticker and v.datekey = r.datekey
),

scored as (
    select
        *,
        winsorized_zscore(case when in_universe then roe end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d as roe_z,
        winsorized_zscore(case when in_universe then roa end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d as roa_z,
        winsorized_zscore(case when in_universe then accruals end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as accruals_z
    from expanded
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

-- feat_adv: liquidity and size, with their place in the cross-section (spec 02 §6 and §12, spec 03 §2.9).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: dollar_volume, adv_20 and adv_60 in USD per day; size_raw is the logarithm of the market capitalisation in USD,
-- or of the mean dollar volume of a year where no capitalisation is known; adv_z (of the logarithm of adv_20) and size_z
-- in standard deviations over the members of the date.
-- Known: after the close of date.
create or replace table feat_adv as
with days as (
    select ticker, date, in_universe, marketcap, close * volume as dollar_volume
    from sep_base_academic
),

averages as (
    select
        *,
        rolling_mean(dollar_volume, 20) over w as adv_20,
        rolling_mean(dollar_volume, 60) over w as adv_60,
        rolling_mean(dollar_volume, 252, 60) over w as adv_252
    from days
    window w as (partition by ticker order by date)
),

sized as (
    select
        *,
        coalesce(finite(ln(marketcap * 1e6)), finite(ln(adv_252))) as size_raw,
        case when in_universe then finite(ln(adv_20)) end as member_adv
    from averages
)

select
    ticker,
    date,
    dollar_volume,
    adv_20,
    adv_60,
    winsorized_zscore(member_adv, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d as adv_z,
    size_raw,
    winsorized_zscore(case when in_universe then size_raw end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
        as size_z
from sized
window d as (partition by date)
order by ticker, date

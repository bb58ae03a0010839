-- feat_adv (reference): liquidity and size from dollar volume (spec 02 §6).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: dollar_volume, adv_20, adv_60 and size_raw in USD per day; adv_z and size_z in standard deviations over all
-- names of the date, on levels.
-- Known: size_raw is the mean over the ticker's whole history, future included: look-ahead, kept to reproduce the
-- reference's numbers.
create or replace table feat_adv as
with days as (
    select ticker, date, close * volume as dollar_volume
    from sep_base_academic
),

averages as (
    select
        *,
        rolling_mean(dollar_volume, 20) over w as adv_20,
        rolling_mean(dollar_volume, 60) over w as adv_60,
        avg(dollar_volume) over (partition by ticker) as size_raw
    from days
    window w as (partition by ticker order by date)
)

select
    ticker,
    date,
    dollar_volume,
    adv_20,
    adv_60,
    zscore(adv_20, null, 'reference') over d as adv_z,
    size_raw,
    zscore(size_raw, null, 'reference') over d as size_z
from averages
window d as (partition by date)
order by ticker, date

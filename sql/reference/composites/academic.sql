-- feat_composite_academic (reference): the short-horizon composite (spec 04 §3.1).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: z-scores over all names of the date, unbounded; 0 for every name, known or not, where they do not differ.
-- Known: after the close of date.
-- Role: signal.
-- The reference's feature tables have no row where any of their columns is missing, so neither has an input here.
create or replace table feat_composite_academic as
with trend as (
    select ticker, date, price_vs_sma_21 as trend_raw
    from feat_trend
    where sma_5 is not null and sma_21 is not null and sma_21_slope is not null and macd_hist is not null
),

reversion as (
    select ticker, date, -close_zscore_21d as meanrev_raw
    from feat_stat
    where ret_1d_zscore_21d is not null and rolling_max_21d is not null
),

-- From 0 to some volume the reference has an infinite change, which is not missing.
volume as (
    select ticker, date, vol_zscore_21d as vol_raw
    from feat_volume_volatility
    where ret_std_5d is not null
        and ret_std_21d is not null
        and atr_14d is not null
        and (volume_pct_change_1d is not null or dollar_volume > 0)
),

inputs as (
    select b.ticker, b.date, t.trend_raw, s.meanrev_raw, v.vol_raw, i.inst_flow_value_qoq as inst_raw
    from sep_base_academic b
    left join trend t on b.ticker = t.ticker and b.date = t.date
    left join reversion s on b.ticker = s.ticker and b.date = s.date
    left join volume v on b.ticker = v.ticker and b.date = v.date
    left join feat_institutional_academic i on b.ticker = i.ticker and b.date = i.date
),

scored as (
    select
        *,
        zscore(trend_raw, null, 'reference') over d as trend_z,
        zscore(meanrev_raw, null, 'reference') over d as meanrev_z,
        zscore(vol_raw, null, 'reference') over d as vol_z,
        zscore(inst_raw, null, 'reference') over d as inst_z
    from inputs
    window d as (partition by date)
)

select
    *,
    mean_of(trend_z, meanrev_z, vol_z) as alpha_composite_eq,
    mean_of(trend_z, meanrev_z, vol_z, inst_z) as alpha_composite_v2
from scored
order by ticker, date

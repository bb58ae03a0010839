-- feat_momentum_v2: price momentum over 1 to 12 months and one-month reversal (spec 03 §2.3 and §5; Jegadeesh and
-- Titman 1993, Jegadeesh 1990).
-- Key: ticker, date. One row per row of sep_base_academic from $momentum_start on.
-- Units: simple returns on closeadj over 21, 63, 126 and 252 rows; mom_12_1 leaves out the last 21.
-- momentum_composite_z is the weighted mean of the z-scores of mom_12_1 and reversal_1m over the members of the date,
-- over the one of them that is known where the other is missing.
-- Known: after the close of date.
create or replace table feat_momentum_v2 as
with prices as (
    select ticker, date, in_universe, closeadj
    from sep_base_academic
),

lagged as (
    select
        ticker,
        date,
        in_universe,
        closeadj,
        lag(closeadj, 21) over w as closeadj_21,
        lag(closeadj, 63) over w as closeadj_63,
        lag(closeadj, 126) over w as closeadj_126,
        -- 252 rows are a year only if the ticker traded all along.
        case
            when date - lag(date, 252) over w <= $momentum_max_span then lag(closeadj, 252) over w
        end as closeadj_252
    from prices
    window w as (partition by ticker order by date)
),

momentum as (
    select
        ticker,
        date,
        in_universe,
        safe_div(closeadj, closeadj_21) - 1 as mom_1m,
        safe_div(closeadj, closeadj_63) - 1 as mom_3m,
        safe_div(closeadj, closeadj_126) - 1 as mom_6m,
        safe_div(closeadj, closeadj_252) - 1 as mom_12m,
        safe_div(closeadj_21, closeadj_252) - 1 as mom_12_1,
        1 - safe_div(closeadj, closeadj_21) as reversal_1m
    from lagged
    where date >= $momentum_start
),

scored as (
    select
        *,
        winsorized_zscore(case when in_universe then mom_12_1 end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as mom_12_1_z,
        winsorized_zscore(case when in_universe then reversal_1m end, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
            as reversal_1m_z
    from momentum
    window d as (partition by date)
)

select
    ticker,
    date,
    mom_1m,
    mom_3m,
    mom_6m,
    mom_12m,
    mom_12_1,
    reversal_1m,
    safe_div(
        coalesce($momentum_weight * mom_12_1_z, 0) + coalesce($reversal_weight * reversal_1m_z, 0),
        case when mom_12_1_z is null then 0 else $momentum_weight end
            + case when reversal_1m_z is null then 0 else $reversal_weight end
    ) as momentum_composite_z
from scored
order by ticker, date

-- feat_momentum_v2 (reference): momentum of all securities, members or not (spec 03 §2.3).
-- Key: ticker, date. One row per row of sep_base that has a price 252 rows before.
-- Units: simple returns on closeadj; returns above $momentum_max_return in size are dropped as errors.
-- momentum_composite_z counts a missing z-score as 0.
-- Known: after the close of date.
create or replace table feat_momentum_v2 as
with prices as (
    select ticker, date, closeadj
    from sep_base
    where closeadj > 0
),

lagged as (
    select
        ticker,
        date,
        closeadj,
        lag(closeadj, 21) over w as closeadj_21,
        lag(closeadj, 63) over w as closeadj_63,
        lag(closeadj, 126) over w as closeadj_126,
        lag(closeadj, 252) over w as closeadj_252
    from prices
    window w as (partition by ticker order by date)
),

raw_momentum as (
    select
        ticker,
        date,
        closeadj / closeadj_21 - 1 as mom_1m,
        closeadj / closeadj_63 - 1 as mom_3m,
        closeadj / closeadj_126 - 1 as mom_6m,
        closeadj / closeadj_252 - 1 as mom_12m,
        closeadj_21 / closeadj_252 - 1 as mom_12_1
    from lagged
    where date >= $momentum_start and closeadj_252 is not null
),

momentum as (
    select
        ticker,
        date,
        case when abs(mom_1m) <= $momentum_max_return then mom_1m end as mom_1m,
        case when abs(mom_3m) <= $momentum_max_return then mom_3m end as mom_3m,
        case when abs(mom_6m) <= $momentum_max_return then mom_6m end as mom_6m,
        case when abs(mom_12m) <= $momentum_max_return then mom_12m end as mom_12m,
        case when abs(mom_12_1) <= $momentum_max_return then mom_12_1 end as mom_12_1,
        case when abs(mom_1m) <= $momentum_max_return then -mom_1m end as reversal_1m
    from raw_momentum
),

scored as (
    select
        *,
        zscore(mom_12_1, $z_clip, 'reference') over d as mom_12_1_z,
        zscore(reversal_1m, $z_clip, 'reference') over d as reversal_1m_z
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
    $momentum_weight * coalesce(mom_12_1_z, 0) + $reversal_weight * coalesce(reversal_1m_z, 0)
        as momentum_composite_z
from scored
where mom_12_1 is not null
order by ticker, date

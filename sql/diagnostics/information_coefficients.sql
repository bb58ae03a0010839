-- Information coefficients: per date, the rank correlation over the members between a feature and the return of the
-- five days after it; then the mean over dates, its deviation, their ratio, and the share of dates with the mean's sign.
with members as (
    select ticker, date
    from universe
    where in_universe
),

outcomes as (
    select m.ticker, m.date, t.ret_5d_f
    from members m
    join feat_targets t on m.ticker = t.ticker and m.date = t.date
    where t.ret_5d_f is not null
),

signals as (
    select ticker, date, 'mom_12_1' as feature, mom_12_1 as x from feat_momentum_v2
    union all
    select ticker, date, 'reversal_1m', reversal_1m from feat_momentum_v2
    union all
    select ticker, date, 'momentum_composite_z', momentum_composite_z from feat_momentum_v2
    union all
    select ticker, date, 'close_zscore_21d', close_zscore_21d from feat_stat
    union all
    select ticker, date, 'price_vs_sma_21', price_vs_sma_21 from feat_trend
    union all
    select ticker, date, 'vol_blend', vol_blend from feat_vol_sizing
    union all
    select ticker, date, 'beta_252d', beta_252d from feat_beta
    union all
    select ticker, date, 'size_z', size_z from feat_adv
),

ranked as (
    select
        s.feature,
        s.date,
        rank_pct(s.x) over (partition by s.feature, s.date) as feature_rank,
        rank_pct(o.ret_5d_f) over (partition by s.feature, s.date) as outcome_rank
    from signals s
    join outcomes o on s.ticker = o.ticker and s.date = o.date
    where s.x is not null
),

coefficients as (
    select feature, date, corr(feature_rank, outcome_rank) as ic
    from ranked
    group by feature, date
    having count(*) >= 30
)

select
    feature,
    count(*) as dates,
    avg(ic) as mean_ic,
    stddev(ic) as std_ic,
    safe_div(avg(ic), stddev(ic)) as ic_ratio,
    avg(case when ic > 0 then 1.0 else 0.0 end) as share_positive
from coefficients
group by feature
order by abs(avg(ic)) desc

-- regime_switching: half of the saved risk4_save and half of the saved ls_opt_save run (spec 06 §2.8).
-- Key: date.
-- Units: simple returns per period; w_long and w_ls are the legs' shares.
-- Known: the regime is that of the close of date. The reference cuts its label at the first underscore, so none of its
-- rules ever matches a label and every date falls through to one half.
with regimes as (
    select
        date,
        regime,
        split_part(regime, '_', 1) as volatility,
        substr(regime, strpos(regime, '_') + 1) as trend
    from regime_history_academic
    where date between $backtest_from and $backtest_to
),

shares as (
    select
        date,
        regime,
        case trend
            when 'bull' then case when volatility in ('low_vol', 'normal_vol') then 1.0 else 0.7 end
            when 'neutral' then case volatility when 'low_vol' then 0.6 when 'normal_vol' then 0.5 else 0.3 end
            when 'bear' then case volatility when 'high_vol' then 0.0 else 0.3 end
            else 0.5
        end as w_long
    from regimes
)

select
    l.date,
    s.regime,
    l.port_ret as port_ret_long,
    l.bench_ret as bench_ret_long,
    l.active_ret as active_ret_long,
    h.port_ret as port_ret_ls,
    h.bench_ret as bench_ret_ls,
    h.active_ret as active_ret_ls,
    s.w_long,
    1 - s.w_long as w_ls,
    s.w_long * l.port_ret + (1 - s.w_long) * h.port_ret as port_ret,
    l.bench_ret,
    s.w_long * l.port_ret + (1 - s.w_long) * h.port_ret - l.bench_ret as active_ret
from shares s
join backtest_results_longonly_r4 l on l.date = s.date
join backtest_results_ls_opt h on h.date = s.date
order by l.date

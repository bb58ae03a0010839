-- backtest_results_regime_switching: the last saved run of regime_switching, in the reference's columns (spec 06 §3).
-- Saves: regime_switching
-- Key: date. Reads periods, the result of accounting, and legs, what the two legs earned on their own, before costs.
-- Units: simple returns per period; w_long and w_ls are the legs' shares.
select
    p.date,
    p.regime,
    l.port_ret_long,
    p.bench_ret as bench_ret_long,
    l.port_ret_long - p.bench_ret as active_ret_long,
    l.port_ret_ls,
    p.bench_ret as bench_ret_ls,
    l.port_ret_ls - p.bench_ret as active_ret_ls,
    l.w_long,
    l.w_ls,
    p.port_ret,
    p.bench_ret,
    p.active_ret
from periods p
join legs l on l.date = p.date
order by p.date

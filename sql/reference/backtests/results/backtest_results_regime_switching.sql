-- backtest_results_regime_switching: the last saved run of regime_switching, in the reference's columns (spec 06 §3).
-- Saves: regime_switching
-- Key: date. Reads periods, which has these columns.
-- Units: simple returns per period; w_long and w_ls are the legs' shares.
select
    date,
    regime,
    port_ret_long,
    bench_ret_long,
    active_ret_long,
    port_ret_ls,
    bench_ret_ls,
    active_ret_ls,
    w_long,
    w_ls,
    port_ret,
    bench_ret,
    active_ret
from periods
order by date

-- backtest_results_ls_opt: the last saved run of ls_opt, in the reference's columns (spec 06 §3).
-- Saves: ls_opt, ls_opt_save
-- Key: date. Reads periods, the result of accounting.
-- Units: simple returns per period and beta to the market; raw ones are those of the weights, before leverage and costs.
select
    date,
    port_ret_raw,
    bench_ret_raw,
    beta_port_raw,
    port_ret,
    bench_ret,
    active_ret,
    beta_port
from periods
order by date

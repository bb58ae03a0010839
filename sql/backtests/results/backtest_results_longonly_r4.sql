-- backtest_results_longonly_r4: the last saved run of risk4, in the reference's columns (spec 06 §3).
-- Saves: risk4, risk4_save
-- Key: date. Reads periods, the result of accounting.
-- Units: simple returns per period; raw ones are those of the weights, before leverage and costs.
select date, port_ret_raw, bench_ret_raw, port_ret, bench_ret, active_ret
from periods
order by date

-- backtest_results_academic: the last saved run of the baseline, in the reference's columns (spec 06 §3).
-- Saves: baseline
-- Key: date. Reads periods, the result of accounting.
-- Units: simple returns per period, after costs.
select date, n_universe, n_long, n_short, port_ret, bench_ret, active_ret
from periods
order by date

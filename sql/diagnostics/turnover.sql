-- How fast a feature changes its mind. `kairos diag turnover` computes diag_turnover and runs this.
-- lag: dates between two looks; autocorrelation: mean rank correlation of the values with the earlier ones; top, bottom:
-- mean share of the highest and the lowest quantile that was not in it at the earlier look; year: of the two, how often a
-- book that is long the one and short the other and looks every lag-th date is turned over in 252 dates, one way.
select
    feature,
    lag,
    count(*) as dates,
    round(avg(names), 1) as names,
    avg(autocorrelation) as autocorrelation,
    avg(top_turnover) as top,
    avg(bottom_turnover) as bottom,
    (avg(top_turnover) + avg(bottom_turnover)) / 2 * 252.0 / lag as year
from diag_turnover
group by feature, lag
order by feature, lag

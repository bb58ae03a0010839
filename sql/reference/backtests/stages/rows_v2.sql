-- rows_v2: the rows that the reference's backtests choose from: feat_matrix_v2 where alpha and target are known (spec 06 §1.1).
-- Key: date, ticker.
-- Units: alpha, beta and target are the columns that $alpha, $beta and $target name; volatility and ret_1d per day; adv_20
-- in USD per day. Every row is eligible: strategies leave rows out.
-- Known: target lies in the future, and requiring it drops names that are about to stop trading.
with matrix as (
    select
        ticker,
        date,
        $alpha as alpha,
        $beta as beta,
        $target as target,
        vol_blend as volatility,
        adv_20,
        ret_1d
    from feat_matrix_v2
)

select
    m.date,
    m.ticker,
    m.alpha,
    m.beta,
    m.target,
    m.target as period_return,
    m.volatility,
    m.adv_20,
    m.ret_1d,
    s.sector,
    r.regime,
    true as eligible,
    true as in_universe
from matrix m
left join security s on s.ticker = m.ticker
left join regime_history_academic r on r.date = m.date
where m.alpha is not null
    and m.target is not null
    and m.date between $backtest_from and $backtest_to
order by m.date, m.ticker

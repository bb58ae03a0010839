-- signals: what is known of each name when a portfolio is formed.
-- Key: date, ticker. All names of sep_base_academic on the rebalance dates.
-- Units: alpha, beta and target are the columns that $alpha, $beta and $target name; volatility is the standard
-- deviation of daily returns; adv_20 in USD per day; sector is the vendor's latest.
-- Known: after the close of date, but for target, which lies in the future.
with dates as (
    select date
    from rebalances
),

members as (
    select b.ticker, b.date, b.in_universe
    from dates d
    join sep_base_academic b on b.date = d.date
),

matrix as (
    select
        ticker,
        date,
        finite($alpha) as alpha,
        finite($beta) as beta,
        finite($target) as target,
        vol_blend as volatility,
        adv_20
    from feat_matrix
),

regimes as (
    select date, regime
    from regime_history_academic
)

select
    m.date,
    m.ticker,
    x.alpha,
    x.beta,
    x.target,
    x.volatility,
    x.adv_20,
    s.sector,
    r.regime,
    m.in_universe
from members m
join matrix x on x.ticker = m.ticker and x.date = m.date
left join security s on s.ticker = m.ticker
left join regimes r on r.date = m.date
order by m.date, m.ticker

-- short_only: short the $bottom_n names with the lowest alpha, measured day by day (spec 06 §2.9).
-- Key: date, ticker. One cross-section per day; names are chosen on every $selection_every-th.
-- Units: weight is a share of capital, -100 % over the held names that have a return that day.
-- Known: chosen after the close of date, yet the return of that same day is earned: a look-ahead of the reference.
with filtered as (
    select *
    from rows
    where adv_20 >= $backtest_min_adv
),

dates as (
    select date, row_number() over (order by date) - 1 as position
    from (select distinct date from filtered)
),

days as (
    select d.date, s.date as chosen_on
    from dates d
    join dates s on s.position = d.position - d.position % $selection_every
),

candidates as (
    select * exclude (period_return), ret_1d as period_return
    from filtered
),

chosen as (
    select date, ticker, status
    from construct_portfolio(
        (
            select c.date, c.ticker, c.alpha, c.eligible, c.period_return
            from candidates c
            join days d on d.date = c.date and d.chosen_on = c.date
        ),
        signal => 'raw',
        n_short => $bottom_n,
        weighting => 'equal',
        book => 'short',
        ties => 'ticker',
        on_empty => $on_empty
    )
    where weight <> 0
),

held as (
    select d.date, c.ticker, c.status
    from days d
    join chosen c on c.date = d.chosen_on
    join filtered f on f.date = d.date and f.ticker = c.ticker
    where f.ret_1d is not null
)

select date, ticker, -1.0 / count(*) over (partition by date) as weight, status
from held
order by date, ticker

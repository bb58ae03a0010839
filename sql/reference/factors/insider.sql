-- feat_insider (reference): insider purchases and sales between a ticker's first and last filing (spec 03 §2.4).
-- Key: ticker, date. One row per session of the market between them: that a row exists tells of a later filing.
-- Units: as in the default. A filing on a day without a session is lost.
-- Known: filings count on their own date, although they may arrive after the close.
create or replace table feat_insider as
with sessions as (
    select distinct date
    from sep_base
    where date >= $factors_start
),

filings as (
    select
        ticker,
        filingdate as date,
        sum(case when transactioncode = 'P' then round(abs(transactionvalue) * 100) end) as buy_value,
        sum(case when transactioncode = 'S' then round(abs(transactionvalue) * 100) end) as sell_value,
        count(*) filter (where transactioncode = 'P') as buy_count,
        count(*) filter (where transactioncode = 'S') as sell_count
    from raw.sf2
    where transactioncode in ('P', 'S') and transactionvalue is not null and filingdate >= $factors_start
    group by ticker, filingdate
),

spans as (
    select ticker, min(date) as first_date, max(date) as last_date
    from filings
    group by ticker
),

grid as (
    select p.ticker, s.date
    from spans p
    cross join sessions s
    where s.date between p.first_date and p.last_date
),

windows as (
    select
        g.ticker,
        g.date,
        rolling_sum(coalesce(f.buy_value, 0), $insider_lookback, 1) over w / 100 as buy_value_30d,
        rolling_sum(coalesce(f.sell_value, 0), $insider_lookback, 1) over w / 100 as sell_value_30d,
        rolling_sum(coalesce(f.buy_count, 0), $insider_lookback, 1) over w as buy_count_30d,
        rolling_sum(coalesce(f.sell_count, 0), $insider_lookback, 1) over w as sell_count_30d
    from grid g
    left join filings f on g.ticker = f.ticker and g.date = f.date
    window w as (partition by g.ticker order by g.date)
),

net as (
    select *, buy_value_30d - sell_value_30d as net_buy_value_30d
    from windows
)

select
    ticker,
    date,
    buy_value_30d,
    sell_value_30d,
    net_buy_value_30d,
    buy_count_30d,
    sell_count_30d,
    signum(net_buy_value_30d) as net_buy_signal,
    zscore(symlog1p(net_buy_value_30d), $z_clip, 'reference') over (partition by date) as insider_composite_z
from net
order by ticker, date

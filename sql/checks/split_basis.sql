-- split_basis: splits by which the adjustment factor closeunadj / close does not change, and changes of the factor without
-- a split (spec 01 §5.2 V7, V9). Either means that a ticker's prices mix two bases. A split dated on a day without trading,
-- or between two prices of its ticker, is that of the next price.
-- Severity: critical
-- After: raw
with factors as (
    select
        ticker,
        date,
        closeunadj / close as factor,
        lag(closeunadj / close) over w as previous,
        lag(date) over w as previous_date
    from raw.sep
    where close >= 0.05 and closeunadj >= 0.05
    window w as (partition by ticker order by date)
),

splits as (
    select ticker, date, value as ratio
    from raw.actions
    where action = 'split' and value > 0
)

select f.ticker, f.date, f.previous / f.factor as change, s.ratio
from factors f
left join splits s on f.ticker = s.ticker and s.date > f.previous_date and s.date <= f.date
where abs(ln(f.previous / f.factor) - ln(coalesce(s.ratio, 1))) > 0.25
order by f.date desc

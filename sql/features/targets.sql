-- feat_targets: what a signal of the date is meant to predict (spec 02 §9 and §12). Never an input of a feature.
-- Role: target
-- Key: ticker, date. One row per row of sep_base_academic.
-- Role: target
-- Units: simple returns over rows of the ticker; label_5d_up is 1 for a positive ret_5d_f, else 0.
-- Known: in the future: ret_1d_f one row later, ret_5d_f five rows later; NULL until then. ret_5d_f starts at the close
-- of date itself, at which nobody can trade on a signal of date; ret_5d_f_traded starts $entry_lag rows later.
create or replace table feat_targets as
with prices as (
    select ticker, date, price
    from sep_base_academic
),

ahead as (
    select
        ticker,
        date,
        safe_div(lead(price, 1) over w, price) - 1 as ret_1d_f,
        safe_div(lead(price, 5) over w, price) - 1 as ret_5d_f,
        safe_div(lead(price, $entry_lag + 5) over w, lead(price, $entry_lag) over w) - 1 as ret_5d_f_traded
    from prices
    window w as (partition by ticker order by date)
)

select
    ticker,
    date,
    ret_1d_f,
    ret_5d_f,
    cast(case when ret_5d_f > 0 then 1 when ret_5d_f <= 0 then 0 end as tinyint) as label_5d_up,
    ret_5d_f_traded
from ahead
order by ticker, date

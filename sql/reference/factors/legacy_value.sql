-- feat_value (reference only): minus price over tangible book value (spec 03 §2.10).
-- Key: ticker, date. One row per row of raw metrics while the latest report has tangible book value.
-- Units: value_raw is a ratio; value_z in standard deviations over all names of the date.
-- Known: restated figures (MRQ) count $report_delay days after the period's end, before most of them are filed:
-- look-ahead.
create or replace table feat_value as
with reports as (
    select ticker, datekey + $report_delay as date, tbvps
    from raw.sf1
    where dimension = 'MRQ' and tbvps is not null
),

events as (
    select ticker, date, true as is_session, price, null as tbvps
    from raw.metrics
    where price is not null
    union all
    select ticker, date, false as is_session, null as price, tbvps
    from reports
),

latest as (
    select ticker, date, is_session, price, forward_fill(tbvps) over w as tbvps
    from events
    window w as (partition by ticker order by date, is_session)
),

ratios as (
    select ticker, date, -price / tbvps as value_raw
    from latest
    where is_session and tbvps > 0
)

select
    ticker,
    date,
    value_raw,
    zscore(value_raw, null, 'reference') over (partition by date) as value_z
from ratios
order by ticker, date

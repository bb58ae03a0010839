-- matching_keys: datasets with rows that the base does not have (more than 1 %), or without rows that it has (more than
-- 20 %, counted from the dataset's first date) (spec 05 §4.5).
-- Severity: critical
-- For each: feat_*
-- Key: ticker, date
with dataset as (
    select ticker, date from $dataset
),

base as (
    select ticker, date
    from sep_base_academic
    where date >= (select min(date) from dataset)
),

counts as (
    select
        count(b.ticker) as base_rows,
        count(d.ticker) as dataset_rows,
        count(case when b.ticker is not null and d.ticker is not null then 1 end) as matched
    from base b
    full join dataset d on b.ticker = d.ticker and b.date = d.date
)

select
    safe_div(matched, base_rows) as match_rate,
    safe_div(dataset_rows - matched, dataset_rows) as orphan_rate
from counts
where safe_div(matched, base_rows) < $min_match_rate
    or safe_div(dataset_rows - matched, dataset_rows) > $max_orphan_rate

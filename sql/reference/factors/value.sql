-- feat_value_v2 (reference): yields of all securities, members or not (spec 03 §2.1).
-- Key: ticker, date. One row per row of raw daily with a score.
-- Units: as in the default. Where a yield is missing for everybody its z-score is 0 for everybody, and a yield in the
-- top decile counts up to four times.
-- Known: after the close of date.
create or replace table feat_value_v2 as
with yields as (
    select
        ticker,
        date,
        bounded_inverse(pe, $pe_max) as earnings_yield,
        bounded_inverse(pb, $pb_max) as book_yield,
        bounded_inverse(evebitda, $evebitda_max) as ebitda_yield,
        bounded_inverse(ps, $ps_max) as sales_yield
    from raw.daily
    where date >= $factors_start
),

scored as (
    select
        *,
        mean_of(
            zscore(earnings_yield, $z_clip, 'reference') over d,
            zscore(book_yield, $z_clip, 'reference') over d,
            zscore(ebitda_yield, $z_clip, 'reference') over d,
            zscore(sales_yield, $z_clip, 'reference') over d
        ) as value_composite_z,
        count(earnings_yield) over d > $trap_min_count
            and earnings_yield >= quantile(earnings_yield, $trap_quantile) over d as earnings_trap,
        count(book_yield) over d > $trap_min_count
            and book_yield >= quantile(book_yield, $trap_quantile) over d as book_trap,
        count(ebitda_yield) over d > $trap_min_count
            and ebitda_yield >= quantile(ebitda_yield, $trap_quantile) over d as ebitda_trap,
        count(sales_yield) over d > $trap_min_count
            and sales_yield >= quantile(sales_yield, $trap_quantile) over d as sales_trap
    from yields
    window d as (partition by date)
),

judged as (
    select
        *,
        case when earnings_yield is null then 0 else 1 end + case when book_yield is null then 0 else 1 end
            + case when ebitda_yield is null then 0 else 1 end + case when sales_yield is null then 0 else 1 end
            as n_yields,
        case when earnings_trap then 1 else 0 end + case when book_trap then 1 else 0 end
            + case when ebitda_trap then 1 else 0 end + case when sales_trap then 1 else 0 end as n_traps
    from scored
)

select
    ticker,
    date,
    earnings_yield,
    book_yield,
    ebitda_yield,
    sales_yield,
    n_yields,
    value_composite_z,
    value_composite_z - $trap_penalty * n_traps as value_quality_adj
from judged
where value_composite_z is not null
order by ticker, date

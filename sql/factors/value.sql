-- feat_value_v2: earnings, book, EBITDA and sales over price (spec 03 §2.1; Fama and French 1992, Basu 1977).
-- Key: ticker, date. One row per row of sep_base_academic.
-- Units: yields are inverses of the vendor's daily ratios, NULL for a ratio that is not positive or beyond its bound.
-- n_yields counts those present. value_composite_z is the mean of their z-scores over the members of the date, NULL
-- with fewer than $value_min_yields. value_quality_adj takes $trap_penalty off for a yield in the top $trap_quantile of
-- more than $trap_min_count members, at most $trap_max_penalties times: the cheapest are cheap for a reason.
-- Known: after the close of date, with the vendor's ratios of the date itself.
create or replace table feat_value_v2 as
with yields as (
    select
        b.ticker,
        b.date,
        b.in_universe,
        bounded_inverse(d.pe, $pe_max) as earnings_yield,
        bounded_inverse(d.pb, $pb_max) as book_yield,
        bounded_inverse(d.evebitda, $evebitda_max) as ebitda_yield,
        bounded_inverse(d.ps, $ps_max) as sales_yield
    from sep_base_academic b
    left join raw.daily d on b.ticker = d.ticker and b.date = d.date
),

members as (
    select
        *,
        case when in_universe then earnings_yield end as earnings,
        case when in_universe then book_yield end as book,
        case when in_universe then ebitda_yield end as ebitda,
        case when in_universe then sales_yield end as sales
    from yields
),

scored as (
    select
        *,
        mean_of(
            winsorized_zscore(earnings, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d,
            winsorized_zscore(book, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d,
            winsorized_zscore(ebitda, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d,
            winsorized_zscore(sales, $z_clip, $z_p_lo, $z_p_hi, $z_min_group) over d
        ) as composite,
        count(earnings) over d > $trap_min_count and earnings >= quantile(earnings, $trap_quantile) over d
            as earnings_trap,
        count(book) over d > $trap_min_count and book >= quantile(book, $trap_quantile) over d as book_trap,
        count(ebitda) over d > $trap_min_count and ebitda >= quantile(ebitda, $trap_quantile) over d
            as ebitda_trap,
        count(sales) over d > $trap_min_count and sales >= quantile(sales, $trap_quantile) over d as sales_trap
    from members
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
),

enough as (
    select *, case when n_yields >= $value_min_yields then composite end as value_composite_z
    from judged
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
    value_composite_z - $trap_penalty * least(n_traps, $trap_max_penalties) as value_quality_adj
from enough
order by ticker, date

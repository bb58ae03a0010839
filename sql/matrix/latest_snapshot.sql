-- latest_snapshot: the matrix on the last date of the base, with what an order needs; the one table that live scoring
-- reads.
-- Key: ticker, date. One row per ticker that has a price on the last date.
-- Units: as in feat_matrix; closeunadj in USD per share as traded; sector and industry are the vendor's names.
-- Role: snapshot.
-- Known: after the close of date; the columns of feat_targets are still missing then.
create or replace table latest_snapshot as
with last_session as (
    select max(date) as date
    from sep_base_academic
),

prices as (
    select ticker, date, closeunadj, in_universe
    from sep_base_academic
    where date = (select date from last_session)
)

select
    m.*,
    s.sector,
    s.industry,
    p.closeunadj,
    p.in_universe
from feat_matrix m
join prices p on m.ticker = p.ticker and m.date = p.date
left join security s on m.ticker = s.ticker
where m.date = (select date from last_session)
order by m.ticker, m.date

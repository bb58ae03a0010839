-- sf1_pit: fundamentals as filed, the one point-in-time source of all fundamental factors (spec 03 §1.6).
-- Key: ticker, datekey, dimension. Dimensions ARQ (quarters), ART (trailing years) and ARY (fiscal years) only: the
-- vendor's MR dimensions hold restated figures under the date of the period's end.
-- Units: as the vendor's; money in the currency of the report.
-- Known: filed on datekey; what filing a session sees is in sf1_asof.
-- Of several reports filed on one day the newest period counts. A late report of a period older than one filed before
-- is left out; a restatement of the newest period is a filing of its own.
create or replace table sf1_pit as
select *
from raw.sf1
where dimension in ('ARQ', 'ART', 'ARY')
-- The newest period filed so far, reports of the same day included.
qualify reportperiod = max(reportperiod) over (partition by ticker, dimension order by datekey)
order by ticker, datekey, dimension

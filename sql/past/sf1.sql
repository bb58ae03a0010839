-- sf1, as known after the close of $as_of.
-- As reported (AR…): filed before that day; a filing of the day itself may come after the close. Most recent (MR…) rows
-- carry the date of the period and are overwritten: a row is known since it was last updated (spec 01 §1.3).
select * from raw.sf1
where case when dimension like 'AR%' then datekey else greatest(datekey, lastupdated) end < $as_of

-- sf3, as known after the close of $as_of: 13F reports are due 45 days after the end of the quarter; the vendor does not
-- say when each one came. One of the last day may come after the close.
select * from raw.sf3
where calendardate + interval '45 days' < $as_of

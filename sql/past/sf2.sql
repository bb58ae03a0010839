-- sf2, as known after the close of $as_of: filed before that day; a filing of the day itself may come after the close.
select * from raw.sf2
where filingdate < $as_of

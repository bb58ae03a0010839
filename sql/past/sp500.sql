-- sp500, as known after the close of $as_of: the changes up to then.
select * from raw.sp500
where date <= $as_of

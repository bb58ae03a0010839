-- metrics, as known after the close of $as_of: the rows dated up to then. The vendor keeps one row per ticker, of today.
select * from raw.metrics
where date <= $as_of

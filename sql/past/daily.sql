-- daily, as known after the close of $as_of: the sessions up to then.
select * from raw.daily
where date <= $as_of

-- sfp, as known after the close of $as_of: the sessions up to then, as for sep.
select * from raw.sfp
where date <= $as_of

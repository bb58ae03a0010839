-- actions, as known after the close of $as_of: those in force by then.
select * from raw.actions
where date <= $as_of

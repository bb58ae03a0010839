-- sep, as known after the close of $as_of: the sessions up to then.
-- Prices are those of today's snapshot, adjusted for later splits and dividends too: the vendor keeps no older one. Ratios
-- between two dates do not change by it, levels do (spec 01 §1.1).
select * from raw.sep
where date <= $as_of

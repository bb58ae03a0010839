-- unclipped_scores: z-scores beyond the bound that every z-score has.
-- Severity: warning
-- After: each phase
select dataset, column_name, min, max
from checked.columns
where column_name like '%\_z' and is_number and greatest(-min, max) > $z_clip * (1 + 1e-12)

-- Features that say the same: mean over dates of the rank correlation of each pair, the strongest first.
-- `kairos diag correlation` computes diag_correlation and runs this.
select feature, other, dates, correlation, deviation
from diag_correlation
order by abs(correlation) desc nulls last, feature, other

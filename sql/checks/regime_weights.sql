-- regime_weights: dates whose regime has no weights in regime_weights, or more than one row of them (spec 04 §6.3).
-- Severity: critical
-- After: composites
select h.date, h.regime, count(w.regime) as rows_of_weights
from regime_history_academic h
left join regime_weights w
    on w.regime = coalesce(h.regime, 'normal_vol_neutral')
    and h.date >= w.valid_from
    and (w.valid_to is null or h.date < w.valid_to)
group by h.date, h.regime
having count(w.regime) <> 1
order by h.date

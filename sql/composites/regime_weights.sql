-- regime_weights: what each regime means for the composites (spec 04 §3.9, §3.11 and §3.12, D7).
-- Key: regime, valid_from. Each of the nine labels once for every date.
-- Units: short, long and smoothed are the weights of the three components of v33; v5_multiplier and v6_multiplier scale
-- those alphas. A row holds from valid_from until the day before valid_to; new weights are new rows, so that what was
-- used in the past stays.
-- Known: chosen on data from 2015 to 2025; only later dates are out of sample (spec 04 D26).
create or replace table regime_weights as
select
    regime,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
    cast(short as double) as short,
    cast(long as double) as long,
    cast(smoothed as double) as smoothed,
    cast(v5_multiplier as double) as v5_multiplier,
    cast(v6_multiplier as double) as v6_multiplier
from (
    values
        ('low_vol_bull', '1900-01-01', null, 0.5, 0.25, 0.25, 0.8, 0.8),
        ('low_vol_neutral', '1900-01-01', null, 0.375, 0.375, 0.25, 0.8, 0.8),
        ('low_vol_bear', '1900-01-01', null, 0.25, 0.5, 0.25, 0.8, 0.8),
        ('normal_vol_bull', '1900-01-01', null, 0.4, 0.3, 0.3, 1.1, 1.1),
        ('normal_vol_neutral', '1900-01-01', null, 0.325, 0.375, 0.3, 0.5, 0.5),
        ('normal_vol_bear', '1900-01-01', null, 0.25, 0.45, 0.3, 1.0, 0.8),
        ('high_vol_bull', '1900-01-01', null, 0.25, 0.5, 0.25, 1.1, 1.1),
        ('high_vol_neutral', '1900-01-01', null, 0.225, 0.525, 0.25, 1.0, 1.1),
        ('high_vol_bear', '1900-01-01', null, 0.2, 0.55, 0.25, 1.2, 1.2)
) as w (regime, valid_from, valid_to, short, long, smoothed, v5_multiplier, v6_multiplier)
order by regime, valid_from

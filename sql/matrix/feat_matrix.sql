-- feat_matrix: all features, signals and targets side by side (spec 05 §3), one row per row of sep_base_academic.
-- Key: ticker, date. The datasets that are named give the order of the columns; every other feat_ dataset keyed by
-- ticker and date follows by name, so a new feature is in the matrix once its file is there.
-- Units: as in the datasets; numbers are doubles, flags -1, 0, 1. A name that an earlier dataset has already is followed
-- by that of its dataset: dollar_volume_adv is feat_adv's.
-- Known: features after the close of date; targets (feat_targets) in the future.
create or replace table feat_matrix as
select *
from assemble(
    sep_base_academic,
    feat_price_action,
    feat_price_shape,
    feat_stat,
    feat_trend,
    feat_volume_volatility,
    feat_targets,
    feat_adv,
    'feat_*'
)
order by ticker, date

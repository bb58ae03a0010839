-- feat_matrix_v2: the second matrix of the reference by its names (spec 05 §1.1–1.3), as a view of feat_matrix.
-- Key: ticker, date. One row per row of feat_matrix.
-- Units: as in feat_matrix. Columns that repeat another one stand here under both names; regime_encoded is regime_code
-- as a number.
-- Known: as feat_matrix.
create or replace view feat_matrix_v2 as
select
    ticker,
    date,
    -- feat_price_action
    ret_1d, ret_5d, ret_21d, hl_ratio, co_ratio, true_range, range_pct,
    -- feat_price_shape
    body_size, upper_wick, lower_wick, candle_range, body_pct_of_range, upper_wick_pct, lower_wick_pct,
    gap_open, gap_pct,
    -- feat_stat
    close_zscore_21d, ret_1d_zscore_21d, rolling_max_21d, mean_reversion_flag,
    -- feat_trend
    sma_5, sma_21, ema_12, ema_26, price_vs_sma_21, sma_21_slope, macd, macd_signal, macd_hist,
    -- feat_volume_volatility
    dollar_volume, vol_zscore_21d, volume_pct_change_1d, ret_std_5d, ret_std_21d, atr_14d,
    -- feat_targets
    ret_1d_f, ret_5d_f, label_5d_up,
    -- feat_adv
    dollar_volume_adv, adv_20, adv_60, adv_z, size_raw, size_z,
    -- feat_composite_academic
    trend_raw, meanrev_raw, vol_raw, inst_raw, trend_z, meanrev_z, vol_z, inst_z, alpha_composite_eq,
    alpha_composite_v2,
    -- feat_institutional_academic
    inst_value, inst_shares, inst_num, inst_flow_value_qoq, inst_flow_shares_qoq, inst_num_change,
    -- feat_composite_v31
    alpha_cs, "alpha_CL_v2", alpha_composite_v31,
    -- feat_vol_sizing
    vol_21, vol_63, vol_blend,
    -- feat_beta
    beta_21d, beta_63d, beta_252d, resid_vol_63d,
    -- feat_value_v2
    earnings_yield, book_yield, ebitda_yield, sales_yield, value_composite_z, value_quality_adj,
    -- feat_momentum_v2
    mom_1m, mom_3m, mom_6m, mom_12m, mom_12_1, reversal_1m, momentum_composite_z,
    -- feat_quality_v2
    computed_roe, computed_roa, computed_accruals, quality_composite_z,
    -- feat_insider
    buy_value_30d, sell_value_30d, net_buy_value_30d, buy_count_30d, sell_count_30d, net_buy_signal,
    insider_composite_z,
    -- feat_composite_v5
    alpha_composite_v5, alpha_composite_v5_regime,
    -- feat_composite_v6
    alpha_composite_v6, alpha_composite_v6_regime,
    -- feat_composite_v7
    alpha_composite_v7,
    -- feat_composite_v32b
    alpha_cs as alpha_cs_composite_v32b,
    "alpha_CL_v2" as "alpha_CL_v2_composite_v32b",
    alpha_smoothed,
    alpha_composite_v32b,
    -- feat_composite_v8
    alpha_composite_v8,
    -- feat_composite_v33_regime
    alpha_cs as alpha_cs_composite_v33_regime,
    "alpha_CL_v2" as "alpha_CL_v2_composite_v33_regime",
    alpha_smoothed as alpha_smoothed_composite_v33_regime,
    alpha_composite_v33_regime,
    cast(regime_code as double) as regime_encoded
from feat_matrix
order by ticker, date

//! Market regime of one date: volatility and trend against two thresholds each (spec 04 §2).

/// Labels by volatility (low, normal, high), then by trend (bear, neutral, bull).
const LABELS: [[&str; 3]; 3] = [
    ["low_vol_bear", "low_vol_neutral", "low_vol_bull"],
    ["normal_vol_bear", "normal_vol_neutral", "normal_vol_bull"],
    ["high_vol_bear", "high_vol_neutral", "high_vol_bull"],
];

/// A statistic and the thresholds it is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The statistic.
    pub value: f64,
    /// At or below this it is low.
    pub low: f64,
    /// At or above this it is high, unless it is low.
    pub high: f64,
}

impl Band {
    /// 0 for low, 1 between, 2 for high; nothing if a number is missing.
    fn position(self) -> Option<usize> {
        let Self { value, low, high } = self;
        if [value, low, high].iter().any(|number| !number.is_finite()) {
            return None;
        }
        Some(if value <= low {
            0
        } else if value >= high {
            2
        } else {
            1
        })
    }
}

/// One of nine labels such as `low_vol_bull`; nothing if a number is missing. On a tie the lower test goes first.
pub fn regime_label(volatility: Band, trend: Band) -> Option<&'static str> {
    Some(LABELS[volatility.position()?][trend.position()?])
}

//! Regimes of the market as bands behind a chart: the colour says the trend, its strength the volatility.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use maud::{Markup, html};

use super::axis::day;
use super::chart::Band;
use super::data::Period;
use super::number::{Unit, words};
use super::palette::Colour;

/// Colour and opacity of a label such as `low_vol_bull`. Labels of another form are grey.
fn tint(regime: &str) -> (Colour, f64) {
    let (volatility, trend) = regime.rsplit_once('_').unwrap_or((regime, ""));
    let colour = match trend {
        "bull" => Colour::Bull,
        "bear" => Colour::Bear,
        _ => Colour::Neutral,
    };
    let opacity = match volatility {
        "low_vol" | "low" => 0.06,
        "high_vol" | "high" => 0.26,
        _ => 0.14,
    };
    (colour, opacity)
}

/// One band per stretch of periods in one regime, each from the formation date of its first to that after its last, and
/// all within the dates that are drawn.
pub(super) fn bands(periods: &[Period], drawn: &[NaiveDate]) -> Vec<Band> {
    let (Some(start), Some(last)) = (drawn.first(), drawn.last()) else { return Vec::new() };
    let mut bands = Vec::new();
    let mut next = 0;
    for stretch in periods.chunk_by(|a, b| a.regime == b.regime) {
        next += stretch.len();
        let until = periods.get(next).map_or(*last, |period| period.date);
        if let Some(regime) = &stretch[0].regime {
            let (colour, opacity) = tint(regime);
            bands.push(Band { from: day(stretch[0].date.max(*start)), to: day(until), colour, opacity });
        }
    }
    bands
}

/// The regimes that occur, calm before turbulent, with their shares of the periods; nothing if there are none.
pub(super) fn legend(periods: &[Period]) -> Markup {
    let mut counts: BTreeMap<(&str, u8), (&str, usize)> = BTreeMap::new();
    for regime in periods.iter().filter_map(|period| period.regime.as_deref()) {
        let (colour, opacity) = tint(regime);
        counts.entry((colour.name(), (opacity * 100.0) as u8)).or_insert((regime, 0)).1 += 1;
    }
    if counts.is_empty() {
        return html! {};
    }
    let mut found: Vec<_> = counts.into_values().collect();
    found.sort_by_key(|(regime, _)| order(regime));
    let share = |count: usize| Unit::Percent(0).show(count as f64 / periods.len() as f64);
    html! {
        ul.legend.regimes {
            li { "Regimes with their share of periods:" }
            @for (regime, count) in found {
                @let (colour, opacity) = tint(regime);
                li {
                    i class={ "band c-" (colour.name()) } style=(format!("--o:{opacity}")) {}
                    (words(regime)) " " small { (share(count)) }
                }
            }
        }
    }
}

/// Bull before neutral before bear, and low before high volatility.
pub(super) fn order(regime: &str) -> (u8, u8) {
    let (colour, opacity) = tint(regime);
    let trend = match colour {
        Colour::Bull => 0,
        Colour::Bear => 2,
        _ => 1,
    };
    (trend, (opacity * 100.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_trend_and_volatility() {
        assert_eq!(tint("low_vol_bull"), (Colour::Bull, 0.06));
        assert_eq!(tint("high_vol_bear"), (Colour::Bear, 0.26));
        assert_eq!(tint("normal_vol_neutral"), (Colour::Neutral, 0.14));
        assert_eq!(tint("unknown"), (Colour::Neutral, 0.14));
        let mut labels = ["high_vol_bear", "low_vol_neutral", "high_vol_bull", "low_vol_bull"];
        labels.sort_by_key(|label| order(label));
        assert_eq!(labels, ["low_vol_bull", "high_vol_bull", "low_vol_neutral", "high_vol_bear"]);
    }

    #[test]
    fn stretches_of_a_regime_are_one_band() {
        let date = |day: u32| NaiveDate::from_ymd_opt(2024, 1, day).unwrap();
        let period = |day: u32, regime: &str| {
            let regime = (!regime.is_empty()).then(|| regime.to_owned());
            Period { date: date(day), regime, ..Period::default() }
        };
        let (calm, wild) = ("low_vol_bull", "high_vol_bear");
        let periods = [period(1, calm), period(8, calm), period(15, ""), period(22, wild)];
        let found = bands(&periods, &[date(2), date(9), date(16), date(23), date(30)]);
        let places: Vec<_> = found.iter().map(|band| (band.from, band.to, band.colour)).collect();
        let expected = [(2, 15, Colour::Bull), (22, 30, Colour::Bear)];
        assert_eq!(places, expected.map(|(from, to, colour)| (day(date(from)), day(date(to)), colour)));
        assert!(bands(&periods, &[]).is_empty());
    }
}

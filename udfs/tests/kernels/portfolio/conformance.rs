//! Whole strategies of the reference on the closed-form market (specification 06 §9).

use kairos_udfs::kernels::portfolio::{
    Book, CapMethod, Caps, Construction, Neutralize, OnEmpty, Overlap, Portfolio, Signal, Ties, Turnover, VolMethod,
    VolTarget, Weighting, construct, vol_target,
};
use kairos_udfs::kernels::{annualized_return, annualized_vol, max_drawdown, total_return};

use super::names::{NO_CAPS, Names, PLAIN, assert_near, position, weights};
use super::panel::{NAMES, rebalances};

const PERIODS: f64 = 252.0 / 5.0;
const LAST_DIGIT: f64 = 0.51e-10;

/// Equal weights on the raw signal, as the reference breaks ties and skips dates.
const BASE: Construction = Construction {
    n_long: 6,
    n_short: 6,
    ties: Ties::Ticker,
    overlap: Overlap::Keep,
    weighting: Weighting::Equal,
    on_empty: OnEmpty::Skip,
    ..PLAIN
};

fn single_pass(name: f64) -> Caps {
    Caps { name: Some(name), sector_multiple: Some(1.3), sector_limit: None, method: CapMethod::SinglePass }
}

fn risk1() -> Construction {
    Construction { signal: Signal::ZScore { clip: 3.0 }, n_long: 8, ..BASE }
}

fn risk2() -> Construction {
    Construction { weighting: Weighting::Alpha, caps: single_pass(0.15), ..risk1() }
}

fn risk3() -> Construction {
    Construction { weighting: Weighting::AlphaOverVolatility, ..risk2() }
}

fn risk4(lambda: f64) -> Construction {
    Construction { turnover: Turnover::Restrict { lambda, cap: 0.2 }, ..risk3() }
}

fn long_short() -> Construction {
    Construction {
        n_long: 6,
        overlap: Overlap::Drop,
        caps: single_pass(0.25),
        book: Book::LongShort { gross: 1.0 },
        neutralize: Neutralize::Residual { min_names: 3 },
        ..risk3()
    }
}

fn run(how: &Construction, adv: f64) -> (Vec<Portfolio>, Vec<f64>) {
    let dates = rebalances(adv);
    let portfolios = construct(&dates.iter().map(Names::view).collect::<Vec<_>>(), how, 1).unwrap();
    let earned = |(names, portfolio): (&Names, &Portfolio)| {
        weights(portfolio, NAMES as u32).iter().zip(&names.period_return).map(|(w, r)| w * r).sum()
    };
    let returns = dates.iter().zip(&portfolios).map(earned).collect();
    (portfolios, returns)
}

/// Total, annual return, volatility, Sharpe and drawdown as the reference has them: the geometric return over the
/// volatility, and a drawdown that begins at the end of the first period (specification 06 §1.8).
fn figures(r: &[f64]) -> [f64; 5] {
    let (growth, vol) = (annualized_return(r, PERIODS), annualized_vol(r, PERIODS));
    [total_return(r), growth, vol, growth / vol, max_drawdown(&r[1..])]
}

struct Run {
    name: &'static str,
    how: Construction,
    adv: f64,
    vol: Option<f64>,
    raw: [f64; 4],
    scale: f64,
    figures: [f64; 5],
}

fn assert_run(run_: &Run) {
    let Run { name, how, adv, vol, raw, scale, figures: expected } = run_;
    let (_, returns) = run(how, *adv);
    assert_near(name, &[returns[0], returns[1], returns[2], returns[18]], raw, 0.51e-12);
    let leverage = vol.map_or(vec![1.0; returns.len()], |target| {
        let how = VolTarget { target, periods_per_year: PERIODS, method: VolMethod::ExPost };
        vol_target(&returns, &[], &how).iter().map(|leverage| leverage.leverage).collect()
    });
    assert_near(name, &leverage[..1], &[*scale], LAST_DIGIT);
    let levered: Vec<f64> = returns.iter().zip(leverage).map(|(r, leverage)| r * leverage).collect();
    assert_near(name, &figures(&levered), expected, LAST_DIGIT);
}

#[test]
fn baseline() {
    assert_run(&Run {
        name: "base",
        how: BASE,
        adv: 0.0,
        vol: None,
        raw: [0.021182107127, 0.007855029364, 0.014695206860, -0.007956135127],
        scale: 1.0,
        figures: [0.0444725431, 0.1223462315, 0.0633536299, 1.9311637199, -0.0198730938],
    });
    assert_run(&Run {
        name: "base_ls",
        how: Construction { book: Book::LongShort { gross: 2.0 }, ..BASE },
        adv: 0.0,
        vol: None,
        raw: [0.026794283941, -0.000927379333, 0.008552287774, -0.009700138903],
        scale: 1.0,
        figures: [0.0169254245, 0.0455271409, 0.0716957114, 0.6350050792, -0.0415446203],
    });
}

#[test]
fn long_only_without_turnover_control() {
    assert_run(&Run {
        name: "v1",
        how: risk1(),
        adv: 0.0,
        vol: Some(0.20),
        raw: [0.010315687810, -0.001302874225, 0.008748597207, 0.000306695763],
        scale: 3.1570007447,
        figures: [0.3149985248, 1.0675923429, 0.20, 5.3379617146, -0.0369177169],
    });
    assert_run(&Run {
        name: "v2",
        how: risk2(),
        adv: 0.0,
        vol: Some(0.20),
        raw: [0.008478761659, 0.002730404958, 0.008232966921, 0.002040769971],
        scale: 4.0903638855,
        figures: [0.4628011745, 1.7426838177, 0.20, 8.7134190883, -0.0508816404],
    });
    assert_run(&Run {
        name: "v3",
        how: risk3(),
        adv: 2e6,
        vol: Some(0.20),
        raw: [-0.002125699106, 0.001820041276, 0.007044040807, -0.003093127586],
        scale: 3.4247413246,
        figures: [0.2162636184, 0.6809206200, 0.20, 3.4046031001, -0.0665034141],
    });
}

#[test]
fn long_only_with_turnover_control() {
    assert_run(&Run {
        name: "v4",
        how: risk4(0.2),
        adv: 2e6,
        vol: Some(0.20),
        raw: [-0.002125699106, 0.004596445932, 0.000541591211, -0.001250922499],
        scale: 3.8797908018,
        figures: [0.0245541905, 0.0664617868, 0.20, 0.3323089341, -0.0842823005],
    });
    assert_run(&Run {
        name: "v4b",
        how: risk4(0.5),
        adv: 2e6,
        vol: Some(0.20),
        raw: [-0.002125699106, 0.003906524713, 0.004268873339, -0.000462475125],
        scale: 4.1409912539,
        figures: [0.0681575083, 0.1911292639, 0.20, 0.9556463197, -0.0726143147],
    });
}

#[test]
fn neutral_long_short() {
    assert_run(&Run {
        name: "ls",
        how: long_short(),
        adv: 2e6,
        vol: Some(0.12),
        raw: [0.003858783994, -0.004427134896, -0.005877513206, 0.001052155765],
        scale: 2.5429540197,
        figures: [0.0009260161, 0.0024582595, 0.12, 0.0204854957, -0.0588932753],
    });
}

/// The weights of some names, S08 being name 8.
fn assert_names(what: &str, portfolio: &Portfolio, expected: &[(u32, f64)], tolerance: f64) {
    let found: Vec<f64> = expected.iter().map(|(i, _)| position(portfolio, *i).map_or(0.0, |p| p.weight)).collect();
    let (_, values): (Vec<u32>, Vec<f64>) = expected.iter().copied().unzip();
    assert_near(what, &found, &values, tolerance);
    assert_eq!(portfolio.positions.iter().filter(|p| p.weight != 0.0).count(), expected.len(), "{what}");
}

#[test]
fn weights_of_the_first_dates() {
    let (v3, _) = run(&risk3(), 2e6);
    let z = |i| position(&v3[0], i).map_or(f64::NAN, |position| position.z);
    assert_near("top z", &[z(8), z(9), z(7)], &[1.4451921073, 1.3184321471, 1.2809200281], LAST_DIGIT);
    assert_eq!([8, 9, 7].map(|i| position(&v3[0], i).map(|p| p.rank)), [Some(1), Some(2), Some(3)]);
    let expected = [
        (8, 0.193096498067),
        (9, 0.087621706633),
        (7, 0.193096498067),
        (10, 0.089326286372),
        (6, 0.079638853319),
        (15, 0.114251243047),
        (11, 0.139328820826),
        (14, 0.103640093669),
    ];
    assert_names("v3", &v3[0], &expected, 0.51e-12);

    let (v4, _) = run(&risk4(0.2), 2e6);
    let expected = [
        (8, 0.19460807),
        (7, 0.19460807),
        (9, 0.10430473),
        (6, 0.08896885),
        (10, 0.09090648),
        (5, 0.01535102),
        (11, 0.13275608),
        (12, 0.00418361),
    ];
    assert_names("v4", &v4[1], &expected, 0.51e-8);
    assert_near("invested", &[v4[1].net(), v4[2].net()], &[0.8256869306268351, 0.9961107521467107], 1e-13);
    let invested: Vec<f64> = v4.iter().map(Portfolio::net).collect();
    let expected = [
        1.0, 0.826, 0.996, 0.815, 0.832, 0.306, 0.894, 0.977, 0.857, 0.513, 0.711, 0.692, 0.905, 0.812, 0.266, 0.960,
        0.919, 0.843, 0.546,
    ];
    assert_near("invested", &invested, &expected, 0.51e-3);
    // τ = λ‖w* − w_old‖, both of which positions show.
    let tau =
        |portfolio: &Portfolio| portfolio.positions.iter().map(|p| 0.2 * (p.target - p.before).abs()).sum::<f64>();
    assert_near("τ", &[tau(&v4[1]), tau(&v4[2])], &[0.10030201426060019, 0.0874814588533549], 1e-13);
}

#[test]
fn exposures_before_and_after_they_are_neutral() {
    let names = [1, 2, 3, 6, 7, 8, 9, 10, 15, 20, 21, 22];
    let before = [
        -0.1234723382,
        -0.0567633845,
        -0.0643225176,
        0.0444488343,
        0.1360450024,
        0.1242621341,
        0.0816212999,
        0.0498556814,
        0.0637670479,
        -0.0880608262,
        -0.1017842483,
        -0.0655966852,
    ];
    let after = [
        -0.1245606917,
        -0.0681681258,
        -0.0625124472,
        0.0385957679,
        0.1448294416,
        0.1216039740,
        0.0916745943,
        0.0481796613,
        0.0551165609,
        -0.0814670214,
        -0.1066608862,
        -0.0566308277,
    ];
    let pairs = |values: [f64; 12]| names.into_iter().zip(values).collect::<Vec<_>>();
    let (exposed, _) = run(&Construction { neutralize: Neutralize::None, ..long_short() }, 2e6);
    assert_names("before", &exposed[0], &pairs(before), LAST_DIGIT);
    let (neutral, _) = run(&long_short(), 2e6);
    assert_names("after", &neutral[0], &pairs(after), LAST_DIGIT);
}

/// The default mode on the same market: the whole book is traded, and drifts.
#[test]
fn a_full_book_stays_invested() {
    let turnover = Turnover::FullBook { lambda: 0.2, cap_one_way: 0.10, dust: 1e-4 };
    let caps = Caps { method: CapMethod::WaterFill, ..single_pass(0.15) };
    let (portfolios, _) = run(&Construction { turnover, caps, on_empty: OnEmpty::Hold, ..risk3() }, 2e6);
    let (uncontrolled, _) = run(&Construction { caps: NO_CAPS, ..risk3() }, 2e6);
    for (portfolio, free) in portfolios.iter().zip(&uncontrolled).skip(1) {
        assert!(portfolio.turnover() <= 0.10 + 1e-3, "{}", portfolio.turnover());
        assert!(portfolio.turnover() < free.turnover());
        assert!(portfolio.net() <= 1.0 + 1e-12 && portfolio.net() > 0.9, "{}", portfolio.net());
    }
}

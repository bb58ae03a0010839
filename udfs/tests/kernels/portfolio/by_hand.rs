//! The worked examples of specifications 06 §8 and 07 §12.

use kairos_udfs::kernels::portfolio::{
    Book, Bounds, CapMethod, Caps, Construction, ConstructionError, Direction, Neutralize, OnEmpty, Overlap, Signal,
    Status, Ties, Turnover, Weighting, construct, propose,
};

use super::names::{NO_CAPS, Names, PLAIN, assert_near, position, targets, weights};

const LAST_DIGIT: f64 = 0.51e-10;

fn risk3(n_long: usize, caps: Caps) -> Construction {
    let (signal, weighting) = (Signal::ZScore { clip: 3.0 }, Weighting::AlphaOverVolatility);
    Construction { signal, weighting, n_long, caps, ..PLAIN }
}

/// Specification 06 §8.1; A1 A2 A3 A4 B1 B2 B3 C1 C2 C3 of Tech, Fin and Util.
fn ten_names() -> Names {
    Names {
        volatility: vec![0.020, 0.016, 0.022, 0.020, 0.012, 0.015, 0.014, 0.010, 0.011, 0.012],
        sector: vec![0, 0, 0, 0, 1, 1, 1, 2, 2, 2],
        period_return: vec![0.03, 0.01, -0.02, 0.0, 0.02, 0.01, -0.01, 0.005, 0.0, -0.03],
        ..Names::of(&[2.0, 1.6, 1.1, 0.4, 0.9, -0.2, -1.0, 0.5, -0.8, -1.5])
    }
}

/// The weights of A1 A2 A3 B1 C1; no other name may have one.
fn five(names: &Names, how: &Construction) -> Vec<f64> {
    let proposal = propose(&names.view(), how).unwrap();
    let all = targets(&proposal);
    let (picked, others): (Vec<usize>, Vec<usize>) = (0..10).partition(|row| [0, 1, 2, 4, 7].contains(row));
    assert!(others.iter().all(|&row| all[row] == 0.0));
    let ranks: Vec<_> = proposal.picks.iter().map(|pick| (pick.row, pick.rank)).collect();
    assert_eq!(ranks, [(0, 1), (1, 2), (2, 3), (4, 4), (7, 5)]);
    picked.iter().map(|&row| all[row]).collect()
}

#[test]
fn single_pass_caps() {
    let names = ten_names();
    let caps =
        |name, sector_multiple| Caps { name, sector_multiple, sector_limit: None, method: CapMethod::SinglePass };
    let with = |name, multiple| five(&names, &risk3(5, caps(name, multiple)));
    let z = propose(&names.view(), &risk3(5, NO_CAPS)).unwrap().z;
    let five_z: Vec<f64> = [0, 1, 2, 4, 7].iter().map(|&row| z[row]).collect();
    let expected = [1.4710178486, 1.1248960018, 0.6922436934, 0.5191827701, 0.1730609234];
    assert_near("z", &five_z, &expected, LAST_DIGIT);
    let expected = [0.3117965819, 0.2980408504, 0.1333889120, 0.1834097541, 0.0733639016];
    assert_near("z / v", &with(None, None), &expected, LAST_DIGIT);
    let expected = [0.2808475767, 0.2808475767, 0.1498478108, 0.2060407399, 0.0824162959];
    assert_near("name cap", &with(Some(0.25), None), &expected, LAST_DIGIT);
    let expected = [0.2465421610, 0.2465421610, 0.1315439625, 0.2681226539, 0.1072490616];
    assert_near("both", &with(Some(0.25), Some(1.2)), &expected, LAST_DIGIT);
    let portfolios = construct(&[names.view()], &risk3(5, caps(Some(0.25), Some(1.2))), 1).unwrap();
    let earned = weights(&portfolios[0], 10).iter().zip(&names.period_return).map(|(w, r)| w * r).sum::<f64>();
    assert_near("port_ret_raw", &[earned], &[0.013129505575858789], 1e-15);
    let bounds: Vec<String> = portfolios[0].positions.iter().map(|position| position.bounds.to_string()).collect();
    assert_eq!(bounds, ["name cap, sector cap", "name cap, sector cap", "sector cap", "", ""]);
}

#[test]
fn water_filled_caps() {
    let names = ten_names();
    let caps = |name, multiple| Caps { name: Some(name), sector_multiple: Some(multiple), ..NO_CAPS };
    let how = risk3(5, caps(0.25, 1.2));
    let expected = [0.2013684801, 0.1924845766, 0.0861469434, 0.25, 0.25];
    assert_near("u .25", &five(&names, &how), &expected, LAST_DIGIT);
    let portfolio = construct(&[names.view()], &how, 1).unwrap().remove(0);
    assert_near("cash", &[portfolio.net(), portfolio.cash()], &[0.98, 0.02], 1e-12);
    let bounds: Vec<Bounds> = portfolio.positions.iter().map(|position| position.bounds).collect();
    assert_eq!(bounds, [vec![Bounds::SECTOR_CAP; 3], vec![Bounds::NAME_CAP; 2]].concat());
    let expected = [0.2013684801, 0.1924845766, 0.0861469434, 0.36, 0.16];
    assert_near("u .40", &five(&names, &risk3(5, caps(0.40, 1.2))), &expected, LAST_DIGIT);
    let expected = [0.25, 0.25, 0.1709401709, 0.2350427350, 0.0940170940];
    assert_near("m 2.0", &five(&names, &risk3(5, caps(0.25, 2.0))), &expected, LAST_DIGIT);
}

#[test]
fn a_cap_on_names_alone() {
    let names = Names::of(&[0.50, 0.30, 0.10, 0.06, 0.04]);
    let with = |method| {
        let caps = Caps { name: Some(0.30), method, ..NO_CAPS };
        targets(&propose(&names.view(), &Construction { caps, ..PLAIN }).unwrap())
    };
    assert_near("one pass", &with(CapMethod::SinglePass), &[0.375, 0.375, 0.125, 0.075, 0.05], 1e-15);
    assert_near("water", &with(CapMethod::WaterFill), &[0.30, 0.30, 0.20, 0.12, 0.08], 1e-15);
}

/// Specification 07 §12, E2, with its limit on every sector.
#[test]
fn a_limit_on_every_sector() {
    let names = Names {
        volatility: vec![0.02, 0.04, 0.01, 0.025, 0.02, 0.02, 0.03, 0.01],
        sector: vec![0, 0, 1, 2, 1, 2, 3, 0],
        ..Names::of(&[0.9, 0.7, 0.6, 0.5, 0.4, 0.1, -0.2, -0.6])
    };
    let caps = |multiple| Caps {
        name: Some(0.30),
        sector_multiple: Some(multiple),
        sector_limit: Some(0.40),
        method: CapMethod::WaterFill,
    };
    let exact = targets(&propose(&names.view(), &risk3(5, caps(1.6))).unwrap());
    assert_near("E2", &exact, &[0.30, 0.10, 0.30, 0.20, 0.10, 0.0, 0.0, 0.0], 1e-12);
    let infeasible = construct(&[names.view()], &risk3(5, caps(0.8)), 1).unwrap().remove(0);
    assert_near("E2, m .8", &[infeasible.cash()], &[0.30], 1e-12);
    let once = |name, multiple, limit| {
        let caps = Caps { name, sector_multiple: multiple, sector_limit: limit, method: CapMethod::SinglePass };
        targets(&propose(&names.view(), &risk3(5, caps)).unwrap())[..5].to_vec()
    };
    let expected = [0.3614457831, 0.1204819277, 0.3614457831, 0.0963855422, 0.0602409639];
    assert_near("E2, w0", &once(None, None, None), &expected, LAST_DIGIT);
    let expected = [0.3420329670, 0.1373626374, 0.3420329670, 0.1098901099, 0.0686813187];
    assert_near("E2, w1", &once(Some(0.30), None, None), &expected, LAST_DIGIT);
    let expected = [0.3136497654, 0.1259637612, 0.3660995589, 0.1207729469, 0.0735139677];
    assert_near("E2, reference", &once(Some(0.30), Some(1.6), Some(0.40)), &expected, LAST_DIGIT);
}

/// Specification 06 §8.4.
#[test]
fn dollar_and_beta_neutral() {
    let e = [0.25, 0.15, 0.10, -0.20, -0.20, -0.10, 0.0];
    let beta = [1.3, 0.9, 1.1, 0.8, 1.4, 0.6, 1.0];
    let how = Neutralize::Residual { min_names: 3 };
    let mut left = e;
    how.apply(&mut left, &beta);
    let expected = [0.2076512456, 0.1674377224, 0.0875444840, -0.1676156584, -0.2572953737, -0.0377224199, 0.0];
    assert_near("residual", &left, &expected, LAST_DIGIT);
    let gross = left.iter().map(|e| e.abs()).sum::<f64>();
    assert_near("gross", &[gross], &[0.9252669039145907], 1e-15);
    let exposure = left.iter().zip(beta).map(|(e, beta)| e * beta).sum::<f64>();
    assert_near("sums", &[left.iter().sum(), exposure], &[0.0, 0.0], 1e-15);

    let mut two = [0.5, 0.0, -0.5, 0.3];
    how.apply(&mut two, &[1.0, 2.0, 3.0, f64::NAN]);
    assert_eq!(two, [0.5, 0.0, -0.5, 0.3], "two names that have a beta");
    let mut flat = [0.5, 0.2, -0.1];
    how.apply(&mut flat, &[0.7; 3]);
    assert_near("one beta", &flat, &[0.3, 0.0, -0.3], 1e-15);

    // Betas whose squares overflow are betas like others.
    let mut large = e;
    how.apply(&mut large, &beta.map(|beta| 1e300 * beta));
    assert_near("large betas", &large, &left, 1e-15);

    // The same book from signals: both sides hold what they are given.
    let names = Names { beta: beta.to_vec(), ..Names::of(&e) };
    let how = Construction { n_long: 3, n_short: 3, book: Book::LongShort { gross: 1.0 }, neutralize: how, ..PLAIN };
    let expected = [0.2244230769, 0.1809615385, 0.0946153846, -0.1811538462, -0.2780769231, -0.0407692308, 0.0];
    assert_near("gross 1", &targets(&propose(&names.view(), &how).unwrap()), &expected, LAST_DIGIT);
    // A book that is nothing but market exposure leaves nothing but rounding.
    let market = Names { beta: vec![1.3, 1.1, 0.9, 0.7], ..Names::of(&[0.3, 0.1, -0.1, -0.3]) };
    let proposal = propose(&market.view(), &Construction { n_long: 2, n_short: 2, ..how }).unwrap();
    assert!(proposal.is_empty(), "{proposal:?}");
}

#[test]
fn which_names_are_chosen() {
    let chosen = |how: &Construction, alpha: &[f64]| {
        let proposal = propose(&Names::of(alpha).view(), how).unwrap();
        proposal.picks.iter().map(|pick| (pick.row, pick.rank)).collect::<Vec<_>>()
    };
    let two = Construction { n_long: 2, n_short: 2, weighting: Weighting::Equal, ..PLAIN };
    assert_eq!(chosen(&two, &[1.0, 3.0, 2.0, f64::NAN]), [(1, 1), (2, 2)]);
    let low = Construction { direction: Direction::LowIsGood, ..two };
    assert_eq!(chosen(&low, &[1.0, 3.0, 2.0, f64::INFINITY]), [(0, 1), (2, 2)]);
    let both = Construction { book: Book::LongShort { gross: 2.0 }, ..two };
    assert_eq!(chosen(&both, &[1.0, 3.0, 2.0, 4.0, 0.0]), [(0, -2), (1, 2), (3, 1), (4, -1)]);
    // Equal signals: the first tickers are bought and the last ones sold.
    assert_eq!(chosen(&both, &[0.0, -0.0, 0.0, 0.0]), [(0, 1), (1, 2), (2, -2), (3, -1)]);
    // Two names above the limit of z: the ticker decides, or the signal.
    let clip = Construction { n_long: 1, signal: Signal::ZScore { clip: 0.5 }, ..two };
    assert_eq!(chosen(&clip, &[5.0, 6.0, 0.0, 0.0]), [(1, 1)]);
    assert_eq!(chosen(&Construction { ties: Ties::Ticker, ..clip }, &[5.0, 6.0, 0.0, 0.0]), [(0, 1)]);
    let short = Construction { book: Book::Short, ..two };
    assert_eq!(targets(&propose(&Names::of(&[1.0, 3.0, 2.0]).view(), &short).unwrap()), [-0.5, 0.0, -0.5]);
}

#[test]
fn shares_that_cannot_be_had() {
    // Volatilities that are 0, negative, missing, and so small that the quotient overflows.
    let names = Names { volatility: vec![0.5, 0.0, -0.1, f64::NAN, 1e-320, 0.25, -0.1], ..Names::of(&[1.0; 7]) };
    let how = Construction { weighting: Weighting::AlphaOverVolatility, ..PLAIN };
    let expected = [1.0 / 3.0, 0.0, 0.0, 0.0, 0.0, 2.0 / 3.0, 0.0];
    assert_near("volatility", &targets(&propose(&names.view(), &how).unwrap()), &expected, 1e-15);
    let wrong_sign = Names { volatility: vec![0.5, -0.1], ..Names::of(&[1.0, -1.0]) };
    assert_eq!(targets(&propose(&wrong_sign.view(), &how).unwrap()), [1.0, 0.0]);
    // Signals whose sums overflow: shares are what they are, but a z-score cannot be told.
    let large = Names::of(&[0.0, 1.5e308, 1.5e308]);
    assert_eq!(targets(&propose(&large.view(), &PLAIN).unwrap()), [0.0, 0.5, 0.5]);
    let z = Construction { signal: Signal::ZScore { clip: 3.0 }, ..PLAIN };
    assert_eq!(propose(&large.view(), &z).unwrap().z, [0.0; 3]);
}

#[test]
fn shares_of_sectors_count_ranked_names() {
    // Of sector 0 one name has no signal and one is not eligible: a half is left, not two thirds.
    let names = Names {
        sector: vec![0, 0, 0, 0, 1, 1],
        eligible: vec![true, true, true, false, true, true],
        ..Names::of(&[3.0, 0.0, f64::NAN, 9.0, 0.1, 0.1])
    };
    let with = |method| {
        let caps = Caps { sector_multiple: Some(1.0), method, ..NO_CAPS };
        propose(&names.view(), &Construction { caps, ..PLAIN }).unwrap()
    };
    assert_near("half", &targets(&with(CapMethod::WaterFill))[..2], &[0.5, 0.0], 1e-15);
    for method in [CapMethod::SinglePass, CapMethod::WaterFill] {
        let bounds: Vec<Bounds> = with(method).picks.iter().map(|pick| pick.bounds).collect();
        assert_eq!(bounds[..2], [Bounds::SECTOR_CAP, Bounds::NONE], "a name without a weight is not held back");
    }
}

#[test]
fn names_in_both_legs() {
    let names = Names::of(&[3.0, 2.0, 1.0]);
    let how = |overlap| Construction {
        n_long: 2,
        n_short: 2,
        overlap,
        weighting: Weighting::Equal,
        book: Book::LongShort { gross: 2.0 },
        ..PLAIN
    };
    let error = propose(&names.view(), &how(Overlap::Error)).unwrap_err();
    assert_eq!(error, ConstructionError::Overlap { names: 1, n_long: 2, n_short: 2, ranked: 3 });
    let with = |overlap| propose(&names.view(), &how(overlap)).unwrap();
    assert_eq!(targets(&with(Overlap::Keep)), [0.5, 0.0, -0.5]);
    assert_eq!(with(Overlap::Keep).picks[1].rank, 2);
    assert_eq!((targets(&with(Overlap::Drop)), with(Overlap::Drop).picks.len()), (vec![0.5, 0.0, -0.5], 2));
    // Chosen for both, but with a weight in one only: bought if its score is above 0, sold short if below.
    let alpha = Construction { weighting: Weighting::Alpha, ..how(Overlap::Error) };
    let few = Names::of(&[3.0, 1.0, -1.0]);
    assert_eq!(targets(&propose(&few.view(), &alpha).unwrap()), [0.75, 0.25, -1.0]);
    let late = [few.view(), few.view(), names.view()];
    let error = construct(&late, &how(Overlap::Error), 2).unwrap_err();
    assert!(matches!(error, ConstructionError::OnDate { place: 0, .. }), "the first of the dates: {error}");
    let three = Names::of(&[3.0, 1.0, 0.0, -1.0]);
    let error = construct(&[three.view(), three.view(), names.view()], &how(Overlap::Error), 2).unwrap_err();
    assert!(matches!(error, ConstructionError::OnDate { place: 2, .. }), "the only one: {error}");
    let no_short = construct(&[names.view()], &alpha, 1).unwrap().remove(0);
    assert_eq!((no_short.status, no_short.gross()), (Status::Cash, 0.0), "a book without its short side is none");
}

#[test]
fn dates_that_ask_for_nothing() {
    let first = Names { period_return: vec![0.1, -0.1, 0.5], ..Names::of(&[1.0, 1.0, 0.0]) };
    // Name 1 is gone on the second date, on which nobody has a signal.
    let mut second = Names { ticker: vec![0, 2], ..Names::of(&[f64::NAN; 2]) };
    second.period_return = vec![0.2, 0.0];
    let third = Names::of(&[0.0, 0.0, 1.0]);
    let dates = [second.view(), first.view(), second.view(), third.view()];
    let held = construct(&dates, &PLAIN, 1).unwrap();
    assert_eq!(held.iter().map(|p| p.status).collect::<Vec<_>>(), [Status::Cash, Status::Ok, Status::Held, Status::Ok]);
    assert_near("before", &[held[2].positions[0].before, held[2].positions[1].before], &[0.55, 0.45], 1e-15);
    assert_eq!((held[2].positions[1].weight, held[2].positions[1].bounds), (0.0, Bounds::FORCED_EXIT));
    assert_eq!(held[2].positions[0].target, held[2].positions[0].weight);
    assert_near("kept", &[held[2].net(), held[2].cash(), held[2].turnover()], &[0.55, 0.45, 0.225], 1e-15);
    assert_near("drifted twice", &[held[3].positions[0].before], &[0.66 / 1.11], 1e-15);
    let skipped = construct(&dates, &Construction { on_empty: OnEmpty::Skip, ..PLAIN }, 1).unwrap();
    assert_eq!((skipped[2].status, skipped[2].positions.len()), (Status::Skipped, 0));
    assert_eq!(skipped[3], held[3]);
}

#[test]
fn a_lost_capital() {
    let first = Names { period_return: vec![0.0, 2.5], ..Names::of(&[1.0, -1.0]) };
    let how = Construction { book: Book::LongShort { gross: 1.0 }, n_long: 1, n_short: 1, ..PLAIN };
    let portfolios = construct(&[first.view(), first.view()], &how, 1).unwrap();
    assert_eq!(portfolios[1].status, Status::Ruined);
    assert_eq!(position(&portfolios[1], 1).map(|p| (p.before, p.weight)), Some((0.0, -0.5)));
}

#[test]
fn parameters_that_make_no_sense() {
    let full = |lambda, cap_one_way, dust| Turnover::FullBook { lambda, cap_one_way, dust };
    let wrong = [
        ("clip", Construction { signal: Signal::ZScore { clip: f64::NAN }, ..PLAIN }),
        ("name cap", Construction { caps: Caps { name: Some(0.0), ..NO_CAPS }, ..PLAIN }),
        ("sector multiple", Construction { caps: Caps { sector_multiple: Some(-1.0), ..NO_CAPS }, ..PLAIN }),
        ("sector limit", Construction { caps: Caps { sector_limit: Some(f64::INFINITY), ..NO_CAPS }, ..PLAIN }),
        ("gross", Construction { book: Book::LongShort { gross: 0.0 }, ..PLAIN }),
        ("neutralize", Construction { neutralize: Neutralize::Residual { min_names: 3 }, ..PLAIN }),
        ("n_long", Construction { n_long: 0, ..PLAIN }),
        ("n_short", Construction { n_short: 0, book: Book::Short, ..PLAIN }),
        ("lambda", Construction { turnover: full(1.5, 0.1, 0.0), ..PLAIN }),
        ("turnover cap", Construction { turnover: Turnover::Restrict { lambda: 0.2, cap: 0.0 }, ..PLAIN }),
        ("dust", Construction { turnover: full(0.2, 0.1, -1.0), ..PLAIN }),
        (
            "turnover",
            Construction { turnover: Turnover::Restrict { lambda: 0.2, cap: 0.2 }, book: Book::Short, ..PLAIN },
        ),
        (
            "turnover",
            Construction { turnover: Turnover::Picks { lambda: 0.2, cap_one_way: 0.2 }, book: Book::Short, ..PLAIN },
        ),
    ];
    for (name, how) in wrong {
        let error = construct(&[], &how, 1).unwrap_err();
        // Not checked, it may give nonsense, but does not panic.
        let _ = propose(&ten_names().view(), &how);
        assert!(
            matches!(error, ConstructionError::Parameter { parameter, .. } if parameter == name),
            "{name}: {error}"
        );
    }
    assert_eq!(construct(&[], &PLAIN, 1), Ok(vec![]));
}

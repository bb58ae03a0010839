//! Weights in proportion to shares as far as caps allow (spec 06 §6.1, spec 07 §5.5).

/// A sector may be above its cap by this much, which is rounding.
const TOLERANCE: f64 = 1e-12;

/// The weights `w = min(name_cap, μ_s · share)` that sum to 1, where `μ_s` is one number μ for all sectors that are not
/// full and less in a full one, whose names sum to its cap. They sum to less than 1 only if every name is at its cap or
/// in a full sector. A share of 0 has weight 0.
///
/// `sector[i]` is the position of name i's sector in `sector_caps`. Also says which sectors are full.
pub(super) fn water_fill(
    shares: &[f64],
    name_cap: f64,
    sector: &[usize],
    sector_caps: &[f64],
) -> (Vec<f64>, Vec<bool>) {
    let mut weights = vec![0.0; shares.len()];
    let mut full = vec![false; sector_caps.len()];
    let mut budget = 1.0;
    let mut rest: Vec<usize> = (0..shares.len()).filter(|&name| shares[name] > 0.0).collect();
    rest.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]));
    // A sector that is full stays full: the others only get more of what it could not take. So each round fills at least
    // one, and there are no more rounds than sectors.
    loop {
        fill(&mut weights, shares, &rest, name_cap, budget);
        let mut totals = vec![0.0; sector_caps.len()];
        rest.iter().for_each(|&name| totals[sector[name]] += weights[name]);
        let over = |s: &usize| !full[*s] && totals[*s] > sector_caps[*s] + TOLERANCE;
        let over: Vec<usize> = (0..totals.len()).filter(over).collect();
        if over.is_empty() {
            return (weights, full);
        }
        for s in over {
            let members: Vec<usize> = rest.iter().copied().filter(|&name| sector[name] == s).collect();
            fill(&mut weights, shares, &members, name_cap, sector_caps[s]);
            budget -= sector_caps[s];
            full[s] = true;
        }
        budget = budget.max(0.0);
        rest.retain(|&name| !full[sector[name]]);
    }
}

/// Gives `names`, ordered by descending share, the weights `min(cap, c · share)` that sum to the budget, or the cap if
/// that does not exhaust it.
fn fill(weights: &mut [f64], shares: &[f64], names: &[usize], cap: f64, budget: f64) {
    // Sums of the shares from each name to the last, the smallest first so that they keep their digits.
    let sum = |sum: &mut f64, name: &usize| {
        *sum += shares[*name];
        Some(*sum)
    };
    let mut tails: Vec<f64> = names.iter().rev().scan(0.0, sum).collect();
    tails.reverse();
    let mut left = budget;
    for (position, (&name, tail)) in names.iter().zip(tails).enumerate() {
        let (level, cap) = (left / tail, cap.min(left));
        if level * shares[name] <= cap {
            // A smaller share is not capped either.
            names[position..].iter().for_each(|&name| weights[name] = level * shares[name]);
            return;
        }
        weights[name] = cap;
        left -= cap;
    }
}

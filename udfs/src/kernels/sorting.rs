//! Rows of a cross-section in the order of their values.

/// Below this many rows a comparison sort is as fast as counting digits.
const FEW: usize = 256;

/// Calls `each` with the rows of every value, ascending by value; equal values come together, ascending by row. Missing
/// values are left out.
///
/// Plain integers sort several times as fast as rows compared by their values: the value rounded to 32 bits and the row
/// make one integer. Rounding never swaps two values, it only makes some equal; those few are then sorted by value.
pub(super) fn ascending(x: &[f64], mut each: impl FnMut(&[u32])) {
    let value = |row: &u32| x[*row as usize] + 0.0;
    let mut equal = Vec::new();
    for run in sorted_keys(x).chunk_by(|a, b| a >> 32 == b >> 32) {
        if let [key] = run {
            each(&[*key as u32]);
            continue;
        }
        equal.clear();
        equal.extend(run.iter().map(|key| *key as u32));
        // A stable sort, so that equal values stay in the order of their rows; 0 and −0 are equal.
        equal.sort_by(|a, b| value(a).total_cmp(&value(b)));
        equal.chunk_by(|a, b| value(a) == value(b)).for_each(&mut each);
    }
}

/// Value rounded to 32 bits and row of each present value, ascending.
fn sorted_keys(x: &[f64]) -> Vec<u64> {
    let rows = u32::try_from(x.len()).expect("a cross-section has fewer than 2^32 rows");
    let (mut keys, mut count) = (vec![0; x.len()], 0);
    for (row, x) in (0..rows).zip(x) {
        // Overwritten by the next if it is missing: no branch to predict.
        keys[count] = u64::from(ordered(*x as f32)) << 32 | u64::from(row);
        count += usize::from(x.is_finite());
    }
    keys.truncate(count);
    match count < FEW {
        true => keys.sort_unstable(),
        false => sort_by_value(&mut keys),
    }
    keys
}

/// Sorts keys, whose rows ascend, by their upper halves: byte by byte, the lowest first, each time keeping the order of
/// equal bytes. What sorting costs is wrongly predicted comparisons; this makes none.
fn sort_by_value(keys: &mut Vec<u64>) {
    const BYTES: usize = 4;
    let byte = |key: u64, place: usize| (key >> (32 + 8 * place)) as usize & 0xff;
    let mut counts = [[0_usize; 256]; BYTES];
    for key in keys.iter() {
        for (place, counts) in counts.iter_mut().enumerate() {
            counts[byte(*key, place)] += 1;
        }
    }
    let mut sorted = vec![0; keys.len()];
    for (place, counts) in counts.iter_mut().enumerate() {
        let mut start = 0;
        counts.iter_mut().for_each(|count| start += std::mem::replace(count, start));
        for key in keys.iter() {
            let next = &mut counts[byte(*key, place)];
            sorted[*next] = *key;
            *next += 1;
        }
        std::mem::swap(keys, &mut sorted);
    }
}

/// The float's bits so that they compare as the float does; 0 and −0 are the same.
fn ordered(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

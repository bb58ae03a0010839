"""Whether two tools computed the same dataset: agreement.py OURS_FOLDER THEIRS_FILE

Rows and columns are the same, NULLs are in the same places, integers are equal, and floats differ by at most
1e-9 * max(|ours|, |theirs|, median of |ours| in the column). The median is what makes a difference of averages
that happens to be near zero comparable: its rounding error comes from the averages, not from itself.
A flag may differ in a row whose deciding value lies within the tolerance of its threshold, where the last bit
decides: those rows are counted, not hidden.
Prints the largest relative difference and the number of such rows; leaves with 1 and the first differing rows if a
difference is too large.
"""

import sys

import polars as pl

TOLERANCE = 1e-9
KEY = ["ticker", "date"]
# flag: (the column that decides it, its threshold)
THRESHOLDS = {"mean_reversion_flag": ("close_zscore_21d", -2.0)}
INFINITE = float("inf")


def difference(ours, theirs):
    """The relative difference of two columns, row by row; infinite where only one is missing or finite."""
    pair = pl.DataFrame({"a": ours, "b": theirs})
    a, b = pl.col("a"), pl.col("b")
    one_missing = a.is_null() != b.is_null()
    if not ours.dtype.is_float():
        unlike = one_missing | (a != b).fill_null(False)
        return pair.select(pl.when(unlike).then(INFINITE).otherwise(0.0)).to_series()
    scale = pl.max_horizontal(a.abs(), b.abs(), a.abs().median())
    relative = pl.when(a == b).then(0.0).otherwise((a - b).abs() / scale).fill_null(0.0)
    comparable = (a.is_finite() & b.is_finite()).fill_null(True) & ~one_missing
    return pair.select(pl.when(comparable).then(relative).otherwise(INFINITE)).to_series()


def compare(ours, theirs):
    """The difference of every column that is not a key."""
    if set(ours.columns) != set(theirs.columns):
        sys.exit(f"columns differ: {sorted(set(ours.columns) ^ set(theirs.columns))}")
    if not ours.select(KEY).equals(theirs.select(KEY)):
        sys.exit(f"keys differ: {ours.height} rows and {theirs.height}, or another order")
    return {column: difference(ours[column], theirs[column]) for column in ours.columns if column not in KEY}


def main(ours_folder, theirs_file):
    ours = pl.read_parquet(f"{ours_folder}/*.parquet").sort(KEY)
    theirs = pl.read_parquet(theirs_file)
    found = compare(ours, theirs)
    ties = 0
    for flag, (decides, threshold) in THRESHOLDS.items():
        if flag in found:
            tie = ((ours[decides] - threshold).abs() <= TOLERANCE).fill_null(False) & (found[flag] > 0)
            tie &= ours[flag].is_not_null() & theirs[flag].is_not_null()
            ties += tie.sum()
            found[flag] = found[flag].set(tie, 0.0)
    worst = max(found, key=lambda column: found[column].max())
    print(f"{found[worst].max():.1e} {ties}")
    wrong = [column for column in found if found[column].max() > TOLERANCE]
    for column in wrong:
        bad = found[column] > TOLERANCE
        rows = ours.select(KEY + [pl.col(column).alias("ours")]).with_columns(theirs[column].alias("theirs"))
        print(f"{column}: {bad.sum()} rows differ\n{rows.filter(bad).head(5)}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])

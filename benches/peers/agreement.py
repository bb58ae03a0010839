"""Whether two tools computed the same dataset: agreement.py OURS_FOLDER THEIRS_FILE_OR_FOLDER

Rows and columns are the same, NULLs are in the same places, integers are equal, and floats differ by at most
1e-9 * max(|ours|, |theirs|, median of |ours| in the column). The median is what makes a difference of averages
that happens to be near zero comparable: its rounding error comes from the averages, not from itself.
A flag may differ in a row whose deciding value lies within the tolerance of its threshold, where the last bit
decides: those rows are counted, not hidden.
Prints the largest relative difference and the number of such rows; leaves with 1 and the first differing rows if a
difference is too large. One column at a time is in memory.
"""

import pathlib
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


class Table:
    """A table whose columns are read one by one."""

    def __init__(self, path):
        self.files = f"{path}/*.parquet" if pathlib.Path(path).is_dir() else path
        self.columns = pl.scan_parquet(self.files).collect_schema().names()

    def __getitem__(self, column):
        return pl.read_parquet(self.files, columns=[column]).to_series()

    def keys(self):
        return pl.read_parquet(self.files, columns=KEY)


def ties(ours, theirs, flag, found):
    """Rows in which only the last bit of the deciding column makes the flag differ."""
    decides, threshold = THRESHOLDS[flag]
    near = ((ours[decides] - threshold).abs() <= TOLERANCE).fill_null(False) & (found > 0)
    return near & ours[flag].is_not_null() & theirs[flag].is_not_null()


def main(our_folder, their_path):
    ours, theirs = Table(our_folder), Table(their_path)
    if set(ours.columns) != set(theirs.columns):
        sys.exit(f"columns differ: {sorted(set(ours.columns) ^ set(theirs.columns))}")
    keys, other = ours.keys(), theirs.keys()
    if not keys.equals(other):
        sys.exit(f"keys differ: {keys.height} rows and {other.height}, or another order")
    largest, tied, wrong = 0.0, 0, False
    for column in ours.columns:
        if column in KEY:
            continue
        found = difference(ours[column], theirs[column])
        if column in THRESHOLDS:
            tie = ties(ours, theirs, column, found)
            tied += tie.sum()
            found = found.set(tie, 0.0)
        largest = max(largest, found.max() or 0.0)
        bad = found > TOLERANCE
        if bad.any():
            wrong = True
            rows = keys.with_columns(ours[column].alias("ours"), theirs[column].alias("theirs"))
            print(f"{column}: {bad.sum()} rows differ\n{rows.filter(bad).head(5)}", file=sys.stderr)
    print(f"{largest:.1e} {tied}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Raw tables to the feature matrix: how time and memory grow with the rows, with and without the checks."""

import sys

from measure import figures, grid, in_turn, median, spread
from report import met, row

# Seconds and MB that the reference needed: another machine's figures, of another market of this kind.
REFERENCE_SECONDS, REFERENCE_MB, REFERENCE_ROWS = 1147, 6806, 1.89e6
MODES = {"no checks": ["--no-checks"], "checks": []}


def run(market, words):
    """From nothing but raw tables: the same work as --force without the old versions on the disk."""
    market.clear()
    return market.command("run", *words)


def sizes(markets, options):
    """By size: price rows, values read and written, and the samples of each mode."""
    for tickers in sorted(options.sizes):
        market = markets[tickers]
        market.land()
        samples = in_turn({mode: lambda words=words: run(market, words) for mode, words in MODES.items()}, options.runs)
        datasets = market.datasets()
        raw = [name for name in datasets if name.startswith("raw.")]
        values = market.values(*raw), market.values(*(datasets.keys() - set(raw)))
        market.clear()
        print(f"    {datasets['raw.sep'][0]:,} price rows", file=sys.stderr)
        yield datasets["raw.sep"][0], values, samples


def per_row(rows, samples, field="cpu"):
    """CPU microseconds per price row."""
    return median(samples, field) / rows * 1e6


def growth(measured, mode, field="cpu"):
    """CPU time per price row of the largest market as a multiple of that of the smallest."""
    large, small = (per_row(rows, samples[mode], field) for rows, _, samples in (measured[-1], measured[0]))
    return large / small


def largest(measured, mode):
    """The row of the largest market."""
    rows, values, samples = measured[-1]
    found = samples[mode]
    total, program = growth(measured, mode), growth(measured, mode, "program")
    wall, megabytes = median(found, "seconds"), median(found, "megabytes")
    return row(
        f"raw → matrix, {mode}",
        f"{rows:,} price rows",
        f"{spread([s.seconds for s in found], 1)} s, {megabytes / 1024:.1f} GB, CPU per row {total:.2f}× that of "
        f"{measured[0][0]:,} rows ({program:.2f}× without the kernel's part)",
        "≤ 90 s, ≤ 6 GB, linear (≤ 1.2×)",
        met(wall <= 90 and megabytes <= 6 * 1024 and total <= 1.2, rows, 8e6),
        found,
        *values,
    )


def against_reference(measured, mode):
    """The row of the market next to the reference's, and not smaller if there is one."""
    rows, values, samples = min(measured, key=lambda m: (m[0] < REFERENCE_ROWS, abs(m[0] - REFERENCE_ROWS)))
    found = samples[mode]
    ratio = REFERENCE_SECONDS / median(found, "seconds")
    return row(
        f"the same beside the reference, {mode}",
        f"{rows:,} price rows",
        f"{spread([s.seconds for s in found], 1)} s, {ratio:.0f}×",
        "≥ 60×",
        met(ratio >= 60, rows, REFERENCE_ROWS),
        found,
        *values,
        f"reference, another machine, 1.89 M rows: {REFERENCE_SECONDS:,} s, {REFERENCE_MB / 1000:.1f} GB",
    )


def measure(markets, options):
    measured = list(sizes(markets, options))
    cells = [
        [
            *figures(samples[mode], [mode, f"{rows:,}"]),
            *(f"{per_row(rows, samples[mode], field):.1f}" for field in ("cpu", "program", "kernel")),
        ]
        for mode in MODES
        for rows, _, samples in measured
    ]
    return {
        "rows": [largest(measured, mode) for mode in MODES] + [against_reference(measured, mode) for mode in MODES],
        "wins": [],
        "details": [
            "## Raw tables to the feature matrix",
            "",
            *grid(["", "price rows", "s", "CPU s", "MB", "CPU µs per row", "program's", "kernel's"], cells, words=1),
        ],
    }

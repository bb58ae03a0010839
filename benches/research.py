"""The research loop: change a composite's weight and see the backtest; the full sheet of one factor."""

import itertools
import shlex

from measure import figures, grid, in_turn, median, seconds
from report import met, row

FACTOR = "mom_12_1"


# What is built after a weight has changed: the composites, through which a backtest reads the matrix; or everything that is stored.
MODES = {
    "composites": ["--phase", "composites", "--no-checks"],
    "matrix and snapshot too": ["--no-checks"],
    "matrix and snapshot too, checks": [],
}


def change(market, words, weights):
    """Another weight each time, so that there is something to rebuild; risk4 ranks by the composite that has it."""
    market.tidy()
    weight = f"v8_value_weight={next(weights):.3f}"
    steps = [market.command("--set", weight, "run", *words), market.command("--set", weight, "backtest", "risk4")]
    return ["sh", "-c", " && ".join(shlex.join(map(str, step)) for step in steps)]


def measure_change(markets, options):
    market = markets[options.change]
    market.land()
    market.build()
    weights = (0.3 + step / 1000 for step in itertools.count(1))
    samples = in_turn(
        {mode: lambda words=words: change(market, words, weights) for mode, words in MODES.items()}, options.runs
    )
    rows = market.rows("feat_matrix")
    values = market.values("feat_matrix")
    return {
        "rows": [
            row(
                f"one weight changed → rebuild → risk4, {mode}",
                f"{rows:,} rows",
                f"{seconds(found)} s",
                "≤ 5 s",
                met(median(found, "seconds") <= 5, rows, 5e6),
                found,
                values,
                values + market.values("feat_composite_v8"),
            )
            for mode, found in samples.items()
        ],
        "wins": [],
        "details": [
            "## One weight changed",
            "",
            *grid(["", "s", "CPU s", "MB"], [figures(found, [mode]) for mode, found in samples.items()], words=1),
        ],
    }


def measure_sheet(markets, options):
    market = markets[options.large]
    market.land()
    market.build()
    found = in_turn({"sheet": market.command("diag", "sheet", FACTOR)}, options.runs)["sheet"]
    rows = market.rows("feat_matrix")
    return {
        "rows": [
            row(
                f"full factor sheet of {FACTOR}",
                f"{rows:,} rows",
                f"{seconds(found)} s, {median(found, 'megabytes'):.0f} MB",
                "≤ 5 s",
                met(median(found, "seconds") <= 5, rows, 10e6),
                found,
                # Key and feature of the matrix; key, membership and price of the base; key and return of the targets.
                10 * rows,
            )
        ],
        "wins": [],
        "details": [],
    }

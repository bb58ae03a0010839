"""The ten technical datasets in Kairos, DuckDB and Polars, from the same Parquet files to Parquet.

Each dataset is measured as a process of its own, and all ten in one process. Every column of the peers is compared with
ours before it is timed.
"""

import sys

from measure import HERE, comparison, grid, in_turn, median, say, seconds, wins
from report import met, row

TOOLS = ["kairos", "duckdb", "polars"]
PEERS = TOOLS[1:]
DATASETS = {
    # Columns beside ticker and date.
    "feat_price_action": 8,
    "feat_trend": 12,
    "feat_stat": 5,
    "feat_price_shape": 9,
    "feat_volume_volatility": 7,
    "feat_adv": 6,
    "feat_vol_sizing": 3,
    "feat_beta": 4,
    "feat_targets": 4,
    "feat_momentum_v2": 7,
}
COLUMNS = sum(DATASETS.values())
STARTUP, ALL = "startup", "all ten, one process"


def command(market, python, source, tool, case):
    if case == STARTUP:
        return market.command("datasets") if tool == "kairos" else [python, "-c", f"import {tool}"]
    if tool == "kairos":
        # The peers check nothing, so neither do we; `kairos run` does by default.
        what = ["--phase", "features"] if case == ALL else [case]
        return market.command("run", *what, "--force", "--no-checks")
    datasets = list(DATASETS) if case == ALL else [case]
    return [python, HERE / "peers" / f"{tool}_features.py", source, market.out(tool), *datasets]


def tidied(market, words):
    """A command that finds one version of each dataset."""

    def prepared():
        market.tidy()
        return words

    return prepared


def agreement(market, python, tool, dataset):
    """The largest relative difference and the rows that fall on the other side of a threshold."""
    theirs = market.out(tool) / f"{dataset}.parquet"
    largest, ties = say([python, HERE / "peers" / "agreement.py", market.version(dataset), theirs]).split()
    return float(largest), int(ties)


def timed(market, python, runs):
    """Samples by case and tool, and the differences by peer and dataset."""
    market.build("sep_base_academic")
    source = market.version("sep_base_academic")
    samples, differences = {}, {peer: {} for peer in PEERS}

    def check(case):
        for dataset in DATASETS if case == ALL else DATASETS.keys() & {case}:
            for peer in PEERS:
                differences[peer][dataset] = agreement(market, python, peer, dataset)

    for case in [STARTUP, *DATASETS, ALL]:
        commands = {tool: command(market, python, source, tool, case) for tool in TOOLS}
        # The peers write over their last files; an older version of ours would take memory from the disk's cache.
        commands["kairos"] = tidied(market, commands["kairos"])
        samples[case] = in_turn(commands, runs, lambda: check(case))
        print(f"    {case}", file=sys.stderr)
    return samples, differences


def speed(rows, columns, found):
    """Million row·features per CPU second."""
    return rows * columns / median(found, "cpu") / 1e6


def table(samples, rows):
    head = ["dataset", *[f"{t} s" for t in TOOLS], *[f"{t} CPU s" for t in TOOLS], *[f"{t} MB" for t in TOOLS]]
    head += [f"{p} / kairos" for p in PEERS] + ["kairos M row·features / CPU s"]
    cells = []
    for case, found in samples.items():
        columns = COLUMNS if case == ALL else DATASETS.get(case, 0)
        base = median(found["kairos"], "seconds")
        cells.append(
            [case]
            + [seconds(found[t]) for t in TOOLS]
            + [f"{median(found[t], 'cpu'):.2f}" for t in TOOLS]
            + [f"{median(found[t], 'megabytes'):.0f}" for t in TOOLS]
            + [f"{median(found[p], 'seconds') / base:.2f}" for p in PEERS]
            + [f"{speed(rows, columns, found['kairos']):.1f}" if columns else ""]
        )
    return grid(head, cells, words=1)


def agreed(differences):
    """A sentence per peer."""
    for peer, found in differences.items():
        worst = max(found, key=found.get)
        ties = sum(ties for _, ties in found.values())
        yield (
            f"- {peer} agrees with kairos: every column within 1e-9, at most {found[worst][0]:.1e} ({worst}); {ties} "
            "rows with a z-score at the threshold of mean_reversion_flag fall on the other side."
        )


def measure(markets, options):
    market = markets[options.beside]
    market.land()
    samples, differences = timed(market, options.python, options.runs)
    rows = market.rows("sep_base_academic")
    together = samples[ALL]
    rate = speed(rows, COLUMNS, together["kairos"])
    duckdb, polars = (median(together[p], "seconds") / median(together["kairos"], "seconds") for p in PEERS)
    return {
        "rows": [
            row(
                f"technical features alone ({COLUMNS} columns, one process)",
                f"{rows:,} rows",
                f"{rate:.1f} M row·features / CPU s; {seconds(together['kairos'])} s",
                "≥ 20 M; ≥ 5× DuckDB, ≥ 2× Polars",
                met(rate >= 20 and duckdb >= 5 and polars >= 2, rows, 1e6),
                together["kairos"],
                market.values("sep_base_academic"),
                market.values(*DATASETS),
                comparison(together),
            )
        ],
        "wins": [line for case, found in samples.items() for line in wins(found, case)],
        "details": [
            "## Technical features",
            "",
            f"{rows:,} rows of sep_base_academic ({market.tickers:,} tickers).",
            "",
            *table(samples, rows),
            "",
            *agreed(differences),
        ],
    }

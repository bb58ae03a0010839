"""The feature matrix from its datasets, against reading the stored matrix and writing it again.

From the same runs follows how fast this machine decodes and encodes our files, which is the limit of every other row.
"""

import shutil

from measure import HERE, figures, grid, in_turn, median, say, seconds, wins
from report import BYTES, met, row

PEERS = ["duckdb", "polars"]
BUILD, COPY, READ, START = "kairos, assembly", "kairos, re-encode", "kairos, decode", "kairos, start"
LABELS = {tool: f"{tool}, re-encode" for tool in PEERS}


def numbers(market):
    """The columns of the matrix that can be summed."""
    sql = (
        "select column_name from information_schema.columns "
        "where table_name = 'feat_matrix' and data_type = 'Float64' and table_schema = 'lake'"
    )
    return say(market.command("sql", "--format", "csv", "-c", sql)).split()[1:]


def commands(market, python):
    """Every command finds the matrix as it is now, since each assembly makes a new version."""

    def build():
        market.tidy()
        return market.command("run", "feat_matrix", "--force", "--no-checks")

    def copy():
        shutil.rmtree(market.lake / "copy", ignore_errors=True)
        # Without the filter, which keeps every row, the columns would be copied as they are encoded.
        sql = "create or replace table copy as select * from feat_matrix where date is not null order by ticker, date"
        return market.command("sql", "-c", sql)

    def peer(tool):
        script = HERE / "peers" / f"{tool}_tables.py"
        return lambda: [python, script, "copy", market.version("feat_matrix"), market.out(tool) / "copy.parquet"]

    sums = ", ".join(f'sum("{name}")' for name in numbers(market))
    return {
        BUILD: build,
        COPY: copy,
        READ: market.command("sql", "--format", "csv", "-c", f"select {sums} from feat_matrix"),
        START: market.command("sql", "-c", "select 1"),
        **{tool: peer(tool) for tool in PEERS},
    }


def speeds(market, samples):
    """CPU seconds of a start, and bytes per CPU second of decoding and encoding."""
    start, read, copy = (median(samples[name], "cpu") for name in (START, READ, COPY))
    values = market.values("feat_matrix")
    summed = market.rows("feat_matrix") * len(numbers(market))
    decode = summed * BYTES / max(read - start, 1e-3)
    encode = values * BYTES / max(copy - start - values * BYTES / decode, 1e-3)
    return {"start": start, "decode": decode, "encode": encode}


def measure(markets, options):
    market, python = markets[options.beside], options.python
    market.land()
    market.build("feat_matrix")

    def check():
        for theirs in [market.version("copy"), *(market.out(tool) / "copy.parquet" for tool in PEERS)]:
            say([python, HERE / "peers" / "agreement.py", market.version("feat_matrix"), theirs])

    samples = in_turn(commands(market, python), options.runs, check)
    rates = speeds(market, samples)
    rows, columns = market.datasets()["feat_matrix"]
    ratio = median(samples[BUILD], "seconds") / median(samples[COPY], "seconds")
    values = market.values("feat_matrix")
    copies = {"kairos": samples[COPY], **{tool: samples[tool] for tool in PEERS}}
    shutil.rmtree(market.lake / "copy")
    cells = [figures(found, [LABELS.get(name, name)]) for name, found in samples.items()]
    return {
        "rates": rates,
        "rows": [
            row(
                f"matrix assembly ({columns} columns)",
                f"{rows:,} rows",
                f"{seconds(samples[BUILD])} s, {ratio:.2f}× re-encode",
                "≤ 1.5× re-encode",
                met(ratio <= 1.5, rows, 1e6),
                samples[BUILD],
                values,
                values,
                "re-encode: " + "; ".join(f"{tool} {seconds(found)} s" for tool, found in copies.items()),
            )
        ],
        "wins": wins(copies, "plain re-encode of the matrix"),
        "details": [
            "## Matrix assembly",
            "",
            *grid(["", "s", "CPU s", "MB"], cells, words=1),
        ],
    }

"""Filings onto sessions: which filing each session sees, beside DuckDB's ASOF JOIN and Polars' join_asof."""

from measure import HERE, comparison, figures, grid, in_turn, median, say, seconds, wins
from report import met, row

PEERS = ["duckdb", "polars"]


def measure(markets, options):
    market, python = markets[options.beside], options.python
    market.land()
    market.build("sf1_asof")
    base, filings = market.version("sep_base_academic"), market.version("sf1_pit")

    def theirs(tool):
        return market.out(tool) / "sf1_asof.parquet"

    def check():
        for tool in PEERS:
            say([python, HERE / "peers" / "agreement.py", market.version("sf1_asof"), theirs(tool)])

    commands = {
        "kairos": market.command("run", "sf1_asof", "--force", "--no-checks"),
        **{t: [python, HERE / "peers" / f"{t}_tables.py", "asof", base, filings, theirs(t)] for t in PEERS},
    }
    samples = in_turn(commands, options.runs, check)
    rows = market.rows("sf1_asof")
    ours = median(samples["kairos"], "seconds")
    return {
        "rows": [
            row(
                "fundamental as-of expansion (three dimensions)",
                f"{rows:,} sessions, {market.rows('sf1_pit'):,} filings",
                f"{seconds(samples['kairos'])} s",
                "faster than both",
                met(all(ours < median(samples[tool], "seconds") for tool in PEERS), rows, 1e6),
                samples["kairos"],
                # Key, membership and market value of a session; key and dimension of a filing.
                4 * rows + 3 * market.rows("sf1_pit"),
                market.values("sf1_asof"),
                comparison(samples),
            )
        ],
        "wins": wins(samples, "as-of expansion"),
        "details": [
            "## Fundamental as-of expansion",
            "",
            *grid(["", "s", "CPU s", "MB"], [figures(found, [tool]) for tool, found in samples.items()], words=1),
        ],
    }

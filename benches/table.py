"""The benchmark table: `make bench`.

    python benches/table.py --kairos target/release/kairos --folder target/bench --report benches/RESULTS.md
    python benches/table.py --kairos target/release/kairos --folder target/bench --quick    # small markets
    python benches/table.py … --parts asof assembly                              # these again, the rest as kept

A part is measured by a module of its own, on a market that it makes once in the folder. What it found is kept in
results.json there, with date and commit, so that parts can be measured again one by one. No time is ever asserted.
"""

import argparse
import json
import pathlib
import shutil
import sys
import time

import asof
import assembly
import features
import pipeline
import reads
import report
import research
from market import BYTES_PER_PRICE, Market
from measure import say, stamp, write

PARTS = {
    "pipeline": (pipeline.measure, "sizes"),
    "features": (features.measure, "beside"),
    "asof": (asof.measure, "beside"),
    "assembly": (assembly.measure, "beside"),
    "change": (research.measure_change, "change"),
    "sheet": (research.measure_sheet, "large"),
    "reads": (reads.measure, "large"),
}
QUICK = {"sizes": [100, 200], "beside": 200, "change": 200, "large": 200, "days": 500, "runs": 1}


class Markets(dict):
    """Markets by number of tickers."""

    def __init__(self, options):
        self.options = options

    def __missing__(self, tickers):
        o = self.options
        self[tickers] = Market(o.kairos, o.folder, tickers, o.days)
        return self[tickers]


def tickers_of(part, options):
    """The sizes of the markets that a part uses."""
    used = getattr(options, PARTS[part][1])
    return set(used) if isinstance(used, list) else {used}


def need(options):
    """Bytes that the largest lake takes at most, with two versions of what is rebuilt."""
    prices = lambda tickers: 0.85 * tickers * options.days
    kept = {part: max(tickers_of(part, options)) for part in options.parts}
    second = {"features": 2.0, "assembly": 2.5, "change": 1.5}
    return max(prices(tickers) * BYTES_PER_PRICE * second.get(part, 1.0) for part, tickers in kept.items())


def measured(options, kept):
    """Yields the results after each part, those that were kept included."""
    markets = Markets(options)
    for position, part in enumerate(options.parts):
        print(f"  {part}", file=sys.stderr)
        started = time.monotonic()
        found = PARTS[part][0](markets, options)
        minutes = (time.monotonic() - started) / 60
        kept[part] = {**stamp(), "days": options.days, "runs": options.runs, "minutes": minutes, **found}
        yield kept
        after = options.parts[position + 1 : position + 2]
        for tickers in tickers_of(part, options) - (tickers_of(after[0], options) if after else set()):
            markets[tickers].clear()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kairos", required=True, type=pathlib.Path, help="the binary")
    parser.add_argument("--python", default=sys.executable, help="a Python with duckdb and polars")
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="where the lakes and the peers' files go")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure, not all")
    sizes = [300, 600, 1200, 2400, 4800]
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes, help="tickers of the pipeline's markets")
    parser.add_argument("--beside", type=int, default=1200, help="tickers of the market beside peers")
    parser.add_argument("--change", type=int, default=3900, help="tickers of the market whose weight changes")
    parser.add_argument("--large", type=int, default=7800, help="tickers of the market that is read")
    parser.add_argument("--days", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help=f"a small run: {QUICK}")
    parser.add_argument("--report", type=pathlib.Path, help="write the table here, too")
    options = parser.parse_args()
    if options.quick:
        vars(options).update(QUICK)
    options.kairos = options.kairos.resolve()
    options.folder = options.folder.resolve()
    options.parts = [part for part in PARTS if part in options.parts]
    return options


def main():
    options = parse()
    options.folder.mkdir(parents=True, exist_ok=True)
    needed, free = need(options) / 1e9, shutil.disk_usage(options.folder).free / 1e9
    print(f"needs about {needed:.1f} GB of disk, {free:.0f} GB are free", file=sys.stderr)
    if needed > free:
        sys.exit("not enough room: choose smaller markets (--sizes, --change, --large) or another --folder")
    versions = "import duckdb, polars; print(f'DuckDB {duckdb.__version__}, Polars {polars.__version__}')"
    peers = say([options.python, "-c", versions]).strip()
    memory = options.folder / ("quick.json" if options.quick else "results.json")
    kept = json.loads(memory.read_text()) if memory.exists() else {}
    for results in measured(options, kept):
        memory.write_text(json.dumps(results, indent=1))
    lines = report.lines({part: kept[part] for part in PARTS if part in kept}, peers)
    print("\n".join(lines))
    if options.report:
        write(options.report, lines)


if __name__ == "__main__":
    main()

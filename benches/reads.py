"""One ticker's history and one date's cross-section out of the largest matrix, beside DuckDB on the same files.

The process is cold; the files are in the system's cache.
"""

import collections
import csv
import math
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from measure import ENVIRONMENT, HERE, grid, in_turn, median, milliseconds, say, wins
from report import met, row

FEW = "mom_12_1, beta_252d, alpha_composite_v8"
CALL = re.compile(r"^(\d+) +(?:pread64|readv?|preadv)\(\d+<([^>]*)>.*(?:= (\d+)|<unfinished \.\.\.>)$")
RESUMED = re.compile(r"^(\d+) +<\.\.\. (?:pread64|readv?|preadv) resumed>.*= (\d+)$")


def bytes_read(command, folder):
    """Bytes that the process reads from files of the folder; None where calls cannot be traced."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile("r") as log:
        trace = ["strace", "-f", "-y", "-s", "0", "-e", "trace=read,readv,pread64,preadv", "-o", log.name]
        subprocess.run([*trace, *command], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        total, waiting = 0, collections.defaultdict(str)
        for line in log:
            if found := CALL.match(line):
                thread, path, count = found.groups()
                if count is None:
                    waiting[thread] = path
                elif path.startswith(str(folder)):
                    total += int(count)
            elif found := RESUMED.match(line):
                if waiting[found[1]].startswith(str(folder)):
                    total += int(found[2])
    return total


def same(ours, theirs):
    """Ends the benchmark unless two CSV texts hold the same cells, numbers by value."""

    def cells(text):
        return [[number(cell) for cell in line] for line in csv.reader(text.splitlines())]

    if cells(ours) != cells(theirs):
        sys.exit("kairos and duckdb read different rows")


def number(cell):
    """The cell's value if it is a number; NAN and INF are tickers."""
    try:
        value = float(cell)
        return value if math.isfinite(value) else cell
    except ValueError:
        return cell


def questions(market):
    """Work, condition, order, goal in seconds: a ticker with the longest history, and a date before the last."""
    ask = lambda sql: say(market.command("sql", "--format", "csv", "-c", sql)).split()[-1]
    ticker = ask("select ticker from feat_matrix group by ticker order by count(*) desc, ticker limit 1")
    date = ask("select distinct date from feat_matrix order by date desc limit 1 offset 1")
    yield "one ticker's history", f"ticker = '{ticker}'", "date", 0.05
    yield "one date's cross-section", f"date = date '{date}'", "ticker", 0.2


def ask(market, options, source, condition, order, columns):
    """The same question to both tools, answered as CSV."""
    sql = f"select ticker, date, {columns} from {{}} where {condition} order by {order}"
    peer = sql.format(f"read_parquet('{source}/*.parquet')")
    return {
        "kairos": market.command("sql", "--format", "csv", "-c", sql.format("feat_matrix")),
        "duckdb": [options.python, HERE / "peers" / "duckdb_tables.py", "query", peer],
    }


def measure(markets, options):
    market = markets[options.large]
    market.land()
    market.build()
    source, (rows, width) = market.version("feat_matrix"), market.datasets()["feat_matrix"]
    stored = sum(path.stat().st_size for path in pathlib.Path(source).iterdir())
    every = "* exclude (ticker, date)"
    found = {"rows": [], "wins": [], "details": []}
    cells = []
    for work, condition, order, goal in questions(market):
        for columns, name, count in ((FEW, "5 columns", 5), (every, f"all {width} columns", width)):
            commands = ask(market, options, source, condition, order, columns)
            answer = say(commands["kairos"])
            samples = in_turn(commands, options.runs, lambda: same(answer, say(commands["duckdb"])))
            read = {tool: bytes_read(words, market.lake) for tool, words in commands.items()}
            told = {tool: "not traced" if size is None else f"{size / 1e6:.1f} MB" for tool, size in read.items()}
            lines = answer.count("\n") - 1
            found["rows"].append(
                row(
                    f"{work}, {name}",
                    f"{lines:,} of {rows:,} rows",
                    f"{milliseconds(samples['kairos'])} ms, reads {told['kairos']} of {stored / 1e6:,.0f} MB",
                    f"≤ {1000 * goal:.0f} ms",
                    met(median(samples["kairos"], "seconds") <= goal, rows, 10e6),
                    samples["kairos"],
                    lines * count,
                    0,
                    f"duckdb {milliseconds(samples['duckdb'])} ms, reads {told['duckdb']}",
                )
            )
            found["wins"] += wins(samples, f"{work}, {name}")
            if read["kairos"] and read["duckdb"] < read["kairos"]:
                less = f"{work}, {name} {read['duckdb'] / 1e6:.1f} to our {read['kairos'] / 1e6:.1f}"
                found["wins"].append(("duckdb", "MB read", less))
            for tool, taken in samples.items():
                cells.append([work, name, tool, milliseconds(taken), f"{median(taken, 'megabytes'):.0f}", told[tool]])
    found["details"] = ["## Reads out of the matrix", "", *grid(["", "", "", "ms", "MB", "read"], cells, words=3)]
    return found

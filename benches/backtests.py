"""Ten years of weekly backtests: seconds of `kairos backtest` on markets of growing size, and the optimiser beside cvxpy.

    python benches/backtests.py --kairos target/release/kairos --folder target/bench --cargo cargo --report docs/benchmarks.md

Each run is a process of its own, reading included. CPU seconds are what to compare where other programs run beside it. The
optimiser's problems are written by its Rust benchmark and solved again by cvxpy with the same solver and tolerance
(benches/peers/optimizer.py). The two lakes of the default take 12 GB; they are made once and kept.
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

DAYS = 2520
STRATEGIES = ["risk4", "ls", "ls_opt", "ls_opt --set cost_bps=0", "ls_opt --set solver=clarabel"]
BEGIN, END = "<!-- backtests: begin -->", "<!-- backtests: end -->"


def lake(kairos, folder, tickers):
    """A lake with a market of this size, made once."""
    home = folder / f"backtests-{tickers}"
    if not (home / "done").exists():
        files = folder / f"files-{tickers}"
        subprocess.run([kairos, "synth", "--tickers", str(tickers), "--days", str(DAYS), "--out", files], check=True)
        subprocess.run([kairos, "-q", "--lake", home, "land", "--dir", files], check=True)
        shutil.rmtree(files)
        subprocess.run([kairos, "-q", "--lake", home, "run", "--no-checks"], check=True)
        (home / "done").touch()
    return home


def timed(command):
    """Wall and CPU seconds of a command."""
    before = os.times()
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - start, cpu


def members(kairos, home):
    sql = "select avg(n) from (select count(*) as n from sep_base_academic where in_universe group by date)"
    out = subprocess.run([kairos, "--lake", home, "sql", "--format", "csv", "-c", sql], check=True, capture_output=True)
    return round(float(out.stdout.split()[-1]))


def rows(kairos, folder, sizes, count):
    figures = folder / "figures.json"
    for tickers in sizes:
        home = lake(kairos, folder, tickers)
        names = members(kairos, home)
        for strategy in STRATEGIES:
            command = [kairos, "-q", "--lake", home, "--threads", "2", "backtest", *strategy.split()]
            timed([*command, "--json", figures])
            periods = json.loads(figures.read_text())["figures"]["portfolio"]["all"]["periods"]
            runs = [timed(command) for _ in range(count)]
            seconds, cpu = [wall for wall, _ in runs], [cpu for _, cpu in runs]
            yield (
                f"| {names:,} | `{strategy}` | {periods:.0f} | {statistics.median(cpu):.2f} "
                f"({min(cpu):.2f}–{max(cpu):.2f}) | {1e3 * statistics.median(cpu) / periods:.1f} "
                f"| {statistics.median(seconds):.2f} |"
            )


def optimizer(cargo, folder):
    """What the Rust benchmark and cvxpy print about the same problems."""
    problems = (folder / "problems.npy").resolve()
    bench = [*cargo.split(), "bench", "--locked", "--workspace", "--bench", "optimizer", "--", str(problems)]
    ours = subprocess.run(bench, check=True, capture_output=True, text=True).stdout
    peer = pathlib.Path(__file__).parent / "peers" / "optimizer.py"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    theirs = subprocess.run([sys.executable, peer, problems], capture_output=True, text=True, env=environment)
    return f"```text\n{ours.strip()}\n\n{theirs.stdout.strip() or theirs.stderr.strip()}\n```"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kairos", required=True, type=pathlib.Path)
    options.add_argument("--folder", required=True, type=pathlib.Path)
    options.add_argument("--cargo", help="also measure the optimiser beside cvxpy")
    options.add_argument("--tickers", type=int, nargs="+", default=[900, 5800])
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--report", type=pathlib.Path)
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    kairos = given.kairos.resolve()
    measured = list(rows(kairos, given.folder, given.tickers, given.runs))
    text = [
        f"{datetime.date.today()}, {os.cpu_count()} cores, {DAYS} days, a rebalance every five; median of {given.runs} runs "
        f"(least–most) after one to warm up, load at the end {os.getloadavg()[0]:.1f}.",
        "",
        "| members per date | backtest | periods | CPU s | CPU ms per period | s |",
        "|---:|---|---:|---:|---:|---:|",
        *measured,
    ]
    if given.cargo:
        text += ["", optimizer(given.cargo, given.folder)]
    text = "\n".join(text)
    print(text)
    if given.report:
        page = given.report.read_text()
        head, rest = page.split(BEGIN)
        _, tail = rest.split(END)
        given.report.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}")


if __name__ == "__main__":
    main()

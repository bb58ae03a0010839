"""What an incremental build could save at most, beside the full rebuild that `kairos daily` does.

A new session is one more row per ticker. An increment would still have to read the history of each ticker (recursive averages,
windows of a year, expanding thresholds), but would write one day only. But a session with a cash dividend is no mere new session: the
vendor rewrites every older closeadj of the ticker, rounded to three digits (spec 01 §1), so that its returns change in their last
digits, and with them the mean and deviation of every date, and so every score of every ticker. An increment that equals the full
rebuild must write those datasets whole. This measures

* which datasets change in the rows of other tickers when one ticker pays a dividend,
* the build seconds of each dataset as it is, and with its result cut to the last session,
* and from both the least time that an increment takes: after a session without dividends, and after one with.

    python benches/increment.py --kairos target/release/kairos --folder target/bench
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
from pathlib import Path

import polars

KEPT = {"universe", "base", "regime", "backtests", "checks", "past", "diagnostics", "reference"}


def run(kairos, lake, *arguments):
    done = subprocess.run([kairos, "-q", "--lake", lake, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def seconds(lake):
    """Build seconds of the newest run by dataset, of those whose file is not in the folders that stay whole."""
    log = max((Path(lake) / "_runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    built = [event for event in events if event.get("seconds") and event.get("source")]
    return {event["dataset"]: event["seconds"] for event in built if event["source"].split("/")[-2] not in KEPT}


def pay_a_dividend(kairos, lake, folder):
    """One ticker pays 0.5 % on the last session: its older closeadj fall by as much, with the digits that the vendor gives."""
    query = lambda sql: run(kairos, lake, "sql", "--format", "csv", "-c", sql).split()[1:]
    ticker = query("select ticker from universe where in_universe group by 1 order by count(*) desc, 1 limit 1")[0]
    last = query("select max(date) from raw.sep")[0]
    file = folder / "increment-dividend.parquet"
    rows = f"select * exclude (closeadj), case when date < date '{last}' then round(closeadj * 0.995, 3) else closeadj end as closeadj"
    run(kairos, lake, "sql", "-c", f"{rows} from raw.sep where ticker = '{ticker}'", "-o", str(file))
    run(kairos, lake, "land", "sep", str(file))
    return ticker


def changed(lake, dataset, ticker):
    """The share of the other tickers' rows in which the two newest versions differ."""
    folders = sorted((Path(lake) / dataset).glob("v*"))[-2:]
    scans = [polars.scan_parquet(sorted(folder.glob("*.parquet"))) for folder in folders]
    keys = [scan.select("ticker", "date").collect() for scan in scans]
    if not keys[0].equals(keys[1]):
        return 1.0
    differs = polars.Series([False]).new_from_index(0, keys[0].height)
    for column in scans[0].collect_schema().names():
        before, after = (scan.select(column).collect().to_series() for scan in scans)
        differs |= before.ne_missing(after)
    return differs.filter(keys[0]["ticker"] != ticker).mean()


def cut(tree, overlay, date):
    """The same tree with every dataset by ticker and date cut to one date."""
    for path in tree.rglob("*.sql"):
        relative = path.relative_to(tree)
        if relative.parts[0] in KEPT:
            continue
        text = path.read_text()
        found = re.search(r"create or replace table (\w+) as\b", text)
        ordered = re.search(r"order by (m\.)?ticker, (m\.)?date\s*$", text)
        if not found or not ordered:
            continue
        query = text[found.end() : ordered.start()]
        target = overlay / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(
            f"{text[: found.end()]}\nselect * from (\n{query}\n) where date >= date '{date}'\norder by ticker, date\n"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kairos", default="target/release/kairos")
    parser.add_argument("--folder", default="target/bench", type=Path)
    parser.add_argument("--tickers", default=1000, type=int)
    parser.add_argument("--days", default=2000, type=int)
    parser.add_argument("--runs", default=3, type=int)
    arguments = parser.parse_args()
    files, lake = arguments.folder / "increment-files", str(arguments.folder / "increment-lake")
    if not Path(lake).exists():
        run(arguments.kairos, lake, "synth", "--tickers", str(arguments.tickers), "--days", str(arguments.days), "--out", str(files))
        run(arguments.kairos, lake, "land", "--dir", str(files))
        run(arguments.kairos, lake, "run", "--no-checks")
    tree = Path(__file__).parent.parent / "sql"
    overlay = arguments.folder / "increment-overlay"
    shutil.rmtree(overlay, ignore_errors=True)
    date = run(arguments.kairos, lake, "sql", "--format", "csv", "-c", "select max(date) from raw.sep").split()[-1]
    cut(tree, overlay, date)
    whole, least = [], []
    for _ in range(arguments.runs):
        for found, options in [(whole, []), (least, ["--overlay", str(overlay)])]:
            run(arguments.kairos, lake, *options, "run", "--force", "--no-checks")
            found.append(seconds(lake))
    run(arguments.kairos, lake, "run", "--force", "--no-checks")
    ticker = pay_a_dividend(arguments.kairos, lake, arguments.folder)
    run(arguments.kairos, lake, "run", "--no-checks")
    report(whole, least, {dataset: changed(lake, dataset, ticker) for dataset in whole[0] if has_keys(lake, dataset)})


def has_keys(lake, dataset):
    files = sorted((Path(lake) / dataset).glob("v*/*.parquet"))
    return bool(files) and {"ticker", "date"} <= set(polars.read_parquet_schema(files[-1]))


def report(whole, least, shares):
    middle = lambda runs, dataset: statistics.median(run[dataset] for run in runs)
    print("| dataset | s, whole | s, last session | rows of other tickers that a dividend changes |\n|---|---:|---:|---:|")
    for dataset in sorted(whole[0], key=lambda dataset: -middle(whole, dataset)):
        share = f"{shares[dataset]:.1%}" if dataset in shares else ""
        print(f"| {dataset} | {middle(whole, dataset):.2f} | {middle(least, dataset):.2f} | {share} |")
    total = lambda of: sum(of(dataset) for dataset in whole[0])
    full = total(lambda dataset: middle(whole, dataset))
    new = total(lambda dataset: middle(least, dataset))
    dividend = total(lambda dataset: middle(whole if shares.get(dataset, 0) > 0.5 else least, dataset))
    print(f"\nfull {full:.1f} s; a session without dividends at least {new:.1f} s, {full / new:.2f} times less;", end=" ")
    print(f"with one at least {dividend:.1f} s, {full / dividend:.2f} times less")


if __name__ == "__main__":
    main()

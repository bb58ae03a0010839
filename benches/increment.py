"""What an incremental build could save at most, beside the full rebuild that `kairos daily` does.

A new session is one more row per ticker. An increment would still have to read the history of each ticker (recursive averages, windows of
a year, expanding thresholds), but would write one day only. So the same SQL is built twice over the same lake: as it is, and with every
final result cut to the last session before it is written. The second is a bound that no increment can beat: it also gives datasets
that read other datasets one day of them, where some need more.

    python benches/increment.py --kairos target/release/kairos --folder target/bench
"""

import argparse
import json
import re
import shutil
import subprocess
from pathlib import Path

KEPT = {"universe", "base", "regime", "backtests", "checks", "past", "diagnostics", "reference"}


def run(kairos, lake, *arguments):
    done = subprocess.run([kairos, "-q", "--lake", lake, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def seconds(lake, kept):
    """Build seconds of the newest run, of datasets whose file is (not) in the folders that stay whole."""
    log = max((Path(lake) / "_runs").glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    events = [json.loads(line) for line in log.read_text().splitlines()]
    built = [event for event in events if event.get("seconds") and event.get("source")]
    phase = lambda event: event["source"].split("/")[-2]
    return sum(event["seconds"] for event in built if (phase(event) in KEPT) == kept)


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
    for _ in range(arguments.runs):
        times = {}
        for name, options in [("whole", []), ("last session", ["--overlay", str(overlay)])]:
            run(arguments.kairos, lake, *options, "run", "--force", "--no-checks")
            times[name] = seconds(lake, kept=False)
        whole, least = times["whole"], times["last session"]
        print(f"whole {whole:.1f} s, last session only {least:.1f} s of build time: {whole / least:.2f} times")


if __name__ == "__main__":
    main()

"""Kairos, DuckDB and Polars compute the ten feature datasets from the same Parquet files: `make bench`.

Every tool gets two threads and writes Parquet, the peers with zstd level 1. Each dataset is measured as a process of
its own, and all ten in one process; the tools take turns, after one round to warm up. Wall time is measured here; CPU
time and peak memory are what the system says of the process when it ends. Afterwards every column of the peers is
compared with ours.

Only the standard library, so that this process stays small: on Linux a child's peak counts its parent's as well.
"""

import argparse
import copy
import datetime
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
THREADS = 2
TOOLS = ["kairos", "duckdb", "polars"]
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
ALL = "all ten, one process"


class Sample:
    """What one process took."""

    def __init__(self, command, environment):
        started = time.perf_counter()
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        complaint = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        self.seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{complaint.decode(errors='replace')}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss / 1024


class Bench:
    """The commands of the three tools on one lake."""

    def __init__(self, options):
        self.kairos = [options.kairos, "--lake", f"{options.folder}/lake", "--threads", str(THREADS), "--quiet"]
        self.python = options.python
        self.folder = pathlib.Path(options.folder)
        self.environment = {**os.environ, "POLARS_MAX_THREADS": str(THREADS)}

    def at(self, part):
        """The same bench in a folder of its own."""
        other = copy.copy(self)
        other.folder = self.folder / part
        other.kairos = [str(other.folder / "lake") if word == f"{self.folder}/lake" else word for word in self.kairos]
        return other

    def prepare(self, tickers, days):
        """The market, landed, and sep_base_academic, unless they are there."""
        raw, made_for = self.folder / "raw", self.folder / f"market-{tickers}x{days}"
        if not made_for.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            raw.mkdir(parents=True)
            size = ["--tickers", str(tickers), "--days", str(days)]
            self.say([*self.kairos, "synth", *size, "--out", raw])
            self.say([*self.kairos, "land", "--dir", raw])
            made_for.touch()
        self.say([*self.kairos, "run", "sep_base_academic"])
        for tool in TOOLS[1:]:
            (self.folder / tool).mkdir(exist_ok=True)

    def say(self, command):
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def version_folder(self, dataset):
        """The folder of the dataset's current version and its rows, as `kairos describe` prints them."""
        told = subprocess.run([*self.kairos, "describe", dataset], check=True, capture_output=True, text=True).stdout
        lines = told.splitlines()
        rows = int(lines[0].split(": ")[1].split(" rows")[0].replace(",", ""))
        return lines[1].strip().removeprefix("file://"), rows

    def rows_of(self, dataset):
        return self.version_folder(dataset)[1]

    def command(self, tool, case, source):
        datasets = list(DATASETS) if case == ALL else [case]
        if tool == "kairos":
            # The peers check nothing, so neither do we; `kairos run` does by default.
            what = ["--phase", "features"] if case == ALL else [case]
            return [*self.kairos, "run", *what, "--force", "--no-checks"]
        return [self.python, HERE / "peers" / f"{tool}_features.py", source, self.folder / tool, *datasets]

    def startup(self, tool):
        """A process that does nothing: for a peer, Python and the import."""
        if tool == "kairos":
            return [*self.kairos, "datasets"]
        return [self.python, "-c", f"import {tool}"]

    def agreement(self, tool, dataset):
        ours, _ = self.version_folder(dataset)
        theirs = self.folder / tool / f"{dataset}.parquet"
        command = [self.python, HERE / "peers" / "agreement.py", ours, theirs]
        told = subprocess.run(command, capture_output=True, text=True)
        if told.returncode != 0:
            sys.exit(f"{dataset}: kairos and {tool} differ\n{told.stdout}{told.stderr}")
        largest, ties = told.stdout.split()
        return float(largest), int(ties)


def measure(bench, cases, tools, runs, source):
    """Samples by (case, tool); the tools take turns in changing order."""
    samples = {(case, tool): [] for case in ["startup", *cases] for tool in tools}
    for case in ["startup", *cases]:
        for run in range(-1, runs):
            for tool in tools[run % len(tools) :] + tools[: run % len(tools)]:
                command = bench.startup(tool) if case == "startup" else bench.command(tool, case, source)
                sample = Sample(command, bench.environment)
                if run >= 0:
                    samples[case, tool].append(sample)
        print(f"  {case}", file=sys.stderr)
    return samples


def scaling(bench, sizes, days, runs):
    """How Kairos' time and memory grow with the rows: all ten datasets in one process, and the whole pipeline."""
    features, pipeline = [], []
    head = ["s", "CPU s", "CPU µs per row", "MB"]
    for tickers in sizes:
        part = bench.at(f"scaling-{tickers}")
        part.prepare(tickers, days)
        source, rows = part.version_folder("sep_base_academic")
        samples = [Sample(part.command("kairos", ALL, source), part.environment) for _ in range(runs + 1)][1:]
        cpu = median(samples, "cpu")
        megabytes = median(samples, "megabytes")
        cells = [f"{rows:,}", spread([s.seconds for s in samples]), f"{cpu:.2f}", f"{cpu / rows * 1e6:.2f}"]
        features.append([*cells, f"{megabytes:.0f}"])
        whole = Sample([*part.kairos, "run", "--force"], part.environment)
        prices = part.rows_of("raw.sep")
        cells = [f"{prices:,}", f"{whole.seconds:.1f}", f"{whole.cpu:.1f}", f"{whole.cpu / prices * 1e6:.1f}"]
        pipeline.append([*cells, f"{whole.megabytes:.0f}"])
        shutil.rmtree(part.folder)
        print(f"  {rows:,} rows", file=sys.stderr)
    return [
        "",
        "Kairos, all ten in one process, on markets of growing size (rows of sep_base_academic):",
        "",
        *grid(["rows", *head], features),
        "",
        "Kairos, the whole pipeline from raw tables to the feature matrix, checks included, one run each (rows of raw.sep):",
        "",
        *grid(["price rows", *head], pipeline),
    ]


def grid(head, rows):
    """A table of numbers as lines of Markdown."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---:"] * len(head), *rows)]


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def median(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def tables(samples, cases, tools, rows, differences):
    """The report's tables, as lines of Markdown."""
    peers = tools[1:]
    head = ["dataset", *[f"{t} s" for t in tools], *[f"{t} CPU s" for t in tools], *[f"{t} MB" for t in tools]]
    head += [f"{p} / kairos" for p in peers] + ["kairos M row·features / CPU s"]
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]

    def line(name, groups, columns=0):
        """One row; the ratio is of seconds, `columns` are what is computed beside the key."""
        cells = [name, *[text for text, _ in groups["seconds"]], *[text for text, _ in groups["cpu"]]]
        cells += [text for text, _ in groups["megabytes"]]
        ours = groups["seconds"][0][1]
        cells += [f"{theirs / ours:.2f}" for _, theirs in groups["seconds"][1:]]
        cells += [f"{rows * columns / groups['cpu'][0][1] / 1e6:.1f}" if columns else ""]
        lines.append(f"| {' | '.join(cells)} |")

    for case in ["startup", *cases]:
        fields = ("seconds", "cpu", "megabytes")
        of = {field: [(median(samples[case, t], field), samples[case, t]) for t in tools] for field in fields}
        line(
            case,
            {
                "seconds": [(spread([s.seconds for s in found]), value) for value, found in of["seconds"]],
                "cpu": [(f"{value:.2f}", value) for value, _ in of["cpu"]],
                "megabytes": [(f"{value:.0f}", value) for value, _ in of["megabytes"]],
            },
            sum(DATASETS.values()) if case == ALL else DATASETS.get(case, 0),
        )
    single = [case for case in cases if case != ALL]
    total = {f: [sum(median(samples[case, t], f) for case in single) for t in tools] for f in ("seconds", "cpu")}
    peak = [max(median(samples[case, t], "megabytes") for case in single) for t in tools]
    line(
        "sum of the processes",
        {
            "seconds": [(f"{v:.2f}", v) for v in total["seconds"]],
            "cpu": [(f"{v:.2f}", v) for v in total["cpu"]],
            "megabytes": [(f"max {v:.0f}", v) for v in peak],
        },
        sum(DATASETS[case] for case in single),
    )
    features = rows * sum(DATASETS[case] for case in single)
    lines += ["", "Million row·features (rows × columns beside the key) per CPU second, sum of the processes: "]
    lines[-1] += ", ".join(f"{tool} {features / cpu / 1e6:.1f}" for tool, cpu in zip(tools, total["cpu"])) + "."
    for peer in peers:
        worst = max(differences[peer], key=differences[peer].get)
        ties = sum(ties for _, ties in differences[peer].values())
        largest = differences[peer][worst][0]
        lines += ["", f"{peer} agrees with kairos: every column within 1e-9, at most {largest:.1e} ({worst})"]
        lines[-1] += f"; {ties} rows with a z-score at the threshold of mean_reversion_flag fall on the other side."
    return lines


def machine():
    """Processor, cores, memory."""
    fields = dict(l.split(":", 1) for l in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if ":" in l)
    model = next((v.strip() for k, v in fields.items() if k.strip() == "model name"), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kairos", required=True, help="the binary")
    parser.add_argument("--python", default=sys.executable, help="a Python with duckdb and polars")
    parser.add_argument("--folder", required=True, help="where the lake and the peers' files go")
    parser.add_argument("--tickers", type=int, default=1000)
    parser.add_argument("--days", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tools", nargs="+", default=TOOLS, choices=TOOLS)
    parser.add_argument("--datasets", nargs="+", default=[*DATASETS, ALL])
    parser.add_argument("--scaling", type=int, nargs="*", default=[], help="numbers of tickers; Kairos only")
    parser.add_argument("--report", type=pathlib.Path, help="write the tables here, too")
    options = parser.parse_args()
    bench = Bench(options)
    bench.prepare(options.tickers, options.days)
    source, rows = bench.version_folder("sep_base_academic")
    samples = measure(bench, options.datasets, options.tools, options.runs, source)
    single = [case for case in options.datasets if case != ALL]
    differences = {peer: {d: bench.agreement(peer, d) for d in single} for peer in options.tools[1:]}
    versions = "import duckdb, polars; print(f'DuckDB {duckdb.__version__}, Polars {polars.__version__}')"
    peers = subprocess.run([options.python, "-c", versions], check=True, capture_output=True, text=True).stdout.strip()
    told = [
        f"{datetime.date.today()}, {machine()}; {peers}; {THREADS} threads each.",
        f"{options.tickers:,} tickers × {options.days:,} days of `kairos synth`: {rows:,} rows in sep_base_academic.",
        f"Median of {options.runs} runs (least–most) after one to warm up; load at the end {os.getloadavg()[1]:.1f}.",
        "",
        *tables(samples, options.datasets, options.tools, rows, differences),
    ]
    if options.scaling:
        told += scaling(bench, options.scaling, options.days, min(options.runs, 3))
    print("\n".join(told))
    if options.report:
        write(options.report, told)


BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write(report, told):
    """Replaces what stands between the marks of the report."""
    text = report.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    report.write_text(f"{before}{BEGIN}\n" + "\n".join(told) + f"\n{END}{after}")


if __name__ == "__main__":
    main()

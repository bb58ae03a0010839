"""How a process is timed, and how numbers are printed.

Only the standard library, so that this process stays small: on Linux a child's peak memory counts its parent's as well.
"""

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
ENVIRONMENT = {**os.environ, "POLARS_MAX_THREADS": str(THREADS)}


class Sample:
    """What one process took, with all that it started: wall seconds, CPU seconds (the program's own and the kernel's),
    peak memory of the largest."""

    def __init__(self, command):
        # What runs before have written would be written now.
        os.sync()
        started = time.perf_counter()
        child = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        complaint = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        self.seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{complaint.decode(errors='replace')}")
        self.program, self.kernel = usage.ru_utime, usage.ru_stime
        self.cpu = self.program + self.kernel
        self.megabytes = usage.ru_maxrss / 1024


def say(command):
    """What a command prints; ends the benchmark if it fails."""
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def in_turn(commands, runs, check=None):
    """Samples by name. The commands take turns in changing order, after one round to warm up.

    A command is a list of words, or a function that prepares its run, untimed, and gives the words. `check` compares
    the outputs of the first round: what is wrong is not timed.
    """
    names = list(commands)
    samples = {name: [] for name in names}
    for run in range(-1, runs):
        for name in names[run % len(names) :] + names[: run % len(names)]:
            command = commands[name]() if callable(commands[name]) else commands[name]
            sample = Sample(command)
            if run >= 0:
                samples[name].append(sample)
        if run < 0 and check:
            check()
    return samples


def median(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def spread(values, digits=2):
    """The median with least and most."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def seconds(samples):
    return spread([sample.seconds for sample in samples])


def milliseconds(samples):
    return spread([1000 * sample.seconds for sample in samples], 0)


def comparison(samples):
    """The peers' seconds, each with its multiple of ours."""
    base = median(samples["kairos"], "seconds")
    peers = {name: found for name, found in samples.items() if name != "kairos"}
    told = (f"{name} {seconds(found)} s, {median(found, 'seconds') / base:.1f}×" for name, found in peers.items())
    return "; ".join(told)


# What one tool may need less of than another.
LESS = ["wall seconds", "CPU seconds", "MB of memory", "MB read"]


def wins(samples, what):
    """Where a peer needed less than Kairos, as (peer, of what, how much)."""
    found = []
    for name, (field, digits) in zip(LESS, (("seconds", 3), ("cpu", 3), ("megabytes", 0))):
        own = median(samples["kairos"], field)
        for peer in samples:
            theirs = median(samples[peer], field)
            if theirs < own:
                found.append((peer, name, f"{what} {theirs:.{digits}f} to our {own:.{digits}f}"))
    return found


def grid(head, rows, words=0):
    """A table as lines of Markdown; its first columns are words, the others numbers."""
    rule = ["---"] * words + ["---:"] * (len(head) - words)
    return [f"| {' | '.join(map(str, cells))} |" for cells in (head, rule, *rows)]


def figures(samples, words):
    """The cells of one command: words, then wall and CPU seconds and memory."""
    return [*words, seconds(samples), f"{median(samples, 'cpu'):.2f}", f"{median(samples, 'megabytes'):.0f}"]


def machine():
    """Processor, cores, memory."""
    fields = dict(l.split(":", 1) for l in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if ":" in l)
    model = next((v.strip() for k, v in fields.items() if k.strip() == "model name"), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()}"


def commit():
    """The commit that is measured, and whether the engine or its SQL differ from it."""
    git = ["git", "-C", str(HERE.parent)]
    if not shutil.which("git") or subprocess.run([*git, "rev-parse"], capture_output=True).returncode:
        return "unknown"
    changed = say([*git, "status", "--porcelain", "--", "src", "udfs", "sql", "Cargo.toml", "Cargo.lock"])
    return say([*git, "rev-parse", "--short=10", "HEAD"]).strip() + (" with changes" if changed else "")


def stamp():
    """When, of what commit and under what load something was measured."""
    return {"date": str(datetime.date.today()), "commit": commit(), "load": os.getloadavg()[1]}


BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write(report, lines):
    """Replaces what stands between the marks of the report."""
    text = report.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    report.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")

"""The benchmark table: one row per piece of work with its goal, and how far it is from the limit.

The limit of a row is a process that starts, decodes the values it reads and encodes the values it writes, at the speed
that this machine was measured to have (assembly.py). A value counts as eight bytes.
"""

from measure import LESS, THREADS, grid, machine, median

BYTES = 8


def met(reached, rows, least):
    """Whether a goal is met, if the market is as large as the goal's."""
    if rows < 0.95 * least:
        return "market too small"
    return "yes" if reached else "**no**"


def row(work, size, measured, goal, verdict, samples, values_in=0, values_out=0, beside=""):
    """A row of the table, as it is kept: `samples` are of the command, values are rows × columns."""
    return {
        "work": work,
        "size": size,
        "measured": measured,
        "goal": goal,
        "met": verdict,
        "cpu": median(samples, "cpu"),
        "values": [values_in, values_out],
        "beside": beside,
    }


def limit(found, rates):
    """CPU seconds that decoding and encoding take."""
    values_in, values_out = found["values"]
    return rates["start"] + values_in * BYTES / rates["decode"] + values_out * BYTES / rates["encode"]


def distance(found, rates):
    """CPU seconds, the limit and their ratio."""
    if not rates:
        return [f"{found['cpu']:.2f}", "", ""]
    least = limit(found, rates)
    return [f"{found['cpu']:.2f}", f"{least:.2f}", f"{found['cpu'] / least:.1f}"]


def peers_win(parts):
    """A line for each peer and thing that it needs less of, time first."""
    found = {}
    for peer, name, told in (win for part in parts.values() for win in part["wins"]):
        found.setdefault((name, peer), []).append(told)
    order = sorted(found, key=lambda key: (LESS.index(key[0]), key[1]))
    return [f"- {peer}, {name}: {'; '.join(found[name, peer])}." for name, peer in order] or ["Nowhere."]


def lines(parts, peers):
    """The whole report in Markdown; parts are in the order in which they were measured."""
    rates = parts.get("assembly", {}).get("rates")
    rows = [found for part in parts.values() for found in part["rows"]]
    head = ["work", "size", "measured", "goal", "met", "CPU s", "limit CPU s", "× limit", "beside"]
    table = [
        [f[k] for k in ("work", "size", "measured", "goal", "met")] + distance(f, rates) + [f["beside"]] for f in rows
    ]
    stamps = [
        [name, *(part[k] for k in ("date", "commit", "days", "runs")), f"{part['load']:.1f}", f"{part['minutes']:.0f}"]
        for name, part in parts.items()
    ]
    told = [
        f"{machine()}; {peers}; {THREADS} threads each. Markets of `kairos synth`; medians of the runs (least–most), "
        "after one that warmed up.",
        "",
        *grid(["part", "date", "commit", "days of the market", "runs", "load", "minutes"], stamps, words=3),
        "",
        "## The table",
        "",
        *grid(head, table, words=5),
    ]
    if rates:
        told += [
            "",
            f"Limit: this machine starts a process in {rates['start']:.2f} CPU s, decodes "
            f"{rates['decode'] / 1e9:.2f} GB/s and encodes {rates['encode'] / 1e9:.2f} GB/s per core.",
        ]
    told += ["", "## Where a peer wins", "", *peers_win(parts)]
    for part in parts.values():
        if part["details"]:
            told += ["", *part["details"]]
    return told

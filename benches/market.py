"""Synthetic markets and their lakes: made once in a folder, used by every measurement of that size."""

import re
import shutil

from measure import THREADS, say

# A lake with every dataset takes about so many bytes per row of prices; a second matrix beside it half as many.
BYTES_PER_PRICE = 1250


class Market:
    """The lake of `tickers` × `days` of `kairos synth`."""

    def __init__(self, kairos, folder, tickers, days):
        self.folder = folder / f"market-{tickers}x{days}"
        self.lake = self.folder / "lake"
        self.kairos = kairos
        self.tickers, self.days = tickers, days

    def command(self, *words):
        return [self.kairos, "--lake", self.lake, "--threads", str(THREADS), "--quiet", *words]

    def land(self):
        """The raw tables, unless they are there."""
        landed = self.folder / "landed"
        if landed.exists():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        files = self.folder / "files"
        size = ["--tickers", str(self.tickers), "--days", str(self.days)]
        say(self.command("synth", *size, "--out", files))
        say(self.command("land", "--dir", files))
        shutil.rmtree(files)
        landed.touch()

    def build(self, *datasets):
        """Datasets that are stale or missing; all by default."""
        say(self.command("run", "--no-checks", *datasets))

    def clear(self):
        """Back to the raw tables."""
        for path in self.folder.iterdir():
            if path.is_dir() and path != self.lake:
                shutil.rmtree(path)
        for path in self.lake.iterdir():
            if path.name != "raw":
                shutil.rmtree(path)

    def tidy(self):
        """Removes old versions, which would fill the disk."""
        say(self.command("vacuum", "--keep-versions", "1", "--keep-days", "0"))

    def out(self, tool):
        """A folder for what a tool writes."""
        path = self.folder / tool
        path.mkdir(exist_ok=True)
        return path

    def version(self, dataset):
        """The folder of the dataset's current version, as `kairos describe` prints it."""
        return say(self.command("describe", dataset)).splitlines()[1].strip().removeprefix("file://")

    def datasets(self):
        """Rows and columns by dataset."""
        number = lambda cell: int(cell.replace(",", ""))
        lines = (re.split(r"\s{2,}", line.strip()) for line in say(self.command("datasets")).splitlines()[1:])
        # A view has neither.
        return {cells[0]: (number(cells[2]), number(cells[3])) for cells in lines if cells[1] != "view"}

    def rows(self, dataset):
        return self.datasets()[dataset][0]

    def values(self, *datasets):
        """Rows × columns, summed."""
        known = self.datasets()
        return sum(known[dataset][0] * known[dataset][1] for dataset in datasets)

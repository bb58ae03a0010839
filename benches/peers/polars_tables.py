"""What Polars does with tables of a lake:

    polars_tables.py asof BASE_FOLDER FILINGS_FOLDER OUTPUT_FILE     sql/factors/sf1_asof.sql
    polars_tables.py copy INPUT_FOLDER OUTPUT_FILE                   the same table again

The numbers are the defaults of sql/pipeline.toml. Files are sorted by ticker and date, and Polars keeps their order.
"""

import os
import sys

os.environ.setdefault("POLARS_MAX_THREADS", "2")

import polars as pl

AVAIL_LAG, MAX_STALENESS_DAYS = 1, 400
c = pl.col


def scan(folder):
    return pl.scan_parquet(f"{folder}/*.parquet")


def asof(base, filings):
    sessions = scan(base).select("ticker", "date", "in_universe", "marketcap")
    filed = scan(filings).select("ticker", "dimension", "datekey")
    for dimension in ("ARQ", "ART", "ARY"):
        name = f"{dimension.lower()}_datekey"
        known = filed.filter(c.dimension == dimension).select(
            "ticker", known=c.datekey + pl.duration(days=AVAIL_LAG), **{name: c.datekey}
        )
        # Both sides are sorted within a ticker, which Polars cannot know.
        fresh = c(name) >= c.date - pl.duration(days=MAX_STALENESS_DAYS)
        sessions = (
            sessions.join_asof(known, left_on="date", right_on="known", by="ticker", check_sortedness=False)
            .with_columns(pl.when(fresh).then(c(name)).alias(name))
            .drop("known")
        )
    return sessions


def main(job, *arguments):
    *sources, target = arguments
    {"asof": asof, "copy": scan}[job](*sources).sink_parquet(target, compression="lz4")


if __name__ == "__main__":
    main(*sys.argv[1:])

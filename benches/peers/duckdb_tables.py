"""What DuckDB does with tables of a lake:

    duckdb_tables.py asof BASE_FOLDER FILINGS_FOLDER OUTPUT_FILE     sql/factors/sf1_asof.sql
    duckdb_tables.py copy INPUT_FOLDER OUTPUT_FILE                   the same table again
    duckdb_tables.py query SQL                                       rows as CSV

The numbers are the defaults of sql/pipeline.toml.
"""

import sys

import duckdb

AVAIL_LAG, MAX_STALENESS_DAYS = 1, 400
WRITTEN = "(format parquet, compression lz4_raw)"


def asof(base, filings, target):
    dimensions = ("ARQ", "ART", "ARY")
    latest = ", ".join(
        f"case when {d}.datekey >= s.date - {MAX_STALENESS_DAYS} then {d}.datekey end as {d.lower()}_datekey"
        for d in dimensions
    )
    joins = "\n".join(
        f"asof left join (from filings where dimension = '{d}') {d} on s.ticker = {d}.ticker and s.date >= {d}.known"
        for d in dimensions
    )
    return f"""
        copy (
            with sessions as (select ticker, date, in_universe, marketcap from read_parquet('{base}/*.parquet')),
            filings as (
                select ticker, dimension, datekey, datekey + {AVAIL_LAG} as known
                from read_parquet('{filings}/*.parquet')
            )
            select s.ticker, s.date, s.in_universe, s.marketcap, {latest}
            from sessions s
            {joins}
            order by s.ticker, s.date
        ) to '{target}' {WRITTEN}"""


def copy(source, target):
    return f"copy (select * from read_parquet('{source}/*.parquet')) to '{target}' {WRITTEN}"


def query(sql):
    return f"copy ({sql}) to '/dev/stdout' (format csv)"


def main(job, *arguments):
    connection = duckdb.connect(config={"threads": 2})
    connection.execute({"asof": asof, "copy": copy, "query": query}[job](*arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Opens a dataset with other programs' Delta and Parquet readers and compares it with what Kairos exported.

usage: outside_readers.py TABLE EXPECTED.parquet VERSION VERSIONS PARQUET_FOLDER

TABLE is a path or an s3:// URL (reached with the AWS_* variables), EXPECTED holds the rows of version VERSION of it,
VERSIONS is how many it has, PARQUET_FOLDER holds the Parquet files of VERSION ('-' if it has no folder of its own).
Any warning is an error.
"""

import os
import sys
import warnings

warnings.simplefilter("error")

import deltalake
import duckdb
import polars
import pyarrow as pa
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet

table, expected, version, versions, folder = sys.argv[1:]
version, versions = int(version), int(versions)
on_s3 = table.startswith("s3://")
options = {name: value for name, value in os.environ.items() if name.startswith("AWS_")} if on_s3 else None
expected = pyarrow.parquet.read_table(expected)


def plain(data_type):
    """The types of a schema, whichever of Arrow's forms of text, binary and lists a reader prefers."""
    if pa.types.is_large_string(data_type) or pa.types.is_string_view(data_type):
        return pa.string()
    if pa.types.is_large_binary(data_type) or pa.types.is_binary_view(data_type):
        return pa.binary()
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        return pa.list_(plain(data_type.value_type))
    return data_type


def rows(found):
    """Rows as text, so that NaN equals NaN, in an order of their own: readers may return files in any."""
    return sorted(map(repr, found.to_pylist()))


def same(reader, found):
    types = [(field.name, str(plain(field.type))) for field in found.schema]
    wanted = [(field.name, str(plain(field.type))) for field in expected.schema]
    assert types == wanted, f"{reader} finds the types\n{types}\ninstead of\n{wanted}"
    assert rows(found) == rows(expected), f"{reader} finds other rows:\n{found}\ninstead of\n{expected}"
    print("ok", reader)


latest = deltalake.DeltaTable(table, storage_options=options)
assert latest.version() == versions - 1, f"deltalake finds version {latest.version()}, not {versions - 1}"
history = [entry["version"] for entry in latest.history()]
assert history == list(range(versions))[::-1], history
latest.load_as_version(version)
# Like any reader of Arrow's streams, without a copy through another library.
same("deltalake, loaded later", pa.table(deltalake.QueryBuilder().register("t", latest).execute("select * from t")))
pinned = deltalake.DeltaTable(table, version=version, storage_options=options)
if not on_s3:
    same("deltalake through pyarrow", pinned.to_pyarrow_table())
same("polars", polars.read_delta(table, version=version, storage_options=options).to_arrow())
if version == versions - 1:
    same("polars, newest", polars.read_delta(table, storage_options=options).to_arrow())

# Readers skip files by the bounds in the log: each row must be found by its own values.
scan = polars.scan_delta(table, version=version, storage_options=options)
for name in set(expected.column_names) & {"ticker", "date", "n", "close", "text"}:
    values = expected.column(name)
    for value in set(values.to_pylist()) - {None}:
        found = scan.filter(polars.col(name) == value).collect().height
        wanted = values.to_pylist().count(value)
        assert found == wanted, f"polars finds {found} rows of {name} = {value!r}, not {wanted}"
print("ok polars, filtered")

if folder != "-" and on_s3:
    bucket = pyarrow.fs.S3FileSystem(
        endpoint_override=os.environ["AWS_ENDPOINT"].split("://")[1],
        scheme="http",
        region=os.environ["AWS_REGION"],
        access_key=os.environ["AWS_ACCESS_KEY_ID"],
        secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    )
    files = pyarrow.dataset.dataset(folder.removeprefix("s3://"), filesystem=bucket)
    same("pyarrow", files.to_table())
    same("polars, Parquet", polars.read_parquet(f"{folder}/*.parquet", storage_options=options).to_arrow())
elif folder != "-":
    same("pyarrow", pyarrow.dataset.dataset(folder).to_table())
    # DuckDB shows instants in the session's time zone.
    duckdb.sql("set timezone = 'UTC'")
    same("duckdb", duckdb.sql(f"from '{folder}/*.parquet'").to_arrow_table())
    same("polars, Parquet", polars.read_parquet(f"{folder}/*.parquet").to_arrow())

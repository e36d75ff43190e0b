import polars as pl
from ingest_work import measure


def work(path, file_format, key, written):
    table = pl.read_parquet(path) if file_format == "parquet" else pl.read_csv(path, try_parse_dates=True)
    table.write_parquet(written, compression="zstd")
    table.describe(percentiles=(0.25, 0.5, 0.75))
    table.select(pl.all().n_unique())
    table.select(pl.struct(key).n_unique())


measure(work)

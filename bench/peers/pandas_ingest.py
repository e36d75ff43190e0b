import pandas as pd
from ingest_work import measure


def work(path, file_format, key, written):
    if file_format == "parquet":
        table = pd.read_parquet(path)
    else:
        table = pd.read_csv(path, parse_dates=["at"])
    table.to_parquet(written, compression="zstd")
    table.describe(include="all")
    table.nunique()
    table.duplicated(key).sum()


measure(work)

"""Feast's point-in-time join: rows.parquet with three feature views, from files to one file. Prints what it cost; importing and
registering are not in it."""

import json
import resource
import sys
import time

import pandas as pd
import pyarrow.parquet as pq
from feast_repo import ENTITY, repo, view

asked = json.loads(sys.argv[1])
folder, out, views = asked["folder"], asked["out"], asked["views"]
store = repo(out, asked["offline"], {"type": "sqlite", "path": out + "/online.db"})
fields = {name: "x_" + name for name in views}
store.apply([ENTITY] + [view("of_" + n, f"{folder}/{n}.parquet", {x: "float"}, asked["ttlDays"]) for n, x in fields.items()])


def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


begun, at = used(), time.monotonic()
rows = pd.read_parquet(f"{folder}/rows.parquet").rename(columns={"at": "event_timestamp"})
rows["event_timestamp"] = rows["event_timestamp"].dt.tz_localize("UTC")
read = used()
joined = store.get_historical_features(rows, [f"of_{n}:{x}" for n, x in fields.items()]).to_arrow()
made = used()
pq.write_table(joined, out + "/joined.parquet", compression="zstd")
written, seconds = used(), time.monotonic() - at
parts = {"rows": read - begun, "join": made - read, "write": written - made}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"cpuSeconds": written - begun, "seconds": seconds, "peakBytes": peak, "parts": parts}))

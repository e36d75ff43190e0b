"""Feast's feature server on its MongoDB online store, one process, as `feast serve` runs it. Argument: JSON with the folder, MongoDB,
database, port and entities. Writes the entities' values first."""

import json
import sys
from datetime import datetime, timezone

import pandas as pd
import uvicorn
from feast.feature_server import get_app
from feast_repo import ENTITY, repo, view

asked = json.loads(sys.argv[1])
online = {"type": "mongodb", "connection_string": asked["mongodb"], "database_name": asked["database"]}
store = repo(asked["folder"], "dask", online)
fields = {"a": ("distance", "float"), "b": ("destination", "string"), "c": ("date", "int")}
views = {n: view("of_" + n, f"{asked['folder']}/none.parquet", {name: kind}, 3650) for n, (name, kind) in fields.items()}
pd.DataFrame({"entity": ["E"], "at": [datetime.now(timezone.utc)], "distance": [0.5], "destination": ["A"], "date": [1]}).to_parquet(
    f"{asked['folder']}/none.parquet"
)
store.apply([ENTITY, *views.values()])
names = [f"E{i:06d}" for i in range(asked["entities"])]
at = [datetime.now(timezone.utc)] * len(names)
values = {
    "distance": [100.5 + i % 2000 for i in range(len(names))],
    "destination": [f"A{i % 228:02d}" for i in range(len(names))],
    "date": [981_173_106_000_000 + i for i in range(len(names))],
}
for n, (name, _) in fields.items():
    store.write_to_online_store("of_" + n, pd.DataFrame({"entity": names, "at": at, name: values[name]}))
uvicorn.run(get_app(store), host="127.0.0.1", port=asked["port"], log_level="warning", access_log=False)

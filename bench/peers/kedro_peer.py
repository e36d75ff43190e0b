"""Ten nodes with saved outputs; the killed run is run again for what is missing."""

import os
import sys

import step
from kedro.io import DataCatalog
from kedro.pipeline import node, pipeline
from kedro.runner import SequentialRunner
from kedro_datasets.pickle import PickleDataset

folder = os.environ["BENCH_FOLDER"]
salt = os.environ["BENCH_SALT"]


def each(number):
    def run(data=None):
        return step.run(number, step.first() if number == 0 else data)

    return run


nodes = [node(each(i), f"d{i - 1}" if i else None, f"d{i}", name=f"s{i}") for i in range(10)]
catalog = DataCatalog({f"d{i}": PickleDataset(filepath=f"{folder}/{salt}-{i}.pkl") for i in range(10)})
missing = [i for i in range(10) if not catalog.exists(f"d{i}")]
whole = pipeline(nodes)
SequentialRunner().run(whole.from_nodes(f"s{missing[0]}") if missing and sys.argv[1:] == ["resume"] else whole, catalog)

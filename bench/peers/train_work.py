"""The rows that bench/train/rows.ts writes, and what a learner leaves: seconds and scores of the test rows."""
import json
import os
import sys
import time

import numpy as np

folder = sys.argv[1]


def read(name):
    return np.fromfile(os.path.join(folder, name), np.float32)


def measure(train):
    """train(features, labels, threads) gives a function from features to scores."""
    with open(os.path.join(folder, "work.json")) as file:
        work = json.load(file)
    labels = read("train-labels.f32")
    features = read("train-features.f32").reshape(len(labels), work["columns"])
    began = time.perf_counter()
    score = train(features, labels, work["threads"])
    print(time.perf_counter() - began)
    test = read("test-features.f32").reshape(-1, work["columns"])
    score(test).astype(np.float32).tofile(os.path.join(folder, "scores.f32"))

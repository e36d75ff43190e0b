"""Writes peer.json: trees of XGBoost (xgboost-cpu 3.2.0, numpy) on whole numbers, each of which has a bin of its own.

python tests/engines/trees/peer.py
"""
import json
import os

import numpy as np
import xgboost

rng = np.random.default_rng(5)
rows = 400
features = np.stack([rng.integers(0, top, rows) for top in (40, 12, 25, 3)], axis=1).astype(np.float32)
rate = 0.15 + 0.4 * (features[:, 0] > 22) + 0.3 * (features[:, 1] * features[:, 3] > 9)
features[rng.random(rows) < 0.15, 2] = np.nan
rate = rate + 0.15 * np.isnan(features[:, 2])
labels = (rng.random(rows) < rate).astype(np.float32)

spec = {"rounds": 10, "depth": 4, "learningRate": 0.3, "minWeight": 1, "l2": 1}
mean = float(labels.mean())
booster = xgboost.train(
    {
        "objective": "binary:logistic", "tree_method": "hist", "max_bin": 256, "nthread": 1, "base_score": mean,
        "max_depth": spec["depth"], "eta": spec["learningRate"], "min_child_weight": spec["minWeight"],
        "reg_lambda": spec["l2"],
    },
    xgboost.QuantileDMatrix(features, labels, max_bin=256),
    spec["rounds"],
)
margins = booster.predict(xgboost.DMatrix(features), output_margin=True)
table = [[None if np.isnan(x) else int(x) for x in row] for row in features]
with open(os.path.join(os.path.dirname(__file__), "peer.json"), "w") as file:
    json.dump(
        {"spec": spec, "labels": [int(y) for y in labels], "margins": [round(float(m), 7) for m in margins],
         "features": table}, file, separators=(",", ":"))
    file.write("\n")

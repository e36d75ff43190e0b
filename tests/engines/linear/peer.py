"""Writes peer.json: solutions of linear models (scikit-learn 1.9.1, numpy) on 240 rows.

python tests/engines/linear/peer.py
"""
import json
import os

import numpy as np
from sklearn.linear_model import ElasticNet, LogisticRegression, PoissonRegressor, Ridge

rng = np.random.default_rng(9)
rows, tight, most = 240, 1e-13, 1_000_000
features = rng.normal(size=(rows, 5))
features[:, 1] = 0.7 * features[:, 0] + 0.3 * features[:, 1]
features[:, 2] = 40 + 6 * features[:, 2]
features[:, 4] = rng.integers(0, 2, rows)
features = np.round(features, 3).astype(np.float32)
x = features.astype(np.float64)
z = x @ [0.9, -0.6, 0.05, 0, 0.8] - 2.2
binary = (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(int)
classes = np.argmax(np.stack([z, -z, 0.5 * x[:, 3]], axis=1) + rng.gumbel(size=(rows, 3)), axis=1)
number = np.round(30 * z + rng.normal(size=rows) * 8, 2).astype(np.float32)
count = rng.poisson(np.exp(0.5 * z))

logistic = dict(tol=tight, max_iter=most)
sums = dict(tol=tight, max_iter=most)


def both(l1, l2):
    """Ours are sums over the rows, and ElasticNet's means."""
    return dict(alpha=(l1 + l2) / rows, l1_ratio=l1 / (l1 + l2), **sums)


def elastic(l1, l2):
    return dict(C=1 / (l1 + l2), l1_ratio=l1 / (l1 + l2), solver="saga", **logistic)


# saga wants columns of one size: the model is fitted on scaled ones, and the comparison, too.
cases = [
    ("binary", {"l2": 1}, LogisticRegression(C=1, solver="newton-cholesky", **logistic), binary),
    ("binary", {"l2": 0.001}, LogisticRegression(C=1000, solver="newton-cholesky", **logistic), binary),
    ("binary", {"l1": 4, "l2": 0}, LogisticRegression(**elastic(4, 0)), binary),
    ("binary", {"l1": 6, "l2": 3}, LogisticRegression(**elastic(6, 3)), binary),
    ("classes", {"l2": 2}, LogisticRegression(C=0.5, solver="newton-cg", **logistic), classes),
    ("classes", {"l1": 3, "l2": 1}, LogisticRegression(**elastic(3, 1)), classes),
    ("number", {"l2": 5}, Ridge(alpha=5, solver="cholesky"), number),
    ("number", {"l1": 300, "l2": 0}, ElasticNet(**both(300, 0)), number),
    ("number", {"l1": 200, "l2": 20}, ElasticNet(**both(200, 20)), number),
    ("number", {"l2": 3, "poisson": True}, PoissonRegressor(alpha=3 / rows, solver="newton-cholesky", **logistic), count),
]
scaled = np.round((x - x.mean(axis=0)) / x.std(axis=0), 3).astype(np.float32)
solutions = []
for task, spec, model, labels in cases:
    saga = getattr(model, "solver", "") == "saga"
    model.fit((scaled if saga else features).astype(np.float64), labels.astype(np.float64))
    weights = np.atleast_2d(model.coef_).T
    solutions.append({
        "task": task, "scaled": saga, "spec": spec, "labels": "count" if "poisson" in spec else task,
        "weights": [[float(w) for w in row] for row in weights],
        "biases": [float(b) for b in np.atleast_1d(model.intercept_)],
    })
with open(os.path.join(os.path.dirname(__file__), "peer.json"), "w") as file:
    json.dump({
        "features": [[round(float(v), 3) for v in row] for row in features],
        "scaled": [[round(float(v), 3) for v in row] for row in scaled],
        "labels": {"binary": binary.tolist(), "classes": classes.tolist(), "count": count.tolist(),
                   "number": [round(float(v), 2) for v in number]},
        "solutions": solutions}, file, separators=(",", ":"))
    file.write("\n")

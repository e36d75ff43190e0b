"""Writes peer.json: calibrators of scikit-learn 1.9.1, scipy 1.17.1 on made-up logits.

python tests/engines/train/calibration/peer.py
"""
import json
import os

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(9)


def listed(numbers, digits=9):
    return [float(f"{number:.{digits}g}") for number in np.ravel(numbers)]


# Two outcomes: logits in steps of a 16th have ties, and are three times too sure.
logits = np.round(rng.normal(0, 3, 300) * 16) / 16
labels = (rng.random(300) < 1 / (1 + np.exp(-(logits - 0.5) / 3))).astype(int)
asked = np.concatenate([[-30, logits.min(), logits.max(), 30], rng.normal(0, 4, 60)]).astype(np.float32).astype(float)
curve = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(logits, labels)


class Logits(LogisticRegression):
    """Its decision is its only feature."""

    def decision_function(self, X):
        return X[:, 0]


def calibrated(method):
    model = Logits().fit(logits[:, None], labels)
    return CalibratedClassifierCV(FrozenEstimator(model), method=method, ensemble=False, cv=None).fit(
        logits[:, None], labels)


ones = calibrated("isotonic").predict_proba(asked[:, None])[:, 1]
assert np.allclose(ones, curve.predict(asked))


def temperature(loss):
    found = minimize_scalar(lambda log: loss(np.exp(log)), bounds=(-4, 4), method="bounded", options={"xatol": 1e-12})
    return float(np.exp(found.x))


binary = temperature(lambda t: np.sum(np.logaddexp(0, logits / t) - labels * logits / t))
# scikit-learn makes two classes of the logits, -z and z, whose difference is 2 z; its search ends earlier.
peer = 1 / 2 / calibrated("temperature").calibrated_classifiers_[0].calibrators[0].beta_
assert abs(peer / binary - 1) < 1e-3, (peer, binary)

# Four classes, not sure enough.
many = np.round(rng.normal(0, 1, (250, 4)) * 64) / 64
chances = np.exp(many * 2.2)
classes = (rng.random((250, 1)) > np.cumsum(chances / chances.sum(1, keepdims=True), 1)).sum(1)


def log_loss(t):
    scaled = many / t
    return np.sum(np.log(np.exp(scaled).sum(1)) - scaled[np.arange(250), classes])


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.json"), "w") as file:
    json.dump({
        "binary": {"logits": listed(logits), "labels": labels.tolist(), "temperature": binary,
                   "curve": {"logits": listed(curve.X_thresholds_), "rates": listed(curve.y_thresholds_, 15)},
                   "asked": listed(asked), "rates": listed(ones, 12)},
        "classes": {"logits": listed(many), "labels": classes.tolist(), "temperature": temperature(log_loss)},
    }, file, separators=(",", ":"))
    file.write("\n")

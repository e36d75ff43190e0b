"""Log densities of Optuna 5.0.0's Parzen estimators, for parzen.test.ts: python parzen-reference.py > parzen-reference.json"""
import json
import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

PARAMETERS = _ParzenEstimatorParameters(1.0, True, False, default_weights, False)
SPACES = [
    ({"float": [-1, 3]}, FloatDistribution(-1, 3), np.linspace(-1, 3, 9)),
    ({"log": [1e-4, 1]}, FloatDistribution(1e-4, 1, log=True), np.exp(np.linspace(np.log(1.0001e-4), 0, 9))),
    ({"int": [1, 200]}, IntDistribution(1, 200), np.array([1, 2, 5, 9, 100, 199, 200])),
    ({"oneOf": ["a", "b", "c"]}, CategoricalDistribution(["a", "b", "c"]), np.array([0, 1, 2])),
]
random = np.random.RandomState(7)
cases = []
for space, distribution, values in SPACES:
    for count in [0, 1, 2, 9, 26, 40]:
        low, high = (0, 2) if "oneOf" in space else (distribution.low, distribution.high)
        drawn = random.uniform(low, high, count)
        observed = np.round(drawn) if "oneOf" in space else np.round(drawn, 4).clip(low, high)
        if "int" in space:  # without ties: of equal ones numpy's sort decides which kernel is the wider one
            observed = random.choice(np.arange(low, high + 1), count, replace=False).astype(float)
        estimator = _ParzenEstimator({"x": observed}, {"x": distribution}, PARAMETERS)
        logs = estimator.log_pdf({"x": values.astype(float)})
        cases.append({"space": space, "observed": observed.tolist(), "values": values.tolist(), "logs": logs.tolist()})
print(json.dumps(cases))

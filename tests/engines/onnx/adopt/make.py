"""Makes the models beside this file: stock exports of scikit-learn, XGBoost, LightGBM and PyTorch, each with its own scores.

    pip install scikit-learn skl2onnx onnxmltools xgboost lightgbm torch onnxscript
    python tests/engines/onnx/adopt/make.py

Each `<name>.json` is a parity file: columns, rows, and what the framework itself gives for them.
"""

import json
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")
HERE = Path(__file__).parent / "models"
ROWS = 12
NUMBERS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def iris():
    from sklearn.datasets import load_iris

    data = load_iris()
    order = np.random.RandomState(3).permutation(len(data.target))
    return data.data[order].astype(np.float32), data.target[order], list(data.target_names)


def write(name, model, columns, rows, scores, **more):
    (HERE / f"{name}.onnx").write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim == 2 and scores.shape[1] == 1:
        scores = scores[:, 0]
    parity = {"columns": columns, "data": rows, "scores": scores.tolist(), **more}
    (HERE / f"{name}.json").write_text(json.dumps(parity) + "\n")
    print(name, (HERE / f"{name}.onnx").stat().st_size)


def first(values):
    return [[float(value) for value in row] for row in values[:ROWS]]


def scikit_learn():
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    x, y, names = iris()
    binary = (y == 2).astype(np.int64)
    one = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, binary)
    probabilities = one.predict_proba(x[:ROWS])[:, 1]
    write("sklearn-binary", to_onnx(one, x[:1]), NUMBERS, first(x), probabilities)
    tensors = to_onnx(one, x[:1], options={"zipmap": False})
    write("sklearn-binary-tensors", tensors, NUMBERS, first(x), probabilities)

    named = np.array(names)[y]
    forest = RandomForestClassifier(n_estimators=5, max_depth=4, random_state=1).fit(x, named)
    given = forest.predict_proba(x[:ROWS])
    write("sklearn-classes", to_onnx(forest, x[:1]), NUMBERS, first(x), given, classes=list(forest.classes_))
    mlp = MLPClassifier((8,), max_iter=300, random_state=1).fit(x, named)
    given = mlp.predict_proba(x[:ROWS])
    write("sklearn-network", to_onnx(mlp, x[:1]), NUMBERS, first(x), given, classes=list(mlp.classes_))

    number = GradientBoostingRegressor(n_estimators=10, max_depth=3, random_state=1).fit(x[:, :3], x[:, 3])
    write("sklearn-number", to_onnx(number, x[:1, :3]), NUMBERS[:3], first(x[:, :3]), number.predict(x[:ROWS, :3]))

    colours = np.array(["red", "green", "blue"])[np.random.RandomState(5).randint(0, 3, len(x))]
    counts = np.random.RandomState(6).randint(0, 9, len(x))
    import pandas as pd

    frame = pd.DataFrame({"petal_width": x[:, 3], "colour": colours, "flowers": counts})
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), ["petal_width", "flowers"]), ("names", OneHotEncoder(), ["colour"])]
    )
    mixed = make_pipeline(columns, LogisticRegression()).fit(frame, binary)
    types = [
        ("petal_width", FloatTensorType([None, 1])),
        ("colour", StringTensorType([None, 1])),
        ("flowers", Int64TensorType([None, 1])),
    ]
    from skl2onnx import convert_sklearn

    rows = [[float(a), str(b), int(c)] for a, b, c in frame[:ROWS].itertuples(index=False)]
    write(
        "sklearn-columns",
        convert_sklearn(mixed, initial_types=types),
        list(frame.columns),
        rows,
        mixed.predict_proba(frame[:ROWS])[:, 1],
    )


def xgboost():
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    from xgboost import XGBClassifier, XGBRegressor

    x, y, names = iris()
    x = x.copy()
    x[::7, 1] = np.nan
    types = [("input", FloatTensorType([None, 4]))]
    options = {"n_estimators": 6, "max_depth": 3, "n_jobs": 1, "random_state": 1}
    rows = [[None if np.isnan(v) else float(v) for v in row] for row in x[:ROWS]]
    binary = XGBClassifier(**options).fit(x, (y == 2).astype(int))
    write("xgboost-binary", convert_xgboost(binary, initial_types=types), NUMBERS, rows, binary.predict_proba(x[:ROWS])[:, 1])
    classes = XGBClassifier(**options).fit(x, y)
    write("xgboost-classes", convert_xgboost(classes, initial_types=types), NUMBERS, rows, classes.predict_proba(x[:ROWS]), classes=names)
    number = XGBRegressor(**options).fit(x, x[:, 3] * 2 + 1)
    write("xgboost-number", convert_xgboost(number, initial_types=types), NUMBERS, rows, number.predict(x[:ROWS]))


def lightgbm():
    from lightgbm import LGBMClassifier, LGBMRegressor
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    x, y, names = iris()
    types = [("input", FloatTensorType([None, 4]))]
    options = {"n_estimators": 6, "max_depth": 3, "n_jobs": 1, "random_state": 1, "verbose": -1}
    binary = LGBMClassifier(**options).fit(x, (y == 2).astype(int))
    write("lightgbm-binary", convert_lightgbm(binary, initial_types=types), NUMBERS, first(x), binary.predict_proba(x[:ROWS])[:, 1])
    classes = LGBMClassifier(**options).fit(x, y)
    write("lightgbm-classes", convert_lightgbm(classes, initial_types=types), NUMBERS, first(x), classes.predict_proba(x[:ROWS]), classes=names)
    number = LGBMRegressor(**options).fit(x, x[:, 3] * 2 + 1)
    write("lightgbm-number", convert_lightgbm(number, initial_types=types), NUMBERS, first(x), number.predict(x[:ROWS]))


def torch():
    import torch as t

    t.manual_seed(1)
    x, _, names = iris()
    rows = t.from_numpy(x[:ROWS])

    def export(name, model, columns=NUMBERS, fixed=False, legacy=False, given=rows, data=None, **more):
        model.eval()
        path = HERE / f"{name}.onnx"
        sample = (given[:1] if fixed else given[:2],)
        if legacy:
            t.onnx.export(model, sample, str(path), dynamo=False, input_names=["input"], dynamic_axes={"input": {0: "rows"}})
        else:
            shapes = None if fixed else ({0: t.export.Dim("rows")},)
            t.onnx.export(model, sample, str(path), dynamo=True, dynamic_shapes=shapes, external_data=False, verbose=False)
        bytes_ = path.read_bytes()
        with t.no_grad():
            write(name, bytes_, columns, first(x) if data is None else data, model(given).numpy(), **more)

    hidden = lambda: [t.nn.Linear(4, 8), t.nn.BatchNorm1d(8), t.nn.ReLU(), t.nn.Dropout(0.2)]
    export("torch-binary", t.nn.Sequential(*hidden(), t.nn.Linear(8, 1), t.nn.Sigmoid()))
    export("torch-binary-legacy", t.nn.Sequential(*hidden(), t.nn.Linear(8, 1), t.nn.Sigmoid()), legacy=True)
    export("torch-classes", t.nn.Sequential(*hidden(), t.nn.Linear(8, 3), t.nn.Softmax(1)), classes=names)
    export("torch-number", t.nn.Sequential(*hidden(), t.nn.Linear(8, 1)))
    export("torch-one-row", t.nn.Sequential(*hidden(), t.nn.Linear(8, 1), t.nn.Sigmoid()), fixed=True)
    images = t.nn.Sequential(t.nn.Conv2d(1, 2, 3), t.nn.ReLU(), t.nn.Flatten(), t.nn.Linear(8, 1), t.nn.Sigmoid())
    pixels = t.rand(ROWS, 1, 4, 4)
    data = [[pixel.flatten().tolist()] for pixel in pixels]
    export("torch-images", images, columns=["pixels"], given=pixels, data=data)


HERE.mkdir(exist_ok=True)
for make in (scikit_learn, xgboost, lightgbm, torch):
    make()

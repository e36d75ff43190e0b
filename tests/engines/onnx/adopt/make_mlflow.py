"""Makes models/mlflow-classes beside this file: what MLflow saves of models/sklearn-classes.onnx, with a signature.

    pip install mlflow-skinny onnx onnxruntime numpy pandas
    python tests/engines/onnx/adopt/make_mlflow.py
"""

import shutil
from pathlib import Path

import mlflow.onnx
import numpy as np
import onnx
from mlflow.models import ModelSignature
from mlflow.types.schema import Schema, TensorSpec

MODELS = Path(__file__).parent / "models"
folder = MODELS / "mlflow-classes"
floats = np.dtype("float32")
shutil.rmtree(folder, ignore_errors=True)
mlflow.onnx.save_model(
    onnx.load(MODELS / "sklearn-classes.onnx"),
    folder,
    signature=ModelSignature(inputs=Schema([TensorSpec(floats, (-1, 4))])),
    save_as_external_data=False,
)
for environment in ("conda.yaml", "python_env.yaml", "requirements.txt"):
    (folder / environment).unlink(missing_ok=True)

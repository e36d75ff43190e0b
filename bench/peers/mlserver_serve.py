"""A runtime of MLServer: our model by onnxruntime, in the server's own process. No records."""
import numpy as np
import onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput

TYPES = {"tensor(int64)": np.int64, "tensor(double)": np.float64}


class Bench(MLModel):
    async def load(self) -> bool:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        uri = self.settings.parameters.uri
        self.session = ort.InferenceSession(uri, options, providers=["CPUExecutionProvider"])
        self.types = {each.name: TYPES.get(each.type) for each in self.session.get_inputs()}
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        (scores,) = self.session.run(["probability"], {each.name: self.tensor(each) for each in payload.inputs})
        output = ResponseOutput(name="probability", shape=list(scores.shape), datatype="FP32", data=scores.tolist())
        return InferenceResponse(model_name=self.name, outputs=[output])

    def tensor(self, each):
        kind = self.types[each.name]
        if kind is None:
            return np.asarray(StringCodec.decode_input(each), object)
        return np.asarray(each.data.root, kind)

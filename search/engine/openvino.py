"""OpenVINO as the runtime of the embedding network, where an operator asks for it.

Worth it where the processor has bfloat16 (AVX512_BF16, AMX), which onnxruntime does not use there. Without, it is
about as fast as the network that `graph` makes for onnxruntime. An optional extra of the installation.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.engine.base import EngineUnavailable


class OpenVinoSession:
    """A network run for one item of the batch at a time, on one thread."""

    def __init__(self, path: Path) -> None:
        """Raises EngineUnavailable when OpenVINO is not installed."""
        try:
            openvino: Any = import_module("openvino")  # here because it is optional
        except ImportError as error:
            raise EngineUnavailable(f"The openvino package cannot be imported: {error}.") from error
        core = openvino.Core()
        self.precision = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
        settings = {
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        self._request = core.compile_model(core.read_model(path), "CPU", settings).create_infer_request()

    def run(self, names: Sequence[str], feeds: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Each output, joined over the items of the batch, of which there must be one at least."""
        items = zip(*feeds.values(), strict=True)
        found = [
            self._request.infer({name: value[np.newaxis] for name, value in zip(feeds, item, strict=True)})
            for item in items
        ]
        return [np.concatenate([outputs[name] for outputs in found]) for name in names]

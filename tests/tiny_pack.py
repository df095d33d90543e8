"""A small insightface pack of hand-written ONNX graphs: real files for the real model zoo, without weights.

Its "faces" are red squares of 64 pixels that lie on a grid of 32 in a picture of 640 x 640. The detector has
the nine outputs of SCRFD, the recogniser the input of ArcFace; the inside of a square decides its embedding.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIDE = 640
SQUARE = 64
DIMENSION = 24
STRIDES = (8, 16, 32)

# Landmarks of a square, as parts of its side: as seen in the picture, eyes first, then nose and mouth.
LANDMARKS = np.array([[0.35, 0.4], [0.65, 0.4], [0.5, 0.55], [0.38, 0.72], [0.62, 0.72]], dtype=np.float32)


def build(folder: Path, *, recogniser: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(_detector(), folder / "det.onnx")
    if recogniser:
        onnx.save(_recogniser(), folder / "rec.onnx")
    return folder


def picture(*places: tuple[int, int], pattern: int = 0) -> NDArray[np.uint8]:
    """Red squares with their top left corners at these (column, row); `pattern` sets their inside."""
    pixels = np.full((SIDE, SIDE, 3), 127, dtype=np.uint8)
    random = np.random.default_rng(pattern)
    for column, row in places:
        square = np.zeros((SQUARE, SQUARE, 3), dtype=np.uint8)
        square[:, :, 0] = np.kron(random.integers(200, 256, (8, 8)), np.ones((8, 8)))
        pixels[row * 32 : row * 32 + SQUARE, column * 32 : column * 32 + SQUARE] = square
    return pixels


def _value(name: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _constant(name: str, values: NDArray[np.generic]) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(values), name)


def _detector() -> onnx.ModelProto:
    """Only stride 32 sees anything: a cell is red, and so are its right, lower and diagonal neighbours."""
    constants, nodes = [], []
    kernel = np.zeros((2, 3, SQUARE, SQUARE), dtype=np.float32)
    kernel[0] = np.array([1, -1, -1], dtype=np.float32).reshape(3, 1, 1) / (3 * SQUARE * SQUARE)
    constants += [
        _constant("kernel", kernel),
        _constant("bias", np.zeros(2, np.float32)),
        _constant("column", np.array([-1, 1])),
    ]
    nodes += [
        helper.make_node("Conv", ["input", "kernel", "bias"], ["red"], strides=[32, 32], pads=[0, 0, 32, 32]),
        helper.make_node("Clip", ["red"], ["clipped"]),
        helper.make_node("Transpose", ["clipped"], ["cells"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["cells", "column"], ["scores_32"]),
    ]
    outputs = [_value(f"scores_{stride}", [_anchors(stride), 1]) for stride in STRIDES]
    for kind, row in (("boxes", [0, 0, 2, 2]), ("points", (LANDMARKS * 2).ravel())):
        for stride in STRIDES:
            values = np.tile(np.array(row, dtype=np.float32), (_anchors(stride), 1))
            constants.append(_constant(f"all_{kind}_{stride}", values))
            nodes.append(helper.make_node("Identity", [f"all_{kind}_{stride}"], [f"{kind}_{stride}"]))
            outputs.append(_value(f"{kind}_{stride}", list(values.shape)))
    for stride in STRIDES[:2]:
        constants.append(_constant(f"none_{stride}", np.zeros((_anchors(stride), 1), np.float32)))
        nodes.append(helper.make_node("Identity", [f"none_{stride}"], [f"scores_{stride}"]))
    return _model("detector", nodes, [_value("input", [1, 3, SIDE, SIDE])], outputs, constants)


def _recogniser() -> onnx.ModelProto:
    mix = np.random.default_rng(7).standard_normal((3 * 8 * 8, DIMENSION)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["input"], ["pooled"], kernel_shape=[14, 14], strides=[14, 14]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "mix"], ["embedding"]),
    ]
    inputs = [_value("input", ["batch", 3, 112, 112])]
    return _model("recogniser", nodes, inputs, [_value("embedding", ["batch", DIMENSION])], [_constant("mix", mix)])


def _anchors(stride: int) -> int:
    return (SIDE // stride) ** 2 * 2


def _model(
    name: str,
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    constants: list[onnx.TensorProto],
) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model

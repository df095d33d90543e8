"""YuNet's network, rewritten for speed: see `rewrite`. Imports onnx, so import this module only to rewrite."""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from search.engine.graph import fold_weights

Nodes = dict[str, onnx.NodeProto]
Tensors = dict[str, NDArray[np.float32]]


def rewrite(network: onnx.ModelProto, strides: tuple[int, ...], kinds: tuple[str, ...]) -> None:
    """Float weights, any picture size, red first, and one map `heads_<stride>` a level in place of twelve outputs.

    Every level ends in one branch for each kind of output, all of the same shape but too narrow for the width in
    which onnxruntime calculates; side by side they are one branch as wide as it likes. The maps are (1, channels,
    rows, columns), channels in the order of `kinds`, and what was a sigmoid's output is its input. Changes the
    network in place.
    """
    _fit_scales(network)
    fold_weights(network)
    graph = network.graph
    makers = {name: node for node in graph.node for name in node.output}
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    heads = [_joined(stride, [f"{kind}_{stride}" for kind in kinds], makers, tensors) for stride in strides]
    _take_red_first(graph, tensors)
    _, _, height, width = graph.input[0].type.tensor_type.shape.dim
    height.dim_param, width.dim_param = "height", "width"
    _replace(graph, [node for pair in heads for node in pair], [f"heads_{stride}" for stride in strides], tensors)


def _fit_scales(network: onnx.ModelProto) -> None:
    """No block size on tensors with a single scale, which the standard does not allow."""
    tensors = {tensor.name: tensor for tensor in network.graph.initializer}
    for node in network.graph.node:
        if node.op_type == "DequantizeLinear" and list(tensors[node.input[1]].dims) == [1]:
            del node.attribute[:]
            for name in node.input[1:]:
                del tensors[name].dims[:]


def _joined(stride: int, outputs: list[str], makers: Nodes, tensors: Tensors) -> list[onnx.NodeProto]:
    """A 1x1 and a depthwise 3x3 convolution that do what those of the branches to these outputs do."""
    branches = [_branch(name, makers) for name in outputs]
    names = [f"{part}_{stride}" for part in ("mix_weight", "mix_bias", "blur_weight", "blur_bias")]
    for place, name in enumerate(names):
        parts = [tensors[branch[place // 2].input[1 + place % 2]] for branch in branches]
        tensors[name] = np.concatenate(parts)
    channels = len(tensors[names[1]])
    source = branches[0][0].input[0]
    mix = helper.make_node("Conv", [source, *names[:2]], [f"mix_{stride}"], kernel_shape=[1, 1])
    blur = helper.make_node(
        "Conv", [f"mix_{stride}", *names[2:]], [f"heads_{stride}"], kernel_shape=[3, 3], pads=[1] * 4, group=channels
    )
    return [mix, blur]


def _branch(output: str, makers: Nodes) -> tuple[onnx.NodeProto, onnx.NodeProto]:
    """The two convolutions before an output; after them come only changes of its shape, and perhaps a sigmoid."""
    node = makers[output]
    while node.op_type in ("Sigmoid", "Reshape", "Transpose"):
        node = makers[node.input[0]]
    return makers[node.input[0]], node


def _take_red_first(graph: onnx.GraphProto, tensors: Tensors) -> None:
    """The network was trained on blue first; turning its first weights is cheaper than turning every picture."""
    first = next(node for node in graph.node if graph.input[0].name in node.input)
    tensors[first.input[1]] = tensors[first.input[1]][:, ::-1]


def _replace(graph: onnx.GraphProto, heads: list[onnx.NodeProto], outputs: list[str], tensors: Tensors) -> None:
    """The heads, and of the old nodes and tensors those that they need."""
    kept, needed = list(heads), {name for node in heads for name in node.input}
    for node in reversed(list(graph.node)):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in kept[len(heads) :][::-1] + heads]
    del graph.node[:], graph.initializer[:], graph.output[:], graph.value_info[:]
    graph.node.extend(copies)
    graph.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in tensors.items() if name in needed
    )
    graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, None, None, None]) for name in outputs
    )

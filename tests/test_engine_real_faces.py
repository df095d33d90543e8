"""The embedded engine on real photos: copies of one person match, other people do not."""

import csv
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from search.calibration import Band, calibration_for
from search.engine import DetectedFace, FaceEngine, Grade, SFaceEngine, decode
from search.engine.geometry import align
from search.engine.sface import SFace
from tests import photos

Pixels = NDArray[np.uint8]

GALLERY = 10_000
SFACE = calibration_for(SFaceEngine.model_id)
LABELLED = Path(__file__).parents[2] / "shared" / "faces"


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def engine(cache_dir: Path) -> FaceEngine:
    return SFaceEngine(cache_dir)


def only_face(engine: FaceEngine, picture: Pixels) -> DetectedFace:
    (face,) = engine.analyse([picture])[0]
    return face


def band(one: DetectedFace, other: DetectedFace) -> Band | None:
    score = float(one.embedding @ other.embedding)
    length = min(one.quality.length, other.quality.length)
    return SFACE.band(score, GALLERY, length)


COPIES: dict[str, Callable[[Pixels], Pixels]] = {
    "mirrored": photos.mirrored,
    "re-encoded": photos.reencoded,
    "cropped": photos.cropped,
    "half size": lambda pixels: photos.resized(pixels, 0.5),
    "four times the size": lambda pixels: photos.resized(pixels, 4),
    "recoloured": photos.recoloured,
    "grey": photos.grey,
    "mirrored, cropped and re-encoded": lambda p: photos.reencoded(photos.cropped(photos.mirrored(p)), 40),
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("original", [photos.astronaut, photos.hopper], ids=lambda photo: photo.__name__)
def test_a_copy_is_at_least_likely(engine: FaceEngine, original: Callable[[], Pixels], copy: str) -> None:
    reference = only_face(engine, original())
    assert band(reference, only_face(engine, COPIES[copy](original()))) in (Band.LIKELY, Band.CERTAIN)


def test_a_tiny_copy_is_found_and_possible(engine: FaceEngine) -> None:
    reference = only_face(engine, photos.astronaut())
    tiny = only_face(engine, photos.resized(photos.astronaut(), 0.2))
    assert tiny.quality.size < 20
    assert band(reference, tiny) is not None


def test_a_person_is_found_in_a_group(engine: FaceEngine) -> None:
    reference = only_face(engine, photos.astronaut())
    group = engine.analyse([photos.beside(photos.hopper(), photos.astronaut(), photos.hanks())])[0]
    assert sorted(str(band(reference, face)) for face in group) == ["None", "None", "certain"]


def test_all_six_are_found_and_nobody_else(engine: FaceEngine) -> None:
    faces = engine.analyse([photos.group()])[0]
    assert len(faces) == 6
    assert all(face.quality.grade in (Grade.GOOD, Grade.USABLE) for face in faces)


def test_a_face_that_fills_a_large_picture_is_found(engine: FaceEngine) -> None:
    large = photos.resized(photos.cropped(photos.hopper(), 0.25, 0.1, 0.8, 0.65), 8)
    assert only_face(engine, large).quality.size > 1000


def test_different_people_do_not_match(engine: FaceEngine) -> None:
    pictures = [photos.astronaut(), photos.hopper(), photos.hanks(), photos.group()]
    people = [face for faces in engine.analyse(pictures) for face in faces]
    assert len(people) == 9
    assert [band(one, other) for one, other in combinations(people, 2) if band(one, other)] == []


def test_the_network_is_fed_red_first_and_not_scaled(engine: FaceEngine, cache_dir: Path) -> None:
    """Wrong input gives vectors that look fine. Right input gives long ones, and strangers far apart."""
    pictures = [photos.astronaut(), photos.hopper(), photos.hanks()]
    faces = [only_face(engine, picture) for picture in pictures]
    assert [face.quality.length for face in faces] == pytest.approx([12.6, 12.5, 11.5], abs=0.4)
    strangers = [float(one.embedding @ other.embedding) for one, other in combinations(faces, 2)]
    assert max(strangers) < 0.25
    crops = [align(picture, face.landmarks) for picture, face in zip(pictures, faces, strict=True)]
    raw = SFace(cache_dir).embed(crops[0])
    assert raw / np.linalg.norm(raw) == pytest.approx(faces[0].embedding, abs=1e-6)
    scaled = [SFace(cache_dir).embed((crop / 255).astype(np.uint8)) for crop in crops]
    assert np.linalg.norm(scaled[0]) != pytest.approx(12.6, abs=2)


def test_a_picture_lying_on_its_side_by_exif_is_the_same_face(engine: FaceEngine) -> None:
    lying = np.ascontiguousarray(np.rot90(photos.astronaut()))
    exif = bytes.fromhex("4578696600004d4d002a000000080001011200030000000100060000" + "00000000")
    picture = decode(photos.encode(lying, "JPEG", quality=92, exif=exif))
    assert band(only_face(engine, photos.astronaut()), only_face(engine, picture.rgb)) is Band.CERTAIN


def test_quality_follows_the_picture(engine: FaceEngine) -> None:
    sharp = only_face(engine, photos.astronaut()).quality
    coarse = only_face(engine, photos.resized(photos.resized(photos.astronaut(), 0.2), 5)).quality
    dark = only_face(engine, (photos.astronaut() * 0.4).astype(np.uint8)).quality
    assert coarse.length < sharp.length
    assert coarse.blur < sharp.blur
    assert dark.exposure < 0.5 * sharp.exposure
    assert abs(sharp.roll) < 5
    assert abs(sharp.yaw) < 15
    assert abs(sharp.pitch) < 15


# More labelled faces, where a developer has them


Labelled = tuple[NDArray[np.str_], NDArray[np.float32]]


@pytest.fixture(scope="module")
def labelled(engine: FaceEngine) -> Labelled:
    """Names and embeddings of the single faces."""
    if not LABELLED.is_dir():
        pytest.skip("the labelled faces for development are not beside the project")
    files = sorted((LABELLED / "people").glob("*.png"))
    pictures = [decode(file.read_bytes()).rgb for file in files]
    faces = [max(found, key=lambda face: face.quality.size) for found in engine.analyse(pictures)]
    return np.array([file.stem.rstrip("12345") for file in files]), np.stack([face.embedding for face in faces])


def test_labelled_people_are_told_apart(labelled: Labelled) -> None:
    names, vectors = labelled
    scores = vectors @ vectors.T
    pairs = np.triu_indices(len(names), 1)
    same = (names[:, None] == names)[pairs]
    genuine, impostor = scores[pairs][same], scores[pairs][~same]
    assert (genuine[:, None] > impostor).mean() > 0.999
    assert impostor.max() < SFACE.band_threshold(Band.POSSIBLE, GALLERY)
    np.fill_diagonal(scores, -2)
    assert (names[scores.argmax(axis=1)] == names).all()


def test_labelled_groups_are_found_and_named(engine: FaceEngine, labelled: Labelled) -> None:
    names, vectors = labelled
    with (LABELLED / "group_boxes.csv").open() as table:
        rows = list(csv.DictReader(table))
    files = sorted({row["file"] for row in rows})
    pictures = [decode((LABELLED / file).read_bytes()).rgb for file in files]
    groups = dict(zip(files, engine.analyse(pictures), strict=True))
    for row in rows:
        box = [float(row[side]) for side in "xywh"]
        face = max(groups[row["file"]], key=lambda face: overlap(face.box, box))
        scores = vectors @ face.embedding
        assert overlap(face.box, box) > 0.5
        if row["identity"] == "unknown":
            assert scores.max() < SFACE.band_threshold(Band.POSSIBLE, GALLERY)
        else:
            assert names[scores.argmax()] == row["identity"]
    assert sum(map(len, groups.values())) == len(rows) == 23


def overlap(one: tuple[float, ...], other: list[float]) -> float:
    """Shared area over the area of both together."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)

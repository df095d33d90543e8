"""How pictures are looked at: faces of every size and turn, and no work without bounds."""

import math
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from search.engine import DetectedFace, SFaceEngine
from search.engine.embedded import FinderOptions
from search.engine.finder import MAX_FACES
from search.engine.views import Copies
from search.engine.yunet import NOTHING, STRIDES, YUNET, YuNet, merge
from tests import photos

Pixels = NDArray[np.uint8]
PLAIN = FinderOptions(**{field.name: False for field in fields(FinderOptions)})
SAME_PERSON = 0.6


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def engine(cache_dir: Path) -> SFaceEngine:
    return SFaceEngine(cache_dir)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Pixels of every look, as they happen."""
    made: list[int] = []
    look = YuNet.look

    def counted(self: YuNet, image: Pixels, *rest: float) -> object:
        made.append(image[..., 0].size)
        return look(self, image, *rest)

    monkeypatch.setattr(YuNet, "look", counted)
    return made


def only_face(engine: SFaceEngine, picture: Pixels) -> DetectedFace:
    (face,) = engine.analyse([picture])[0]
    return face


def reduced(picture: Pixels, scale: float) -> Pixels:
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


# One look


def test_a_look_sees_what_opencv_sees(cache_dir: Path) -> None:
    picture = np.asarray(cv2.resize(photos.group(), (640, 448)), dtype=np.uint8)
    theirs = cv2.FaceDetectorYN.create(str(YUNET.path), "", (640, 448), 0.6, 0.3, 5000)
    _, rows = theirs.detect(np.ascontiguousarray(picture[:, :, ::-1]))
    ours = YuNet(cache_dir).look(picture)
    rows = rows[np.argsort(-rows[:, 14])]
    assert ours.scores == pytest.approx(rows[:, 14], abs=1e-3)
    assert ours.boxes[:, :2] == pytest.approx(rows[:, :2], abs=0.1)
    assert ours.widths == pytest.approx(rows[:, 2], abs=0.1)
    assert ours.landmarks.reshape(-1, 10) == pytest.approx(rows[:, 4:14], abs=0.1)


def test_a_lower_score_shows_the_same_and_more(cache_dir: Path) -> None:
    picture = reduced(photos.group(), 0.5)
    sure, all_of_them = YuNet(cache_dir).look(picture), YuNet(cache_dir).look(picture, 0.05)
    assert len(all_of_them) > len(sure)
    assert (all_of_them.scores[: len(sure)] == sure.scores).all()
    assert all_of_them.scores.min() >= 0.05


def test_nothing_merged_is_nothing() -> None:
    assert len(merge([NOTHING, NOTHING])) == 0


# Views


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_turned_view_knows_its_way_back(quarters: int) -> None:
    picture = np.zeros((30, 50, 3), np.uint8)
    picture[7, 11] = 255
    view = Copies(picture).whole(1.0).turned(quarters)
    row, column = np.argwhere(view.pixels[..., 0])[0]
    back = np.linalg.solve(view.matrix[:, :2], np.array([column, row]) - view.matrix[:, 2])
    assert back == pytest.approx([11, 7])


@pytest.mark.parametrize("angle", [0, 30, 200])
@pytest.mark.parametrize("scale", [0.3, 1.0, 2.0])
def test_a_part_knows_its_way_back(angle: float, scale: float) -> None:
    picture = np.zeros((400, 300, 3), np.uint8)
    cv2.circle(picture, (171, 243), 9, (255, 255, 255), -1)
    view = Copies(picture).around(np.array([160.0, 250.0]), scale, angle, 160)
    rows, columns = np.nonzero(view.pixels[..., 0] > 127)
    middle = np.array([columns.mean(), rows.mean()])
    back = np.linalg.solve(view.matrix[:, :2], middle - view.matrix[:, 2])
    assert back == pytest.approx([171, 243], abs=2)


# Turned pictures


def turned(picture: Pixels, degrees: int) -> Pixels:
    """Anticlockwise, all of it, on a black page."""
    return np.asarray(Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC, expand=True))


def where(points: NDArray[np.float32], size: tuple[int, int], page: tuple[int, int], degrees: int) -> Pixels:
    """Where `turned` brings points of a picture (width, height)."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[cosine, sine], [-sine, cosine]])
    return (points - np.array(size) / 2) @ turn.T + np.array(page) / 2


@pytest.mark.parametrize("degrees", [15, 30, 45, 90, 135, 180, 225, 270, 315])
@pytest.mark.parametrize("photo", [photos.astronaut, photos.hopper], ids=lambda photo: photo.__name__)
def test_a_face_is_the_same_however_the_picture_lies(engine: SFaceEngine, photo: object, degrees: int) -> None:
    picture = photo()
    upright, page = only_face(engine, picture), turned(picture, degrees)
    (lying, *others) = sorted(engine.analyse([page])[0], key=lambda face: -face.quality.size)
    assert others == []
    assert upright.embedding @ lying.embedding > SAME_PERSON
    expected = where(upright.landmarks, picture.shape[1::-1], page.shape[1::-1], degrees)
    assert np.abs(lying.landmarks - expected).max() < 0.12 * upright.quality.size
    x, y, w, h = lying.box
    assert x <= expected[:, 0].mean() <= x + w
    assert y <= expected[:, 1].mean() <= y + h


def test_people_who_stand_on_their_heads_beside_others(engine: SFaceEngine) -> None:
    astronaut, hopper = only_face(engine, photos.astronaut()), only_face(engine, photos.hopper())
    faces = engine.analyse([photos.beside(photos.hopper(), np.rot90(photos.astronaut(), 2))])[0]
    assert len(faces) == 2
    assert max(face.embedding @ astronaut.embedding for face in faces) > SAME_PERSON
    assert max(face.embedding @ hopper.embedding for face in faces) > SAME_PERSON


# Small faces


def test_a_small_face_on_a_large_page_is_found(engine: SFaceEngine) -> None:
    page = np.full((3000, 4000, 3), 250, np.uint8)
    for y in range(160, 2800, 70):
        cv2.putText(page, "the quick brown fox jumps over the lazy dog " * 4, (200, y), 0, 1.2, (40, 40, 40), 2)
    reference = only_face(engine, photos.hopper())
    small = reduced(photos.hopper(), 40 / reference.quality.size)
    page[1110 : 1110 + small.shape[0], 2840 : 2840 + small.shape[1]] = small
    face = only_face(engine, page)
    assert face.quality.size == pytest.approx(40, rel=0.25)
    assert 2840 < face.box[0] < 2840 + small.shape[1]
    assert face.embedding @ reference.embedding > 0.5


def crowd(engine: SFaceEngine, width: int) -> tuple[Pixels, list[tuple[float, float]]]:
    """Faces of this width in rows and columns, and their centres."""
    pieces = []
    for picture in (photos.astronaut(), photos.hopper(), photos.group()):
        for x, y, w, h in (face.box for face in engine.analyse([picture])[0]):
            left, top = max(round(x - 0.4 * w), 0), max(round(y - 0.3 * h), 0)
            cut = picture[top : round(y + 1.3 * h), left : round(x + 1.4 * w)]
            pieces.append(reduced(np.ascontiguousarray(cut), width / w))
    page, centres, step = np.full((720, 1280, 3), 110, np.uint8), [], 3 * width
    for row in range(720 // step):
        for column in range(1280 // step):
            piece = pieces[(row * 7 + column) % len(pieces)][:step, :step]
            page[row * step : row * step + piece.shape[0], column * step : column * step + piece.shape[1]] = piece
            centres.append((column * step + piece.shape[1] / 2, row * step + piece.shape[0] / 2))
    return page, centres


def test_a_crowd_is_found_face_by_face(engine: SFaceEngine) -> None:
    page, centres = crowd(engine, 16)
    found = engine.analyse([page])[0]
    middles = np.array([(x + w / 2, y + h / 2) for x, y, w, h in (face.box for face in found)])
    seen = [bool((np.hypot(*(middles - centre).T) < 12).any()) for centre in centres]
    assert len(centres) == 390
    assert np.mean(seen) >= 0.97
    assert len(found) <= MAX_FACES


# What is no face


@pytest.mark.parametrize("name", ["coffee.png", "hubble_deep_field.jpg", "chelsea.png", "gravel.png", "rocket.jpg"])
def test_what_is_nobody_is_no_face(engine: SFaceEngine, name: str) -> None:
    path = photos.astronaut_path().parent / name
    if not path.exists():
        pytest.skip("this version of scikit-image carries fewer pictures")
    assert engine.analyse([photos.load(path)]) == [[]]


def noise(*shape: int) -> Pixels:
    return np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)


SHAPES = [(1, 1), (1, 5000), (5000, 1), (2, 3), (16, 16), (17, 900), (100, 10_000), (30_000, 16), (640, 640), (2100, 9)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_nothing_is_found_in_nothing_and_little_work_done(
    engine: SFaceEngine, looks: list[int], shape: tuple[int, int]
) -> None:
    for picture in (np.zeros((*shape, 3), np.uint8), np.full((*shape, 3), 255, np.uint8), noise(*shape)):
        looks.clear()
        assert engine.analyse([picture]) == [[]]
        assert sum(looks) < 10_000_000


def test_the_work_on_a_huge_picture_is_bounded(engine: SFaceEngine, looks: list[int]) -> None:
    engine.analyse([np.tile(noise(500, 500), (14, 14, 1))])
    assert sum(looks) < 50_000_000


def test_what_cannot_be_written_to_is_looked_at(engine: SFaceEngine) -> None:
    picture = np.asfortranarray(photos.astronaut()[::-1])[::-1]
    assert not picture.flags.c_contiguous
    assert only_face(engine, picture).embedding @ only_face(engine, photos.astronaut()).embedding > 0.99


# Cost and options


def test_a_common_picture_costs_one_look_and_one_for_the_face(engine: SFaceEngine, looks: list[int]) -> None:
    assert len(engine.analyse([photos.astronaut()])[0]) == 1
    assert looks == [640 * 640, 160 * 160]


def test_without_any_measure_there_is_one_look(cache_dir: Path, looks: list[int]) -> None:
    plain = SFaceEngine(cache_dir, PLAIN)
    assert len(plain.analyse([photos.group()])[0]) == 6
    assert looks == [640 * 443]
    looks.clear()
    assert plain.analyse([np.rot90(photos.coffee())]) == [[]]
    assert len(looks) == 1


def test_measures_find_what_is_not_found_without(cache_dir: Path, engine: SFaceEngine) -> None:
    page, _ = crowd(engine, 16)
    lying = np.ascontiguousarray(np.rot90(photos.hopper()))
    for measure, picture in (("small_faces", page), ("turned_pictures", lying)):
        without = SFaceEngine(cache_dir, FinderOptions(**{measure: False}))
        (more,), (less,) = engine.analyse([picture]), without.analyse([picture])
        assert len(more) > len(less), measure


def test_a_face_that_reaches_over_every_edge_of_a_large_picture(cache_dir: Path, engine: SFaceEngine) -> None:
    reference = only_face(engine, photos.hopper())
    x, y, w, h = reference.box
    cut = photos.hopper()[round(y + 0.1 * h) : round(y + 0.9 * h), round(x + 0.1 * w) : round(x + 0.9 * w)]
    filled = photos.resized(cut, 8)
    without = SFaceEngine(cache_dir, FinderOptions(wide_faces=False))
    with_it, without_it = only_face(engine, filled), only_face(without, filled)
    assert with_it.embedding @ reference.embedding > SAME_PERSON
    assert with_it.embedding @ reference.embedding > without_it.embedding @ reference.embedding


def test_the_same_picture_gives_the_same_faces(engine: SFaceEngine) -> None:
    (first,), (second,) = engine.analyse([photos.group()]), engine.analyse([photos.group()])
    assert [face.box for face in first] == [face.box for face in second]
    assert all((a.embedding == b.embedding).all() for a, b in zip(first, second, strict=True))


def test_many_pictures_at_once_are_as_if_alone(engine: SFaceEngine) -> None:
    page, _ = crowd(engine, 24)
    pictures: list[Iterator[Pixels] | Pixels] = [photos.group(), page, photos.coffee(), np.rot90(photos.hopper(), 2)]
    together = engine.analyse(pictures)
    for picture, faces in zip(pictures, together, strict=True):
        (alone,) = engine.analyse([picture])
        assert [face.box for face in alone] == [face.box for face in faces]
        assert all(a.embedding == pytest.approx(b.embedding, abs=1e-5) for a, b in zip(alone, faces, strict=True))


def test_strides_divide_what_a_look_is_filled_up_to() -> None:
    assert all(32 % stride == 0 for stride in STRIDES)


# Traces: what the first look shows faintly decides where to look again


@pytest.mark.parametrize("photo", [photos.coffee, photos.astronaut], ids=lambda photo: photo.__name__)
def test_faint_traces_do_not_enlarge_a_whole_picture(engine: SFaceEngine, looks: list[int], photo: object) -> None:
    engine.analyse([enlarged(photo(), 900)])
    assert max(looks) <= 640 * 640


@pytest.mark.parametrize("degrees", [0, 90, 180])
def test_a_face_on_a_page_is_found_by_its_trace(engine: SFaceEngine, degrees: int) -> None:
    page = enlarged(photos.coffee(), 900).copy()
    face = turned(reduced(photos.astronaut()[40:200, 150:310], 0.6), degrees)
    page[100 : 100 + len(face), 600 : 600 + len(face)] = face
    left, top, _, _ = only_face(engine, page).box
    assert 600 < left < 600 + len(face)
    assert 100 < top < 100 + len(face)


def enlarged(picture: Pixels, longest: int) -> Pixels:
    return reduced(picture, longest / max(picture.shape[:2]))

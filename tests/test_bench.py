"""The benchmark's own tools: metrics against answers worked out by hand, transformations that do what they say."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bench import __main__ as command
from bench import metrics
from bench import photos as labelled
from bench.ablation import variants
from bench.accuracy import crowd_picture
from bench.peers import Found, Ours
from bench.photos import Group, LabelledPhotos, Single
from bench.robustness import sweep
from bench.tables import Table, at_least
from bench.timing import Timing, interleaved
from bench.transformations import TRANSFORMATIONS, Photo, Transformation
from search.engine import decode
from tests import photos

GENUINE = np.array([0.9, 0.8, 0.7, 0.3])
IMPOSTOR = np.array([0.5, 0.2, 0.1, 0.0, -0.1])

MARKS = np.array([[190, 110], [235, 108], [215, 135], [195, 160], [232, 158]], dtype=np.float32)
COLLINS = Photo(photos.astronaut(), (170.0, 70.0, 90.0, 115.0), MARKS)
"""Roughly where the face is."""

scores = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=40).map(np.array)


# Metrics


def test_rates_of_false_matches_and_false_non_matches() -> None:
    assert metrics.fmr(IMPOSTOR, 0.5) == metrics.Rate(1, 5)
    assert metrics.fmr(IMPOSTOR, 0.51) == metrics.Rate(0, 5)
    assert metrics.fnmr(GENUINE, 0.7) == metrics.Rate(1, 4)
    assert metrics.fnmr(GENUINE, 0.71) == metrics.Rate(2, 4)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (1, 100, 0.0018, 0.0545), (0, 0, 0.0, 1.0)],
)
def test_wilson_intervals_are_those_of_the_books(count: int, n: int, low: float, high: float) -> None:
    assert metrics.wilson(count, n) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert metrics.auc(GENUINE, IMPOSTOR) == pytest.approx(19 / 20)
    assert metrics.auc(np.array([0.5]), np.array([0.5])) == 0.5


def test_eer_between_and_on_scores() -> None:
    assert metrics.eer(np.array([0.9, 0.8]), np.array([0.1, 0.2])) == 0
    assert metrics.eer(np.array([0.9, 0.4]), np.array([0.1, 0.6])) == pytest.approx(0.5)
    assert metrics.eer(np.array([0.1]), np.array([0.9])) == 1
    # FNMR stays at 1 of 4 from 0.5 to 0.7; FMR crosses it on its way from 1/5 to 2/5 below 0.5.
    assert 0.2 <= metrics.eer(GENUINE, IMPOSTOR) <= 0.25


def test_det_points_keep_to_the_rate_asked_for() -> None:
    half, none = metrics.det_points(GENUINE, IMPOSTOR, [0.5, 0.0])
    assert (half.threshold, half.fmr, half.fnmr) == (0.2, metrics.Rate(2, 5), metrics.Rate(0, 4))
    assert (none.threshold, none.fmr, none.fnmr) == (0.7, metrics.Rate(0, 5), metrics.Rate(1, 4))


@given(scores, scores)
def test_a_det_curve_goes_from_one_corner_to_the_other(genuine: metrics.Scores, impostor: metrics.Scores) -> None:
    _, false_matches, false_non_matches = metrics.det_curve(genuine, impostor)
    assert (false_matches[0], false_non_matches[0]) == (1, 0)
    assert (false_matches[-1], false_non_matches[-1]) == (0, 1)
    assert (np.diff(false_matches) <= 0).all()
    assert (np.diff(false_non_matches) >= 0).all()
    assert 0 <= metrics.eer(genuine, impostor) <= 1


@given(scores, scores)
def test_auc_of_turned_around_scores(genuine: metrics.Scores, impostor: metrics.Scores) -> None:
    assert metrics.auc(genuine, impostor) + metrics.auc(impostor, genuine) == pytest.approx(1)


def test_pairs_are_told_apart_by_name() -> None:
    vectors = np.eye(3)[[0, 0, 1]]
    genuine, impostor = metrics.pairs(vectors, np.array(["a", "a", "b"]))
    assert (genuine.tolist(), impostor.tolist()) == ([1.0], [0.0, 0.0])


def test_identification() -> None:
    mated = np.array([[0.9, 0.1], [0.3, 0.6], [0.4, 0.2], [np.nan, np.nan]])
    columns = np.array([0, 1, 1, 0])
    assert metrics.rank_one(mated, columns).tolist() == [True, True, False, False]
    assert metrics.fnir(mated, columns, 0.5) == metrics.Rate(2, 4)
    assert metrics.fnir(mated, columns, 0.7) == metrics.Rate(3, 4)
    strangers = np.array([[0.1, 0.55], [0.2, 0.3], [np.nan, np.nan]])
    assert metrics.fpir(strangers, 0.5) == metrics.Rate(1, 3)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60), st.sampled_from([0.0, 0.01, 0.1, 0.5, 1.0]))
def test_a_threshold_for_fpir_keeps_to_it_and_is_the_lowest(tops: list[float], rate: float) -> None:
    searches = np.array(tops, dtype=np.float32)[:, np.newaxis]
    threshold = metrics.threshold_at_fpir(searches, rate)
    assert metrics.fpir(searches, threshold).value <= rate
    below = searches[searches < threshold]
    assert not below.size or metrics.fpir(searches, float(below.max())).value > rate


def test_intervals_by_drawing_people() -> None:
    names = np.repeat(["a", "b", "c", "d"], 5)
    low, high = metrics.resampled_mean(np.repeat([1.0, 1.0, 1.0, 0.0], 5), names)
    assert (low, high) == (0.25, 1.0)
    assert metrics.resampled_mean(np.ones(20), names) == (1, 1)
    vectors = np.eye(4)[np.repeat(np.arange(4), 5)]
    assert metrics.resampled_pairs(vectors, names, metrics.auc, rounds=50) == (1, 1)


# Transformations


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_there_are_33_with_names_of_their_own() -> None:
    assert len(TRANSFORMATIONS) == len({each.name for each in TRANSFORMATIONS}) == 33


@pytest.mark.parametrize("transformation", TRANSFORMATIONS, ids=lambda each: each.name)
def test_every_transformation_gives_the_same_picture_each_time(transformation: Transformation) -> None:
    before = COLLINS.pixels.copy()
    data = transformation.apply(COLLINS)
    assert data == transformation.apply(COLLINS)
    assert decode(data).rgb.std() > 5
    assert (COLLINS.pixels == before).all()


NAMED = {each.name: each.apply for each in TRANSFORMATIONS}
SIZES = {
    "half_size": (256, 256),
    "quarter_size": (128, 128),
    "face_16_px": (91, 91),
    "face_48_px": (273, 273),
    "crop_tight": (79, 101),
    "rotate_45": (725, 725),
    "rotate_90": (512, 512),
    "screenshot": (720, 1280),
    "page_4000": (4000, 3000),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes(name: str) -> None:
    width, height = picture(NAMED[name](COLLINS)).size
    assert (width, height) == (pytest.approx(SIZES[name][0], abs=2), pytest.approx(SIZES[name][1], abs=2))


def difference(data: bytes, pixels: photos.Rgb) -> float:
    return float(np.abs(decode(data).rgb.astype(float) - pixels).mean())


@pytest.mark.parametrize(
    ("name", "undo"),
    [
        ("mirror", lambda pixels: pixels[:, ::-1]),
        ("rotate_90", np.rot90),
        ("rotate_180", lambda pixels: np.rot90(pixels, 2)),
        ("rotate_270", lambda pixels: np.rot90(pixels, 3)),
        ("exif_rotation", lambda pixels: pixels),
    ],
)
def test_turns(name: str, undo: Callable[[photos.Rgb], photos.Rgb]) -> None:
    assert difference(NAMED[name](COLLINS), undo(COLLINS.pixels)) < 4


def test_what_is_covered_is_covered_and_nothing_else() -> None:
    for name, place in (("eye_bar", (109, 212)), ("covered_mouth", (160, 213))):
        changed = np.abs(decode(NAMED[name](COLLINS)).rgb.astype(float) - COLLINS.pixels).mean(axis=2)
        assert changed[place] > 20, name
        assert changed[300:].mean() < 4, name


def test_stronger_compression_and_blur_lose_more() -> None:
    lost = [difference(NAMED[name](COLLINS), COLLINS.pixels) for name in ("jpeg_30", "jpeg_20", "jpeg_10")]
    assert lost == sorted(lost)
    assert difference(NAMED["blur_mild"](COLLINS), COLLINS.pixels) < difference(
        NAMED["blur_strong"](COLLINS), COLLINS.pixels
    )


def test_a_crowd_has_its_faces_where_it_says() -> None:
    stripes = np.tile(np.uint8([[[200, 30, 30], [30, 30, 200]]]), (300, 200, 1))
    stripes[100:220, 60:160] = 255
    group = Group("g", photos.encode(stripes, "PNG"), ((60, 100, 100, 120), (0, 0, 50, 50)), ("collins", "unknown"))
    data, boxes = crowd_picture([group], 16, most=400)
    pixels = decode(data).rgb
    assert pixels.shape == (1080, 1920, 3)
    assert len(boxes) == 400
    for x, y, width, height in boxes:
        assert (round(width), round(height)) == (16, 19)
        assert pixels[round(y) + 2 : round(y + height) - 2, round(x) + 2 : round(x + width) - 2].min() > 200


# Sweeps and tables


def test_packages_stand_in_where_there_are_no_labelled_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled, "FOLDER", tmp_path)
    ours = Ours(tmp_path)
    found = labelled.load(ours.engine)
    assert "packages" in found.words
    assert len(found.people) == len(found.singles) == 9
    assert not found.several_each
    seen = sweep(ours, found, [each for each in TRANSFORMATIONS if each.name == "mirror"])
    assert seen.mean_rank_one == 1


def one_each() -> LabelledPhotos:
    return LabelledPhotos("test", (Single("a", "collins", COLLINS), Single("b", "hopper", COLLINS)))


class Rotten:
    """Sees a face in everything but rotated pictures; two people take turns."""

    name = "rotten"

    def __init__(self) -> None:
        self.calls = 0

    def faces(self, data: bytes) -> list[Found]:
        self.calls += 1
        vector = np.eye(2, dtype=np.float32)[self.calls % 2]
        square = len(set(picture(data).size)) == 1
        return [Found((0.0, 0.0, 9.0, 9.0), vector, 10.0)] if square else []


def test_a_sweep_counts_what_was_not_found_as_wrong() -> None:
    chosen = [each for each in TRANSFORMATIONS if each.name in ("mirror", "screenshot")]
    seen = sweep(Rotten(), one_each(), chosen)
    assert seen.right("mirror").tolist() == [True, True]
    assert seen.right("screenshot").tolist() == [False, False]
    assert np.isnan(seen.own("screenshot")).all()
    assert seen.mean_rank_one == 0.5


def test_variants_turn_one_switch_each() -> None:
    @dataclass(frozen=True)
    class Options:
        turns: bool = True
        extra: bool = False
        sides: tuple[int, ...] = field(default=(320, 640), metadata={"off": (640,)})
        limit: int = 5

    assert dict(variants(Options)) == {
        "as it ships": Options(),
        "without turns": Options(turns=False),
        "with extra": Options(extra=True),
        "without sides": Options(sides=(640,)),
        "without any of them": Options(turns=False, sides=(640,)),
    }


def test_contenders_take_turns() -> None:
    order: list[str] = []
    timings = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert len(timings["a"].elapsed) == 2
    assert Timing([1, 1, 9], [1, 1, 1]).ratio(Timing([4, 4, 9], [3, 2, 3])) == 3
    assert Timing([1, 1, 9], [1, 1, 1]).ratio(Timing([4, 4, 9], [3, 2, 3]), elapsed=True) == 4


def test_tables_for_people_and_for_programs() -> None:
    table = Table("T", ["what", "target"], notes=["a note"])
    table.add("a | b", at_least(2, 3, "≥ 3"))
    assert "a | b  ≥ 3: NOT MET" in table.text()
    assert "| a \\| b | ≥ 3: NOT MET |" in table.markdown()
    assert table.document()["rows"] == [{"what": "a | b", "target": "≥ 3: NOT MET"}]


def test_tables_go_between_their_comments() -> None:
    text = "before\n<!-- bench speed -->\nold\n<!-- end of speed -->\nafter\n"
    made = command.filled(text, {"speed": [Table("T", ["what"], [["new"]])]})
    assert "old" not in made
    assert "| new |" in made
    assert made.startswith("before\n")
    assert made.endswith("\nafter\n")
    assert command.filled(made, {"speed": [Table("T", ["what"], [["new"]])]}) == made
    with pytest.raises(SystemExit):
        command.filled(text, {"accuracy": []})


def test_the_documents_have_a_place_for_every_part() -> None:
    for part in command.PARTS:
        text = command.DOCUMENTS.get(part, command.DOCUMENT).read_text()
        assert command.filled(text, {part: []}) != text


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["sped"])
    assert "no such part: sped" in capsys.readouterr().err

"""Scores become rates, bands and words, and never promise more than the rates allow."""

import json
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from search import calibration
from search.calibration import (
    FITTED_FILE,
    FLOOR,
    MOST_LOWERED,
    MOST_RAISED,
    NO_SLACK,
    Band,
    Calibration,
    calibration_for,
    personal_shift,
    read_fitted,
)
from search.models import Face, Image
from search.refit import CannotFit, fit, robust, sampled_scores

Answers = list[tuple[float, bool]]

MODEL = "sface-2021dec-int8bq"
SFACE = calibration_for(MODEL)
UNKNOWN = calibration_for("some-other-model")

scores = st.floats(-1, 1)
sizes = st.integers(0, 10**9)
lengths = st.floats(0, 20)
calibrations = st.sampled_from([SFACE, UNKNOWN])

RANK = {None: 0, Band.POSSIBLE: 1, Band.LIKELY: 2, Band.CERTAIN: 3}


@pytest.mark.parametrize(("fmr", "threshold"), [(1e-3, 0.404), (1e-4, 0.460), (1e-5, 0.509), (1e-6, 0.553)])
def test_thresholds_are_the_measured_ones(fmr: float, threshold: float) -> None:
    assert SFACE.threshold_at(fmr) == pytest.approx(threshold, abs=0.0006)
    assert SFACE.fmr(threshold) == pytest.approx(fmr, rel=0.05)


def test_statistics_are_the_measured_ones() -> None:
    assert (SFACE.mean, SFACE.deviation) == (pytest.approx(0.128, abs=0.001), pytest.approx(0.090, abs=0.001))


def test_what_ships_says_where_it_comes_from() -> None:
    document = json.loads(Path(calibration.__file__).with_suffix(".json").read_text())
    assert set(document) == {MODEL, "*"}
    for entry in document.values():
        assert {"mean", "deviation", "people", "pairs", "measured_on", "how", "date"} == set(entry)
    assert calibration_for("never-measured") == calibration_for("*")


def test_opencvs_threshold_lets_hundreds_of_strangers_through() -> None:
    assert SFACE.expected_false_matches(0.363, 100_000) == pytest.approx(430, rel=0.1)


def test_bands_of_a_million_faces() -> None:
    found = [round(SFACE.band_threshold(band, 1_000_000), 2) for band in (Band.POSSIBLE, Band.LIKELY, Band.CERTAIN)]
    assert found == [0.55, 0.59, 0.63]


def test_bands_of_a_small_gallery_have_floors() -> None:
    assert [SFACE.band(score, 10, 12) for score in (0.39, 0.40, 0.48, 0.60)] == [
        None,
        Band.POSSIBLE,
        Band.LIKELY,
        Band.CERTAIN,
    ]


@pytest.mark.parametrize(
    ("score", "length", "band"),
    [
        (0.65, 9.0, Band.CERTAIN),
        (0.65, 8.9, Band.LIKELY),
        (0.65, 7.0, Band.LIKELY),
        (0.65, 6.9, Band.POSSIBLE),
        (0.50, 8.0, Band.LIKELY),
        (0.50, 7.9, Band.POSSIBLE),
        (0.50, 6.9, Band.POSSIBLE),
        (0.45, 8.0, Band.POSSIBLE),
        (0.45, 7.9, None),
    ],
)
def test_a_poor_face_counts_for_less(score: float, length: float, band: Band | None) -> None:
    assert SFACE.band(score, 10, length) is band


def test_an_unknown_model_is_trusted_less() -> None:
    assert UNKNOWN.fmr(0.5) > SFACE.fmr(0.5)
    assert UNKNOWN.band(0.60, 1_000_000, 12) is None


@given(calibrations, scores, scores)
def test_a_higher_score_is_rarer(calibration: Calibration, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= calibration.fmr(high) <= calibration.fmr(low) <= 1


@given(calibrations, st.floats(1e-14, 0.999))
def test_threshold_and_rate_are_inverse(calibration: Calibration, rate: float) -> None:
    assert calibration.fmr(calibration.threshold_at(rate)) == pytest.approx(rate, rel=1e-6)


@given(calibrations, scores, scores, sizes, sizes, lengths, lengths)
def test_bands_only_rise_with_score_and_quality_and_fall_with_size(
    calibration: Calibration, s1: float, s2: float, n1: int, n2: int, l1: float, l2: float
) -> None:
    worst = calibration.band(min(s1, s2), max(n1, n2), min(l1, l2))
    best = calibration.band(max(s1, s2), min(n1, n2), max(l1, l2))
    assert RANK[worst] <= RANK[best]


@given(calibrations, scores, st.integers(1, 10**9), lengths)
def test_no_band_expects_more_strangers_than_it_may(
    calibration: Calibration, score: float, size: int, length: float
) -> None:
    allowed = {None: size, Band.POSSIBLE: 1, Band.LIKELY: 0.1, Band.CERTAIN: 0.01}
    band = calibration.band(score, size, length)
    assert calibration.expected_false_matches(score, size) <= allowed[band] * 1.000001


def test_no_score_has_no_false_matches() -> None:
    with pytest.raises(ValueError):
        SFACE.threshold_at(0)


@pytest.mark.parametrize(
    ("score", "size", "words"),
    [
        (0.70, 100, "less than 1 in 1,000,000 chance that this is someone else"),
        (0.55, 20, "about 1 in 40,000 chance that this is someone else"),
        (0.50, 1000, "about 1 in 63 chance that this is someone else"),
    ],
)
def test_words_give_the_chance(score: float, size: int, words: str) -> None:
    assert SFACE.words(score, size) == f"{words}, in a gallery of this size"


def test_words_do_not_hide_that_strangers_are_to_be_expected() -> None:
    assert "about 400 strangers" in SFACE.words(0.363, 100_000)
    assert "about 1 stranger " in SFACE.words(0.40, 1000)


@given(calibrations, scores, sizes)
def test_there_are_words_for_every_score(calibration: Calibration, score: float, size: int) -> None:
    assert "someone else" in calibration.words(score, size)


@given(calibrations, sizes, st.floats(0.01, 100))
def test_alerts_a_month_stay_within_what_is_allowed(calibration: Calibration, faces: int, allowed: float) -> None:
    threshold = calibration.alert_threshold(faces, allowed)
    assert threshold >= FLOOR
    assert calibration.expected_false_matches(threshold, faces) <= allowed * 1.000001


def test_one_alert_a_month_at_the_volume_of_a_large_crawl() -> None:
    assert SFACE.alert_threshold(1_000_000) == pytest.approx(0.553, abs=0.001)
    assert SFACE.alert_threshold(1_000_000, 0.1) > SFACE.alert_threshold(1_000_000)
    assert SFACE.alert_threshold(0) == FLOOR


# Fitted calibrations


def test_a_fit_may_be_stricter_at_will_and_looser_within_bounds() -> None:
    strict, loose = Calibration(0.2, 0.12), Calibration(-0.02, 0.05)
    assert calibration_for("sface-2021dec-int8bq", {"sface-2021dec-int8bq": strict}) == strict
    found = calibration_for("sface-2021dec-int8bq", {"sface-2021dec-int8bq": loose})
    assert SFACE.threshold_at(1e-6) - 0.044 < found.threshold_at(1e-6) < SFACE.threshold_at(1e-6)
    assert calibration_for("sface-2021dec-int8bq", {"another": strict}) == SFACE


def test_there_is_nothing_fitted_until_somebody_does(tmp_path: Path) -> None:
    assert read_fitted(tmp_path / "calibration.json") == {}


def test_what_was_fitted_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text('{"some-model": {"mean": 0.1, "deviation": 0.08, "images": 500}}')
    assert read_fitted(path) == {"some-model": Calibration(0.1, 0.08)}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"a": 1}', '{"a": {"mean": 0.1}}', '{"a": {"mean": 0.1, "deviation": 0}}']
)
def test_a_damaged_fit_is_not_passed_over_in_silence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="calibrate --save"):
        read_fitted(path)


def strangers(faces: int, seed: int, twins: int = 0) -> NDArray[np.float32]:
    """Unit vectors whose scores are like those of strangers' faces; the last `twins` repeat the first ones."""
    draw = np.random.default_rng(seed)
    vectors = draw.normal(size=(faces, 128)) + 0.38 * draw.normal(size=128)
    if twins:
        vectors[-twins:] = vectors[:twins] + 0.3 * draw.normal(size=(twins, 128))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_a_gallery_of_strangers_is_fitted() -> None:
    vectors = strangers(1000, seed=1)
    found = fit(vectors, np.arange(1000), SFACE)
    scores = (vectors @ vectors.T)[np.triu_indices(1000, 1)]
    assert found.found.mean == pytest.approx(scores.mean(), abs=0.004)
    assert found.found.deviation == pytest.approx(scores.std(), rel=0.03)
    assert found.used == found.found.bounded(SFACE, NO_SLACK)


def test_the_same_people_again_hardly_move_a_fit_and_never_loosen_it() -> None:
    draw = np.random.default_rng(3)
    alone = draw.normal(0.10, 0.09, 100_000)
    mixed = np.where(draw.random(100_000) < 0.03, draw.normal(0.65, 0.1, 100_000), alone)
    clean, found = robust(alone), robust(mixed)
    assert clean.mean <= found.mean < clean.mean + 0.01
    assert clean.deviation <= found.deviation < clean.deviation + 0.01
    assert np.std(mixed) > 0.12


def test_only_much_evidence_loosens() -> None:
    vectors, wide = strangers(2400, seed=2), Calibration(0.3, 0.15)
    few, many = fit(vectors[:1000], np.arange(1000), wide), fit(vectors, np.arange(2400), wide)
    assert few.used == wide
    assert (many.used.mean, many.used.deviation) == (pytest.approx(0.28), pytest.approx(0.145))


def test_faces_of_one_picture_are_not_compared() -> None:
    vectors = np.repeat(np.eye(4, dtype=np.float32), 50, axis=0)
    assert sampled_scores(vectors, np.repeat(np.arange(4), 50)).max() == 0


def test_too_few_pictures_are_refused() -> None:
    with pytest.raises(CannotFit, match="from 150 pictures only"):
        fit(strangers(600, seed=4), np.arange(600) % 150, SFACE)


def test_what_no_set_of_people_gives_is_refused() -> None:
    same = np.tile(strangers(1, seed=5), (300, 1))
    with pytest.raises(CannotFit, match="one person"):
        fit(same, np.arange(300), SFACE)


# Personal thresholds

thresholds = st.floats(0.40, 0.70)
answers = st.lists(st.tuples(st.floats(0.30, 0.95), st.booleans()), max_size=30)


@given(answers, thresholds)
def test_a_personal_shift_is_bounded(given_answers: Answers, threshold: float) -> None:
    shift = personal_shift(given_answers, threshold)
    assert -MOST_LOWERED <= shift <= MOST_RAISED
    assert threshold + shift >= FLOOR - 1e-12


@given(answers, thresholds, st.floats(0.30, 0.95))
def test_not_me_never_lowers_and_me_never_raises(given_answers: Answers, threshold: float, score: float) -> None:
    shift = personal_shift(given_answers, threshold)
    assert personal_shift([*given_answers, (score, False)], threshold) >= shift
    assert personal_shift([*given_answers, (score, True)], threshold) <= shift


@given(answers, thresholds, st.randoms())
def test_the_order_of_answers_plays_no_part(given_answers: Answers, threshold: float, random: Random) -> None:
    shuffled = random.sample(given_answers, len(given_answers))
    assert personal_shift(shuffled, threshold) == personal_shift(given_answers, threshold)


@pytest.mark.parametrize(
    ("given_answers", "shift"),
    [
        ([], 0),
        ([(0.51, False)], 0.011),  # just past the one that was wrong
        ([(0.57, False)], 0.02),  # one answer does not move it further than this
        ([(0.53, False), (0.55, False), (0.58, False)], 0.06),
        ([(0.505, False), (0.52, True), (0.53, True)], 0),  # more right than wrong: stays, and too few to lower it
        ([(0.505, False), (0.51, False), (0.53, True)], 0.006),
        ([(0.52, True), (0.53, True)], -0.01),
        ([(0.52, True)] * 20, -0.02),
        ([(0.9, False)] * 20 + [(0.45, False)], 0),  # no threshold of ours could have told
    ],
)
def test_personal_shifts_by_example(given_answers: Answers, shift: float) -> None:
    assert personal_shift(given_answers, 0.5) == pytest.approx(shift, abs=1e-9)


def test_nothing_goes_below_the_floor() -> None:
    assert personal_shift([(0.42, True)] * 9, FLOOR) == 0
    assert personal_shift([(0.42, True)] * 9, FLOOR + 0.01) == pytest.approx(-0.01)


# The operator's command


@pytest.fixture
def gallery_of_strangers(db: None) -> None:
    """As many pictures as a fit needs and one face in each, of people who are all a little alike."""
    images = Image.objects.bulk_create(
        Image(sha256=f"{number:064x}", width=100, height=100, model_id=MODEL) for number in range(300)
    )
    Face.objects.bulk_create(
        Face(image=image, box=[0, 0, 50, 50], score=0.9, quality_length=12, embedding=vector.tobytes(), model_id=MODEL)
        for image, vector in zip(images, strangers(300, seed=6), strict=True)
    )


def calibrate(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("calibrate", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_calibrate_says_what_it_found_and_changes_nothing(
    gallery_of_strangers: None, settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    found = calibrate()
    assert (found["images"], found["faces"], found["saved"]) == (300, 300, False)
    assert found["calibrations"]["shipped"]["thresholds"]["1e-06"] == pytest.approx(0.553, abs=0.001)
    assert not (tmp_path / FITTED_FILE).exists()


def test_calibrate_speaks_to_people_too(gallery_of_strangers: None, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    out = StringIO()
    call_command("calibrate", stdout=out)
    assert "300 faces in 300 pictures" in out.getvalue()
    assert "Nothing was changed; --save uses the last line." in out.getvalue()


def test_calibrate_saves_for_the_next_start(gallery_of_strangers: None, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / FITTED_FILE).write_text('{"other": {"mean": 0.1, "deviation": 0.1}}')
    used = calibrate("--save")["calibrations"]["within bounds"]
    held = read_fitted(tmp_path / FITTED_FILE)
    assert held["other"] == Calibration(0.1, 0.1)
    assert held[MODEL].mean == pytest.approx(used["mean"], abs=1e-4)
    assert [path.name for path in tmp_path.glob(f"*{FITTED_FILE}*")] == [FITTED_FILE]


def test_calibrate_refuses_an_empty_gallery(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    with pytest.raises(CommandError, match="no faces of this model"):
        calibrate("--save")
    assert not (tmp_path / FITTED_FILE).exists()

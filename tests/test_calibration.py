"""Scores become rates, bands and words, and never promise more than the rates allow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.calibration import Band, Calibration, calibration_for

SFACE = calibration_for("sface-2021dec-int8bq")
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
    assert SFACE.words(score, size) == words


def test_words_do_not_hide_that_strangers_are_to_be_expected() -> None:
    assert "about 400 strangers" in SFACE.words(0.363, 100_000)
    assert "about 1 stranger " in SFACE.words(0.40, 1000)


@given(calibrations, scores, sizes)
def test_there_are_words_for_every_score(calibration: Calibration, score: float, size: int) -> None:
    assert "someone else" in calibration.words(score, size)

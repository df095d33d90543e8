"""The age network: adults are adults, whatever the size and direction of the picture; and another file is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings

from search.engine import Analysis, EngineUnavailable, Model, check_environment, load_engine
from search.engine.age import AGE, AgeModel, load_age
from search.engine.base import DetectedFace, Rgb
from search.engine.weights import prepare
from search.engine.wire import Garbled, pack, unpack
from search.engine.worker import look_at
from tests import photos
from tests.young import YOUNG_LOOKING


@pytest.fixture(scope="module")
def ages() -> AgeModel:
    return load_age(settings.MODEL_CACHE_DIR)


def look(picture: bytes, ages: AgeModel) -> Analysis:
    (outcome,) = look_at(load_engine("sface", settings.MODEL_CACHE_DIR), ages, [picture])
    assert isinstance(outcome, Analysis)
    return outcome


def estimates(picture: Rgb | bytes, ages: AgeModel) -> list[float]:
    data = picture if isinstance(picture, bytes) else photos.encode(picture, "PNG")
    return [face.under_18 for face in look(data, ages).faces]


@pytest.mark.parametrize("picture", [photos.astronaut(), photos.hopper(), photos.hanks(), photos.group()])
def test_adults_are_taken_for_adults(ages: AgeModel, picture: Rgb) -> None:
    assert max(estimates(picture, ages)) < 0.2


def test_the_expected_age_is_about_right(ages: AgeModel) -> None:
    """Grace Hopper was 78; dlib's own alignment gives within a year of ours on this photo."""
    picture = photos.hopper()
    (face,) = load_engine("sface", settings.MODEL_CACHE_DIR).analyse([picture])[0]
    (distribution,) = ages.distribution(picture, face.landmarks[None])
    assert distribution.sum() == pytest.approx(1, abs=1e-4)
    assert 65 < float(distribution @ np.arange(81)) <= 80


def test_a_face_of_childlike_proportions_is_taken_for_a_minor(ages: AgeModel) -> None:
    (young,) = estimates(YOUNG_LOOKING, ages)
    assert young > 0.5


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_picture_is_estimated_like_an_upright_one(ages: AgeModel, turns: int) -> None:
    turned = np.ascontiguousarray(np.rot90(photos.unpacked(YOUNG_LOOKING), turns))
    (young,) = estimates(turned, ages)
    assert young > 0.5


def test_a_picture_larger_than_the_network_needs_says_the_same(ages: AgeModel) -> None:
    """Large faces are reduced by areas: single pixels of skin would be noise."""
    (once,) = estimates(YOUNG_LOOKING, ages)
    (larger,) = estimates(photos.resized(photos.unpacked(YOUNG_LOOKING), 4.0), ages)
    assert larger == pytest.approx(once, abs=0.25)


def test_many_faces_are_estimated_together_as_alone(ages: AgeModel) -> None:
    picture = photos.group()
    found = look(photos.encode(picture, "PNG"), ages).faces
    alone = [float(ages.under_18(picture, face.landmarks[None])[0]) for face in found]
    assert [face.under_18 for face in found] == pytest.approx(alone, abs=1e-4)


def test_no_faces_are_no_work(ages: AgeModel) -> None:
    assert ages.under_18(photos.coffee(), np.empty((0, 5, 2), np.float32)).shape == (0,)


def test_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"age-v1\.onnx is not the file"):
        prepare(replace(AGE, sha256="0" * 64), tmp_path)


def test_the_operator_is_told_where_the_file_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.engine.environment.AGE", replace(AGE, package="no_such_package"))
    assert any("no_such_package" in problem for problem in check_environment())


@pytest.mark.parametrize("estimate", [-0.1, 1.1, float("nan")])
def test_an_estimate_that_cannot_be_is_not_believed(ages: AgeModel, estimate: float) -> None:
    found = look(photos.encode(photos.hanks(), "PNG"), ages)
    lying: tuple[DetectedFace, ...] = tuple(replace(face, under_18=estimate) for face in found.faces)
    model = Model(lying[0].model_id, lying[0].embedding.size)
    with pytest.raises(Garbled):
        unpack(*pack([replace(found, faces=lying)]), 1, model)

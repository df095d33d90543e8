"""The gallery's rows are the truth: the index can be lost, stale or damaged, and heals."""

import numpy as np
import pytest
from django.conf import settings

from search import faces, gallery
from search.index import IndexCorrupt, IndexMissing
from search.models import Face, Image

pytestmark = pytest.mark.django_db


@pytest.fixture
def hundred_faces() -> np.ndarray:
    """A hundred random unit vectors as faces, in the order of their ids."""
    engine = faces.model()
    vectors = np.random.default_rng(7).normal(size=(100, engine.dimension)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    image = Image.objects.create(sha256="0" * 64, width=9, height=9, model_id=engine.model_id)
    for vector in vectors:
        Face.objects.create(
            image=image, box=[0, 0, 9, 9], score=0.9, quality_length=12,
            embedding=faces.to_bytes(vector), model_id=engine.model_id,
        )  # fmt: skip
    return vectors


def best(vector: np.ndarray) -> int:
    return gallery.search(vector[np.newaxis], 0.99)[0][0].id


def test_every_row_is_found(hundred_faces: np.ndarray) -> None:
    ids = list(Face.objects.order_by("pk").values_list("pk", flat=True))
    assert [best(vector) for vector in hundred_faces[:10]] == ids[:10]
    assert gallery.verify().exact
    assert gallery.stats().count == 100


def test_a_deleted_row_is_never_found_again(hundred_faces: np.ndarray) -> None:
    assert best(hundred_faces[3])
    Face.objects.order_by("pk")[3].delete()
    assert gallery.verify().surplus.size == 1
    assert gallery.search(hundred_faces[3:4], 0.99) == [[]]


def test_a_lost_index_is_made_again(hundred_faces: np.ndarray) -> None:
    gallery.rebuild()
    for file in settings.INDEX_DIR.iterdir():
        file.unlink()
    with pytest.raises(IndexMissing):
        gallery.stats()
    assert best(hundred_faces[5])


def test_a_damaged_index_is_refused_and_made_again(hundred_faces: np.ndarray) -> None:
    gallery.rebuild()
    data = max(settings.INDEX_DIR.iterdir(), key=lambda file: file.stat().st_size)
    data.write_bytes(data.read_bytes()[:-8] + b"damaged!")
    with pytest.raises(IndexCorrupt):
        gallery.verify()
    assert best(hundred_faces[5])


def test_faces_of_another_model_never_enter(hundred_faces: np.ndarray) -> None:
    Face.objects.update(model_id="another-model")
    assert gallery.size() == 0
    assert gallery.search(hundred_faces[:1], -1.0) == [[]]

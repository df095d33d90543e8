"""A real change of the face model: two small insightface packs that see the same faces and measure them differently.

Faces are those of `tests.tiny_pack`, squares whose inside is a person.
"""

import os
from functools import cache
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from crawler import spool
from crawler.models import FetchedImage, url_digest
from search import ingest
from search.models import Image
from tests import photos, tiny_pack
from tests.fetched import a_run
from tests.sites import Reply, Site

# Patterns that neither pack takes for each other.
ALICE, GRACE, MALLORY = 4, 8, 22
PLACES = ((3, 3), (12, 3), (3, 12))


@cache
def pack(number: int) -> str:
    """The spec of one of the packs; the same one each time, so that it is loaded once."""
    folder = tiny_pack.build(Path(os.environ["FACEWARD_DATA"]) / f"tiny-{number}")
    model = onnx.load(folder / "rec.onnx")
    (mix,) = (tensor for tensor in model.graph.initializer if tensor.name == "mix")
    mix.CopyFrom(numpy_helper.from_array(_mix(number), "mix"))
    onnx.save(model, folder / "rec.onnx")
    return f"insightface:{folder}"


def _mix(number: int) -> NDArray[np.float32]:
    """Looks at how the red of a square varies, and not at its mean, so that different squares are strangers."""
    red = np.random.default_rng(number).standard_normal((64, tiny_pack.DIMENSION))
    other = np.zeros((128, tiny_pack.DIMENSION))
    return np.concatenate([10 * (red - red.mean(axis=0)), other]).astype(np.float32)


def photo(*people: int, copy: int = 0) -> bytes:
    """A picture of these people beside each other; every copy, up to 128, is another file with a paler background."""
    pixels = np.full((tiny_pack.SIDE, tiny_pack.SIDE, 3), 127 + copy, dtype=np.uint8)
    for person, (column, row) in zip(people, PLACES, strict=False):
        area = np.s_[row * 32 : row * 32 + tiny_pack.SQUARE, column * 32 : column * 32 + tiny_pack.SQUARE]
        pixels[area] = tiny_pack.picture((column, row), pattern=person)[area]
    return photos.encode(pixels, "PNG")


def pair(person: int, copy: int = 0) -> list[bytes]:
    """Two reference photos of one person, as an enrolment takes at least."""
    return [photo(person, copy=copy), photo(person, copy=copy + 1)]


def crawled(site: Site, path: str, data: bytes) -> Image | None:
    """Put a picture on a site, and let it be found there; none where nothing of it is kept."""
    site.answers[path] = Reply(data, "image/png")
    page_url, image_url = site.url("/page"), site.url(path)
    sha256 = spool.put(data)
    FetchedImage.objects.create(
        run=a_run(),
        page_url=page_url,
        image_url=image_url,
        digest=url_digest(page_url, image_url),
        sha256=sha256,
        size=len(data),
        content_type="image/png",
    )
    ingest.ingest_waiting()
    return Image.objects.filter(sha256=sha256).first()

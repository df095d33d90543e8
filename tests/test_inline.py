"""Pictures that are inside a page."""

import base64
import hashlib
from urllib.parse import quote

import pytest

from crawler.reading import inline
from crawler.reading.extract import extract
from tests import photos

BASE = "http://site.example/"


def data_url(data: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def found(markup: str) -> list[bytes]:
    return [picture.data for picture in extract(markup, BASE).inline]


def test_pictures_in_tags_and_styles_are_decoded() -> None:
    # The second is longer than attributes of any other kind are read.
    first, second = photos.jpeg(photos.hanks()), photos.encode(photos.astronaut(), "PNG")
    assert len(second) > 100_000
    markup = (
        f'<img src="{data_url(first)}"><img src="{data_url(first)}">'
        f"<div style=\"background:url('{data_url(second, 'image/png')}')\"></div>"
    )
    content = extract(markup, BASE)
    assert [picture.data for picture in content.inline] == [first, second]
    assert content.inline[0].sha256 == hashlib.sha256(first).hexdigest()
    assert content.images == []
    assert found(f"<style>a{{background:url({data_url(second)})}}</style>") == [second]
    assert extract(markup, BASE, robots="noimageindex").inline == []


def test_notations_that_browsers_take() -> None:
    photo = photos.jpeg(photos.hanks())
    text = base64.b64encode(photo).decode()
    wrapped = "\n ".join(text[at : at + 76] for at in range(0, len(text), 76))
    assert found(f'<img src=" data:image/jpeg;base64,{wrapped}">') == [photo]
    assert inline.decode(f"data:image/jpeg;base64,{text.rstrip('=')}") == photo
    assert inline.decode(f"DATA:image/jpeg;BASE64,{quote(text)}") == photo
    assert inline.decode(f"data:image/jpeg,{quote(photo)}") == photo
    assert inline.decode("data:image/jpeg;base64," + base64.urlsafe_b64encode(photo).decode()) == photo


@pytest.mark.parametrize(
    "url",
    [
        "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
        "data:image/png;base64," + "A" * 1000,
        "data:image/png;base64," + "%%%" * 1000,
        "data:image/svg+xml," + "<svg>" * 500,
        "data:",
        "data:image/png;base64",
        "data:" + "x" * 10_000 + ",",
    ],
)
def test_placeholders_and_rubbish_are_passed_over(url: str) -> None:
    assert inline.decode(url) is None


def test_a_placeholder_beside_the_real_one_is_not_a_picture() -> None:
    preview = data_url(photos.jpeg(photos.hanks()))
    content = extract(f'<img src="{preview}" data-src="real.jpg">', BASE)
    assert (content.inline, [image.url for image in content.images]) == ([], ["http://site.example/real.jpg"])


def test_caps_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [photos.jpeg(photos.hanks(), quality) for quality in (40, 60, 80)]
    urls = [data_url(picture) for picture in pictures]
    monkeypatch.setattr(inline, "MAX_PICTURES", 2)
    assert [picture.data for picture in inline.decode_all(urls)] == pictures[:2]
    monkeypatch.setattr(inline, "MAX_PAGE_BYTES", len(pictures[0]) + 1)
    assert [picture.data for picture in inline.decode_all(urls)] == pictures[:1]
    monkeypatch.setattr(inline, "MAX_PICTURE_BYTES", len(pictures[0]))
    assert inline.decode(urls[2]) is None

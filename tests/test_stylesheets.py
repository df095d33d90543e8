"""Pictures in linked style sheets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.reading.stylesheets import pictures

URL = "http://site.example/css/main.css"


def found(text: str | bytes) -> list[str]:
    data = text if isinstance(text, bytes) else text.encode()
    return [image.url.removeprefix("http://site.example") for image in pictures(data, URL).images]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        (".a{background:url(../img/a.jpg)}", ["/img/a.jpg"]),
        (".a{background:URL( 'a b.jpg' ) , url(\"c.jpg\")}", ["/css/a%20b.jpg", "/css/c.jpg"]),
        ("/* url(no.jpg) */ .a{background:url(yes.jpg)} /* url(no.jpg)", ["/css/yes.jpg"]),
        (".a::after{content:'url(no.jpg)'}", []),
        ("@font-face{src:url(font?x)} .a{src:url(x.woff2) url(y.svg)}", []),
        (r".a{background:url(a\20 b.jpg)}", ["/css/a%20b.jpg"]),
        (r".a{background:url('a\'b.jpg')}", ["/css/a'b.jpg"]),
        (".a{background:image-set('a.png' 1x, 'b.png' 2x)} .b{background:url(c.jpg)}", ["/css/b.png", "/css/c.jpg"]),
        (
            ".a{background-image:-webkit-image-set(url(a.avif) type('image/avif') 1x, url(a.png) 192dpi), url(c.jpg)}",
            ["/css/a.png", "/css/c.jpg"],
        ),
        (".a{background:url(a-300x200.jpg)} @media (min-width:9px){.a{background:url(a.jpg)}}", ["/css/a.jpg"]),
        ('@charset "iso-8859-1";.a{background:url(\u00e9.jpg)}'.encode("latin-1"), ["/css/%C3%A9.jpg"]),
        ('@charset "hex";.a{background:url(a.jpg)}', ["/css/a.jpg"]),
        ("\ufeff.a{background:url(a.jpg)}".encode("utf-16-le"), ["/css/a.jpg"]),
        (".a{background:url(a.jpg", []),
        (".a{background:url()} .b{background:url('')}", []),
    ],
)
def test_pictures(text: str | bytes, urls: list[str]) -> None:
    assert found(text) == urls


def test_imports() -> None:
    text = b"""@import "a.css"; @import url(b.css) screen; @import url('/c.css?x'); @import 'main.css';
        /* @import "no.css"; */ .a{color:red}"""
    sheet = pictures(text, URL)
    assert sheet.imports == [f"http://site.example/{path}" for path in ("css/a.css", "css/b.css", "c.css?x")]
    assert sheet.images == []


@pytest.mark.parametrize(
    "text",
    [
        "url(" * 200_000,
        'url("' * 200_000,
        "/*" * 400_000,
        '"\\"' * 200_000,
        "@import " * 100_000,
        "(" * 500_000,
        "\\" * 10**6,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_sheets_are_read_to_their_end(text: str) -> None:
    assert found(".a{background:url(first.jpg)}" + text)[0] == "/css/first.jpg"


@given(st.text(alphabet="url(\"')/*\\ \n@import;{}image-set2xa.", max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    pictures(text.encode(), URL)

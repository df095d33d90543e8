"""Where pictures and links really are in a page, and pages that mean harm."""

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.reading import sniff
from crawler.reading.extract import PageContent, extract
from crawler.reading.markup import decode
from crawler.reading.picture_urls import css_urls, srcset

BASE = "http://site.example/dir/page.html"


def read(body: str, head: str = "") -> PageContent:
    return extract(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>", BASE)


def images(body: str, head: str = "") -> list[str]:
    """URLs as a page in `/dir/` would write them."""
    urls = [image.url.removeprefix("http://site.example/dir/") for image in read(body, head).images]
    return [url.removeprefix("http://site.example") for url in urls]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('<img src="a.jpg">', ["a.jpg"]),
        ("<IMG SRC=a.jpg>", ["a.jpg"]),
        ("<img src='a.jpg?x=1&amp;y=2'>", ["a.jpg?x=1&y=2"]),
        ('<img src="a.jpg?x=1&copy=2">', ["a.jpg?x=1&copy=2"]),
        ('<img src=" a b.jpg\n">', ["a%20b.jpg"]),
        ('<img src="a.jpg"><img src="./a.jpg#x">', ["a.jpg"]),
        # The largest of a srcset, and nothing else
        ('<img src="s.jpg" srcset="m.jpg 640w, l.jpg 1600w, n.jpg 800w">', ["l.jpg"]),
        ('<img src="s.jpg" srcset="s.jpg, l.jpg 2x">', ["l.jpg"]),
        ('<img srcset="a,b.jpg 1x, c.jpg 1.5x">', ["c.jpg"]),
        ('<img srcset="one.jpg">', ["one.jpg"]),
        ('<img srcset="a.jpg 10w,b.jpg 20w">', ["b.jpg"]),
        # Lazy loading: the placeholder is not the picture
        ('<img src="dot.gif" data-src="real.jpg">', ["real.jpg"]),
        ('<img src="data:image/gif;base64,R0lGOD" data-original="real.jpg">', ["real.jpg"]),
        ('<img src="dot.gif" data-srcset="a.jpg 400w, b.jpg 900w" data-src="c.jpg">', ["b.jpg"]),
        ('<img src="real.jpg" data-src="17">', ["real.jpg"]),
        ('<img src="thumb.jpg" data-zoom-image="full.jpg" srcset="mid.jpg 500w">', ["full.jpg"]),
        ('<img data-src="x.jpg"><noscript><img src="x.jpg"></noscript>', ["x.jpg"]),
        ('<noscript><img src="only.jpg"></noscript>', ["only.jpg"]),
        # One picture element, one candidate
        ('<picture><source srcset="a.webp 500w, b.webp 1500w"><img src="c.jpg"></picture>', ["b.webp"]),
        ('<picture><source srcset="a.webp"><img src="c.jpg"></picture>', ["c.jpg"]),
        ('<picture><source data-srcset="a.webp 9w"><img data-src="c.jpg"></picture>', ["a.webp"]),
        ('<picture><source srcset="a.jpg 9w"></picture><img src="b.jpg">', ["a.jpg", "b.jpg"]),
        ('<picture><source srcset="a.jpg 9w"><img src="b.jpg"><p><img src="c.jpg">', ["a.jpg", "c.jpg"]),
        # A thumbnail and the file it links to are two files
        ('<a href="big.JPG"><img src="small.jpg"></a>', ["big.JPG", "small.jpg"]),
        ('<a href="big.jpeg?size=2#x">see</a>', ["big.jpeg?size=2"]),
        # Elsewhere
        ('<div style="background: url(bg.jpg)">', ["bg.jpg"]),
        ("<div style=\"background-image:url('b\\26 g.jpg')\">", ["b&g.jpg"]),
        ('<div data-bg="lazy.jpg"></div>', ["lazy.jpg"]),
        ('<table background="old.gif">', ["old.gif"]),
        ('<video poster="still.jpg"></video>', ["still.jpg"]),
        ('<input type="image" src="button.png">', ["button.png"]),
        ('<svg><image xlink:href="in.jpg"/></svg>', ["in.jpg"]),
        ('<object data="o.bin" type="image/png"></object>', ["o.bin"]),
        ('<amp-img src="amp.jpg"></amp-img>', ["amp.jpg"]),
        # The largest that is offered, whatever the srcset says of the rest
        ('<img src="/u/p.jpg" srcset="/u/p-300x200.jpg 300w, /u/p-768x512.jpg 768w">', ["/u/p.jpg"]),
        ('<a href="/u/p.jpg"><img src="/u/p-300x200.jpg" alt="x"></a>', ["/u/p.jpg"]),
        ('<img src="/c.jpg?w=200&amp;q=80"><p><img src="/c.jpg?w=1200&amp;q=80">', ["/c.jpg?w=1200&q=80"]),
        ('<img src="/c.jpg?id=1"><img src="/c.jpg?id=2">', ["/c.jpg?id=1", "/c.jpg?id=2"]),
        # A lazy picture and the same for those without scripts, under other names
        ('<img data-src="/s/a.jpg"><noscript><img src="/l/b.jpg"></noscript>', ["/l/b.jpg"]),
        (
            '<img src="data:image/gif;base64,R0lGOD" data-srcset="a.jpg 90w, b.jpg 900w">\n<noscript>'
            '<img src="c.jpg"></noscript><img src="d.jpg">',
            ["b.jpg", "d.jpg"],
        ),
        (
            '<img data-src="a.jpg"><noscript><img height=1 width=1 src="//t.example/p?x"></noscript>',
            ["a.jpg"],
        ),
        ('<img data-src="a.jpg"><noscript><p>Text</p><img src="b.jpg"></noscript>', ["a.jpg", "b.jpg"]),
        ('<noscript><img src="a.jpg"></noscript><img src="b.jpg">', ["a.jpg", "b.jpg"]),
        # Nobody's face is in those
        ('<img src="pixel.gif" width="1" height="1"><img src="i.png" width="16px"><img src="f.svg">', []),
        ('<img src="dot.gif" data-src="real.jpg" width="1" height="1">', ["real.jpg"]),
        ('<img data-src="real.jpg" width="1" height="1">', ["real.jpg"]),
        ('<img data-src="//t.example/p?x" width="1" height="1" style="display: none">', []),
        ('<amp-img src="i.png" width=16 height=16 layout=fixed></amp-img><img src="i.png" width=16 height=12>', []),
        # Proportions
        ('<amp-img src="a.jpg" width=3 height=2 layout=responsive></amp-img>', ["a.jpg"]),
        ('<amp-img src="a.jpg" width=1 height=1></amp-img><img src="b.jpg" width=16 height=9>', ["a.jpg", "b.jpg"]),
        ('<img src="a.jpg" width=1 height=1 class="img-fluid"><img src="b.jpg" width=1 height=2>', ["a.jpg"]),
        ('<link rel="icon" href="i.png"><link rel="apple-touch-icon" href="t.png"><img src="x.ico?1">', []),
        # Attributes of galleries
        ("""<img src="a.gif" data-lazy='{"src":"\\/u\\/b.jpg"}'>""", ["/u/b.jpg"]),
        ("""<div data-gallery='[{"src":"a.jpg","w":3},{"src":"b.jpg"}]'></div>""", ["a.jpg", "b.jpg"]),
        ('<div data-custom-thing="/u/x.jpg" data-other="17.5"></div>', ["/u/x.jpg"]),
        ('<li data-thumb="t.jpg" data-src="big.jpg"></li>', ["big.jpg"]),
        ('<a href="#" data-full-src="big.jpg">x</a>', ["big.jpg"]),
        ('<a href="/view?id=3" data-src="big.jpg" data-fancybox>x</a>', ["big.jpg"]),
        ('<a href="#" onclick="show(\'big.jpg\')">x</a>', ["big.jpg"]),
        ('<div data-bgset="a.jpg 100w, b.jpg 900w"></div>', ["b.jpg"]),
        ('<my-picture src="a.jpg"></my-picture>', ["a.jpg"]),
        ('<picture><source data-srcset="a.webp 9w, b.webp 90w"></picture>', ["b.webp"]),
        # Parts of the page that are written elsewhere
        ("<iframe srcdoc=\"<p><img src='in.jpg'>\"></iframe>", ["in.jpg"]),
        ("<template shadowrootmode=open><img src=shadow.jpg></template>", ["shadow.jpg"]),
        ("<div style=\"background-image:image-set('a.png' 1x, url(b.png) 2x)\">", ["b.png"]),
        ('<script type="application/json">{"a":"\\/u\\/a.jpg","b":"word.jpg"}</script>', ["/u/a.jpg"]),
        (
            '<script>window.__STATE__={"alt":"two words","b":false,"u":"/u/a.jpg","t":"/u/{id}.jpg"}</script>',
            ["/u/a.jpg"],
        ),
        ("<script>var x = '<img src=no.jpg>'</script><!-- <img src=no.jpg> -->", []),
        ('<img src=""><img><img src="javascript:x"><img src="http://[bad/x.jpg">', []),
    ],
)
def test_pictures_in_the_body(body: str, found: list[str]) -> None:
    assert images(body) == found


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ('<meta property="og:image" content="og.jpg">', ["og.jpg"]),
        ('<meta name="twitter:image" content="tw.jpg">', ["tw.jpg"]),
        ('<meta itemprop="image" content="it.jpg">', ["it.jpg"]),
        ('<link rel="image_src" href="is.jpg">', ["is.jpg"]),
        ("<style>.a{background:url(s.jpg)} @font-face{src:url(f.woff2)}</style>", ["s.jpg"]),
        ('<script type="application/ld+json">{"@type":"Person","image":"j.jpg"}</script>', ["j.jpg"]),
        ('<script type="application/ld+json">{"image":["a.jpg",{"url":"b.jpg"}]}</script>', ["a.jpg", "b.jpg"]),
        (
            '<script type="application/ld+json">{"@graph":[{"image":'
            '{"@type":"ImageObject","contentUrl":"c.jpg","url":"page"}}]}</script>',
            ["c.jpg"],
        ),
        ('<script type="application/ld+json">{"image": broken</script>', []),
        ('<script type="application/ld+json">{"image":"a.jpg","thumbnailUrl":"t.jpg"}</script>', ["a.jpg"]),
        ('<script type="application/ld+json">{"thumbnailUrl":"t.jpg"}</script>', ["t.jpg"]),
        (
            '<script type="application/ld+json">//<![CDATA[\n[{"@type":["ImageObject"],"url":"b.jpg",'
            '"thumbnail":{"@type":"ImageObject","url":"t.jpg"}}]\n//]]></script>',
            ["b.jpg"],
        ),
        ('<meta property="og:image" content="a.jpg"><meta property="og:image:secure_url" content="b.jpg">', ["a.jpg"]),
        ('<meta property="og:image:secure_url" content="b.jpg">', ["b.jpg"]),
        ('<meta name="thumbnail" content="t.jpg">', ["t.jpg"]),
        ('<meta name="thumbnail" content="t.jpg"><meta property="og:image" content="o.jpg">', ["o.jpg"]),
        ('<link itemprop="image" href="it.jpg">', ["it.jpg"]),
        ('<link rel="preload" as="image" href="s.jpg" imagesrcset="a.jpg 100w, b.jpg 900w">', ["b.jpg"]),
    ],
)
def test_pictures_in_the_head(head: str, found: list[str]) -> None:
    assert images("", head) == found


def test_links_title_canonical_and_refresh() -> None:
    content = read(
        '<a href="next.html?utm_source=x">a</a><a href="/top#x">b</a><area href="area"><iframe src="//f.example/y">'
        '</iframe><a rel="noopener nofollow" href="no">c</a><a href="mailto:a@b.example">d</a><a href="x.pdf">e</a>'
        '<a href="/top">again</a>',
        '<title> A\n &amp; B </title><link rel="next" href="?p=2"><link rel="canonical" href="/canon">'
        '<meta http-equiv="Refresh" content="5; URL=\'elsewhere\'">',
    )
    assert content.title == "A & B"
    assert content.links == [
        "http://site.example/dir/page.html?p=2",
        "http://site.example/dir/next.html",
        "http://site.example/top",
        "http://site.example/dir/area",
        "http://f.example/y",
    ]
    assert content.canonical == "http://site.example/canon"
    assert content.refresh == "http://site.example/dir/elsewhere"


def test_base_is_honoured_for_what_comes_before_it_too() -> None:
    content = read('<img src="a.jpg">', '<meta property="og:image" content="b.jpg"><base href="http://cdn.example/x/">')
    assert [image.url for image in content.images] == ["http://cdn.example/x/b.jpg", "http://cdn.example/x/a.jpg"]
    assert extract('<base href="javascript:x"><img src="a.jpg">', BASE).images[0].url.endswith("/dir/a.jpg")


@pytest.mark.parametrize(
    ("head", "header", "links", "pictures"),
    [
        ('<meta name="robots" content="nofollow">', "", 0, 1),
        ('<meta name="ROBOTS" content="NoImageIndex">', "", 1, 2),
        ('<meta name="faceward" content="noindex">', "", 1, 0),
        ('<meta name="robots" content="none">', "", 0, 0),
        ("", "noindex, nofollow", 0, 0),
        ("", "otherbot: noindex, nofollow", 1, 2),
        ('<meta name="robots" content="unavailable_after: 2025-03-01">', "", 1, 0),
        ('<meta name="robots" content="nofollow, unavailable_after: 2027-03-01">', "", 0, 1),
        ("", "unavailable_after: Friday, 25-Jun-10 15:00:00 EST, nofollow", 0, 0),
        ("", "unavailable_after: 01 Mar 2026 00:30:00 +0100", 1, 0),
        ("", "unavailable_after: 01 Mar 2026 00:30:00 GMT", 1, 2),
        ("", "otherbot: unavailable_after: 25 Jun 2010 15:00:00 PST", 1, 2),
        ("", "faceward: unavailable_after: 25 Jun 2010", 1, 0),
        ("", "unavailable_after: 2026-02-28T12:00:00Z", 1, 0),
        ("", "unavailable_after: soon", 1, 2),
        ("", "unavailable_after: 99 Jun 999999 25:00:00", 1, 2),
        ("", "otherbot: noindex, Faceward: noimageindex", 1, 0),
        ('<meta name="otherbot" content="noindex">', "", 1, 2),
    ],
)
def test_wishes_to_robots(head: str, header: str, links: int, pictures: int) -> None:
    body = '<a href="x">x</a><img src="a.jpg"><a href="b.jpg">b</a>'
    content = extract(f"<head>{head}</head>{body}", BASE, robots=header, now=datetime(2026, 3, 1, tzinfo=UTC))
    expected = 0 if "oimageindex" in head.lower() else pictures
    assert (len(content.links), len(content.images)) == (links, expected)


def test_sheets_feeds_and_other_languages() -> None:
    content = read(
        "<style>@import 'more.css'; /* url(no.jpg) */</style>",
        '<link rel="stylesheet" href="/a.css"><link rel=preload as=style href="b.css">'
        '<link rel="alternate" type="application/rss+xml" href="feed"><link rel="alternate" hreflang="de" href="/de">'
        '<link rel="amphtml" href="/amp"><link rel="alternate" type="application/json" href="/wp-json/1">',
    )
    assert content.stylesheets == [f"http://site.example/{path}" for path in ("a.css", "dir/b.css", "dir/more.css")]
    assert content.feeds == ["http://site.example/dir/feed"]
    assert content.links == ["http://site.example/de", "http://site.example/amp"]
    assert content.images == []


def test_the_hash_is_of_what_is_said_and_shown() -> None:
    def page(nonce: str, session: str, text: str = "Hello", picture: str = "a.jpg") -> str:
        return read(
            f'<div data-time="{nonce}"><script nonce="{nonce}">var t="{nonce}"</script>{text} &amp;\n more'
            f'<a href="/next?sid={session}&amp;page=2">next</a><img src="{picture}?t={nonce}">',
        ).content_hash

    assert page("1", "abc") == page("2", "def")
    others = {page("1", "abc"), page("1", "abc", text="Bye"), page("1", "abc", picture="b.jpg"), read("").content_hash}
    assert len(others) == 4
    assert all(len(digest) == 64 for digest in others)


@pytest.mark.parametrize(
    ("body", "title", "missing"),
    [
        ("<h1>Page not found</h1>", "Site", True),
        ("<p>Sorry</p>", "404 | Site", True),
        ("<h1>Seite nicht gefunden</h1>", "", True),
        ("<h1>Oups</h1>", "Page introuvable", True),
        ("<h1><span>P\u00e1gina</span> no encontrada</h1>", "", True),
        ("<h1>\u30da\u30fc\u30b8\u304c\u898b\u3064\u304b\u308a\u307e\u305b\u3093</h1>", "", True),
        ("<h1>My Peugeot 404</h1>", "A car", False),
        ("<h1>Team</h1><p>not found</p>", "Our team", False),
        ("<h1>Lost treasures not found yet</h1>" + "<p>A long story.</p>" * 400, "", False),
    ],
)
def test_pages_that_say_they_are_missing(body: str, title: str, missing: bool) -> None:
    content = read(body, f"<title>{title}</title>")
    assert content.looks_missing is missing
    assert content.text_length > 0


def test_inline_pictures_are_counted_and_not_fetched() -> None:
    content = read('<img src="data:image/png;base64,AAAA"><a href="data:text/html,x">x</a>')
    assert (content.data_images, content.images, content.links) == (1, [], [])


@pytest.mark.parametrize(
    ("markup", "content_type"),
    [
        ("<title>Zo\u00eb</title>".encode(), "text/html"),
        ("<title>Zo\u00eb</title>".encode("cp1252"), "text/html"),
        ("<title>Zo\u00eb</title>".encode("cp1252"), "text/html; charset=ISO-8859-1"),
        ("<meta charset=iso-8859-2><title>Zo\u00eb</title>".encode("iso-8859-2"), "text/html"),
        ("\ufeff<title>Zo\u00eb</title>".encode("utf-16-le"), "text/html; charset=utf-8"),
        ("\ufeff<title>Zo\u00eb</title>".encode(), "text/html; charset=shift_jis"),
        ("<title>Zo\u00eb</title>".encode(), "text/html; charset=no-such-charset"),
        ("<title>Zo\u00eb</title>".encode(), "text/html; charset=hex"),
        ("<title>Zo\u00eb</title>".encode(), "text/html; charset=idna"),
        ("<meta charset=utf-16><title>Zo\u00eb</title>".encode(), ""),
    ],
)
def test_charsets(markup: bytes, content_type: str) -> None:
    assert extract(markup, BASE, content_type).title == "Zo\u00eb"


def test_a_wrong_charset_loses_letters_but_not_the_page() -> None:
    assert "\ufffd" in decode(b"\x81\xff<p>", "text/html; charset=utf-8")
    assert extract(b"<title>\xff\xfe</title><img src=a.jpg>", BASE, "text/html; charset=utf-8").images


@pytest.mark.parametrize(
    ("data", "content_type", "kinds"),
    [
        (b"\xef\xbb\xbf\n<!-- x --><HTML>", "", {"html"}),
        (b"<?xml version='1.0'?><!DOCTYPE html><html xmlns='x'>", "application/xml", {"html"}),
        ("\ufeff<html>".encode("utf-16-be"), "text/plain", {"html"}),
        ("<!doctype html>".encode("utf-16-le"), "", {"html"}),
        (b"<p>Hello", "application/octet-stream", {"html"}),
        (b"<html>", "image/jpeg", set()),
        (b"<?xml version='1.0'?><!-- x --><urlset xmlns='x'>", "text/xml", {"listing", "css"}),
        (b"<rdf:RDF xmlns='x'>", "", {"listing", "css"}),
        (b"https://a.example/\nhttps://a.example/b", "text/plain; charset=utf-8", {"listing", "css"}),
        (b'{"title":"x","version":"https://jsonfeed.org/version/1"', "application/json", {"listing"}),
        (b"anything", "application/rss+xml", {"listing"}),
        (b".a{}", "text/css", {"css"}),
        (b".a{}", "text/plain", {"css"}),
        (b"WARC/1.1\r\n", "application/warc", {"warc"}),
        (gzip.compress(b"WARC/1.0\r\nWARC-Type: warcinfo\r\n", mtime=0), "application/gzip", {"warc"}),
        (gzip.compress(b"<urlset>", mtime=0), "application/gzip", set()),
        (b"\x1f\x8b\x08garbage", "application/gzip", set()),
        (b"", "image/png", set()),
    ],
)
def test_what_a_body_is(data: bytes, content_type: str, kinds: set[str]) -> None:
    found = {
        "html": sniff.is_html(data, content_type),
        "listing": sniff.is_listing(data, content_type),
        "css": sniff.is_css(data, content_type),
        "warc": sniff.is_warc(data),
    }
    assert {kind for kind, is_it in found.items() if is_it} == kinds


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "image/avif"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", None),
        (b"BM\x36\x00\x00\x00\x01\x02\x03\x04\x36\x00\x00\x00\x28\x00\x00\x00", "image/bmp"),
        (b"BM is no picture by itself", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\xff\x0a\x00", "image/jxl"),
    ],
)
def test_kinds_of_pictures(data: bytes, media_type: str | None) -> None:
    assert sniff.image_type(data) == media_type


HOSTILE = [
    "<div>" * 100_000,
    "<b><i><a href=x>" * 50_000,
    "<img " + " ".join(f"a{i}=1" for i in range(100_000)) + ">",
    "<img src='" + "a" * 3_000_000 + "'>",
    "<!--" * 100_000,
    "<a href='" * 100_000,
    "<" * 500_000,
    "<img srcset='" + "a (" * 100_000 + "'>",
    "<style>" + "url(" * 200_000,
    "<p style='" + 'url("' * 100_000 + "'>",
    "<script type=application/ld+json>" + "[" * 200_000 + "</script>",
    "<script type=application/ld+json>" + '{"image":' * 50_000 + "1" + "}" * 50_000 + "</script>",
    "<img src='&#" + "9" * 100_000 + ";'>",
    "<title>" + "&amp;" * 100_000 + "</title>",
    "<base href='http://[x'>",
    "<meta name=robots content='" + "," * 100_000 + "'>",
    "\x00" * 1000,
    "<picture><source srcset=x 1w>" * 20_000,
    "<iframe srcdoc='" + "<iframe srcdoc=&quot;" * 50_000 + "'>",
    "<div data-x='" + '"' * 200_000 + ".jpg'>",
    "<div data-x='" + '{"a":' * 40_000 + ".jpg'>",
    "<script>" + '"/a' * 100_000 + "</script>",
    "<script>" + "'\"" * 100_000 + ".jpg</script>",
    "<style>" + '"\\"' * 200_000 + "</style>",
    "<style>" + "/*" * 200_000 + "</style>",
    "<style>" + "image-set(" * 50_000 + "</style>",
    "<style>" + "@import " * 100_000 + "</style>",
    "<img src='data:image/png;base64," + "A" * 4_000_000 + "'>",
    "<h1>" + "not found " * 100_000 + "</h1>",
    "<h1>text" * 50_000,
    "<img data-src=a.jpg><noscript>" * 20_000,
    "<p itemprop='" + "image " * 50_000 + "' content=x.jpg>",
    "<img src='/" + "a-300x200" * 400 + ".jpg'>",
    "<img src='/" + "small/" * 600 + "x.jpg?" + "w=300&" * 50 + "'>",
]


@pytest.mark.parametrize("markup", HOSTILE, ids=[markup[:20].strip("\x00") for markup in HOSTILE])
def test_hostile_pages_are_read_to_their_end(markup: str) -> None:
    """What comes first is found, whatever follows; the suite's time limit catches what is not linear."""
    content = extract("<img src=first.jpg>" + markup, BASE)
    assert content.images[0].url == "http://site.example/dir/first.jpg" or "<base" in markup


def test_what_lies_behind_deep_nesting_is_found() -> None:
    assert images("<div>" * 50_000 + "<img src=deep.jpg>" + "</div>" * 50_000) == ["deep.jpg"]
    assert images("<\x00im\x00g src=nul.jpg>") == ["nul.jpg"]
    assert images('<a href=x" title="<img src=in.jpg>"><img src=after.jpg>') == ["after.jpg"]


def test_a_page_of_ten_thousand_pictures() -> None:
    assert len(images("".join(f"<img src={number}.jpg>" for number in range(10_000)))) == 10_000


@given(st.text(alphabet="<>/=\"' abimgsrchef&;#-!\x00\ud800", max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    extract(text, BASE)
    extract(text.encode("utf-8", "surrogatepass"), BASE)
    srcset(text)
    css_urls(f"url({text})")


@given(st.binary(max_size=200), st.text(max_size=30))
def test_no_bytes_make_it_raise(data: bytes, charset: str) -> None:
    extract(data, BASE, f"text/html; charset={charset}")

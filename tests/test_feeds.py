"""Sitemaps, feeds and lists of URLs, well and badly written."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.reading import feeds
from crawler.reading.feeds import Listing, read
from crawler.reading.sniff import is_listing

URL = "http://site.example/lists/main.xml"


def listing(text: str | bytes) -> Listing:
    found = read(text if isinstance(text, bytes) else text.encode(), URL)
    assert found is not None
    return found


def short(urls: list[str]) -> list[str]:
    return [url.removeprefix("http://site.example") for url in urls]


def pictures(found: Listing) -> list[tuple[str, str]]:
    return [(short([image.page_url])[0], short([image.image_url])[0]) for image in found.images]


SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"
  xmlns:video="http://www.google.com/schemas/sitemap-video/1.1" xmlns:xhtml="http://www.w3.org/1999/xhtml">
 <url><loc> http://site.example/a?x=1&amp;y=2 </loc>
  <image:image><image:loc>/i/1.jpg</image:loc><image:title>One</image:title></image:image>
  <image:image><image:loc>/i/2.jpg</image:loc></image:image></url>
 <url><loc>http://site.example/b</loc><xhtml:link rel="alternate" hreflang="de" href="/de/b"/>
  <video:video><video:thumbnail_loc>/v.jpg</video:thumbnail_loc></video:video></url>
 <url><loc>ftp://site.example/no</loc></url>
</urlset>"""


def test_sitemap_with_pictures() -> None:
    found = listing(SITEMAP)
    assert (found.kind, found.error, found.truncated) == ("sitemap", "", False)
    assert short(found.pages) == ["/a?x=1&y=2", "/b", "/de/b"]
    assert pictures(found) == [("/a?x=1&y=2", "/i/1.jpg"), ("/a?x=1&y=2", "/i/2.jpg"), ("/b", "/v.jpg")]
    assert found.images[0].title == "One"
    assert is_listing(SITEMAP.encode(), "text/xml")


@pytest.mark.parametrize("layers", [1, 2])
def test_gzip(layers: int) -> None:
    data = SITEMAP.encode()
    for _ in range(layers):
        data = gzip.compress(data)
    assert len(listing(data).pages) == 3


def test_sitemap_index() -> None:
    found = listing("<sitemapindex><sitemap><loc>/1.xml.gz</loc></sitemap><sitemap><loc>/2.xml</loc></sitemap>")
    assert (found.kind, found.pages, short(found.children)) == ("index", [], ["/1.xml.gz", "/2.xml"])


def test_list_of_urls() -> None:
    found = listing("\ufeff# mine\r\nhttp://site.example/a\r\n\r\nhttps://site.example/b c\nhttp://site.example/a\n")
    assert (found.kind, short(found.pages)) == ("list", ["/a"])


def test_rss_and_media() -> None:
    found = listing("""
      <rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
      <channel><title>C</title><link>/home</link><image><url>/logo.png</url></image>
      <item><title>First &amp;amp; best</title><link>/1</link><enclosure url="/e.bin" type="image/jpeg"/>
       <enclosure url="/talk.mp3" type="audio/mpeg"/>
       <media:group><media:content url="/s.jpg" width="100"/><media:content url="/l.jpg" width="900"/></media:group>
       <media:thumbnail url="/t.jpg"/>
       <content:encoded><![CDATA[<p><img src="in.jpg"><a href="big.jpg">x</a>]]></content:encoded>
       <description>&lt;img src="/d.jpg?a=1&amp;amp;b=2"&gt;</description></item>
      <item><guid isPermaLink="true">http://site.example/2</guid><media:thumbnail url="/t2.jpg"/></item>
      <item><link><![CDATA[http://site.example/3?a=1&b=2]]></link><itunes:image href="/cover.jpg"/>&nbsp;</item>
      </channel></rss>""")
    assert (found.kind, found.error) == ("feed", "")
    assert short(found.pages) == ["/1", "/2", "/3?a=1&b=2"]
    assert sorted(pictures(found)) == [
        ("/1", "/big.jpg"),
        ("/1", "/d.jpg?a=1&b=2"),
        ("/1", "/e.bin"),
        ("/1", "/in.jpg"),
        ("/1", "/l.jpg"),
        ("/2", "/t2.jpg"),
        ("/3?a=1&b=2", "/cover.jpg"),
        ("/lists/main.xml", "/logo.png"),
    ]
    assert found.images[1].title == "First & best"


@pytest.mark.parametrize(
    ("media", "taken"),
    [
        ('<m:content url="/a.jpg"/><m:group><m:thumbnail url="/b.jpg"/></m:group>', ["/a.jpg", "/b.jpg"]),
        ('<m:group><m:content url="/a.jpg"/><m:thumbnail url="/b.jpg"/></m:group>', ["/a.jpg"]),
        ('<m:content url="/a.jpg"><m:thumbnail url="/b.jpg"/></m:content>', ["/a.jpg"]),
        ('<m:content url="/a.mp4" type="video/mp4"><m:thumbnail url="/b.jpg"/></m:content>', ["/b.jpg"]),
        (
            '<m:group><m:content url="/a.jpg"/><m:content url="/c"><m:thumbnail url="/b.jpg"/></m:content></m:group>',
            ["/a.jpg"],
        ),
        ('<m:thumbnail url="/s.jpg" width="66"/><m:thumbnail url="/l.jpg" width="144"/>', ["/l.jpg"]),
        ('<m:content url="/a.jpg"/><m:thumbnail url="/b.jpg"/>', ["/a.jpg"]),
    ],
)
def test_thumbnails_of_feeds(media: str, taken: list[str]) -> None:
    found = listing(f"<rss xmlns:m='http://search.yahoo.com/mrss/'><channel><item><link>/1</link>{media}</item>")
    assert [picture for _page, picture in pictures(found)] == taken


def test_rss_1() -> None:
    found = listing("""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
      <channel rdf:about="x"><link>/</link></channel><item rdf:about="/1"><title>t</title></item>
      <item rdf:about="/x"><link>/2</link></item></rdf:RDF>""")
    assert short(found.pages) == ["/1", "/2"]


def test_atom_with_bases() -> None:
    found = listing("""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://site.example/blog/">
      <link rel="next" href="/lists/main.xml?p=2"/><link rel="self" href="x"/>
      <entry xml:base="2026/"><title>t</title><link href="one"/><link rel="enclosure" type="image/png" href="e.png"/>
       <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><img src="/c.jpg"/></div></content>
       <summary type="html">&lt;img src="/s.jpg"&gt;</summary></entry></feed>""")
    assert short(found.pages) == ["/blog/2026/one"]
    assert short(found.children) == ["/lists/main.xml?p=2"]
    assert {image for _page, image in pictures(found)} == {"/blog/2026/e.png", "/c.jpg", "/s.jpg"}


def test_json_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "next_url": "/2.json",
        "authors": [{"name": "A", "avatar": "/me.jpg"}, 7],
        "items": [
            {
                "url": "/1",
                "title": "T",
                "image": "/i.jpg",
                "content_html": "<img src='/h.jpg'>",
                "author": {"avatar": "b"},
            },
            {"id": 7, "attachments": [{"url": "/a.jpg", "mime_type": "image/jpeg"}, 3]},
            "nonsense",
        ],
    }
    found = listing(json.dumps(feed))
    assert (short(found.pages), short(found.children)) == (["/1"], ["/2.json"])
    assert pictures(found) == [
        ("/lists/main.xml", "/me.jpg"),
        ("/1", "/i.jpg"),
        ("/1", "/b"),
        ("/1", "/h.jpg"),
        ("/lists/main.xml", "/a.jpg"),
    ]
    assert listing(json.dumps(feed)[:-1]).error == "invalid_json"


@pytest.mark.parametrize(
    "text",
    ["", "hello", "<html><body>x</body></html>", '{"a": 1}', "<svg></svg>", "\x00\x01", "Go to http://a.example/"],
)
def test_what_is_no_list(text: str) -> None:
    assert read(text.encode(), URL) is None
    assert not is_listing(text.encode(), "text/html")


@pytest.mark.parametrize(
    "data",
    [
        b"  \r\n<?xml version='1.0' encoding='utf-8'?><urlset><url><loc>/\xc3\xa9</loc></url></urlset>",
        "<?xml version='1.0' encoding='utf-16'?><urlset><url><loc>/\u00e9</loc></url></urlset>".encode(),
        "\ufeff<urlset><url><loc>/\u00e9</loc></url></urlset>".encode("utf-16-le"),
        "\ufeff<urlset><url><loc>/\u00e9</loc></url></urlset>".encode(),
        "<?xml version='1.0' encoding='iso-8859-1'?><urlset><url><loc>/\u00e9</loc></url></urlset>".encode("latin-1"),
        "<urlset><url><loc>/\u00e9</loc></url></urlset>".encode("latin-1"),
        "<x:urlset><x:url><x:loc>/\u00e9</x:loc></x:url></x:urlset>".encode(),
        "<urlset xmlns='nonsense'><url><loc>/\u00e9</loc>\x0b</url></urlset>".encode(),
    ],
)
def test_charsets_and_namespaces(data: bytes) -> None:
    assert short(listing(data).pages) == ["/%C3%A9"]


def test_broken_xml_gives_what_was_readable() -> None:
    found = listing("<urlset><url><loc>/a?x=1&y=2</loc></url><url><loc>/b</loc></url><url><lo")
    assert short(found.pages) == ["/a?x=1&y=2", "/b"]
    assert found.error == "invalid_xml"
    cut = gzip.compress(SITEMAP.encode() * 50)[:-200]
    assert listing(cut).error == "gzip"


def test_no_entity_is_expanded_and_nothing_is_loaded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    found = listing(
        f'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY s SYSTEM "{secret.as_uri()}"> <!ENTITY % p SYSTEM '
        '"http://127.0.0.1:9/x.dtd">%p;]><urlset><url><loc>/a&s;</loc></url></urlset>'
    )
    assert "SECRET" not in str(found)
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    laughs = f'<!DOCTYPE rss [<!ENTITY l0 "{"lol" * 100}">{lines}]><rss><channel><item><link>/1</link>'
    found = listing(
        f'{laughs}<title>&l11;</title><enclosure type="image/png" url="/x&l11;.png"/></item></channel></rss>'
    )
    assert short(found.pages) == ["/1"]
    assert len(str(found)) < 5000


def test_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MAX_ENTRIES", 10)
    many = "<urlset>" + "".join(f"<url><loc>/{n}</loc></url>" for n in range(30)) + "</urlset>"
    assert (len(listing(many).pages), listing(many).truncated) == (10, True)
    monkeypatch.setattr(feeds, "MAX_BYTES", 100)
    bomb = listing(gzip.compress(b"<urlset>" + b"<url><loc>/1</loc></url>" * 1_000_000))
    assert bomb.truncated
    assert short(bomb.pages) == ["/1"]


@pytest.mark.parametrize(
    "text",
    [
        "<urlset>" + "<url>" * 100_000,
        "<urlset>" + "<" * 500_000,
        "<rss><item><description>" + "&lt;" * 200_000,
        "<rss " + " ".join(f"a{n}='1'" for n in range(50_000)) + "><item><link>/a</link></item>",
        "<!DOCTYPE " + "[" * 500_000,
        "<urlset><url><loc>" + "a" * 3_000_000 + "</loc></url>",
        "<!--" * 200_000,
        "http://a.example/\n" * 100_000,
        '{"version":"https://jsonfeed.org/version/1","items":' + "[" * 100_000,
        "&" * 500_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_lists(text: str) -> None:
    read(text.encode(), URL)
    read(b"<urlset><url><loc>/a</loc></url>" + text.encode(), URL)
    is_listing(text.encode(), "")


@given(st.text(alphabet="<>/&;urlsetocimagfdhp:[]!- \"'\x00\ud800", max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    for head in ("<urlset>", "<rss><item>", "<feed><entry>", ""):
        read((head + text).encode("utf-8", "surrogatepass"), URL)

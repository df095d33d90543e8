"""The subject's own blog. robots.txt closes /private/, where one more picture of her lies."""

from collections.abc import Mapping

from demo.pages.html import Content, Origins, document, pictures, robots
from demo.pictures import PORTRAIT
from demo.sites import Resource

PRIVATE_PAGE = "/private/album.html"
PRIVATE_PICTURE = "/private/alice-garden.jpg"

STYLE = """
body { font: 18px/1.65 Georgia, serif; color: #2b2723; background: #faf7f2 }
a { color: #a23b16 }
header div { height: 300px; max-width: 944px; margin: 0 auto; background: center 35% / cover }
header h1 { max-width: 700px; margin: 22px auto 0; padding: 0 20px; font-size: 40px; line-height: 1.1 }
header h1 a { color: inherit; text-decoration: none }
nav, main, footer { max-width: 700px; margin: 0 auto; padding: 0 20px }
nav { padding-top: 18px; font: 15px/1 sans-serif } nav a { margin-right: 20px }
article { padding: 14px 0 26px; border-bottom: 1px solid #e4dccf }
h2 { font-size: 27px; line-height: 1.25; margin: .5em 0 .1em }
time, figcaption, footer { color: #7b7168; font: 14px/1.6 sans-serif }
figure { margin: 20px 0 } figure img { border-radius: 3px }
footer { padding: 26px 20px 50px }
"""
FRAME = """
<header><div style="background-image: url(/img/alice-banner.jpg)"></div>
<h1><a href="/">Half an orbit</a></h1></header>
<nav><a href="/">Notes</a><a href="/about.html">About me</a>
<a href="/private/album.html">Family album</a></nav>
<main>{main}</main>
<footer>© Alice Carver. Words and pictures are mine; please ask before you use them.
 Write to <a href="mailto:alice@half-an-orbit.example">alice@half-an-orbit.example</a>.</footer>
"""
POST = f"""
<article>
<h2><a href="/2026/tripod.html">One suit, one tripod, ten seconds</a></h2>
<time datetime="2026-02-11">11 February 2026</time>
<p>The museum let me keep the training suit for a weekend, so I put the camera on a tripod, set the timer to
ten seconds and ran. This is take nineteen.</p>
<figure><img src="/img/{PORTRAIT}" width="440" height="440"
 alt="Me in an orange pressure suit, helmet under my arm">
<figcaption>Self-portrait, 11 February 2026. All rights reserved.</figcaption></figure>
<p>The trick is the collar: lock it last, or you cannot turn your head to see whether the light
is blinking.</p>
</article>
"""
NOTES = """
<article>
<h2>Forty children and a launch countdown</h2>
<time datetime="2026-02-26">26 February 2026</time>
<p>School groups ask better questions than conference panels. Today's best: “If you sneeze in
the helmet, who cleans it?” The pictures of the open day are at <a href="{photos}/gallery/1">Lightbox</a>, and
the card table afterwards is <a href="{forum}/t/118">on the forum</a>.</p>
</article>
"""
ABOUT = f"""
<article>
<h2>About me</h2>
<figure><img src="/img/{PORTRAIT}" width="260" height="260" alt="Alice Carver"></figure>
<p>I am Alice. I guide visitors round a small space museum three days a week and write the other two. I wear
the suit so that you do not have to.</p>
<p>I take my own portraits. If you find one elsewhere, it was copied.</p>
</article>
"""
ALBUM = """
<article><h2>Family album</h2>
<figure><img src="/private/alice-garden.jpg" width="640" height="480" alt="In the garden">
<figcaption>For the family.</figcaption></figure></article>
"""


def content(origins: Origins, available: Mapping[str, bytes]) -> Content:
    return {
        "/robots.txt": robots("/private/"),
        "/": _page("Half an orbit", NOTES.format_map(origins) + POST),
        "/2026/tripod.html": _page("One suit, one tripod, ten seconds", POST),
        "/about.html": _page("About me", ABOUT),
        PRIVATE_PAGE: _page("Family album", ALBUM),
        **pictures("/img", [PORTRAIT, "alice-banner.jpg"], available),
        **pictures("/private", ["alice-garden.jpg"], available),
    }


def _page(title: str, main: str) -> Resource:
    return document(f"{title} | Alice Carver", STYLE, FRAME.format(main=main))

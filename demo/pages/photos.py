"""A photo-sharing site: paginated gallery, a page per photo, several sizes, lazy images from page two on."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from demo.pages.html import Content, Origins, document, pictures, robots
from demo.pictures import GALLERY_WIDTHS
from demo.sites import Resource

PER_PAGE = 4
STYLE = """
body { font: 16px/1.5 system-ui, "Segoe UI", "Liberation Sans", sans-serif; color: #1c2126 }
a { color: #0b62c4; text-decoration: none }
header { display: flex; align-items: baseline; gap: 28px; padding: 16px 32px;
  border-bottom: 1px solid #e3e7eb }
header b { font-size: 22px; letter-spacing: -.5px } header b a { color: #1c2126 }
main { max-width: 1080px; margin: 0 auto; padding: 26px 24px }
h1 { font-size: 26px; margin: 0 0 4px } .by { color: #66717b; margin: 0 0 22px }
.grid { display: grid; grid-template-columns: repeat(2, 1fr); gap: 20px }
.grid a { color: #1c2126 }
.grid img { width: 100%; height: 300px; object-fit: cover; object-position: 50% 20%;
  border-radius: 6px; background: #eef1f4 }
.grid span { display: block; padding: 7px 2px 0; font-weight: 600 }
.pages { display: flex; gap: 10px; justify-content: center; padding: 30px 0 }
.pages a, .pages b { padding: 6px 13px; border: 1px solid #d5dbe1; border-radius: 6px }
.pages b { background: #0b62c4; border-color: #0b62c4; color: #fff }
.photo { display: grid; grid-template-columns: minmax(0, 2fr) 1fr; gap: 30px }
.photo img { border-radius: 6px; width: 100% }
footer { padding: 20px 32px; border-top: 1px solid #e3e7eb; color: #66717b; font-size: 14px }
"""
HEADER = """
<header><b><a href="/">Lightbox</a></b><a href="/gallery/1">Museum open day</a>
<a href="/terms">Terms</a></header>
<main>{main}</main>
<footer>Lightbox, a place for pictures. <a href="/terms">Terms and copyright</a></footer>
"""
TERMS = """
<h1>Terms and copyright</h1>
<p>Members keep the rights in what they upload and promise that they may upload it.</p>
<p>If a picture is yours or shows you and you want it removed, write to
<a href="mailto:copyright@lightbox-photos.example">copyright@lightbox-photos.example</a> with its address.</p>
"""
# A transparent pixel, as lazy-loading scripts put it into `src` until the picture scrolls into view.
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
LAZY = (
    '<script>for (const i of document.querySelectorAll("img[data-src]"))'
    " { i.srcset = i.dataset.srcset; i.src = i.dataset.src }</script>"
)


class Photo(NamedTuple):
    slug: str
    title: str
    note: str


PHOTOS = [
    Photo("coffee", "Seven in the morning", "Before the doors opened."),
    Photo("alice-launch", "Our guide and the shuttle", "She stood like that for an hour of selfies."),
    Photo("hopper", "Guest of honour", "She came in uniform and stayed for tea."),
    Photo("cat", "Museum cat", "Sleeps on the seismograph."),
    Photo("card-night", "Card night", "The volunteers, after closing."),
    Photo("kim", "Kim deals", "And wins."),
    Photo("rocket", "Night launch on the big screen", "The children counted down."),
    Photo("dan", "Dan, volunteer of the year", "He carried every chair."),
    Photo("alice-grey", "Guide, in grey", "Film, pushed one stop."),
    Photo("moon", "What we looked at", "Through the small telescope."),
    Photo("clock", "The clock in the hall", "It runs fast."),
    Photo("gravel", "Mars yard", "Where the rover drives."),
]
PAGES = -(-len(PHOTOS) // PER_PAGE)


def content(origins: Origins, available: Mapping[str, bytes]) -> Content:
    origin = origins["photos"]
    sizes = [f"{photo.slug}-{width}.jpg" for photo in PHOTOS for width in GALLERY_WIDTHS]
    pages = {
        "/": _gallery(1),
        **{f"/gallery/{number}": _gallery(number) for number in range(1, PAGES + 1)},
        **{f"/photo/{photo.slug}": _photo(photo, origin) for photo in PHOTOS},
        "/terms": _page("Terms and copyright", TERMS),
    }
    return {
        "/robots.txt": robots("/search", sitemap=f"{origin}/sitemap.xml"),
        "/sitemap.xml": _sitemap(origin, list(pages)),
        **pages,
        **pictures("/media", sizes, available),
    }


def _gallery(number: int) -> Resource:
    shown = PHOTOS[(number - 1) * PER_PAGE : number * PER_PAGE]
    cards = "\n".join(_card(photo, lazy=number > 1) for photo in shown)
    links = [f"<b>{n}</b>" if n == number else f'<a href="/gallery/{n}">{n}</a>' for n in range(1, PAGES + 1)]
    if number < PAGES:
        links.append(f'<a rel="next" href="/gallery/{number + 1}">Next</a>')
    main = (
        f'<h1>Museum open day</h1>\n<p class="by">{len(PHOTOS)} photos by volunteer_dan, '
        f"page {number} of {PAGES}</p>\n"
        f'<div class="grid">\n{cards}\n</div>\n<div class="pages">{"".join(links)}</div>'
    )
    return _page(f"Museum open day, page {number}", main + (LAZY if number > 1 else ""))


def _card(photo: Photo, lazy: bool) -> str:
    src = f'data-src="{_media(photo, 480)}" data-srcset="{_srcset(photo)}" src="{PIXEL}" class="lazy"'
    eager = f'src="{_media(photo, 480)}" srcset="{_srcset(photo)}"'
    image = f'<img {src if lazy else eager} sizes="(min-width: 700px) 510px, 50vw" alt="{photo.title}">'
    return f'<a href="/photo/{photo.slug}">{image}<span>{photo.title}</span></a>'


def _photo(photo: Photo, origin: str) -> Resource:
    largest = origin + _media(photo, GALLERY_WIDTHS[-1])
    facts = {
        "@context": "https://schema.org",
        "@type": "ImageObject",
        "name": photo.title,
        "contentUrl": largest,
    }
    head = (
        f'<meta property="og:title" content="{photo.title}">\n'
        f'<meta property="og:image" content="{largest}">\n'
        f'<script type="application/ld+json">{json.dumps(facts)}</script>\n'
    )
    sizes = "(min-width: 700px) 680px, 95vw"
    gallery = f"/gallery/{PHOTOS.index(photo) // PER_PAGE + 1}"
    main = f"""<div class="photo">
<img src="{_media(photo, 480)}" srcset="{_srcset(photo)}" sizes="{sizes}" alt="{photo.title}">
<div><h1>{photo.title}</h1><p class="by">by volunteer_dan, 28 February 2026</p>
<p>{photo.note}</p><p><a href="{gallery}">Back to the gallery</a></p></div>
</div>"""
    return _page(photo.title, main, head)


def _media(photo: Photo, width: int) -> str:
    return f"/media/{photo.slug}-{width}.jpg"


def _srcset(photo: Photo) -> str:
    return ", ".join(f"{_media(photo, width)} {width}w" for width in GALLERY_WIDTHS)


def _sitemap(origin: str, paths: list[str]) -> Resource:
    entries = "".join(f"<url><loc>{origin}{path}</loc></url>\n" for path in paths)
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{namespace}">\n{entries}</urlset>\n'
    return Resource("application/xml", xml.encode())


def _page(title: str, main: str, head: str = "") -> Resource:
    return document(f"{title} | Lightbox", STYLE, HEADER.format(main=main), head)

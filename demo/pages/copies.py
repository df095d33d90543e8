"""The scraper: re-hosts other people's pictures, altered, without a name, a contact or a terms page."""

from collections.abc import Mapping
from typing import NamedTuple

from demo.pages.html import Content, document, robots
from demo.pictures import REHOSTED
from demo.sites import JPEG, Resource

STYLE = """
body { font: 16px/1.5 Arial, "Liberation Sans", sans-serif; color: #eee; background: #15151a }
a { color: #ffd646 }
header { background: #000; padding: 14px 24px; font-size: 25px; font-weight: 800 }
header a { text-decoration: none }
header small { font: 13px Arial; color: #999; margin-left: 10px }
main { max-width: 860px; margin: 24px auto; padding: 0 20px } h1 { font-size: 23px }
.ad { background: #2a2a33; color: #888; text-align: center; padding: 26px; margin: 18px 0; font-size: 12px }
li { padding: 7px 0; border-bottom: 1px solid #2a2a33; list-style: none }
ul { padding: 0 } li i { color: #888; float: right }
"""
FRAME = """
<header><a href="/">GLOBALPIX</a><small>free portraits for everyone</small></header>
<main>{main}<div class="ad">Advertisement</div></main>
"""


class Copy(NamedTuple):
    """One page of the scraper; addresses are shuffled numbers, as such sites make them."""

    page: str
    picture: str
    title: str
    source: str


COPIES = [
    Copy("/p/70412-astronaut-woman.html", "/media/7a/70412.jpg", "Astronaut woman portrait free HD", REHOSTED),
    Copy("/p/70398-space-girl.html", "/media/3c/70398.jpg", "Space girl cool tone", "copy-mirrored.jpg"),
    Copy("/p/70377-navy-lady.html", "/media/e1/70377.jpg", "Navy lady vintage", "copy-hopper.jpg"),
    Copy("/p/70351-laughing-man.html", "/media/05/70351.jpg", "Laughing man with chip", "copy-max.jpg"),
]
TAKEN_DOWN_LATER = COPIES[0]
"""The copy whose removal the story is about."""
REUPLOAD = Copy("/p/70533-astronaut-woman-new.html", "/media/b2/70533.jpg", "Astronaut woman NEW version", "")


def content(available: Mapping[str, bytes]) -> Content:
    pages: Content = {"/robots.txt": robots(), "/": index(COPIES)}
    for copy in COPIES:
        pages |= pair(copy, available[copy.source])
    return pages


def index(copies: list[Copy]) -> Resource:
    """Titles only, so that a removed picture leaves nothing behind on this page."""
    items = "\n".join(f'<li><a href="{copy.page}">{copy.title}</a><i>new</i></li>' for copy in copies)
    return _page("Today's free portraits", f"<h1>Today's free portraits</h1><ul>\n{items}\n</ul>")


def pair(copy: Copy, picture: bytes) -> Content:
    """A copy's page and its picture."""
    image = f'<img src="{copy.picture}" alt="{copy.title}">'
    main = f"<h1>{copy.title}</h1><p>{image}</p><p>#free #portrait #download</p>"
    return {copy.page: _page(copy.title, main), copy.picture: Resource(JPEG, picture)}


def _page(title: str, main: str) -> Resource:
    return document(f"{title} - GLOBALPIX", STYLE, FRAME.format(main=main))

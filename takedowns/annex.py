"""A notice on paper: the letter as it was approved, and behind it the evidence of each place.

The evidence is named by its hashes. Of the captures themselves only the page as it looked is ever shown, with everybody
else's face blurred, and only in a copyright notice, where it shows which work is meant: never of an intimate picture,
never where a minor may be shown. The same notice gives the same bytes: nothing in it depends on when it is made.
"""

import io
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.errors import FPDFException
from PIL import Image

from accounts import consent
from accounts.models import Purpose
from crawler import evidence
from crawler.evidence import EvidenceDamaged
from crawler.models import Evidence
from takedowns.cases import NotAllowed
from takedowns.models import InfringingUrl, Notice

# It names the characters that its font does not have, which are a letter's.
logging.getLogger("fpdf").setLevel(logging.ERROR)
_SHOWS_THE_WORK = frozenset({"dmca_512c", "dmca_512d"})
_TEXT, _FIXED = "text", "fixed"
_SIZE, _SMALL, _LINE = 9.5, 8.0, 4.6  # points, points, millimetres
# A screenshot of a whole page is long; this much of it says which picture is meant.
_TALLEST = 1.6  # times its width
_WIDEST_PIXELS = 1000
_LONGEST_URL = 2000
_METHOD = (
    "Each place was requested over the public internet by our own program, which signs in nowhere. The requests and "
    "the responses were written to a web archive file (WARC, ISO 28500) as they crossed the wire, together with the "
    "page as it looked where that is named. The hashes were written into an append-only trail at once. We keep the "
    "files and can show them."
)
_NO_CAPTURE = "No capture of this place was kept."


def pdf(notice: Notice) -> bytes:
    """The letter and its annex of evidence. Raises NotAllowed where it cannot be made."""
    try:
        return bytes(_Paper(notice).made().output())
    except (OSError, FPDFException) as error:
        raise NotAllowed(f"The letter's annex could not be made ({type(error).__name__}).") from error


def shows_pages(notice: Notice) -> bool:
    """Whether the annex may show what a page looked like. Everything has to speak for it."""
    case = notice.case
    answers = case.ground_decision.answers
    return (
        notice.ground in _SHOWS_THE_WORK
        and not case.intimate
        and case.match.image.withdrawn_at is None
        and answers.get("intimate") == answers.get("minor") == "no"
        and Purpose.EVIDENCE in consent.given(case.subject.user)
    )


class _Paper(FPDF):
    """A4, with the reference and the page's number at the foot of each page."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(format="A4")
        self._notice = notice
        self.set_margins(20, 18)
        self.set_auto_page_break(True, 20)
        for name, file in ((_TEXT, "DejaVuSans.ttf"), (_FIXED, "DejaVuSansMono.ttf")):
            self.add_font(name, fname=_fonts() / file)
        self.set_title(_clean(notice.title))
        self.set_author(_clean(settings.AGENT_NAME))
        self.set_producer("Faceward")
        self.set_lang(notice.language)
        self.set_creation_date(_when(notice))

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font(_TEXT, size=_SMALL)
        self.cell(0, 5, f"{self._notice.case.reference} · {self.page_no()} / {{nb}}", align="C")

    def made(self) -> "_Paper":
        self.add_page()
        self._line(self._notice.title, size=11)
        self.ln(3)
        self._line(self._notice.body, size=_SIZE)
        self.add_page()
        self._line(f"Annex: evidence for {self._notice.case.reference}", size=11)
        self.ln(2)
        self._line(_METHOD, size=_SMALL)
        shown = shows_pages(self._notice)
        places = self._notice.urls.select_related("evidence").order_by("page_url", "image_url")
        for number, place in enumerate(places, start=1):
            self.ln(4)
            self._line(f"Place {number}", size=_SIZE)
            self._place(place, shown)
        return self

    def _place(self, place: InfringingUrl, shown: bool) -> None:
        for name, value in _rows(place):
            self._line(name, size=_SMALL)
            self._line(value, size=_SMALL, font=_FIXED)
        if shown and place.evidence is not None:
            self._picture(place.evidence)

    def _picture(self, capture: Evidence) -> None:
        try:
            jpeg = evidence.read_screenshot(capture)
        except EvidenceDamaged:
            return  # its hash stands above; what does not match it is shown to nobody
        if jpeg:
            self.ln(2)
            self.image(_cut(jpeg), w=self.epw * 0.6)

    def _line(self, text: str, *, size: float, font: str = _TEXT) -> None:
        self.set_font(font, size=size)
        wrap = WrapMode.CHAR if font == _FIXED else WrapMode.WORD
        self.multi_cell(0, _LINE, _clean(text), align="L", wrapmode=wrap, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _rows(place: InfringingUrl) -> Iterable[tuple[str, str]]:
    yield "Page", _plain(place.page_url)
    yield "Picture", _plain(place.image_url)
    capture = place.evidence
    if capture is None:
        yield "Capture", _NO_CAPTURE
        return
    yield "Captured", f"{capture.captured_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    yield "HTTP status", f"page {capture.page_status or 'no response'}, picture {capture.image_status or 'no response'}"
    yield "SHA-256 of the web archive file", capture.sha256
    if capture.screenshot_sha256:
        yield "SHA-256 of the page as it looked", capture.screenshot_sha256


def _when(notice: Notice) -> datetime:
    """The date in the file: of the approval, which does not change any more."""
    return (notice.approved_at or notice.drafted_at).astimezone(UTC).replace(microsecond=0)


def _cut(jpeg: bytes) -> io.BytesIO:
    """The top of a page's picture, small, and without what cameras and programs write into files."""
    with Image.open(io.BytesIO(jpeg)) as opened:
        picture = opened.convert("RGB")
    height = min(picture.height, int(picture.width * _TALLEST))
    picture = picture.crop((0, 0, picture.width, height))
    picture.thumbnail((_WIDEST_PIXELS, int(_WIDEST_PIXELS * _TALLEST)))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70)
    out.seek(0)
    return out


def _plain(url: str) -> str:
    """An address in ASCII, as fonts do not have every character; a picture inside of its page is cut short."""
    return quote(url[:_LONGEST_URL], safe="!#$%&'()*+,/:;=?@[]~-._") + ("…" if len(url) > _LONGEST_URL else "")


def _clean(text: str) -> str:
    """Without control characters, which no font has."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


@cache
def _fonts() -> Path:
    """The folder of the DejaVu fonts, which matplotlib carries. Not imported: that would take a second."""
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The fonts for printed letters are missing.")
    return Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"

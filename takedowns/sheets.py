"""Operators that take notices by a form only: the letter in fields, for a person to paste into it.

What the sheet shows is the letter that was approved, and no more of anybody than the letter says.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from takedowns import notices
from takedowns.cases import NotAllowed
from takedowns.models import FollowUp, Notice


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what forms call it, more or less, and what goes into it. `long` ones have lines."""

    key: str
    label: str
    text: str
    long: bool = False


def form_url(letter: Notice | FollowUp) -> str:
    """Where the form is; empty where the letter is sent by e-mail."""
    notice = letter if isinstance(letter, Notice) else letter.notice
    return "" if letter.recipient else notice.contact.form_url


def fields(letter: Notice | FollowUp) -> list[Field]:
    """The fields of a letter, whatever its state. Empty ones are left out."""
    notice = letter if isinstance(letter, Notice) else letter.notice
    case, agent = notice.case, notices.agent()
    places = list(notice.urls.order_by("page_url", "image_url"))
    found = [
        Field("name", "Your name or company", agent.name),
        Field("email", "Your e-mail address", notices.reply_address(case)),
        Field("address", "Your postal address", agent.address, long=True),
        Field("phone", "Your telephone number", agent.phone),
        Field("on_behalf", "On whose behalf", _on_behalf(notice)),
        Field("reference", "Your reference", case.reference),
        Field("title", "Subject", letter.title),
        Field("pages", "Addresses of the pages", _lines(place.page_url for place in places), long=True),
        Field("pictures", "Addresses of the pictures", _lines(place.image_url for place in places), long=True),
        Field("body", "Your message", letter.body, long=True),
        Field("signature", "Signature", _signature(letter.body)),
    ]
    return [field for field in found if field.text.strip()]


def as_text(found: list[Field]) -> str:
    """The fields as they are kept on record."""
    return "\n".join(f"{field.label}:\n{field.text.strip()}\n" for field in found)


def _on_behalf(notice: Notice) -> str:
    """The subject's name where the letter says it, and nowhere else."""
    try:
        name = notices.facts_of(notice).subject_name
    except NotAllowed:
        return ""
    return name if name and " ".join(name.split()) in " ".join(notice.body.split()) else ""


def _signature(body: str) -> str:
    """The name behind the letter's signature line."""
    signed = [line.strip().removeprefix("/s/").strip() for line in body.splitlines() if line.strip().startswith("/s/")]
    return signed[-1] if signed else ""


def _lines(urls: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(urls))

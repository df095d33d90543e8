"""Sent notices in the shape of the public notice archive (Lumen), with the people taken out.

The field names are those of the archive's own interface, so that what is exported can be handed in there. The originals
stay where they are: nothing here changes a record, and `id` finds the notice again for whoever may see it.

Whoever a notice was sent for is "REDACTED", in every form of their name that we know. Of an intimate case neither text
nor addresses are exported, only that a notice was sent, to whom, on what ground and with what result. Of a case that
was stopped because a minor may be shown, nothing is.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db.models import QuerySet

from accounts import keys
from takedowns import events, mandates
from takedowns.grounds import GROUNDS
from takedowns.models import Case, FollowUp, InfringingUrl, Mandate, Notice
from takedowns.states import NoticeState

REDACTED = "REDACTED"
_UNSENT = (NoticeState.DRAFT, NoticeState.APPROVED, NoticeState.SENDING, NoticeState.WITHDRAWN)
# The archive's types; what is none of them is "Other".
_TYPES = {
    "dmca_512c": "DMCA",
    "dmca_512d": "DMCA",
    "gdpr_erasure": "DataProtection",
    "eu_rtbf": "DataProtection",
    "ccpa_delete": "DataProtection",
    "take_it_down": "PrivateInformation",
    "uk_intimate": "PrivateInformation",
    "ncii_policy": "PrivateInformation",
    "image_right": "PrivateInformation",
    "publicity": "PrivateInformation",
    "search_explicit": "PrivateInformation",
    "search_personal": "PrivateInformation",
}
# Whose law a notice rests on, where it names one; an image right is that of where the person lives.
_JURISDICTIONS = {
    "dmca_512c": "US",
    "dmca_512d": "US",
    "take_it_down": "US",
    "publicity": "US",
    "ccpa_delete": "US",
    "uk_intimate": "GB",
    "dsa_16": "EU",
    "eu_rtbf": "EU",
}
_ACTIONS = {
    NoticeState.COMPLIED: "Yes",
    NoticeState.PARTLY_COMPLIED: "Partial",
    NoticeState.REFUSED: "No",
}
_PERSON = "A private person"
# Short parts of a name are too common to be looked for on their own.
_SHORTEST_PART, _LONG_PART = 3, 5
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*")


def sent_between(first: date, last: date) -> QuerySet[Notice]:
    """Notices that left between the two days, both included (UTC)."""
    start = datetime.combine(first, time.min, UTC)
    end = datetime.combine(last, time.max, UTC)
    sent = Notice.objects.filter(sent_at__gte=start, sent_at__lte=end).exclude(state__in=_UNSENT)
    return sent.exclude(case__events__kind__in=events.STOPPED).order_by("sent_at", "pk")


def export(found: QuerySet[Notice]) -> Iterator[dict[str, Any]]:
    """One document for each notice."""
    related = found.select_related("operator", "case__subject__user", "case__ground_decision", "case__match__image")
    for notice in related.prefetch_related("urls", "follow_ups").iterator(chunk_size=200):
        yield document(notice)


def document(notice: Notice) -> dict[str, Any]:
    """A notice without its people."""
    hide = _Redaction(notice.case)
    kept_back = is_intimate(notice.case)
    title = hide(notice.title)
    return {
        "id": str(notice.pk),
        "type": _TYPES.get(notice.ground, "Other"),
        "title": title,
        "subject": GROUNDS[notice.ground].name if notice.ground in GROUNDS else title,
        "date_sent": notice.sent_at.date().isoformat() if notice.sent_at else None,
        "source": "E-mail" if notice.recipient else "Online form",
        "language": notice.language,
        "body": "" if kept_back else hide(notice.body),
        "works": [{"description": _work(notice), **({} if kept_back else _urls(notice.urls.all(), hide))}],
        "entity_notice_roles": _roles(notice),
        "jurisdictions": _jurisdictions(notice),
        "action_taken": _ACTIONS.get(NoticeState(notice.state), "Unspecified"),
        "tags": _tags(notice, kept_back),
    }


def is_intimate(case: Case) -> bool:
    """Whether the case's picture is intimate, by its lane or by what the subject answered."""
    return case.intimate or case.ground_decision.answers.get("intimate") == "yes"


class _Redaction:
    """Takes one case's person out of a text: every form of their name, every address, and our reference."""

    def __init__(self, case: Case) -> None:
        names = set(_names(case))
        words = (word for name in names if "@" not in name for word in re.split(r"[\s,.]+", name))
        parts = {word for word in words if len(word) >= _SHORTEST_PART}
        # Longest first, so that a whole name is one redaction. A name may be broken over two lines.
        wanted = sorted(names | parts, key=len, reverse=True)
        patterns = [r"\s+".join(map(re.escape, name.split())) for name in wanted if name.strip()]
        self._names = re.compile("|".join(rf"(?<!\w)(?:{one})(?!\w)" for one in patterns) or r"(?!)", re.IGNORECASE)
        in_url = (_anywhere(part) for part in sorted(parts, key=len, reverse=True))
        self._in_url = re.compile("|".join(in_url) or r"(?!)", re.IGNORECASE)
        self._secrets = re.compile("|".join(map(re.escape, (case.reference, case.reply_token))), re.IGNORECASE)

    def __call__(self, text: str) -> str:
        """Addresses go first, as whole ones; then names and the reference."""
        lines = (self.url(line.strip()) if "://" in line else line for line in text.splitlines())
        without = _EMAIL.sub(REDACTED, "\n".join(lines))
        return self._secrets.sub(REDACTED, self._names.sub(REDACTED, without))

    def url(self, text: str) -> str:
        """An address; only its host where the rest of it names the person."""
        if not self._in_url.search(unquote(text)):
            return text
        try:
            host = urlsplit(text).hostname or ""
        except ValueError:
            return REDACTED
        return REDACTED if not host or self._in_url.search(host) else f"{urlsplit(text).scheme}://{host}/{REDACTED}"


def _anywhere(part: str) -> str:
    """In an address names run into each other (`aliceexample1`); short ones are parts of too many words for that."""
    escaped = re.escape(part)
    return escaped if len(part) >= _LONG_PART else rf"(?<![^\W\d_]){escaped}(?![^\W\d_])"


def _names(case: Case) -> Iterable[str]:
    """What the person is called: in their account, and in every authority that they signed."""
    user = case.subject.user
    yield from (user.full_name, user.email, user.email.partition("@")[0])
    for mandate in Mandate.objects.filter(subject=case.subject_id).select_related("subject__user"):
        try:
            signed = mandates.read(mandate)
        except keys.Unreadable:
            continue
        yield from (signed.full_name, signed.signature)


def _work(notice: Notice) -> str:
    if notice.ground in {"dmca_512c", "dmca_512d"}:
        return "A photograph in which the complainant owns the copyright."
    return "A picture of the complainant."


def _urls(places: Iterable[InfringingUrl], hide: _Redaction) -> dict[str, list[dict[str, str]]]:
    found = dict.fromkeys(hide.url(url) for place in places for url in (place.page_url, place.image_url))
    # The work itself is published nowhere by the person: there is no address of an original.
    return {"infringing_urls": [{"url": url} for url in found], "copyrighted_urls": []}


def _roles(notice: Notice) -> list[dict[str, Any]]:
    """The complainant is the principal; we send and submit."""
    agent = {"name": settings.AGENT_NAME, "kind": "organization"}
    recipient = {"name": notice.operator.name, "kind": "organization", "country_code": notice.operator.country}
    return [
        {"name": "sender", "entity": agent},
        {"name": "principal", "entity": {"name": REDACTED, "kind": "individual", "note": _PERSON}},
        {"name": "recipient", "entity": {key: value for key, value in recipient.items() if value}},
        {"name": "submitter", "entity": agent},
    ]


def _jurisdictions(notice: Notice) -> list[str]:
    answers = notice.case.ground_decision.answers
    lives_in = str(answers.get("lives_in", ""))
    if notice.ground == "gdpr_erasure":
        return ["GB" if lives_in == "uk" else "EU"]
    if notice.ground == "image_right":
        return [lives_in.upper()] if len(lives_in) == 2 and lives_in != "eu" else []
    return [_JURISDICTIONS[notice.ground]] if notice.ground in _JURISDICTIONS else []


def _tags(notice: Notice, intimate: bool) -> list[str]:
    retracted = notice.state == NoticeState.RETRACTED or any(
        one.kind == FollowUp.Kind.RETRACTION and one.sent_at for one in notice.follow_ups.all()
    )
    marks = {"intimate": intimate, "retracted": retracted, "contested": notice.state == NoticeState.CONTESTED}
    return [notice.ground, *(mark for mark, holds in marks.items() if holds)]

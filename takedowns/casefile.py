"""A case as pages show it: where it stands in words, its places, its letters and its history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from takedowns.grounds import GROUNDS
from takedowns.models import Case, InfringingUrl, Notice, Verification
from takedowns.states import CaseState, NoticeState, Outcome, UrlState


@dataclass(frozen=True, slots=True)
class Standing:
    """A tone of the interface and the words that go with it."""

    tone: str
    text: str


OURS = Standing("waiting", "Our move")
_FOR_SUBSCRIBER = {
    CaseState.TRIAGE: OURS,
    CaseState.DRAFTING: OURS,
    CaseState.ACTION_NEEDED: OURS,
    CaseState.AWAITING_PROVIDER: Standing("waiting", "Waiting for the site or host"),
    CaseState.AWAITING_SUBJECT: Standing("needs", "Your move"),
}
_FOR_STAFF = {
    CaseState.TRIAGE: Standing("needs", "Us"),
    CaseState.DRAFTING: Standing("needs", "Us"),
    CaseState.ACTION_NEEDED: Standing("needs", "Us"),
    CaseState.AWAITING_PROVIDER: Standing("waiting", "Site or host"),
    CaseState.AWAITING_SUBJECT: Standing("waiting", "Subscriber"),
    CaseState.CLOSED: Standing("plain", "Nobody"),
}
# The table's own labels speak to the subscriber; these two mean something else to staff.
_STATE_FOR_STAFF = {CaseState.ACTION_NEEDED: "Action needed", CaseState.AWAITING_SUBJECT: "Waiting for the subscriber"}
_OUTCOME_TONES = {Outcome.REMOVED: "good", Outcome.PARTLY_REMOVED: "waiting", Outcome.REFUSED: "stopped"}
_URL_TONES = {
    UrlState.LIVE: "needs",
    UrlState.UNREACHABLE: "waiting",
    UrlState.REMOVED: "good",
    UrlState.RELAPSED: "needs",
}
_NOTICE_TONES = {
    NoticeState.DRAFT: "needs",
    NoticeState.APPROVED: "needs",
    NoticeState.SENDING: "waiting",
    NoticeState.SENT: "waiting",
    NoticeState.ACKNOWLEDGED: "waiting",
    NoticeState.COMPLIED: "good",
    NoticeState.PARTLY_COMPLIED: "waiting",
    NoticeState.REFUSED: "stopped",
}
# What a check found, by the outcome that the verification recorded.
_FOUND = {
    "removed_source": "Gone: page and picture",
    "removed_page_only": "The page is gone, the picture's own file is not",
    "soft_404": "The page says it is gone",
    "geo_blocked": "Blocked in one country only",
    "moved": "Moved to another address",
    "login_walled": "Behind a login",
    "unreachable": "Could not be reached",
    "still_live": "Still there",
}


def for_subscriber(case: Case) -> Standing:
    """Whose move it is, or how it ended, said to the subscriber."""
    return ended(case) if case.state == CaseState.CLOSED else _FOR_SUBSCRIBER[CaseState(case.state)]


def for_staff(case: Case) -> Standing:
    """Whose move it is, said among staff."""
    return _FOR_STAFF[CaseState(case.state)]


def state_words(case: Case) -> str:
    """The state, or how it ended, said among staff."""
    if case.state == CaseState.CLOSED:
        return f"Closed: {case.get_outcome_display().lower()}"
    return _STATE_FOR_STAFF.get(CaseState(case.state), case.get_state_display())


def ended(case: Case) -> Standing:
    """How a closed case ended."""
    return Standing(_OUTCOME_TONES.get(Outcome(case.outcome), "plain"), case.get_outcome_display())


def ground_name(code: str) -> str:
    """A ground's name, or an empty string for a case without one."""
    return GROUNDS[code].name if code in GROUNDS else code


def counted(number: int, one: str, many: str = "") -> str:
    """`1 page`, `3 pages`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


@dataclass(frozen=True, slots=True)
class Place:
    """One infringing URL with its last check; the addresses are links only where they lead to the web."""

    url: InfringingUrl
    standing: Standing
    last: Verification | None
    found: str
    links: bool


@dataclass(frozen=True, slots=True)
class HostPlaces:
    """The places on one host."""

    host: str
    places: list[Place]


def hosts(urls: Iterable[InfringingUrl]) -> list[HostPlaces]:
    """Places by host, in the order of the hosts' names. Expects prefetched `verifications`."""
    grouped: dict[str, list[Place]] = {}
    for url in urls:
        grouped.setdefault(url.host or "(no host)", []).append(_place(url))
    return [HostPlaces(host, grouped[host]) for host in sorted(grouped)]


def _place(url: InfringingUrl) -> Place:
    checks = list(url.verifications.all())
    last = checks[-1] if checks else None
    schemes = {urlsplit(address).scheme for address in (url.page_url, url.image_url)}
    standing = Standing(_URL_TONES[UrlState(url.state)], url.get_state_display())
    return Place(url, standing, last, found_words(last.outcome) if last else "", schemes <= {"http", "https"})


def found_words(outcome: str) -> str:
    """What a check found, in words."""
    return _FOUND.get(outcome, outcome.replace("_", " ").capitalize())


def places_words(urls: int, at: int, *, noun: str = "page") -> str:
    """`3 pages on 2 hosts`."""
    return f"{counted(urls, noun)} on {counted(at, 'host')}"


def letter_standing(notice: Notice) -> Standing:
    """Where a letter stands."""
    return Standing(_NOTICE_TONES.get(NoticeState(notice.state), "plain"), notice.get_state_display())


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: `done`, `current` or `todo`."""

    label: str
    state: str


def steps(case: Case, notices: Sequence[Notice]) -> list[Step]:
    """The four steps from asking to removed. An ended case has no current step."""
    checked = [notice for notice in notices if notice.approved_at]
    reached = 1 + bool(checked) + any(notice.sent_at for notice in notices)
    if case.state == CaseState.AWAITING_SUBJECT and not notices:
        reached = 0
    if case.state == CaseState.CLOSED:
        return _ended_steps(case, reached)
    labels = ("You asked", "Letter written and checked", "Letter sent", "Removed, checked twice")
    return [Step(label, _step_state(place, reached)) for place, label in enumerate(labels)]


def _step_state(place: int, reached: int) -> str:
    if place < reached:
        return "done"
    return "current" if place == reached else "todo"


def _ended_steps(case: Case, reached: int) -> list[Step]:
    labels = ("You asked", "Letter written and checked", "Letter sent")[:reached]
    last = "Removed, checked twice" if case.outcome == Outcome.REMOVED else f"Ended: {case.get_outcome_display().lower()}"
    return [*(Step(label, "done") for label in labels), Step(last, "done")]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline."""

    at: datetime
    title: str
    text: str = ""
    actor: str = ""
    tone: str = "plain"

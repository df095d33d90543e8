"""A case as pages show it: where it stands in words, its places, its letters and its history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import Count, Min

from accounts.models import User
from takedowns import events
from takedowns.grounds import GROUNDS
from takedowns.models import Case, CaseEvent, InfringingUrl, Notice, Verification
from takedowns.states import CaseState, NoticeState, Outcome, UrlState
from takedowns.verification import Found


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
# The states' own labels speak to the subscriber.
STATES_FOR_STAFF = {
    CaseState.TRIAGE: "Triage",
    CaseState.DRAFTING: "Drafting",
    CaseState.AWAITING_PROVIDER: "Sent, waiting",
    CaseState.ACTION_NEEDED: "Action needed",
    CaseState.AWAITING_SUBJECT: "Asked the subscriber",
}
# Grounds as staff call them, for tables.
_GROUND_IN_SHORT = {
    "take_it_down": "TAKE IT DOWN",
    "uk_intimate": "UK intimate image law",
    "ncii_policy": "Rules on intimate pictures",
    "dmca_512c": "DMCA 512(c)",
    "dmca_512d": "DMCA 512(d)",
    "dsa_16": "DSA Art. 16",
    "host_policy": "Host's rules",
    "impersonation": "Impersonation",
    "dating_profile": "False dating profile",
    "scam_profile": "Fraud",
    "gdpr_erasure": "GDPR Art. 17",
    "image_right": "Right to one's picture",
    "publicity": "Right of publicity",
    "ccpa_delete": "CCPA (weak)",
    "owner_request": "Request to the owner",
    "cdn_forward": "To be passed on",
    "upstream": "Network's rules",
    "registrar": "Registrar's duty",
    "search_explicit": "Search: explicit",
    "search_personal": "Search: personal",
    "search_outdated": "Search: outdated",
    "eu_rtbf": "Search: GDPR Art. 17",
    "ad_payment": "Service's rules",
}
_OUTCOME_TONES = {Outcome.REMOVED: "good", Outcome.PARTLY_REMOVED: "waiting", Outcome.REFUSED: "stopped"}
_URL_TONES = {
    UrlState.LIVE: "plain",
    UrlState.UNREACHABLE: "waiting",
    UrlState.REMOVED: "good",
    UrlState.RELAPSED: "stopped",
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
    NoticeState.INFO_REQUESTED: "needs",
    NoticeState.CONTESTED: "needs",
    NoticeState.BOUNCED: "stopped",
}
_FOUND: dict[str, str] = {
    Found.REMOVED_SOURCE: "Gone",
    Found.REMOVED_PAGE_ONLY: "Gone from the page, but the picture's own file is still there",
    Found.SOFT_404: "The page says it is gone, but the picture's own file is still there",
    Found.MOVED: "Moved to another address, and still there",
    Found.GEO_BLOCKED: "Hidden from where we look, so we cannot tell",
    Found.LOGIN_WALLED: "Behind a login, so we cannot tell",
    Found.UNREACHABLE: "Could not be reached, so we cannot tell",
    Found.INCOMPLETE: "We could not look at all of the page",
    Found.STILL_LIVE: "Still there",
}


def for_subscriber(case: Case) -> Standing:
    """Whose move it is, or how it ended, said to the subscriber."""
    return ended(case) if case.state == CaseState.CLOSED else _FOR_SUBSCRIBER[CaseState(case.state)]


def for_staff(case: Case, *, late: bool = False) -> Standing:
    """Whose move it is, said among staff. `late` is whether a deadline has passed: then it is ours."""
    if late and case.state == CaseState.AWAITING_PROVIDER:
        return _FOR_STAFF[CaseState.ACTION_NEEDED]
    return _FOR_STAFF[CaseState(case.state)]


def time_left(due: datetime, now: datetime) -> str:
    """`2 days left`, `5 hours overdue`."""
    return f"{span_words(abs(due - now))} {'overdue' if due < now else 'left'}"


def span_words(span: timedelta) -> str:
    """`2 days`, `5 hours`."""
    if span < timedelta(hours=1):
        return "less than an hour"
    if span < timedelta(days=2):
        return counted(span // timedelta(hours=1), "hour")
    return counted(span.days, "day")


def state_words(case: Case) -> str:
    """The state, or how it ended, said among staff."""
    if case.state == CaseState.CLOSED:
        return f"Closed: {case.get_outcome_display().lower()}"
    return STATES_FOR_STAFF[CaseState(case.state)]


def ended(case: Case) -> Standing:
    """How a closed case ended."""
    return Standing(_OUTCOME_TONES.get(Outcome(case.outcome), "plain"), case.get_outcome_display())


def ground_name(code: str) -> str:
    """A ground's name, or an empty string for a case without one."""
    return GROUNDS[code].name if code else ""


def ground_in_short(code: str) -> str:
    """A ground as staff call it, or an empty string for a case without one."""
    return _GROUND_IN_SHORT.get(code, code)


def person(user: User) -> str:
    """A member of staff as colleagues read it: the name, or what stands before the @."""
    return user.full_name or user.email.partition("@")[0]


def counted(number: int, one: str, many: str = "") -> str:
    """`1 page`, `3 pages`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


@dataclass(frozen=True, slots=True)
class Check:
    """What one look at a place found, in words."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """One infringing URL with its checks, newest first; the addresses are links only where they lead to the web.

    `kept_at` is when a copy of it was made, where one was.
    """

    url: InfringingUrl
    page_host: str
    standing: Standing
    last: Verification | None
    found: str
    links: bool
    kept_at: datetime | None
    earlier: list[Check]


@dataclass(frozen=True, slots=True)
class HostPlaces:
    """The places on one host."""

    host: str
    places: list[Place]


def hosts(urls: Iterable[InfringingUrl]) -> list[HostPlaces]:
    """Places by host, in the order of the hosts' names. Expects prefetched `verifications`, and `evidence`."""
    grouped: dict[str, list[Place]] = {}
    for url in urls:
        grouped.setdefault(url.host or "(no host)", []).append(_place(url))
    return [HostPlaces(host, grouped[host]) for host in sorted(grouped)]


def _place(url: InfringingUrl) -> Place:
    checks = list(url.verifications.all())
    last = checks[-1] if checks else None
    schemes = {urlsplit(address).scheme for address in (url.page_url, url.image_url)}
    return Place(
        url=url,
        page_host=host_of(url.page_url),
        standing=Standing(_URL_TONES[UrlState(url.state)], url.get_state_display()),
        last=last,
        found=found_words(last.outcome) if last else "",
        links=schemes <= {"http", "https"},
        kept_at=url.evidence.captured_at if url.evidence else None,
        earlier=[Check(check.checked_at, found_words(check.outcome)) for check in checks[-2::-1]],
    )


def found_words(outcome: str) -> str:
    """What a check found, in words."""
    return _FOUND.get(outcome, outcome.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True)
class Extent:
    """How many places a case has, on how many hosts, and the first host by name."""

    urls: int
    hosts: int
    first_host: str

    @property
    def in_pages(self) -> str:
        """For subscribers: `3 pages on 2 hosts`."""
        return f"{counted(self.urls, 'page')} on {counted(self.hosts, 'host')}"

    @property
    def in_urls(self) -> str:
        """For staff: `12 URLs on 3 hosts`."""
        return f"{counted(self.urls, 'URL')} on {counted(self.hosts, 'host')}"

    @property
    def which(self) -> str:
        """`example.org and 2 more`."""
        return self.first_host if self.hosts == 1 else f"{self.first_host} and {self.hosts - 1} more"


def extent(urls: Sequence[InfringingUrl]) -> Extent:
    """The extent of one case whose places are loaded."""
    names = sorted({url.host for url in urls})
    return Extent(len(urls), len(names), names[0] if names else "")


def extents(cases: Iterable[Case]) -> dict[UUID, Extent]:
    """The extents of many cases by case id, in one query; a case without places is not in it."""
    grouped = (
        InfringingUrl.objects.filter(case__in=[case.pk for case in cases])
        .order_by()
        .values("case_id")
        .annotate(urls=Count("pk"), hosts=Count("host", distinct=True), first_host=Min("host"))
    )
    return {row["case_id"]: Extent(row["urls"], row["hosts"], row["first_host"]) for row in grouped}


def latest_sentences(cases: Iterable[Case]) -> dict[UUID, str]:
    """The last thing that each case's subscriber was told, by case id, in one query."""
    told = [kind for kind, words in events.KINDS.items() if words.story]
    rows = CaseEvent.objects.filter(case__in=[case.pk for case in cases], kind__in=told).order_by("id")
    return {row.case_id: events.sentence(row) for row in rows}


def host_of(url: str) -> str:
    """The host that a URL names, or an empty string."""
    return urlsplit(url).hostname or ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice in words. `waiting` is whether the operator has the move."""

    notice: Notice
    standing: Standing
    ground: str
    extent: Extent
    waiting: bool


def letter_tone(state: str) -> str:
    """The tone of a letter's state."""
    return _NOTICE_TONES.get(NoticeState(state), "plain")


def letter(notice: Notice) -> Letter:
    """A notice in words. Expects prefetched `urls`."""
    standing = Standing(letter_tone(notice.state), notice.get_state_display())
    waiting = notice.state in {NoticeState.SENT, NoticeState.ACKNOWLEDGED}
    return Letter(notice, standing, ground_name(notice.ground), extent(list(notice.urls.all())), waiting)


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
    labels = (
        "You asked" if reached else "Your answer",
        "Letter written and checked",
        "Letter sent",
        "Removed, checked twice",
    )
    return [Step(label, _step_state(place, reached)) for place, label in enumerate(labels)]


def _step_state(place: int, reached: int) -> str:
    if place < reached:
        return "done"
    return "current" if place == reached else "todo"


def _ended_steps(case: Case, reached: int) -> list[Step]:
    labels = ("You asked" if reached else "Your answer", "Letter written and checked", "Letter sent")[:reached]
    last = (
        "Removed, checked twice" if case.outcome == Outcome.REMOVED else f"Ended: {case.get_outcome_display().lower()}"
    )
    return [*(Step(label, "done") for label in labels), Step(last, "done")]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline."""

    at: datetime
    title: str
    text: str = ""
    actor: str = ""
    tone: str = "plain"

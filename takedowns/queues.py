"""The staff queue: one named queryset per tab, how it is sorted, and what a row shows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from takedowns.models import Case, InfringingUrl, Notice, WorkItem
from takedowns.states import CaseState, NoticeState

OUR_MOVE = (CaseState.TRIAGE, CaseState.DRAFTING, CaseState.ACTION_NEEDED)
THEIR_MOVE = (CaseState.AWAITING_PROVIDER, CaseState.AWAITING_SUBJECT)
_RUNNING = (NoticeState.SENT, NoticeState.ACKNOWLEDGED)
_SOON = timedelta(days=1)

_OPEN = ~Q(state=CaseState.CLOSED)
_TO_APPROVE = Q(has_draft=True) & _OPEN
_STUCK = Q(has_work=True) & _OPEN


@dataclass(frozen=True)
class Tab:
    """One view of the queue; `holds(staff, now)` is the condition for a case to be in it."""

    key: str
    label: str
    nothing: str
    holds: Callable[[User, datetime], Q]


# "Our move" is everything that somebody here has to do something about, so the other tabs before "Waiting"
# are parts of it.
TABS = (
    Tab(
        "ours",
        "Our move",
        "Nothing waits for us. The other side has the move in every open case.",
        lambda staff, now: Q(state__in=OUR_MOVE) | _STUCK | (_OPEN & Q(due__lt=now)),
    ),
    Tab("approve", "To approve", "No letter waits to be approved.", lambda staff, now: _TO_APPROVE),
    Tab("stuck", "Stuck", "Nothing is stuck.", lambda staff, now: _STUCK),
    Tab(
        "waiting",
        "Waiting",
        "We are waiting for nobody.",
        lambda staff, now: Q(state__in=THEIR_MOVE),
    ),
    Tab("mine", "Mine", "No open case is assigned to you.", lambda staff, now: _OPEN & Q(assigned_to=staff)),
    Tab("closed", "Closed", "No case has been closed yet.", lambda staff, now: Q(state=CaseState.CLOSED)),
    Tab("all", "All", "There are no cases yet.", lambda staff, now: Q()),
)

# Without a date comes last; the oldest case first among equals.
SORTS = {
    "due": (F("due").asc(nulls_last=True), "created_at", "id"),
    "-due": (F("due").desc(nulls_last=True), "created_at", "id"),
    "age": ("-created_at", "id"),
    "-age": ("created_at", "id"),
    "reference": ("reference",),
    "-reference": ("-reference",),
}


def tab_named(key: str) -> Tab:
    """The tab with that key, or the first."""
    return next((tab for tab in TABS if tab.key == key), TABS[0])


def cases() -> QuerySet[Case]:
    """Every case with what the tabs ask about: `due` (the next deadline), `has_draft`, `has_work`."""
    notices = Notice.objects.filter(case=OuterRef("pk")).order_by()
    running = notices.filter(state__in=_RUNNING).values("case").annotate(first=Min("due_at")).values("first")
    return Case.objects.annotate(
        due=Subquery(running),
        has_draft=Exists(notices.filter(state=NoticeState.DRAFT)),
        has_work=Exists(WorkItem.objects.filter(case=OuterRef("pk"), done_at=None)),
    )


def select(tab: Tab, staff: User, *, search: str = "", sort: str = "due") -> QuerySet[Case]:
    """The cases of a tab whose reference or host contains `search`, sorted."""
    found = cases().filter(tab.holds(staff, timezone.now()))
    if search:
        at_host = InfringingUrl.objects.filter(case=OuterRef("pk"), host__icontains=search)
        found = found.filter(Q(reference__icontains=search) | Exists(at_host))
    found = found.select_related("ground_decision", "assigned_to")
    return found.order_by(*SORTS.get(sort, SORTS["due"]))


def counts(staff: User) -> dict[str, int]:
    """How many cases each tab holds, in one query."""
    now = timezone.now()
    return cases().aggregate(**{tab.key: Count("pk", filter=tab.holds(staff, now)) for tab in TABS})


@dataclass(frozen=True)
class Places:
    """How many URLs of a case there are, on how many hosts, and the first host by name."""

    urls: int
    hosts: int
    first_host: str


@dataclass(frozen=True)
class Row:
    """One line of the queue."""

    case: Case
    whose: str
    tone: str
    ground: str
    places: Places | None
    due: datetime | None
    late: bool
    soon: bool
    stuck: bool


def places_of(shown: Iterable[Case]) -> dict[object, Places]:
    """The places of many cases by case id, in one query."""
    grouped = (
        InfringingUrl.objects.filter(case__in=[case.pk for case in shown])
        .order_by()
        .values("case_id")
        .annotate(urls=Count("pk"), hosts=Count("host", distinct=True), first_host=Min("host"))
    )
    return {row["case_id"]: Places(row["urls"], row["hosts"], row["first_host"]) for row in grouped}

"""The staff queue: one named queryset per tab, how it is sorted, and what a row shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from takedowns import casefile
from takedowns.casefile import Extent, Standing
from takedowns.models import Case, InfringingUrl, Notice, WorkItem
from takedowns.states import CaseState, NoticeState

OUR_MOVE = (CaseState.TRIAGE, CaseState.DRAFTING, CaseState.ACTION_NEEDED)
THEIR_MOVE = (CaseState.AWAITING_PROVIDER, CaseState.AWAITING_SUBJECT)
_RUNNING = (NoticeState.SENT, NoticeState.ACKNOWLEDGED)


@dataclass(frozen=True)
class Tab:
    """One view of the queue."""

    key: str
    label: str
    nothing: str


TABS = (
    Tab("ours", "Our move", "Nothing waits for us. The other side has the move in every open case."),
    Tab("approve", "To approve", "No letter waits to be approved."),
    Tab("stuck", "Stuck", "Nothing is stuck."),
    Tab("waiting", "Waiting", "We are waiting for nobody."),
    Tab("mine", "Mine", "No open case is assigned to you."),
    Tab("closed", "Closed", "No case has been closed yet."),
    Tab("all", "All", "There are no cases yet."),
)


def _conditions(staff: User) -> dict[str, Q]:
    """What makes a case be in each tab, by the tab's key.

    "Our move" is everything that somebody here has to do something about, so "To approve" and "Stuck" are
    parts of it, and an answer that is overdue is our move too.
    """
    is_open = ~Q(state=CaseState.CLOSED)
    stuck, overdue = is_open & Q(has_work=True), is_open & Q(due__lt=timezone.now())
    return {
        "ours": Q(state__in=OUR_MOVE) | stuck | overdue,
        "approve": is_open & Q(has_draft=True),
        "stuck": stuck,
        "waiting": Q(state__in=THEIR_MOVE),
        "mine": is_open & Q(assigned_to=staff),
        "closed": Q(state=CaseState.CLOSED),
        "all": Q(),
    }


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
    found = cases().filter(_conditions(staff)[tab.key])
    if search:
        at_host = InfringingUrl.objects.filter(case=OuterRef("pk"), host__icontains=search)
        found = found.filter(Q(reference__icontains=search) | Exists(at_host))
    found = found.select_related("ground_decision", "assigned_to")
    return found.order_by(*SORTS.get(sort, SORTS["due"]))


def counts(staff: User) -> dict[str, int]:
    """How many cases each tab holds, in one query."""
    return cases().aggregate(**{key: Count("pk", filter=condition) for key, condition in _conditions(staff).items()})


@dataclass(frozen=True)
class Row:
    """One line of the queue, as the table shows it."""

    case: Case
    state: str
    standing: Standing
    ground: str
    assigned: str
    extent: Extent | None
    due: datetime | None
    due_words: str
    late: bool
    stuck: bool

    @property
    def open(self) -> bool:
        return self.case.state != CaseState.CLOSED


def rows(shown: Sequence[Case]) -> list[Row]:
    """What the table shows of cases that come from `select`, in one query more."""
    extents, now = casefile.extents(shown), timezone.now()
    return [_row(case, extents.get(case.pk), now) for case in shown]


def _row(case: Case, extent: Extent | None, now: datetime) -> Row:
    annotated: Any = case
    decision = getattr(case, "ground_decision", None)
    due = annotated.due if case.state != CaseState.CLOSED else None
    late = bool(due and due < now)
    return Row(
        case=case,
        state=casefile.state_words(case),
        standing=casefile.for_staff(case, late=late),
        ground=casefile.ground_in_short(decision.ground) if decision else "",
        assigned=casefile.person(case.assigned_to) if case.assigned_to else "",
        extent=extent,
        due=due,
        due_words=casefile.time_left(due, now) if due else "",
        late=late,
        stuck=annotated.has_work and case.state != CaseState.CLOSED,
    )


def summary(tab_counts: Mapping[str, int]) -> str:
    """The state of the queue in a sentence."""
    ours = tab_counts["ours"]
    if not ours:
        return "Nothing waits for us."
    parts = [f"{casefile.counted(ours, 'case')} {'waits' if ours == 1 else 'wait'} for us"]
    if tab_counts["approve"]:
        parts.append(f"{tab_counts['approve']} with a letter to approve")
    if tab_counts["stuck"]:
        parts.append(f"{tab_counts['stuck']} with something only a person can settle")
    return ", ".join(parts) + "."


@dataclass(frozen=True)
class Head:
    """A column's head: `sort` is what pressing it asks for, `aria` how the table is sorted by it now."""

    label: str
    sort: str = ""
    aria: str = ""


def heads(sort: str) -> list[Head]:
    """The table's columns, with the way to sort by those that can be."""
    return [
        _sortable("Case", "reference", sort),
        Head("Whose move"),
        Head("State"),
        Head("Ground"),
        Head("Places"),
        _sortable("Opened", "age", sort),
        _sortable("Due", "due", sort),
        Head("Assigned to"),
    ]


def _sortable(label: str, key: str, sort: str) -> Head:
    """Pressing a head sorts by it, and pressing it again turns the order round."""
    aria = {key: "ascending", f"-{key}": "descending"}.get(sort, "")
    return Head(label, f"-{key}" if sort == key else key, aria)

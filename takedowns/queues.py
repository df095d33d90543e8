"""The staff queue: one named condition per tab, how it is sorted, and what a row shows.

What the tabs ask about letters and work is asked once for all cases (`pk__in` of a query that stands alone), not once
for each: with thousands of cases that is what a page's time is made of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Case as Conditional
from django.db.models import Count, DateTimeField, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils import timezone

from accounts.models import User
from takedowns import casefile, filters
from takedowns.casefile import Extent, Standing
from takedowns.filters import Choice
from takedowns.models import BulkApproval, Case, FollowUp, Notice, OrphanMail, WorkItem
from takedowns.states import CaseState, NoticeState

OUR_MOVE = (CaseState.TRIAGE, CaseState.DRAFTING, CaseState.ACTION_NEEDED)
THEIR_MOVE = (CaseState.AWAITING_PROVIDER, CaseState.AWAITING_SUBJECT)
_RUNNING = (NoticeState.SENT, NoticeState.ACKNOWLEDGED)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tab:
    """One view of the queue."""

    key: str
    label: str
    nothing: str


TABS = (
    Tab("action", "Action needed", "Nothing waits for us. The other side has the move in every open case."),
    Tab("overdue", "Overdue", "No answer is overdue."),
    Tab("approve", "To approve", "No letter waits to be approved."),
    Tab("mine", "Mine", "No open case is assigned to you."),
    Tab("unassigned", "Unassigned", "Every open case is somebody's."),
    Tab("waiting", "Waiting", "We are waiting for nobody."),
    Tab("deferred", "Deferred", "No case is put off to another day."),
    Tab("closed", "Closed", "No case has been closed yet."),
    Tab("all", "All", "There are no cases yet."),
)


def _conditions(staff: User, now: datetime) -> dict[str, Q]:
    """What makes a case be in each tab, by the tab's key.

    "Action needed" is everything that somebody here has to do something about, so "Overdue" and "To approve" are parts
    of it. A case that was put off is in no tab but "Deferred" and "All".
    """
    is_open = ~Q(state=CaseState.CLOSED)
    put_off = is_open & Q(deferred_until__gt=now)
    on_desk = is_open & ~Q(deferred_until__isnull=False, deferred_until__gt=now)
    overdue, approve = Q(pk__in=_overdue(now)), _to_approve()
    stuck = Q(pk__in=WorkItem.objects.filter(done_at=None).values("case"))
    return {
        # A counter-notice often comes after the removal: what has to be done then is done in a closed case.
        "action": (on_desk & (Q(state__in=OUR_MOVE) | stuck | overdue | approve)) | (~is_open & stuck),
        "overdue": on_desk & overdue,
        "approve": on_desk & approve,
        "mine": on_desk & Q(assigned_to=staff),
        "unassigned": on_desk & Q(assigned_to=None),
        "waiting": on_desk & Q(state__in=THEIR_MOVE),
        "deferred": put_off,
        "closed": Q(state=CaseState.CLOSED),
        "all": Q(),
    }


def _overdue(now: datetime) -> QuerySet[Any, Any]:
    """The cases with a letter that nobody answered in time, or with work that should be done.

    Left out: a letter whose operator promised a later date, and one that is our turn (its clock stands still).
    """
    unanswered = Notice.objects.filter(state__in=_RUNNING, due_at__lt=now).exclude(promised_until__gte=now)
    work = WorkItem.objects.filter(done_at=None, due_at__lt=now)
    return unanswered.order_by().values("case").union(work.order_by().values("case"))


def _to_approve() -> Q:
    drafts = Notice.objects.filter(state=NoticeState.DRAFT).order_by().values("case")
    further = FollowUp.objects.filter(state=NoticeState.DRAFT).order_by().values("notice__case")
    return Q(pk__in=drafts) | Q(pk__in=further)


# Without a date comes last; the oldest case first among equals.
SORTS: dict[str, tuple[Any, ...]] = {
    "due": ("due", "created_at", "id"),
    "-due": (Conditional(When(due=_NEVER, then=1), default=0), "-due", "created_at", "id"),
    "age": ("-created_at", "id"),
    "-age": ("created_at", "id"),
    "reference": ("reference",),
    "-reference": ("-reference",),
    "assigned": (F("assigned_to__full_name").asc(nulls_last=True), "created_at", "id"),
    "-assigned": (F("assigned_to__full_name").desc(nulls_last=True), "created_at", "id"),
}


def tab_named(key: str) -> Tab:
    """The tab with that key, or the first."""
    return next((tab for tab in TABS if tab.key == key), TABS[0])


def ids(choice: Choice, staff: User) -> QuerySet[Case, UUID]:
    """The ids of a view's cases, sorted. Whole rows would be sorted ten times as slowly."""
    in_tab = _conditions(staff, timezone.now())[tab_named(choice.tab).key]
    order = SORTS.get(choice.sort, SORTS[filters.DEFAULT_SORT])
    found = Case.objects.filter(in_tab & filters.condition(choice, staff))
    if choice.sort.strip("-") == filters.DEFAULT_SORT or choice.sort not in SORTS:
        found = found.annotate(due=_due())
    return found.order_by(*order).values_list("pk", flat=True)


def cases(shown: Sequence[UUID]) -> list[Case]:
    """The cases with these ids in their order, each with `due` (the next date that counts) and `has_work`."""
    work = WorkItem.objects.filter(case=OuterRef("pk"), done_at=None)
    found = Case.objects.filter(pk__in=shown).annotate(due=_due(), has_work=Exists(work))
    by_id = {case.pk: case for case in found.select_related("ground_decision", "assigned_to")}
    return [by_id[pk] for pk in shown if pk in by_id]


def _due() -> Least:
    """The first date of a case: of an answer, later where the operator promised one, or of something to be done."""
    until = Conditional(When(promised_until__gt=F("due_at"), then=F("promised_until")), default=F("due_at"))
    running = Notice.objects.filter(case=OuterRef("pk"), state__in=_RUNNING).order_by()
    work = WorkItem.objects.filter(case=OuterRef("pk"), done_at=None).order_by()
    return Least(
        Coalesce(Subquery(running.values("case").annotate(first=Min(until)).values("first")), _never()),
        Coalesce(Subquery(work.values("case").annotate(first=Min("due_at")).values("first")), _never()),
    )


def _never() -> Value:
    return Value(_NEVER, output_field=DateTimeField())


def counts(choice: Choice, staff: User) -> dict[str, int]:
    """How many cases each tab holds of those that the view is narrowed down to, in one query."""
    narrowed = Case.objects.filter(filters.condition(choice, staff))
    conditions = _conditions(staff, timezone.now())
    counted = {key: Count("pk", filter=one) for key, one in conditions.items() if key != "all"}
    return narrowed.aggregate(**counted, all=Count("pk"))


def orphans() -> int:
    """How many mails wait that belong to no case that we know."""
    return OrphanMail.objects.filter(done_at=None).count()


def for_two() -> int:
    """How many stacks of letters wait for a second person."""
    return BulkApproval.objects.filter(confirmed_at=None, refused_at=None).count()


@dataclass(frozen=True)
class Neighbours:
    """Where a case stands in the view that it was opened from: the cases before and after it, each with its place."""

    before: tuple[UUID, int] | None = None
    after: tuple[UUID, int] | None = None


def neighbours(case: Case, choice: Choice, staff: User, at: int) -> Neighbours:
    """What comes before and after a case that was at this place of the view when it was opened.

    A case that has left the view since then has made place for the one after it.
    """
    start = max(0, at - 1)
    near = list(ids(choice, staff)[start : at + 2])
    places = [(pk, start + number) for number, pk in enumerate(near)]
    here = next((number for number, (pk, _) in enumerate(places) if pk == case.pk), None)
    if here is not None:
        before, after = places[:here], places[here + 1 :]
    else:
        before, after = places[: at - start], places[at - start :]
    return Neighbours(before[-1] if before else None, after[0] if after else None)


# --- What the table shows ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of the queue, as the table shows it. `at` is its place in the whole view."""

    case: Case
    at: int
    state: str
    standing: Standing
    ground: str
    assigned: str
    extent: Extent | None
    due: datetime | None
    due_words: str
    late: bool
    stuck: bool
    deferred: bool

    @property
    def open(self) -> bool:
        return self.case.state != CaseState.CLOSED


def rows(shown: Sequence[Case], first: int = 0) -> list[Row]:
    """What the table shows of cases that come from `cases`, in one query more. `first` is the place of the first."""
    extents, now = casefile.extents(shown), timezone.now()
    return [_row(case, first + number, extents.get(case.pk), now) for number, case in enumerate(shown)]


def _row(case: Case, at: int, extent: Extent | None, now: datetime) -> Row:
    annotated: Any = case
    decision = getattr(case, "ground_decision", None)
    due = annotated.due if case.state != CaseState.CLOSED and annotated.due < _NEVER else None
    late = bool(due and due < now)
    return Row(
        case=case,
        at=at,
        state=casefile.state_words(case),
        standing=casefile.for_staff(case, late=late),
        ground=casefile.ground_in_short(decision.ground) if decision else "",
        assigned=casefile.person(case.assigned_to) if case.assigned_to else "",
        extent=extent,
        due=due,
        due_words=casefile.time_left(due, now) if due else "",
        late=late,
        stuck=annotated.has_work and case.state != CaseState.CLOSED,
        deferred=bool(case.deferred_until and case.deferred_until > now and case.state != CaseState.CLOSED),
    )


def summary(tab_counts: Mapping[str, int], *, narrowed: bool = False) -> str:
    """The state of the queue in a sentence."""
    ours = tab_counts["action"]
    if not ours:
        return "Nothing that fits the filters waits for us." if narrowed else "Nothing waits for us."
    parts = [f"{casefile.counted(ours, 'case')} {'waits' if ours == 1 else 'wait'} for us"]
    if tab_counts["approve"]:
        parts.append(f"{tab_counts['approve']} with a letter to approve")
    if tab_counts["overdue"]:
        parts.append(f"{tab_counts['overdue']} overdue")
    return f"{', '.join(parts)}{', of those that fit the filters' if narrowed else ''}."


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
        _sortable("Assigned to", "assigned", sort),
    ]


def _sortable(label: str, key: str, sort: str) -> Head:
    """Pressing a head sorts by it, and pressing it again turns the order round."""
    aria = {key: "ascending", f"-{key}": "descending"}.get(sort, "")
    return Head(label, f"-{key}" if sort == key else key, aria)

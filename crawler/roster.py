"""The table of sources in the console: how it is searched, filtered and sorted, and what a row shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from crawler import blocking, health
from crawler.health import Mark, Trouble
from crawler.models import CrawlRun, Source
from crawler.states import RunState, SourceState

LATE_AFTER = timedelta(hours=1)

STATES = {
    "active": "Active",
    "running": "Running now",
    "paused": "Paused",
}
TROUBLES = {
    "failing": "Failing",
    "late": "Late",
    "silent": "Run without a sign of life",
    "never": "Never crawled",
}
# Without a date comes last.
SORTS: dict[str, tuple[Any, ...]] = {
    "source": ("host", "url"),
    "-source": ("-host", "-url"),
    "last": (F("last_at").asc(nulls_last=True), "host"),
    "-last": (F("last_at").desc(nulls_last=True), "host"),
    "next": (F("next_run_at").asc(nulls_last=True), "host"),
    "-next": (F("next_run_at").desc(nulls_last=True), "host"),
}
DEFAULT_SORT = "-last"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody asked the table to show; empty for all."""

    search: str = ""
    state: str = ""
    kind: str = ""
    trouble: str = ""
    sort: str = DEFAULT_SORT

    @property
    def narrowed(self) -> bool:
        return bool(self.search or self.state or self.kind or self.trouble)


def sources() -> QuerySet[Source]:
    """Every source with `last_run` and `last_at`: its latest run and when that began."""
    runs = CrawlRun.objects.filter(source=OuterRef("pk")).order_by("-started_at", "-id")
    return Source.objects.annotate(
        last_run=Subquery(runs.values("pk")[:1]), last_at=Subquery(runs.values("started_at")[:1])
    )


def select(choice: Choice) -> QuerySet[Source]:
    """The sources that were asked for, sorted."""
    found = sources()
    if choice.search:
        found = found.filter(Q(url__icontains=choice.search) | Q(note__icontains=choice.search))
    if choice.kind in Source.Kind.values:
        found = found.filter(kind=choice.kind)
    if choice.state in STATES:
        found = found.filter(_state(choice.state))
    if choice.trouble in TROUBLES:
        found = found.filter(_trouble(choice.trouble))
    return found.order_by(*SORTS.get(choice.sort, SORTS[DEFAULT_SORT]), "id")


def _runs(**conditions: Any) -> Exists:
    return Exists(CrawlRun.objects.filter(source=OuterRef("pk"), **conditions))


def _state(name: str) -> Q:
    if name == "running":
        return Q(_runs(state__in=(RunState.RUNNING, RunState.PAUSED)))
    return Q(state=SourceState.ACTIVE if name == "active" else SourceState.PAUSED)


def _trouble(name: str) -> Q:
    now = timezone.now()
    if name == "failing":
        last_failed = Exists(CrawlRun.objects.filter(pk=OuterRef("last_run"), state=RunState.FAILED))
        return Q(failures__gt=0) | Q(last_failed)
    if name == "late":
        return Q(state=SourceState.ACTIVE, every__isnull=False, next_run_at__lt=now - LATE_AFTER)
    if name == "silent":
        return Q(_runs(state=RunState.RUNNING, seen_at__lt=now - health.SILENT_AFTER))
    return Q(last_run=None)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    source: Source
    last: CrawlRun | None
    mark: Mark
    run_mark: Mark | None
    troubles: list[Trouble]
    more_troubles: int

    @property
    def late(self) -> bool:
        due = self.source.next_run_at
        return bool(due and self.source.state == SourceState.ACTIVE and due < timezone.now() - LATE_AFTER)


_TROUBLES_SHOWN = 2


def rows(shown: Sequence[Source]) -> list[Row]:
    """What the table shows of sources that come from `select`, in two queries more."""
    annotated: Sequence[Any] = shown
    runs = CrawlRun.objects.in_bulk([source.last_run for source in annotated if source.last_run])
    blocked = blocking.hosts()
    return [_row(source, runs.get(source.last_run), blocked) for source in annotated]


def _row(source: Source, last: CrawlRun | None, blocked: set[str]) -> Row:
    troubles = health.troubles(last)
    return Row(
        source=source,
        last=last,
        mark=health.source_mark(source, last, blocked=_is_blocked(source, blocked)),
        run_mark=health.run_mark(last) if last else None,
        troubles=troubles[:_TROUBLES_SHOWN],
        more_troubles=len(troubles[_TROUBLES_SHOWN:]),
    )


def _is_blocked(source: Source, blocked: set[str]) -> bool:
    return bool(blocked and source.host and blocking.names(blocking.host_of(source)) & blocked)


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: `sort` is what pressing it asks for, `aria` how the table is sorted by it now."""

    label: str
    sort: str = ""
    aria: str = ""
    number: bool = False


def heads(sort: str) -> list[Head]:
    return [
        _sortable("Source", "source", sort),
        Head("State"),
        _sortable("Last run", "last", sort),
        Head("Pages", number=True),
        Head("Pictures", number=True),
        Head("Errors"),
        _sortable("Next run", "next", sort),
    ]


def _sortable(label: str, key: str, sort: str) -> Head:
    """Pressing a head sorts by it, and pressing it again turns the order round."""
    aria = {key: "ascending", f"-{key}": "descending"}.get(sort, "")
    return Head(label, f"-{key}" if sort == key else key, aria)


def summary(counts: dict[str, int]) -> str:
    """The state of all sources in a sentence."""
    if not counts["all"]:
        return "What may be crawled is named here. Nothing is named yet."
    parts = [f"{counts['all']} {'source' if counts['all'] == 1 else 'sources'}"]
    parts += [f"{counts[key]} {word}" for key, word in _COUNTED if counts[key]]
    return ", ".join(parts) + "."


_COUNTED = (("running", "running now"), ("failing", "failing"), ("late", "late"), ("paused", "paused"))


def counts() -> dict[str, int]:
    """How many sources there are, and how many in each state that the summary names, in one query."""
    conditions = {"running": _state("running"), "paused": _state("paused")}
    conditions |= {"failing": Q(failures__gt=0), "late": _trouble("late")}
    filtered = {key: Count("pk", filter=condition) for key, condition in conditions.items()}
    return Source.objects.aggregate(all=Count("pk"), **filtered)

"""What the staff queue is narrowed down to: read from the URL, shown as chips, kept under a name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from accounts.models import Role, User
from takedowns import casefile
from takedowns.cases import NotAllowed
from takedowns.grounds import GROUNDS
from takedowns.models import InfringingUrl, Notice, Operator, SavedFilter
from takedowns.states import CaseState

_LONGEST = 100
_ME, _NOBODY = "me", "none"
# More than anybody finds their way in.
_MOST_SAVED = 30
DEFAULT_TAB, DEFAULT_SORT = "action", "due"


@dataclass(frozen=True)
class Choice:
    """A view of the queue. Every field is the text that stands in the URL; empty means "any"."""

    tab: str = DEFAULT_TAB
    q: str = ""
    state: str = ""
    ground: str = ""
    assigned: str = ""
    operator: str = ""
    host: str = ""
    country: str = ""
    since: str = ""
    intimate: str = ""
    relapse: str = ""
    sort: str = DEFAULT_SORT

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Self:
        """From a query string; what it does not know and what makes no sense is left out."""
        given = {each.name: asked.get(each.name, "").strip()[:_LONGEST] for each in fields(cls)}
        return cls(**{name: text for name, text in given.items() if _makes_sense(name, text)})

    def query(self, **changes: str) -> str:
        """As a query string, in one way only."""
        chosen = replace(self, **changes)
        return urlencode([(name, text) for name, text, plain in chosen._texts() if text != plain])

    @property
    def narrowed(self) -> bool:
        """Whether anything but the tab and the order was chosen."""
        return any(text for name, text, _ in self._texts() if name not in {"tab", "sort"})

    @property
    def more(self) -> bool:
        """Whether something was chosen that the filter bar does not show at once."""
        return any((self.operator, self.host, self.country, self.since, self.intimate, self.relapse))

    def _texts(self) -> Iterator[tuple[str, str, str]]:
        for each in fields(self):
            yield each.name, getattr(self, each.name), str(each.default)


def _makes_sense(name: str, text: str) -> bool:
    if not text:
        return False
    checks = {
        "state": lambda: text in CaseState.values,
        "ground": lambda: text in GROUNDS,
        "assigned": lambda: text in {_ME, _NOBODY} or _uuid(text) is not None,
        "country": lambda: len(text) == 2 and text.isalpha(),
        "since": lambda: _day(text) is not None,
        "intimate": lambda: text == "1",
        "relapse": lambda: text == "1",
    }
    return name not in checks or checks[name]()


def condition(choice: Choice, staff: User) -> Q:
    """The cases that a view is narrowed down to, whatever its tab."""
    found = _search(choice.q) if choice.q else Q()
    if choice.state:
        found &= Q(state=choice.state)
    if choice.ground:
        lettered = Notice.objects.filter(ground=choice.ground).values("case")
        found &= Q(ground_decision__ground=choice.ground) | Q(pk__in=lettered)
    if choice.host:
        found &= _at_host(choice.host)
    if choice.since:
        found &= Q(created_at__gte=timezone.make_aware(datetime.combine(date.fromisoformat(choice.since), time.min)))
    if choice.intimate:
        found &= Q(intimate=True)
    if choice.relapse:
        found &= Q(relapse_of__isnull=False)
    return found & _assigned(choice.assigned, staff) & _operators(choice)


def _search(text: str) -> Q:
    """References, hosts and operators' names that contain it."""
    operators = Operator.objects.filter(name__icontains=text).values("pk")
    written = Q(pk__in=Notice.objects.filter(operator__in=operators).values("case"))
    return Q(reference__icontains=text) | _at_host(text) | written


def _at_host(text: str) -> Q:
    return Q(pk__in=InfringingUrl.objects.filter(host__icontains=text).values("case"))


def _assigned(text: str, staff: User) -> Q:
    if text == _ME:
        return Q(assigned_to=staff)
    if text == _NOBODY:
        return Q(assigned_to=None)
    return Q(assigned_to=text) if text else Q()


def _operators(choice: Choice) -> Q:
    if not choice.operator and not choice.country:
        return Q()
    known = Operator.objects.all()
    if choice.operator:
        identity = _uuid(choice.operator)
        known = known.filter(pk=identity) if identity else known.filter(name__icontains=choice.operator)
    if choice.country:
        known = known.filter(country__iexact=choice.country)
    return Q(pk__in=Notice.objects.filter(operator__in=known.values("pk")).values("case"))


# --- The filter bar ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chip:
    """Something that was chosen; `without` is the view without it."""

    text: str
    without: str


def chips(choice: Choice, colleagues: Mapping[str, str]) -> list[Chip]:
    """What a view is narrowed down to, in words. `colleagues` are names by id."""
    shown = {
        "q": f"“{choice.q}”",
        "state": f"State: {dict(states()).get(choice.state, '')}",
        "ground": f"Ground: {casefile.ground_in_short(choice.ground)}",
        "assigned": f"Assigned to: {_assigned_words(choice.assigned, colleagues)}",
        "operator": f"Operator: {choice.operator}",
        "host": f"Host: {choice.host}",
        "country": f"Operator in: {choice.country.upper()}",
        "since": f"Opened since: {choice.since}",
        "intimate": "Intimate",
        "relapse": "Relapse",
    }
    return [Chip(text, choice.query(**{name: ""})) for name, text in shown.items() if getattr(choice, name)]


def _assigned_words(text: str, colleagues: Mapping[str, str]) -> str:
    return {_ME: "me", _NOBODY: "nobody"}.get(text) or colleagues.get(text, "somebody else")


def states() -> list[tuple[str, str]]:
    """The states of cases as staff call them."""
    return [*((state.value, words) for state, words in casefile.STATES_FOR_STAFF.items()), (CaseState.CLOSED, "Closed")]


def colleagues() -> dict[str, str]:
    """Everybody on the staff by id, by name."""
    found = User.objects.filter(role__in=(Role.STAFF, Role.SENIOR_STAFF), is_active=True)
    names = {str(user.pk): casefile.person(user) for user in found}
    return dict(sorted(names.items(), key=lambda item: item[1].casefold()))


def countries() -> list[str]:
    """Where operators are, as far as that is known."""
    found = Operator.objects.exclude(country="").order_by("country")
    return list(found.values_list("country", flat=True).distinct())


# --- Saved views -------------------------------------------------------------------------------------------


def saved(staff: User) -> list[SavedFilter]:
    """A person's own views, by name."""
    return list(staff.saved_filters.all())


def save(staff: User, name: str, query: str) -> SavedFilter:
    """Keep a view under a name; one of that name is replaced. Raises NotAllowed."""
    name = _name(name)
    kept = Choice.read(QueryDict(query)).query()
    if not staff.saved_filters.filter(name=name).exists() and staff.saved_filters.count() >= _MOST_SAVED:
        raise NotAllowed(f"You have {_MOST_SAVED} views already. Delete one first.")
    view, _ = SavedFilter.objects.update_or_create(staff=staff, name=name, defaults={"query": kept})
    return view


def rename(view: SavedFilter, name: str) -> None:
    """Give a view another name. Raises NotAllowed."""
    name = _name(name)
    if SavedFilter.objects.filter(staff=view.staff_id, name=name).exclude(pk=view.pk).exists():
        raise NotAllowed("You have a view of that name already.")
    view.name = name
    view.save(update_fields=["name"])


def _name(text: str) -> str:
    name = " ".join(text.split())
    longest = SavedFilter._meta.get_field("name").max_length or 60
    if not name or len(name) > longest:
        raise NotAllowed(f"Give the view a name of at most {longest} characters.")
    return name


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

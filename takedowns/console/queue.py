"""The queue: what waits, for whom, and since when. All that narrows it down is in the URL."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import signed_in, staff
from accounts.models import User
from takedowns import casefile, filters, queues
from takedowns.console.forms import BulkLettersForm, DeferForm, NameForm
from takedowns.filters import Choice
from takedowns.grounds import GROUNDS
from takedowns.models import Case

_PER_PAGE = 50


class _Counted(Paginator):  # type: ignore[type-arg]
    """Its rows were counted with the tabs."""

    def __init__(self, found: QuerySet[Case, UUID], count: int) -> None:
        super().__init__(found, _PER_PAGE)
        self._known = count

    @property
    def count(self) -> int:
        return self._known


@staff
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The queue, in one of its tabs."""
    return render(request, "takedowns/queue.html", _context(request, signed_in(request)))


def _context(request: HttpRequest, user: User) -> dict[str, object]:
    choice = Choice.read(request.GET)
    tab, counts = queues.tab_named(choice.tab), queues.counts(choice, user)
    colleagues = filters.colleagues()
    page = _Counted(queues.ids(choice, user), counts[tab.key]).get_page(request.GET.get("page"))
    return {
        "choice": choice,
        "tab": tab,
        "tabs": [{"tab": each, "count": counts[each.key], "query": choice.query(tab=each.key)} for each in queues.TABS],
        "orphans": queues.orphans(),
        "heads": queues.heads(choice.sort),
        "page": page,
        "rows": queues.rows(queues.cases(list(page.object_list)), page.start_index() - 1),
        "summary": queues.summary(counts, narrowed=choice.narrowed),
        "chips": filters.chips(choice, colleagues),
        "states": filters.states(),
        "grounds": [(code, casefile.ground_in_short(code)) for code in GROUNDS],
        "colleagues": [(pk, name) for pk, name in colleagues.items() if pk != str(user.pk)],
        "countries": filters.countries(),
        "saved": filters.saved(user),
        "waiting_for_two": queues.for_two(),
        "name_form": NameForm(auto_id="view-%s"),
        "defer_form": DeferForm(auto_id="defer-%s"),
        "bulk_defer_form": DeferForm(auto_id="bulk-defer-%s"),
        "bulk_letters_form": BulkLettersForm(auto_id="bulk-letters-%s"),
    }

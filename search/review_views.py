"""A person's matches: the list, one of them, and an answer to one."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.access import signed_in, subscribers
from accounts.billing import standing
from accounts.billing.plans import Feature
from accounts.models import User
from accounts.security import presence
from accounts.transitions import IllegalTransition, StaleState
from search import captures, enrolment, filters, leaving, recapture, review, site_groups
from search.cards import card, cards
from search.filters import Filters
from search.models import Match
from search.pages import go, is_htmx
from search.sites import site_of
from search.states import Decision

_PER_PAGE = 12
_SITES_PER_PAGE = 20


class _Counted(Paginator):  # type: ignore[type-arg]
    """Of ids, so that the database reads an index alone; how many they are was counted with the tabs."""

    def __init__(self, matches: QuerySet[Match], count: int) -> None:
        super().__init__(matches.values_list("pk", flat=True), _PER_PAGE)
        self._known = count

    @property
    def count(self) -> int:
        return self._known


def _light(matches: QuerySet[Match]) -> QuerySet[Match]:
    """Without their pictures, but with whether there is one."""
    return matches.defer("sealed_preview").annotate(has_preview=Q(sealed_preview__isnull=False))


def own(user: User) -> QuerySet[Match]:
    """The person's matches."""
    return _light(review.visible_matches(user))


def back_of(request: HttpRequest) -> Filters:
    """The list that a form was on, as it says itself."""
    return filters.of(QueryDict(request.POST.get("back", "")).dict())


def list_url(chosen: Filters) -> str:
    return f"{reverse('search:matches')}?{chosen.query}".rstrip("?")


def _tabs(chosen: Filters, counts: dict[str, int]) -> list[dict[str, object]]:
    """What narrows the list stays when the tab changes."""
    return [
        {"key": key, "label": label, "count": counts[key], "chosen": key == chosen.tab, "query": query}
        for key, label in filters.TABS.items()
        for query in [chosen.with_tab(key).query]
    ]


@subscribers
@presence.after_absence
@require_GET
def matches(request: HttpRequest) -> HttpResponse:
    """The person's matches, one tab at a time; the tab, the filters and the page are in the address."""
    user, chosen = signed_in(request), filters.of(request.GET.dict())
    names = leaving.names(user)
    mine, away = review.of(user), leaving.only_on(user, names)
    counts = filters.counts(mine, away)
    found = chosen.select(mine, away)
    context = {"chosen": chosen, "tabs": _tabs(chosen, counts), "to_look_at": counts[filters.LOOK]}
    context |= {"bands": filters.BANDS.items(), "sorts": filters.SORTS.items(), "most": review.MOST}
    context |= _by_site(request, found, chosen, names) if chosen.by else _by_picture(request, found, chosen, counts)
    current = enrolment.current(user)
    context |= {"enrolment": current, "recapture": recapture.needed(current)}
    return render(request, "search/matches.html", context)


def _by_picture(
    request: HttpRequest, found: QuerySet[Match], chosen: Filters, counts: dict[str, int]
) -> dict[str, object]:
    page = _Counted(found, found.count() if chosen.narrowed else counts[chosen.tab]).get_page(request.GET.get("page"))
    # By these ids alone, which are the person's: with another condition SQLite goes through all that they have.
    rows = _light(review.with_places(Match.objects.order_by())).in_bulk(list(page.object_list))
    return {"page": page, "cards": cards(rows[pk] for pk in page.object_list if pk in rows)}


def _by_site(request: HttpRequest, found: QuerySet[Match], chosen: Filters, left: list[str]) -> dict[str, object]:
    page = Paginator(site_groups.numbers(found), _SITES_PER_PAGE).get_page(request.GET.get("page"))
    return {"page": page, "groups": site_groups.groups(page.object_list, chosen, left)}


@subscribers
@presence.after_absence
@require_GET
def match(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One match: the picture, the page it is on, how sure we are, and the question."""
    user, chosen = signed_in(request), filters.of(request.GET.dict())
    found = get_object_or_404(own(user), pk=pk)
    shown, names = card(found), leaving.names(user)
    listed = chosen.select(review.of(user).only("pk"), leaving.only_on(user, names))
    before, after = chosen.beside(listed, found)
    capture = captures.newest(found)
    context = {
        "card": shown,
        "left": shown.site_names if set(shown.site_names) <= set(names) else [],
        "case": _latest_case(found),
        "needed": standing.missing(user, Feature.TAKEDOWNS),
        "chosen": chosen,
        "before": before,
        "after": after,
        "capture": capture,
        "saved_host": site_of(capture.page_url) if capture else "",
        "damaged": capture is not None and captures.picture(capture) is None,
    }
    return render(request, "search/match.html", context)


def _latest_case(found: Match) -> Model | None:
    """The case about this picture, reached through the relation, as `takedowns` lies to the right of here."""
    return found.cases.order_by("-created_at").first()


@subscribers
@presence.after_absence
@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The person's answer: `act` (me, remove it), `keep` (me, leave it), `not_me`, `unsure` or `undo`."""
    found = get_object_or_404(own(signed_in(request)), pk=pk)
    return _answer(request, found, request.POST.get("decision", ""))


@subscribers
@presence.after_absence
@require_POST
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Back to the question; an address of its own for the button in a toast."""
    return _answer(request, get_object_or_404(own(signed_in(request)), pk=pk), "undo")


def _answer(request: HttpRequest, found: Match, decision: str) -> HttpResponse:
    user, case = signed_in(request), _latest_case(found)
    if decision == "undo" and case:
        messages.warning(request, "There is a case about this picture. You can end it on the case's page.")
        return go(request, "search:match", found.pk)
    try:
        said = _decide(found, user, decision)
    except (IllegalTransition, StaleState):
        messages.warning(request, "You had answered this one already. Here is how it stands.")
        return go(request, "search:match", found.pk)
    if decision == Decision.ACT:
        # A relapse has its case already.
        return go(request, "takedowns:case", case.pk) if case else go(request, "takedowns:open", found.pk)
    return _answered(request, found, said, decision)


def _answered(request: HttpRequest, found: Match, said: str, decision: str) -> HttpResponse:
    chosen, on_its_page = back_of(request), request.POST.get("from") == "match"
    if is_htmx(request) and not on_its_page:
        user = signed_in(request)
        counts = filters.counts(review.of(user), leaving.left(user))
        context = {"card": card(found), "chosen": chosen, "tabs": _tabs(chosen, counts), "said": said}
        context["to_look_at"] = counts[filters.LOOK]
        return render(request, "search/partials/answered.html", context)
    messages.success(request, said, extra_tags="" if decision == "undo" else reverse("search:undo", args=[found.pk]))
    if on_its_page:
        return redirect(f"{reverse('search:match', args=[found.pk])}?{chosen.query}".rstrip("?"))
    return redirect(list_url(chosen))


def _decide(found: Match, user: User, decision: str) -> str:
    """Record the answer; returns what to say. Raises `IllegalTransition`, `StaleState` or `BadRequest`."""
    if decision == "undo":
        review.undo(found, user)
        return "Undone. The question is open again."
    if decision not in review.ANSWERS:
        raise BadRequest(f"no such answer: {decision[:20]}")
    review.ANSWERS[decision](found, user)
    return _SAID[decision]


_SAID = {
    "act": "You, and it is to go.",
    "keep": "You, and it may stay. We leave this picture alone, wherever it is.",
    "not_me": "Not you. We will not show you this picture again as a new one.",
    "unsure": "Not sure. It waits under “Not sure”, and you can answer at any time.",
}


@subscribers
@presence.after_absence
@require_GET
def preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The match's small picture, for the subject only, other faces blurred; no browser or proxy keeps it."""
    found = get_object_or_404(review.visible_matches(signed_in(request)), pk=pk)
    return _jpeg(review.preview(found))


@subscribers
@presence.after_absence
@require_GET
def saved_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page as it looked, from the newest capture of the person's own case about this match."""
    capture = captures.newest(get_object_or_404(review.visible_matches(signed_in(request)), pk=pk))
    return _jpeg(captures.picture(capture) if capture else None)


def _jpeg(picture: bytes | None) -> HttpResponse:
    if picture is None:
        raise Http404
    response = HttpResponse(picture, content_type="image/jpeg")
    response["Cache-Control"] = "private, no-store"
    return response

"""One answer to many matches, taking it back, and leaving a whole site alone."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.access import signed_in, subscribers
from accounts.models import User
from accounts.security import presence
from search import leaving, review
from search.filters import Filters
from search.models import Match, Sighting
from search.review import MOST, Batch
from search.review_views import back_of, list_url
from search.sites import site_of
from search.states import Decision

_BATCH = "review_batch"
_SAID = {
    "act": "are to go",
    "keep": "may stay, wherever they are",
    "not_me": "are not you",
    "unsure": "wait under “Not sure”",
    "undo": "are open questions again",
}


@subscribers
@presence.after_absence
@require_POST
def answer_many(request: HttpRequest) -> HttpResponse:
    """One answer to those selected, to all of the list, or to all on a site; at most `review.MOST` at once."""
    user, chosen = signed_in(request), back_of(request)
    decision = request.POST.get("decision", "")
    answer = (review.ANSWERS if chosen.open else {"undo": review.undo}).get(decision)
    if answer is None:
        raise BadRequest(f"no such answer: {decision[:20]}")
    found = _meant(request, user, chosen)
    total = found.count()
    if not total:
        messages.info(request, "No picture was selected. Nothing was changed.")
        return redirect(list_url(chosen))
    batch = review.many(found, user, answer)
    _tell(request, batch, decision, total)
    if decision == Decision.ACT and batch.done:
        first = reverse("takedowns:open", args=[batch.done[0][0]])
        return redirect(f"{first}?more=1" if len(batch.done) > 1 else first)
    return redirect(list_url(chosen))


def _meant(request: HttpRequest, user: User, chosen: Filters) -> QuerySet[Match]:
    scope, site = request.POST.get("scope", ""), request.POST.get("site", "")
    if scope == "site":
        chosen = chosen.with_site(site)
    found = chosen.select(review.of(user), leaving.left(user)).defer("sealed_preview")
    if scope == "all" or (scope == "site" and site):
        return found
    return found.filter(pk__in=_ids(request))


def _ids(request: HttpRequest) -> list[UUID]:
    try:
        return [UUID(value) for value in request.POST.getlist("match")[:MOST]]
    except ValueError:
        raise BadRequest("no such match") from None


def _tell(request: HttpRequest, batch: Batch, decision: str, total: int) -> None:
    """What was done, with a button to undo it; and what was not."""
    count = len(batch.done)
    if count:
        said = f"{_pictures(count)} {_are(_SAID[decision], count)}."
        if decision == Decision.ACT and count > 1:
            said += " Before we can write to anybody, we need a few answers about each. This is the first."
        messages.success(request, said, extra_tags="" if decision == "undo" else _remember(request, batch))
    if batch.skipped:
        left = _pictures(batch.skipped)
        messages.info(request, f"{left} stayed as before: answered meanwhile, or there is a case about it.")
    if total > MOST:
        messages.info(request, f"{MOST} is the most at once. {total - MOST:,} more are left.")


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"


def _are(words: str, count: int) -> str:
    if count > 1:
        return words
    one = {"are": "is", "wait": "waits"}
    first, _, rest = words.partition(" ")
    return f"{one.get(first, first)} {rest}".replace("they are", "it is").replace("open questions", "an open question")


def _remember(request: HttpRequest, batch: Batch) -> str:
    """Keep the batch with the session; returns the address that takes it back."""
    token = uuid4().hex
    request.session[_BATCH] = {"token": token, "done": [[str(pk), before] for pk, before in batch.done]}
    return f"{reverse('search:undo_many')}?batch={token}"


@subscribers
@presence.after_absence
@require_POST
def undo_many(request: HttpRequest) -> HttpResponse:
    """Take back the newest answer to many."""
    held = request.session.get(_BATCH) or {}
    if not held or held["token"] != request.GET.get("batch"):
        messages.info(request, "That cannot be undone from here any more. You can change each answer by itself.")
        return redirect("search:matches")
    del request.session[_BATCH]
    batch = review.undo_many(signed_in(request), [(UUID(pk), before) for pk, before in held["done"]])
    _tell(request, batch, "undo", len(batch.done))
    return redirect("search:matches")


@subscribers
@presence.after_absence
@require_POST
def leave_site(request: HttpRequest) -> HttpResponse:
    """Leave a site alone, on which a picture of theirs was seen."""
    user, site = signed_in(request), _site(request)
    leaving.leave_site(user, site)
    said = f"We leave {site} alone. What is only there waits under “Left alone”, unanswered."
    messages.success(request, said, extra_tags=f"{reverse('search:listen_again')}?site={site}")
    return redirect(list_url(back_of(request)))


@subscribers
@presence.after_absence
@require_POST
def listen_again(request: HttpRequest) -> HttpResponse:
    """Ask about a site's pictures again."""
    site = _site(request)
    leaving.listen_again(signed_in(request), site)
    messages.success(request, f"We ask you about pictures on {site} again.")
    return redirect(list_url(back_of(request)))


def _site(request: HttpRequest) -> str:
    """The site in a form, or in the address of a toast's button. Raises Http404 where it is not of their matches."""
    user, given = signed_in(request), request.POST.get("site") or request.GET.get("site") or ""
    site = site_of(f"//{given}")
    mine = Sighting.objects.filter(site=site, image__in=_images(user))
    if not site or not (mine.exists() or leaving.sites(user).filter(site=site).exists()):
        raise Http404
    return site


def _images(user: User) -> QuerySet[Match, object]:
    own_images = review.of(user).order_by().values("image")
    variants = Match.variants.through.objects.filter(match__subject__user=user).values("image")
    return own_images.union(variants)

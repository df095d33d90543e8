"""Asking for a removal without us: whom to write to, and a letter that is filled in. In no plan, as it costs nothing.

The letter speaks in the person's own name, so it rests only on what they say here; nothing of it is stored.
"""

from dataclasses import asdict, dataclass
from uuid import UUID

from celery import shared_task
from django.contrib import messages
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import signed_in, subscribers
from accounts.limits import limited
from search import review
from search.models import Match
from takedowns import casefile, contacts
from takedowns.cases import host_name
from takedowns.forms import YourselfForm
from takedowns.grounds import Addressee
from takedowns.models import InfringingUrl

# In the letter and on the page; more would be no letter any more.
_MOST_PLACES = 20
# Of so many hosts contacts are looked for, so often, and kept so long.
_MOST_HOSTS, _PER_DAY, _DAY = 5, 10, 24 * 3600
_LOOKING = 5 * 60
# Whom, on which ground, and what it is shown as: a platform has desks of its own for each.
_WHO = (
    (Addressee.OWNER, "gdpr_erasure", "Runs the site"),
    (Addressee.PLATFORM, "dmca_512c", "Runs the site: for photos that you took"),
    (Addressee.PLATFORM, "ncii_policy", "Runs the site: for intimate pictures"),
    (Addressee.HOST, "host_policy", "Hosts the picture"),
)


@dataclass(frozen=True)
class Whom:
    """Somebody to write to. One of `email` and `form_url` is there."""

    host: str
    name: str
    does: str
    email: str
    form_url: str


@subscribers
@require_GET
def guide(request: HttpRequest, pk: UUID) -> HttpResponse:
    """How to ask for this picture's removal oneself."""
    return page(request, _own(request, pk))


def page(request: HttpRequest, match: Match) -> HttpResponse:
    """The guide, for a match of the person's own."""
    places = match.places()[:_MOST_PLACES]
    hosts = sorted({host for place in places if (host := casefile.host_of(place.page_url))})
    asked = YourselfForm(request.GET or None)
    answers = asked.cleaned_data if asked.is_valid() else {}
    found = cache.get(_key(match.pk))
    context = {
        "match": match,
        "hosts": hosts,
        "form": asked,
        "letter": letter(match, answers, request.user.full_name if request.user.is_authenticated else ""),
        "query": asked.as_query() if answers else "",
        "looking": found == "looking",
        "found": found if isinstance(found, list) else None,
    }
    return render(request, "takedowns/yourself.html", context)


def letter(match: Match, answers: dict[str, str], name: str) -> str:
    """The letter, in the person's own name."""
    places = match.places()[:_MOST_PLACES]
    addresses = dict.fromkeys(address for place in places for address in (place.page_url, place.image_url))
    context = {"addresses": list(addresses), "name": name or "Your name", **answers}
    return render_to_string("takedowns/yourself/letter.txt", context).strip() + "\n"


@subscribers
@never_cache
@require_GET
def download(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The letter as a text file."""
    match, asked = _own(request, pk), YourselfForm(request.GET)
    answers = asked.cleaned_data if asked.is_valid() else {}
    text = letter(match, answers, signed_in(request).full_name)
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="letter.txt"'
    return response


@subscribers
@require_POST
def look(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Find out whom to write to, in the background: several servers are asked."""
    match = _own(request, pk)
    if limited(f"yourself:{signed_in(request).pk}", _PER_DAY, _DAY):
        messages.error(request, f"We look up to {_PER_DAY} times a day. Please come back tomorrow.")
    elif not isinstance(cache.get(_key(match.pk)), list):
        cache.set(_key(match.pk), "looking", _LOOKING)
        transaction.on_commit(lambda: look_for.delay(str(match.pk)), robust=True)
    response = redirect("takedowns:yourself", match.pk)
    response["Location"] += "#who"
    return response


@shared_task(name="takedowns.look_for_contacts", time_limit=_LOOKING)
def look_for(match_id: str) -> None:
    """Find out whom a subscriber can write to about a match of theirs."""
    match = Match.objects.filter(pk=match_id, image__withdrawn_at=None).first()
    if match is not None:
        find(match)


def find(match: Match) -> list[Whom]:
    """Whom to write to about a match, best first for each host. Asks the network; keeps the answer for a day."""
    found: dict[tuple[str, str], Whom] = {}
    hosts: set[str] = set()
    for place in match.places():
        url = InfringingUrl(page_url=place.page_url, image_url=place.image_url, host=host_name(place.image_url))
        page_host = host_name(place.page_url)
        if page_host in hosts or len(hosts) >= _MOST_HOSTS:
            continue
        hosts.add(page_host)
        for addressee, ground, does in _WHO:
            contact = contacts.find(addressee, url, ground).contact
            if contact is not None:
                whom = Whom(page_host, contact.operator.name, does, contact.email, contact.form_url)
                found.setdefault((page_host, contact.email or contact.form_url), whom)
    cache.set(_key(match.pk), [asdict(whom) for whom in found.values()], _DAY)
    return list(found.values())


def _key(match: UUID) -> str:
    return f"yourself:{match}"


def _own(request: HttpRequest, pk: UUID) -> Match:
    return get_object_or_404(review.visible_matches(signed_in(request)), pk=pk)

"""Operators that say it is gone: words, walls, moves, blocks and other ways in which a picture is still there."""

import base64
import socket
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from crawler.reading import page_text
from search import pictures
from search.models import Enrolment, Match
from search.pictures import Likeness
from search.states import Decision, MatchState
from takedowns import delivery, verification
from takedowns.judging import Found
from takedowns.models import Case, InfringingUrl
from takedowns.states import CaseState, UrlState
from tests import cases, photos
from tests.sites import Reply, Site, page, redirect, send

GONE = Reply(b"<h1>Gone</h1>", status=410)
DAY = timedelta(days=1)


@pytest.fixture
def case(enrolled_alice: Enrolment, carol: User, settings: Any, site: Site) -> Case:
    """A case whose notice was sent."""
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        opened = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    delivery.send(cases.approved(opened, carol))
    return Case.objects.get()


@pytest.fixture
def place(case: Case) -> InfringingUrl:
    return cases.only_place(case)


def look(place: InfringingUrl) -> Found:
    return Found(verification.verify(place).outcome)


# --- Words ----------------------------------------------------------------------------------------------------

SAYS_GONE = {
    "en": "This image has been removed.",
    "de": "Dieses Bild wurde gel\u00f6scht.",
    "de, gone": "Die Seite ist leider nicht mehr verf\u00fcgbar.",
    "fr": "Cette photo a \u00e9t\u00e9 supprim\u00e9e.",
    "es": "Esta imagen ha sido eliminada.",
    "it": "L'immagine \u00e8 stata rimossa.",
    "pl": "Zdj\u0119cie zosta\u0142o usuni\u0119te.",
    "pt": "A foto foi removida.",
    "nl": "Deze foto is inmiddels verwijderd.",
}
SAYS_NOT_HERE = {
    "en": "This content is not available in your country.",
    "de": "Dieser Inhalt ist in deinem Land nicht verf\u00fcgbar.",
    "fr": "Ce contenu n'est pas disponible dans votre pays.",
    "es": "Este contenido no est\u00e1 disponible en tu pa\u00eds.",
    "it": "Questo contenuto non \u00e8 disponibile nel tuo paese.",
    "pl": "Ta tre\u015b\u0107 nie jest dost\u0119pna w Twoim kraju.",
    "pt": "Este conte\u00fado n\u00e3o est\u00e1 dispon\u00edvel no seu pa\u00eds.",
    "nl": "Deze inhoud is niet beschikbaar in jouw land.",
}


@pytest.mark.parametrize("language", SAYS_GONE)
def test_a_page_that_announces_a_removal_proves_none(place: InfringingUrl, site: Site, language: str) -> None:
    site.answers["/post"] = page(f"<p>{SAYS_GONE[language]}</p>")
    assert look(place) == Found.SOFT_404, "the file is still there"
    site.answers["/photo.jpg"] = GONE
    assert look(place) == Found.REMOVED_SOURCE


@pytest.mark.parametrize("language", SAYS_NOT_HERE)
@pytest.mark.parametrize("status", [200, 403, 404, 451])
def test_a_page_that_is_kept_from_our_country_is_not_removed(
    place: InfringingUrl, site: Site, language: str, status: int
) -> None:
    site.answers.update(
        {"/post": Reply(f"<p>{SAYS_NOT_HERE[language]}</p>".encode(), status=status), "/photo.jpg": GONE}
    )
    assert look(place) == Found.GEO_BLOCKED


def test_many_words_announce_nothing() -> None:
    for text in (*SAYS_GONE.values(), *SAYS_NOT_HERE.values()):
        long = text + " word" * 1000
        assert not page_text.announces_removal(long) and not page_text.says_not_here(long)
    for text in ("A walk in your country", "He removed his hat.", "The photo of the day", "", "\x00" * 50):
        assert not page_text.announces_removal(text) and not page_text.says_not_here(text)


def test_words_beside_the_picture_say_nothing(place: InfringingUrl, site: Site) -> None:
    site.answers["/post"] = page(f'<p>{SAYS_NOT_HERE["en"]}</p><img src="/photo.jpg">')
    assert look(place) == Found.STILL_LIVE


# --- Liars -----------------------------------------------------------------------------------------------------

LIARS: dict[str, tuple[dict[str, Any], Found]] = {
    "says 200 and shows it": ({"/post": page('<h1>Page not found</h1><img src="/photo.jpg">')}, Found.SOFT_404),
    "says 200, and the file lives": ({"/post": page("<h1>Not found</h1>")}, Found.SOFT_404),
    "says 404 and shows it": ({"/post": Reply(b'<img src="/photo.jpg">', status=404)}, Found.STILL_LIVE),
    "says 404, is not to be indexed, and shows another file": (
        {
            "/post": Reply(b'<meta name="robots" content="noindex"><img src="/b.jpg">', status=404),
            "/photo.jpg": GONE,
            "/b.jpg": cases.photo(),
        },
        Found.STILL_LIVE,
    ),
    "deletes the page, and the file lives elsewhere on": ({"/post": GONE}, Found.REMOVED_PAGE_ONLY),
    "answers 404 with the picture's own bytes": (
        {"/post": GONE, "/photo.jpg": Reply(cases.photo().body, "image/jpeg", 404)},
        Found.REMOVED_PAGE_ONLY,
    ),
    "leads to the home page": (
        {"/post": redirect("/"), "/": page("Welcome"), "/photo.jpg": GONE},
        Found.REMOVED_SOURCE,
    ),
    "leads to a home page that shows it": (
        {"/post": redirect("/"), "/": page('<img src="/b.jpg">'), "/b.jpg": cases.photo(), "/photo.jpg": GONE},
        Found.MOVED,
    ),
    "leads on without a redirect": (
        {
            "/post": page("Moved", head='<meta http-equiv="refresh" content="0; url=/new">'),
            "/new": page('<img src="/b.jpg">'),
            "/b.jpg": cases.photo(),
            "/photo.jpg": GONE,
        },
        Found.MOVED,
    ),
    "answers 451": ({"/post": Reply(status=451), "/photo.jpg": Reply(status=451)}, Found.GEO_BLOCKED),
    "answers 451 for the file only": ({"/post": GONE, "/photo.jpg": Reply(status=451)}, Found.GEO_BLOCKED),
    "asks for a password on the same page": (
        {"/post": page('<h1>Log in</h1><form><input type="password"></form>'), "/photo.jpg": GONE},
        Found.LOGIN_WALLED,
    ),
    "asks for a password without a word": (
        {"/post": page('<form><input name=p type=password></form>'), "/photo.jpg": GONE},
        Found.LOGIN_WALLED,
    ),
    "has a small login form beside other words": (
        {"/post": page(f'<h1>Cakes</h1>{"<p>Flour and sugar.</p>" * 60}<input type="password">'), "/photo.jpg": GONE},
        Found.REMOVED_SOURCE,
    ),
    "has a login form on its page that says it is gone": (
        {"/post": page('<h1>Not found</h1><input type="password">'), "/photo.jpg": GONE},
        Found.REMOVED_SOURCE,
    ),
    "puts the file behind a login": ({"/post": GONE, "/photo.jpg": redirect("/anmelden?next=x")}, Found.LOGIN_WALLED),
    "says that the image was removed, in a picture": (
        {"/photo.jpg": cases.photo(photos.coffee())},
        Found.REMOVED_SOURCE,
    ),
    "shows a small part of it": (
        {
            "/post": page('<img src="/b.jpg">'),
            "/photo.jpg": GONE,
            "/b.jpg": cases.photo(photos.resized(photos.cropped(photos.astronaut()), 0.4)),
        },
        Found.STILL_LIVE,
    ),
    "shows a small mirrored part of it, recoloured": (
        {
            "/post": page('<img src="/b.jpg">'),
            "/photo.jpg": GONE,
            "/b.jpg": cases.photo(
                photos.recoloured(photos.mirrored(photos.resized(photos.cropped(photos.astronaut()), 0.5)))
            ),
        },
        Found.STILL_LIVE,
    ),
    "shows it beside another": (
        {
            "/post": page('<img src="/b.jpg">'),
            "/photo.jpg": GONE,
            "/b.jpg": cases.photo(photos.beside(photos.astronaut(), photos.hopper())),
        },
        Found.STILL_LIVE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("liar", LIARS)
def test_liars(place: InfringingUrl, site: Site, liar: str) -> None:
    changes, expected = LIARS[liar]
    site.answers.update({"/login": page("Sign in"), "/anmelden?next=x": page("Anmelden"), **changes})
    assert look(place) == expected
    place.refresh_from_db()
    assert place.state == UrlState.LIVE


def test_refused_connections_and_lost_names_are_no_success(place: InfringingUrl) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    for address in (f"http://{cases.HOST}:{nobody}", "http://no-such-name.invalid"):
        place.page_url, place.image_url = f"{address}/post", f"{address}/photo.jpg"
        assert look(place) == Found.UNREACHABLE
    place.refresh_from_db()
    assert place.state == UrlState.UNREACHABLE


def test_gone_back_gone_counts_from_the_last_time(place: InfringingUrl, site: Site) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for answers in (
            {"/post": GONE, "/photo.jpg": GONE},
            {"/post": page('<img src="/b.jpg">'), "/b.jpg": cases.photo()},
        ):
            site.answers.update(answers)
            look(place)
            clock.shift(DAY)
        site.answers["/post"] = GONE
        look(place)
        clock.shift(DAY - timedelta(seconds=1))
        look(place)
        place.refresh_from_db()
        assert place.state == UrlState.LIVE
        clock.shift(timedelta(seconds=1))
        look(place)
        place.refresh_from_db()
        assert place.state == UrlState.REMOVED
    kinds = list(place.case.events.values_list("kind", flat=True))
    assert (kinds.count("url.gone"), kinds.count("url.still_there")) == (2, 1)


def test_a_site_that_is_down_in_between_was_not_there_again(place: InfringingUrl, site: Site) -> None:
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    look(place)
    site.answers["/post"] = Reply(status=503)
    look(place)
    kinds = set(place.case.events.values_list("kind", flat=True))
    assert "url.undecided" in kinds and "url.still_there" not in kinds


def test_shown_to_the_first_who_asks_only_is_gone_for_everybody_else(place: InfringingUrl, site: Site) -> None:
    def first_only(handler: BaseHTTPRequestHandler) -> None:
        send(handler, cases.photo() if site.requests["/photo.jpg"] == 1 else GONE)

    site.answers["/photo.jpg"] = first_only
    site.requests.clear()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert look(place) == Found.STILL_LIVE
        for _ in range(2):
            clock.shift(DAY)
            assert look(place) == Found.REMOVED_SOURCE
    place.refresh_from_db()
    assert place.state == UrlState.REMOVED


# --- Moved -------------------------------------------------------------------------------------------------------


def test_where_a_page_moved_to_joins_the_case_once(case: Case, place: InfringingUrl, site: Site) -> None:
    site.answers.update({"/post": redirect("/new"), "/new": page('<img src="/b.jpg">'), "/b.jpg": cases.photo()})
    for _ in range(2):
        assert look(place) == Found.MOVED
    new = case.urls.exclude(pk=place.pk).get()
    assert (new.page_url, new.image_url) == (site.url("/new", cases.HOST), site.url("/b.jpg", cases.HOST))
    assert new.next_check_at is not None
    assert case.events.filter(kind="url.moved").count() == 1
    assert case.work_items.get().kind == "moved"
    case.refresh_from_db()
    assert case.state == CaseState.ACTION_NEEDED
    assert not any("://" in event.text for event in case.events.all())


def test_a_case_is_not_done_before_the_new_address_is(case: Case, place: InfringingUrl, site: Site) -> None:
    site.answers.update({"/post": redirect("/new"), "/new": page('<img src="/b.jpg">'), "/b.jpg": cases.photo()})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        look(place)
        new = case.urls.exclude(pk=place.pk).get()
        site.answers.update({"/post": GONE, "/photo.jpg": GONE})
        for _ in range(2):
            look(place)
            clock.shift(DAY)
        case.refresh_from_db()
        assert case.state == CaseState.ACTION_NEEDED
        site.answers.update({"/new": GONE, "/b.jpg": GONE})
        for _ in range(2):
            look(new)
            clock.shift(DAY)
        case.refresh_from_db()
        assert case.state == CaseState.CLOSED


def test_a_site_that_leads_on_and_on_does_not_fill_the_case(case: Case, place: InfringingUrl, site: Site) -> None:
    for number in range(verification.MAX_MOVES + 3):
        site.answers.update({"/post": redirect(f"/{number}"), f"/{number}": page('<img src="/photo.jpg">')})
        look(place)
    assert case.urls.count() == 1 + verification.MAX_MOVES


def test_a_picture_inside_of_the_new_page_is_a_place_too(case: Case, place: InfringingUrl, site: Site) -> None:
    data = base64.b64encode(cases.photo().body).decode()
    inside = f'<img src="data:image/jpeg;base64,{data}">'
    site.answers.update({"/post": redirect("/new"), "/new": page(inside), "/photo.jpg": GONE})
    assert look(place) == Found.MOVED
    new = case.urls.exclude(pk=place.pk).get()
    assert new.image_url.startswith(site.url("/new#data-", cases.HOST))
    assert look(new) == Found.STILL_LIVE


# --- What no look can settle ------------------------------------------------------------------------------------


def test_after_five_looks_that_settle_nothing_a_person_looks_once(case: Case, place: InfringingUrl, site: Site) -> None:
    site.answers.update({"/post": Reply(status=403), "/photo.jpg": GONE})
    for number in range(1, verification.UNDECIDED_TRIES + 3):
        look(place)
        assert case.work_items.count() == (number >= verification.UNDECIDED_TRIES)
    assert case.work_items.get().kind == "undecided"


# --- Alike --------------------------------------------------------------------------------------------------------


def test_what_the_subject_decided_about_another_picture_is_a_matter_of_its_own(case: Case) -> None:
    small = photos.resized(photos.cropped(photos.astronaut()), 0.4)
    data = cases.photo(small).body
    match = Match.objects.select_related("image", "face").get(pk=case.match_id)
    assert pictures.likeness(match, data) == Likeness.PERSON
    other = cases.match_of(case.subject, small, "b")
    assert pictures.likeness(match, data) == Likeness.PERSON, "nothing was said about it yet"
    Match.objects.filter(pk=other.pk).update(state=MatchState.CONFIRMED, decision=Decision.KEEP)
    assert pictures.likeness(match, data) == Likeness.NONE
    assert pictures.likeness(match, cases.photo().body) == Likeness.SAME
    assert pictures.likeness(match, cases.photo(photos.hopper()).body) == Likeness.NONE

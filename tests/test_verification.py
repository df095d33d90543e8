"""Gone means gone: page and file, nothing else on the page, and twice. Operators that lie are not believed."""

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from crawler.models import Source
from search.engine import EngineUnavailable
from search.models import Enrolment
from takedowns import delivery, second_path, sights, verification, workflow
from takedowns.models import Case, InfringingUrl
from takedowns.sights import Look, Sight
from takedowns.states import CaseState, NoticeState, Outcome, UrlState
from takedowns.verification import Found, judge
from tests import availability, cases, photos
from tests.sites import Reply, Site, page, redirect

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


def look(case: Case) -> Found:
    return Found(verification.verify(cases.only_place(case)).outcome)


def state_of(case: Case) -> tuple[str, str, str]:
    case.refresh_from_db()
    return case.urls.get().state, case.state, case.outcome


OTHER = page("Something else")


def data_url(pixels: photos.Rgb | None = None) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(cases.photo(pixels).body).decode()


# What an operator does with page and file, and what we must call it.
OPERATORS: dict[str, tuple[dict[str, Any], Found]] = {
    "does nothing": ({}, Found.STILL_LIVE),
    "complies": ({"/post": GONE, "/photo.jpg": GONE}, Found.REMOVED_SOURCE),
    "takes it out of the page and deletes the file": ({"/post": OTHER, "/photo.jpg": GONE}, Found.REMOVED_SOURCE),
    "puts a placeholder in its place": (
        {"/photo.jpg": cases.photo(photos.coffee())},
        Found.REMOVED_SOURCE,
    ),
    "deletes the page only": ({"/post": GONE}, Found.REMOVED_PAGE_ONLY),
    "lies with a page that says it is gone": (
        {"/post": page("<h1>Page not found</h1>")},
        Found.SOFT_404,
    ),
    "lies with a status": (
        {"/post": Reply(b'<h1>404</h1><img src="/photo.jpg">', status=404)},
        Found.STILL_LIVE,
    ),
    "moves the page": ({"/post": redirect("/new"), "/new": page('<img src="/photo.jpg">')}, Found.MOVED),
    "renames the file": (
        {"/post": page('<img src="/b.jpg">'), "/photo.jpg": GONE, "/b.jpg": cases.photo()},
        Found.STILL_LIVE,
    ),
    "mirrors and recodes it": (
        {
            "/post": page('<img src="/b.jpg">'),
            "/photo.jpg": GONE,
            "/b.jpg": cases.photo(photos.mirrored(photos.astronaut())),
        },
        Found.STILL_LIVE,
    ),
    "crops it to the face": (
        {
            "/post": page('<img src="/b.jpg">'),
            "/photo.jpg": GONE,
            "/b.jpg": cases.photo(photos.cropped(photos.astronaut())),
        },
        Found.STILL_LIVE,
    ),
    "puts it into the page itself": (
        {"/post": page(f'<img src="{data_url()}">'), "/photo.jpg": GONE},
        Found.STILL_LIVE,
    ),
    "puts a smaller copy into a style": (
        {
            "/post": page(f'<div style="background:url({data_url(photos.resized(photos.astronaut(), 0.5))})"></div>'),
            "/photo.jpg": GONE,
        },
        Found.STILL_LIVE,
    ),
    "puts something else into the page itself": (
        {"/post": page(f'<img src="{data_url(photos.coffee())}">'), "/photo.jpg": GONE},
        Found.REMOVED_SOURCE,
    ),
    "moves it into a style sheet": (
        {
            "/post": page("<div></div>", head='<link rel="stylesheet" href="/css/s.css">'),
            "/photo.jpg": GONE,
            "/css/s.css": Reply(b"div{background:url(b.jpg)}", "text/css"),
            "/css/b.jpg": cases.photo(),
        },
        Found.STILL_LIVE,
    ),
    "moves it into a style sheet itself": (
        {
            "/post": page("<div></div>", head='<link rel="stylesheet" href="/css/s.css">'),
            "/photo.jpg": GONE,
            "/css/s.css": Reply(f"div{{background:url({data_url()})}}".encode(), "text/css"),
        },
        Found.STILL_LIVE,
    ),
    "has a style sheet without pictures": (
        {
            "/post": page("<div></div>", head='<link rel="stylesheet" href="/css/s.css">'),
            "/photo.jpg": GONE,
            "/css/s.css": Reply(b"div{color:red}", "text/css"),
        },
        Found.REMOVED_SOURCE,
    ),
    "hides it behind a login": (
        {"/post": redirect("/login"), "/login": page("Sign in"), "/photo.jpg": Reply(status=403)},
        Found.LOGIN_WALLED,
    ),
    "blocks a country": (
        {"/post": Reply(b"Not available in your country", status=451), "/photo.jpg": GONE},
        Found.GEO_BLOCKED,
    ),
    "breaks down": ({"/post": Reply(status=503), "/photo.jpg": GONE}, Found.UNREACHABLE),
    "asks robots to look away": (
        {
            "/post": page('<img src="/b.jpg">', head='<meta name="robots" content="noindex">'),
            "/photo.jpg": GONE,
            "/b.jpg": cases.photo(),
        },
        Found.STILL_LIVE,
    ),
    "takes it out of a page that is not to be indexed": (
        {"/post": page("Hello", head='<meta name="robots" content="noindex">'), "/photo.jpg": GONE},
        Found.REMOVED_SOURCE,
    ),
}


@pytest.mark.parametrize("does", OPERATORS)
def test_what_an_operator_does(case: Case, site: Site, does: str) -> None:
    changes, expected = OPERATORS[does]
    site.answers.update(changes)
    place = cases.only_place(case)
    assert look(case) == expected
    place.refresh_from_db()
    case.refresh_from_db()
    assert place.state == (UrlState.UNREACHABLE if expected == Found.UNREACHABLE else UrlState.LIVE)
    ours = expected == Found.MOVED
    assert case.state == (CaseState.ACTION_NEEDED if ours else CaseState.AWAITING_PROVIDER)


# A place whose picture was inside of the page from the start: it has no file.
INSIDE: dict[str, tuple[Reply, Found]] = {
    "does nothing": (page(f'<img src="{data_url()}">'), Found.STILL_LIVE),
    "recodes it": (page(f'<img src="{data_url(photos.reencoded(photos.astronaut()))}">'), Found.STILL_LIVE),
    "takes it out": (OTHER, Found.REMOVED_SOURCE),
    "puts another in its place": (page(f'<img src="{data_url(photos.coffee())}">'), Found.REMOVED_SOURCE),
    "deletes the page": (GONE, Found.REMOVED_SOURCE),
    "breaks down": (Reply(status=503), Found.UNREACHABLE),
    "hides it behind a login": (Reply(status=403), Found.LOGIN_WALLED),
    "makes a file of it": (page('<img src="/photo.jpg">'), Found.STILL_LIVE),
}


@pytest.mark.parametrize("does", INSIDE)
def test_what_an_operator_does_with_a_picture_inside_of_the_page(case: Case, site: Site, does: str) -> None:
    place = case.urls.get()
    InfringingUrl.objects.filter(pk=place.pk).update(image_url=f"{place.page_url}#data-{'0' * 16}")
    site.answers["/post"], expected = INSIDE[does]
    before = sum(site.requests.values())
    assert look(case) == expected
    assert sum(site.requests.values()) - before <= 2, "there is no file to ask for"


def test_a_picture_of_somebody_else_on_the_page_is_no_obstacle(case: Case, site: Site) -> None:
    other = {"/post": page('<img src="/h.jpg">'), "/h.jpg": cases.photo(photos.hopper()), "/photo.jpg": GONE}
    site.answers.update(other)
    assert look(case) == Found.REMOVED_SOURCE


def test_more_pictures_than_are_looked_at_is_no_success(
    case: Case, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sights, "MAX_PICTURES", 3)
    site.answers["/post"] = page("".join(f'<img src="/{number}.jpg">' for number in range(4)))
    site.answers["/photo.jpg"] = GONE
    assert look(case) == Found.INCOMPLETE


def test_two_agreeing_checks_a_day_apart_close_the_case(case: Case, site: Site) -> None:
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert look(case) == Found.REMOVED_SOURCE
        assert state_of(case) == (UrlState.LIVE, CaseState.AWAITING_PROVIDER, "")
        step = workflow.next_step(case)
        assert (step.whose, step.due_at) == ("us", timezone.now() + DAY)
        clock.shift(DAY - timedelta(seconds=1))
        look(case)
        assert state_of(case)[0] == UrlState.LIVE, "too soon"
        clock.shift(timedelta(seconds=1))
        look(case)
        assert state_of(case) == (UrlState.REMOVED, CaseState.CLOSED, Outcome.REMOVED)
        assert case.notices.get().state == NoticeState.COMPLIED
        assert case.urls.get().next_check_at == timezone.now() + 7 * DAY
    assert workflow.next_step(case).whose == "nobody"
    assert "checked twice" in str(workflow.story(case)[-1])


def test_a_check_that_disagrees_starts_the_count_anew(case: Case, site: Site) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        site.answers["/photo.jpg"] = GONE
        look(case)
        clock.shift(DAY)
        site.answers["/photo.jpg"] = cases.photo()
        assert look(case) == Found.STILL_LIVE
        site.answers["/photo.jpg"] = GONE
        clock.shift(DAY)
        look(case)
        assert state_of(case)[0] == UrlState.LIVE
        clock.shift(DAY)
        look(case)
        assert state_of(case)[0] == UrlState.REMOVED


def test_a_dead_site_is_not_a_success_and_comes_back(case: Case, site: Site) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        site.answers.update({"/post": Reply(status=500), "/photo.jpg": Reply(status=500)})
        for _ in range(3):
            assert look(case) == Found.UNREACHABLE
            clock.shift(DAY)
        assert state_of(case)[:2] == (UrlState.UNREACHABLE, CaseState.AWAITING_PROVIDER)
        del site.answers["/photo.jpg"]
        site.answers["/post"] = page('<img src="/photo.jpg">')
        site.answers["/photo.jpg"] = cases.photo()
        look(case)
        assert state_of(case)[0] == UrlState.LIVE


def test_every_look_is_recorded(case: Case, site: Site) -> None:
    site.answers["/post"] = GONE
    look(case)
    check = case.urls.get().verifications.get()
    assert (check.page_status, check.image_status) == (410, 200)
    assert check.detail["image"]["sight"] == "shows"
    assert check.detail["page"]["chain"] == [410]
    assert check.detail["page"]["sha256"] == hashlib.sha256(GONE.body).hexdigest()
    assert check.detail["page"]["headers"]["content-type"].startswith("text/html")
    assert "://" not in json.dumps(check.detail)


def test_where_a_redirect_led_is_kept_in_kind(case: Case, site: Site) -> None:
    site.answers.update({"/post": redirect("/"), "/": page("Welcome"), "/photo.jpg": GONE})
    assert look(case) == Found.REMOVED_SOURCE
    page_seen = case.urls.get().verifications.get().detail["page"]
    assert (page_seen["chain"], page_seen["led_to"]) == ([302, 200], "home_page")


def test_due_checks_follow_the_schedule_and_are_claimed_once(case: Case, site: Site) -> None:
    sent_at = case.notices.get().sent_at
    with time_machine.travel(sent_at + timedelta(hours=23), tick=False) as clock:
        assert verification.verify_due() == []
        clock.shift(timedelta(hours=1))
        assert len(verification.verify_due()) == 1
        assert verification.verify_due() == []
        assert case.urls.get().next_check_at == sent_at + 3 * DAY


def test_one_place_of_two_does_not_close_the_case(case: Case, site: Site, settings: Any) -> None:
    settings.VERIFICATION_INTERVAL_SECONDS = 0
    first = case.urls.get()
    site.answers["/second"] = page('<img src="/photo2.jpg">')
    site.answers["/photo2.jpg"] = cases.photo()
    second = InfringingUrl.objects.create(
        case=case,
        page_url=site.url("/second", cases.HOST),
        image_url=site.url("/photo2.jpg", cases.HOST),
        digest="second",
        host=cases.HOST,
    )
    case.notices.get().urls.add(second)
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    for _ in range(2):
        verification.verify(first)
        verification.verify(second)
    case.refresh_from_db()
    assert {url.digest: url.state for url in case.urls.all()}["second"] == UrlState.LIVE
    assert case.state == CaseState.AWAITING_PROVIDER
    assert case.notices.get().state == NoticeState.SENT
    site.answers.update({"/second": GONE, "/photo2.jpg": GONE})
    for _ in range(2):
        verification.verify(second)
    case.refresh_from_db()
    assert case.outcome == Outcome.REMOVED


def test_only_a_source_that_is_gone_counts() -> None:
    for page_sight in Sight:
        for image_sight in Sight:
            found = judge(Look(page_sight), Look(image_sight))
            gone = page_sight in {Sight.GONE, Sight.WITHOUT} and image_sight in {Sight.GONE, Sight.WITHOUT}
            assert (found in verification.FINAL) == gone


@pytest.mark.browser
def test_a_page_that_needs_scripts_is_not_called_gone_before_they_have_run(
    case: Case, site: Site, settings: Any
) -> None:
    settings.CHROMIUM = availability.chromium()
    show = "<script>document.body.innerHTML = '<img src=/b.jpg>'</script>"
    site.answers.update({"/post": page(show), "/photo.jpg": GONE, "/b.jpg": cases.photo()})
    assert look(case) == Found.REMOVED_SOURCE, "nothing says that it needs a browser"
    Source.objects.create(url=site.url("/", cases.HOST), needs_browser=True)
    assert look(case) == Found.STILL_LIVE
    settings.CHROMIUM = "/no/such/browser"
    assert look(case) == Found.INCOMPLETE
    settings.CHROMIUM = availability.chromium()
    site.answers["/post"] = page(show.replace("img", "p"))
    assert look(case) == Found.REMOVED_SOURCE
    site.answers["/post"] = GONE
    assert look(case) == Found.REMOVED_SOURCE


# --- A look before somebody is asked again -----------------------------------------------------------------------


def test_before_a_reminder_the_place_is_looked_at_but_not_every_minute(case: Case, site: Site) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        place = case.urls.get()
        assert not verification.seems_gone(place)
        site.answers.update({"/post": GONE, "/photo.jpg": GONE})
        clock.shift(timedelta(minutes=9))
        assert not verification.seems_gone(place), "the last look was minutes ago"
        assert place.verifications.count() == 1
        clock.shift(timedelta(minutes=1))
        assert verification.seems_gone(place) and verification.seems_gone(place)
        assert place.verifications.count() == 2
        clock.shift(DAY)
        assert verification.seems_gone(place)
        place.refresh_from_db()
        assert place.state == UrlState.REMOVED
        before = place.verifications.count()
        clock.shift(DAY)
        assert verification.seems_gone(place), "what is removed is not asked for"
        assert place.verifications.count() == before


def test_an_operator_that_says_it_is_done_is_looked_at_soon(case: Case, site: Site) -> None:
    notice = case.notices.get()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        look(case)
        assert verification.bring_forward(notice) == 1
        assert case.urls.get().next_check_at == timezone.now() + timedelta(minutes=10)
        assert verification.bring_forward(notice) == 0
        clock.shift(timedelta(minutes=10))
        site.answers.update({"/post": GONE, "/photo.jpg": GONE})
        assert len(verification.verify_due()) == 1
        assert verification.bring_forward(notice) == 0, "it waits for its second check already"
        assert case.urls.get().next_check_at == timezone.now() + DAY


# --- Whose turn it is ----------------------------------------------------------------------------------------------


def more_places(case: Case, host: str, count: int, at: datetime) -> None:
    InfringingUrl.objects.bulk_create(
        InfringingUrl(
            case=case,
            page_url=f"http://{host}/{number}",
            image_url=f"http://{host}/{number}.jpg",
            digest=f"{host}{number}",
            host=host,
            next_check_at=at + timedelta(seconds=number),
        )
        for number in range(count)
    )


def test_no_host_is_asked_for_everything_at_once_and_nobody_waits_for_it(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def note(url: InfringingUrl) -> None:
        looked.append(url.host)

    monkeypatch.setattr(verification, "verify", note)
    case.urls.update(next_check_at=None)
    now = timezone.now()
    more_places(case, "many.example", 80, now - 3 * DAY)
    more_places(case, "few.example", 2, now - DAY)
    verification.verify_due()
    assert looked == ["many.example"] * verification.HOST_AT_ONCE + ["few.example"] * 2
    verification.verify_due()
    assert looked.count("many.example") == 2 * verification.HOST_AT_ONCE


def test_without_an_engine_a_place_keeps_its_turn(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    due = timezone.now() - DAY
    case.urls.update(next_check_at=due)

    def broken(_url: InfringingUrl) -> None:
        raise EngineUnavailable("No model.")

    monkeypatch.setattr(verification, "verify", broken)
    with pytest.raises(EngineUnavailable):
        verification.verify_due()
    assert case.urls.get().next_check_at == due


def test_a_worker_that_dies_leaves_the_place_for_later(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.urls.update(next_check_at=timezone.now() - DAY)

    def killed(_url: InfringingUrl) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(second_path, "look", killed)
    with pytest.raises(KeyboardInterrupt):
        verification.verify_due()
    place = case.urls.get()
    assert place.next_check_at is not None and place.next_check_at > timezone.now()
    assert not place.verifications.exists()


def test_removed_places_are_watched_while_the_plan_goes_on(case: Case, site: Site, settings: Any) -> None:
    site.answers.update({"/post": GONE, "/photo.jpg": GONE})
    with time_machine.travel(timezone.now(), tick=False) as clock:
        look(case)
        clock.shift(DAY)
        look(case)
        clock.shift(7 * DAY)
        assert len(verification.verify_due()) == 1
        settings.DEFAULT_PLAN = "free"
        clock.shift(7 * DAY)
        assert verification.verify_due() == []
        assert case.urls.get().next_check_at == timezone.now() + 7 * DAY
        clock.shift(400 * DAY)
        verification.verify_due()
        assert case.urls.get().next_check_at is None, "the watch is over after a year"

"""What search engines list is kept apart: nothing there makes a picture removed."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from search.models import Enrolment
from takedowns import delisting, verification
from takedowns.cases import NotAllowed
from takedowns.judging import Found
from takedowns.models import AbuseContact, Case, Delisting, InfringingUrl, Notice, Operator
from takedowns.states import CaseState, DelistingState, NoticeState, UrlState
from tests import cases
from tests.sites import Site


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any, site: Site) -> Case:
    with cases.registry() as url:
        settings.RDAP_BOOTSTRAP_URL = url
        return cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def engine(db: None) -> Operator:
    return Operator.objects.create(key="platform:finder", kind=Operator.Kind.SEARCH, name="Finder")


@pytest.fixture
def letter(case: Case, engine: Operator) -> Notice:
    """A letter to the engine, sent."""
    contact = AbuseContact.objects.create(
        operator=engine, email="remove@finder.example", role="search", source="test", confidence=1.0
    )
    notice = Notice.objects.create(
        case=case,
        operator=engine,
        contact=contact,
        ground="search_explicit",
        addressee="search",
        state=NoticeState.SENT,
        sent_at=timezone.now(),
        template_version="test",
    )
    notice.urls.set(case.urls.all())
    return notice


def test_each_place_and_engine_that_was_written_to_has_a_row_once(letter: Notice) -> None:
    assert [delisting.open_rows(), delisting.open_rows()] == [1, 0]
    row = Delisting.objects.get()
    assert (row.url, row.engine, row.state) == (letter.urls.get(), letter.operator, "listed")


def test_when_a_person_looks(letter: Notice, carol: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        delisting.open_rows()
        assert not delisting.to_check().exists(), "the engine has had no time"
        clock.shift(timedelta(days=2, seconds=1))
        row = delisting.to_check().get()
        delisting.record(row.url, row.engine, carol, delisted=False)
        assert not delisting.to_check().exists()
        clock.shift(timedelta(days=7))
        assert delisting.to_check().get() == row
        delisting.record(row.url, row.engine, carol, delisted=True)
        clock.shift(timedelta(days=29))
        assert not delisting.to_check().exists()
        clock.shift(timedelta(days=1))
        assert delisting.to_check().get() == row, "what is not listed can be listed again"


def test_delisted_is_not_removed(letter: Notice, case: Case, carol: User) -> None:
    place = letter.urls.get()
    row = delisting.record(place, letter.operator, carol, delisted=True)
    place.refresh_from_db()
    case.refresh_from_db()
    assert (row.state, row.checked_by) == ("delisted", carol)
    assert place.state == UrlState.LIVE and not place.verifications.exists()
    assert case.state != CaseState.CLOSED
    assert verification.verify(place).outcome == Found.STILL_LIVE
    assert "delisted" not in " ".join(Found)


def test_the_engine_has_complied_when_it_lists_none_of_its_letter_s_places(letter: Notice, carol: User) -> None:
    first = letter.urls.get()
    second = InfringingUrl.objects.create(
        case=letter.case, page_url="http://x.example/", image_url="http://x.example/i.jpg", digest="x", host="x.example"
    )
    letter.urls.add(second)
    delisting.record(first, letter.operator, carol, delisted=True)
    letter.refresh_from_db()
    assert letter.state == NoticeState.SENT
    delisting.record(second, letter.operator, carol, delisted=True)
    letter.refresh_from_db()
    assert letter.state == NoticeState.COMPLIED


def test_what_was_seen_is_in_the_history_without_an_address(letter: Notice, case: Case, carol: User) -> None:
    for delisted in (False, True, True, False):
        delisting.record(letter.urls.get(), letter.operator, carol, delisted=delisted)
    events = case.events.filter(kind__startswith="delisting.").order_by("id")
    kinds = ["delisting.listed", "delisting.gone", "delisting.gone", "delisting.back"]
    assert [event.kind for event in events] == kinds
    assert all("Finder" in event.text and "http" not in event.text for event in events)


def test_only_staff_and_only_engines(letter: Notice, alice: User, carol: User) -> None:
    with pytest.raises(NotAllowed):
        delisting.record(letter.urls.get(), letter.operator, alice, delisted=True)
    host = Operator.objects.create(key="domain:host", kind=Operator.Kind.HOST, name="Host")
    with pytest.raises(NotAllowed):
        delisting.record(letter.urls.get(), host, carol, delisted=True)
    assert not Delisting.objects.exists()


def test_staff_look_up_and_say_what_they_see(client_for: Any, carol: User, letter: Notice) -> None:
    delisting.open_rows()
    Delisting.objects.update(checked_at=timezone.now() - timedelta(days=31))
    browser = client_for(carol)
    assert letter.operator.name in browser.get("/console/search-results/").content.decode()
    browser.post(f"/console/search-results/{Delisting.objects.get().pk}/", {"listed": "no"})
    assert Delisting.objects.get().state == DelistingState.DELISTED
    assert "Nothing to look up" in browser.get("/console/search-results/").content.decode()

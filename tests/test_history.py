"""What was found and what was removed: by week in their own time, and by site with denominators."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from alerts.models import AlertRule
from portal import history
from search import review
from search.models import Enrolment, Image, Match, Sighting, Subject
from search.states import Decision
from takedowns.models import Case, InfringingUrl
from takedowns.states import CaseState, Outcome, UrlState
from tests.html import Page
from tests.matches import make_match

WEDNESDAY = datetime(2030, 5, 15, 12, tzinfo=UTC)


@pytest.fixture
def subject(alice: User) -> Subject:
    return Subject.objects.create(user=alice)


def found_at(subject: Subject, at: datetime) -> Match:
    match = make_match(subject)
    Match.objects.filter(pk=match.pk).update(created_at=at)
    return match


def also_on(match: Match, site: str, image: Image | None = None) -> None:
    url = f"https://{site}/{Sighting.objects.count()}"
    Sighting.objects.create(image=image or match.image, page_url=url, image_url=url, digest=url, site=site)


def case_of(match: Match, *states: UrlState) -> Case:
    """A case about the match at shop.example, one place for each state."""
    removed = set(states) == {UrlState.REMOVED}
    ended = {"state": CaseState.CLOSED, "outcome": Outcome.REMOVED, "closed_at": timezone.now()} if removed else {}
    case = Case.objects.create(subject=match.subject, match=match, **ended)
    for number, state in enumerate(states):
        url = f"https://www.shop.example/{number}"
        InfringingUrl.objects.create(case=case, page_url=url, image_url=url, digest=url, host="x", state=state)
    return case


def test_weeks_begin_on_monday_in_their_own_time(subject: Subject, alice: User) -> None:
    AlertRule.objects.create(user=alice, time_zone="Pacific/Auckland")
    # Sunday evening in London is Monday morning in Auckland.
    found_at(subject, datetime(2030, 5, 12, 20, tzinfo=UTC))
    found_at(subject, datetime(2030, 5, 12, 9, tzinfo=UTC))
    weeks = history.weeks(alice, WEDNESDAY)
    assert [(str(week.first), week.found) for week in weeks[-2:]] == [("2030-05-06", 1), ("2030-05-13", 1)]
    assert len(weeks) == history.WEEKS


def test_what_is_older_than_the_chart_is_in_the_totals_only(subject: Subject, alice: User) -> None:
    found_at(subject, WEDNESDAY - timedelta(weeks=30))
    assert sum(week.found for week in history.weeks(alice, WEDNESDAY)) == 0
    assert history.totals(alice).found == 1


def test_a_picture_counts_as_removed_in_the_week_in_which_its_case_closed(subject: Subject, alice: User) -> None:
    case = case_of(found_at(subject, WEDNESDAY - timedelta(weeks=3)), UrlState.REMOVED)
    Case.objects.filter(pk=case.pk).update(closed_at=WEDNESDAY)
    weeks = history.weeks(alice, WEDNESDAY)
    assert [(week.found, week.removed) for week in weeks[-4:]] == [(1, 0), (0, 0), (0, 0), (0, 1)]


def test_totals_say_of_how_many(subject: Subject, alice: User) -> None:
    mine, gone, not_me, _open = (make_match(subject) for _ in range(4))
    review.confirm(mine, alice, Decision.ACT)
    review.confirm(gone, alice, Decision.ACT)
    review.dismiss(not_me, alice)
    case_of(mine, UrlState.LIVE)
    case_of(gone, UrlState.REMOVED)
    assert history.totals(alice) == history.Totals(found=4, answered=3, you=2, asked=2, removed=1)


def test_a_picture_that_came_back_is_not_counted_as_removed(subject: Subject, alice: User) -> None:
    match = make_match(subject)
    old = case_of(match, UrlState.REMOVED)
    Case.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=9))
    old.urls.update(state=UrlState.RELAPSED)
    case_of(match, UrlState.LIVE)
    assert (history.totals(alice).asked, history.totals(alice).removed) == (1, 0)
    (row,) = history.sites(alice)
    assert (row.asked, row.removed) == (1, 0)


def test_a_match_counts_once_on_a_site_and_on_each_of_its_sites(subject: Subject, alice: User) -> None:
    match = make_match(subject, places=2)
    also_on(match, "blog.example")
    variant = Image.objects.create(sha256="v" * 64, width=1, height=1, model_id="m")
    match.variants.add(variant)
    also_on(match, "blog.example", variant)
    also_on(match, "forum.example", variant)
    rows = {row.site: row.found for row in history.sites(alice)}
    assert rows == {"shop.example": 1, "blog.example": 1, "forum.example": 1}


def test_a_site_says_how_many_were_asked_for_and_are_gone(subject: Subject, alice: User) -> None:
    case_of(make_match(subject), UrlState.REMOVED)
    case_of(make_match(subject), UrlState.REMOVED, UrlState.LIVE)
    make_match(subject)
    (row,) = history.sites(alice)
    assert (row.site, row.found, row.asked, row.removed) == ("shop.example", 3, 2, 1)


def test_withdrawn_pictures_and_other_peoples_are_in_no_number(subject: Subject, alice: User, bob: User) -> None:
    match = make_match(subject)
    case_of(match, UrlState.REMOVED)
    Image.objects.filter(pk=match.image_id).update(withdrawn_at=timezone.now())
    make_match(Subject.objects.create(user=bob))
    assert history.totals(alice) == history.Totals(0, 0, 0, 0, 0)
    assert history.sites(alice) == []


@pytest.mark.parametrize(("sort", "first"), [("site", "a.example"), ("-site", "b.example"), ("-found", "b.example")])
def test_sites_are_sorted_as_asked(subject: Subject, alice: User, sort: str, first: str) -> None:
    for name in ("a.example", "b.example", "b.example"):
        match = make_match(subject)
        Sighting.objects.filter(image=match.image).update(site=name)
    assert history.sites(alice, sort)[0].site == first


def test_a_sorting_that_does_not_exist_is_the_usual_one() -> None:
    assert history.known_sort("'; drop") == history.DEFAULT_SORT
    assert history.known_sort("-seen") == "-seen"


def test_the_page_links_each_site_to_its_matches_and_keeps_its_queries_few(
    enrolled_alice: Enrolment, client_for: Any, alice: User, django_assert_max_num_queries: Any
) -> None:
    browser: Client = client_for(alice)
    for _ in range(30):
        case_of(make_match(enrolled_alice.subject), UrlState.REMOVED)
    browser.get("/history/")
    with django_assert_max_num_queries(12) as seen:
        page = Page(browser.get("/history/").content.decode())
    assert isinstance(seen, CaptureQueriesContext)
    links = {tag.attributes["href"] for tag in page.all("a")}
    assert "/matches/?tab=look&site=shop.example" in links
    assert len(page.all("tr")) > history.WEEKS, "the chart's numbers are a table, too"


def test_an_empty_history_says_what_comes_there(client_for: Any, alice: User) -> None:
    page = client_for(alice).get("/history/").content.decode()
    assert "No pictures yet" in page
    assert "Report a page" in page

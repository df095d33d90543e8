"""The list of matches: tabs, filters, order and pages, all of them in the address."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.test import Client
from django.utils import timezone

from accounts.models import User
from search import filters, leaving, review
from search.models import Image, Match, Subject
from tests.html import Page
from tests.matches import make_match

SignIn = Callable[[User], Client]


@pytest.fixture
def subject(alice: User) -> Subject:
    return Subject.objects.create(user=alice)


def listed(browser: Client, query: str) -> list[str]:
    """The ids of the cards, in order."""
    page = browser.get(f"/matches/?{query}").content.decode()
    return re.findall(r'id="match-([0-9a-f-]{36})"', page)


def ids(*matches: Match) -> list[str]:
    return [str(match.pk) for match in matches]


def on(match: Match, site: str) -> Match:
    match.image.sightings.update(site=site, page_url=f"https://{site}/page")
    return match


def test_every_answer_has_a_tab_and_every_match_one(alice: User, subject: Subject, client_for: SignIn) -> None:
    made = {name: make_match(subject) for name in ("look", *review.ANSWERS)}
    for name, answer in review.ANSWERS.items():
        answer(made[name], alice)
    made["left"] = on(make_match(subject), "left.example")
    leaving.leave_site(alice, "left.example")
    made["not-you"] = made.pop("not_me")
    browser = client_for(alice)
    for tab in filters.TABS:
        assert listed(browser, f"tab={tab}") == ids(made[tab]), tab
    assert filters.counts(review.of(alice), leaving.left(alice)) == dict.fromkeys(filters.TABS, 1)


def test_a_withdrawn_picture_is_in_no_tab_and_no_number(alice: User, subject: Subject, client_for: SignIn) -> None:
    make_match(subject)
    Image.objects.update(withdrawn_at=timezone.now())
    assert listed(client_for(alice), "") == []
    assert filters.to_look_at(alice) == 0


def test_by_site(alice: User, subject: Subject, client_for: SignIn) -> None:
    here, there = make_match(subject), on(make_match(subject), "forum.example")
    browser = client_for(alice)
    assert listed(browser, "site=forum.example") == ids(there)
    assert listed(browser, "site=https://www.forum.example/some/page") == ids(there), "an address names its site"
    here.variants.add(there.image)
    assert set(listed(browser, "site=forum.example")) == set(ids(here, there)), "in any of its files"


def test_by_how_sure_we_are_and_in_that_order(alice: User, subject: Subject, client_for: SignIn) -> None:
    possible, certain, likely = (make_match(subject, band=band) for band in ("possible", "certain", "likely"))
    browser = client_for(alice)
    assert listed(browser, "band=likely") == ids(likely)
    assert listed(browser, "sort=surest") == ids(certain, likely, possible)
    assert listed(browser, "") == ids(likely, certain, possible), "the newest first"


def test_by_the_day_of_finding(alice: User, subject: Subject, client_for: SignIn) -> None:
    old, new = make_match(subject), make_match(subject)
    Match.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=9))
    day = timezone.localdate() - timedelta(days=2)
    browser = client_for(alice)
    assert listed(browser, f"since={day}") == ids(new)
    assert len(listed(browser, "since=nonsense")) == 2


def test_the_pager_and_the_tabs_keep_the_filters(alice: User, subject: Subject, client_for: SignIn) -> None:
    for _ in range(13):
        make_match(subject)
    page = Page(client_for(alice).get("/matches/?site=shop.example&band=likely&sort=surest").content.decode())
    links = [tag.attributes["href"] for tag in page.all("a") if "page=2" in tag.attributes.get("href", "")]
    tabs = [tag.attributes["href"] for tag in page.all("a") if "tab=keep" in tag.attributes.get("href", "")]
    assert links and tabs
    for link in links + tabs:
        assert all(said in link for said in ("site=shop.example", "band=likely", "sort=surest")), link


def test_an_address_is_read_and_written_alike() -> None:
    query = "tab=keep&site=shop.example&band=likely&since=2026-11-01&sort=surest&by=site"
    given = dict(pair.split("=") for pair in query.split("&"))
    assert filters.of(given).query == query
    assert filters.of({}).query == ""
    odd = {"site": "java script:", "band": "x", "since": "1", "sort": "; drop", "by": "y"}
    assert not any(character in filters.of(odd).query for character in " :;<")
    with pytest.raises(Http404):
        filters.of({"tab": "nonsense"})


def test_nothing_fits_and_how_to_go_on(alice: User, subject: Subject, client_for: SignIn) -> None:
    make_match(subject)
    page = client_for(alice).get("/matches/?tab=look&site=none.example").content.decode()
    assert "No picture here fits the filters." in page
    assert 'href="/matches/?tab=look"' in page


def test_site_by_site(alice: User, subject: Subject, client_for: SignIn) -> None:
    make_match(subject)
    two = make_match(subject)
    on(make_match(subject), "forum.example")
    two.variants.add(on(make_match(Subject.objects.get(user=alice)), "third.example").image)
    page = client_for(alice).get("/matches/?by=site").content.decode()
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))
    for row in ("shop.example 2 pictures", "forum.example 1 picture", "third.example 2 pictures"):
        assert row in text, row
    assert 'href="?site=forum.example"' in page


@pytest.mark.parametrize("sort", ["newest", "surest"])
def test_from_one_to_the_next_and_back(alice: User, subject: Subject, client_for: SignIn, sort: str) -> None:
    made = [make_match(subject, band=band) for band in ("certain", "possible", "certain", "likely", "possible")]
    Match.objects.filter(pk__in=[match.pk for match in made[:2]]).update(created_at=made[0].created_at, score=0.5)
    browser = client_for(alice)
    query = f"sort={sort}" if sort != "newest" else ""
    order, walked = listed(browser, query), []
    at: str | None = order[0]
    while at:
        walked.append(at)
        page = browser.get(f"/matches/{at}/?{query}").content.decode()
        at = next(iter(re.findall(r'/matches/([0-9a-f-]{36})/[^"]*" rel="next"', page)), None)
    assert walked == order
    back = browser.get(f"/matches/{order[2]}/?{query}").content.decode()
    assert f"/matches/{order[1]}/" in back
    review.dismiss(Match.objects.get(pk=order[2]), alice)
    answered = browser.get(f"/matches/{order[2]}/?{query}").content.decode()
    assert f"/matches/{order[3]}/" in answered, "also from one that is answered and has left the list"


def test_few_queries_however_many_matches(
    alice: User, subject: Subject, client_for: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        on(make_match(subject, places=3), f"site{number % 15}.example")
    leaving.leave_site(alice, "site3.example")
    browser = client_for(alice)
    browser.get("/matches/")
    match = Match.objects.first()
    assert match
    for url in ("/matches/", "/matches/?site=site1.example&sort=surest", "/matches/?by=site", f"/matches/{match.pk}/"):
        with django_assert_max_num_queries(14):
            browser.get(url)


def test_the_lists_are_read_from_an_index(alice: User, subject: Subject) -> None:
    """So that a hundred thousand matches are no slower than a hundred, whatever lies in their rows."""
    if connection.vendor != "sqlite":
        pytest.skip("for so few rows PostgreSQL needs no index")
    make_match(subject)
    for chosen in (filters.of({}), filters.of({"sort": "surest"}), filters.of({"band": "likely", "sort": "surest"})):
        rows = chosen.select(review.of(alice), leaving.left(alice)).values_list("pk", flat=True)[:12]
        plan = rows.explain()
        assert "match_by_" in plan, plan

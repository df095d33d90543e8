"""Matches in the portal: looked at blurred, answered, and every answer can be taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from search.models import Enrolment, Match, Subject
from search.states import Decision, MatchState
from tests.matches import make_match

SignIn = Callable[[User], Client]


@pytest.fixture
def subject(alice: User) -> Subject:
    return Subject.objects.create(user=alice)


def test_the_list_says_how_sure_we_are_and_names_no_site(alice: User, subject: Subject, client_for: SignIn) -> None:
    make_match(subject, band="certain", places=2, with_preview=True)
    page = client_for(alice).get("/matches/").content.decode()
    assert "1 picture to look at" in page
    assert "Almost certainly you" in page
    assert "chance that this is someone else" in page
    assert "Seen in 2 places on 1 site" in page
    assert "shop.example" not in page
    assert 'class="reveal blurred"' in page


def test_one_match_shows_where_it_was_seen(alice: User, subject: Subject, client_for: SignIn) -> None:
    match = make_match(subject, places=2)
    page = client_for(alice).get(f"/matches/{match.pk}/").content.decode()
    for sighting in match.image.sightings.all():
        assert f'href="{sighting.page_url}" rel="noopener noreferrer nofollow"' in page


def test_an_address_that_is_no_web_page_is_no_link(alice: User, subject: Subject, client_for: SignIn) -> None:
    match = make_match(subject)
    match.image.sightings.update(page_url="javascript:alert(1)")
    page = client_for(alice).get(f"/matches/{match.pk}/").content.decode()
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize(
    ("answer", "state", "decision", "tab"),
    [
        ("keep", MatchState.CONFIRMED, Decision.KEEP, "keep"),
        ("not_me", MatchState.DISMISSED, Decision.NONE, "not-you"),
    ],
)
def test_an_answer_can_be_undone(
    alice: User, subject: Subject, client_for: SignIn, answer: str, state: str, decision: str, tab: str
) -> None:
    match = make_match(subject)
    client = client_for(alice)
    page = client.post(f"/matches/{match.pk}/decide/", {"decision": answer}, follow=True).content.decode()
    assert f'action="/matches/{match.pk}/undo/"' in page, "the note offers to undo it"
    match.refresh_from_db()
    assert (match.state, match.decision) == (state, decision)
    assert str(match.pk) in client.get(f"/matches/?tab={tab}").content.decode()
    client.post(f"/matches/{match.pk}/undo/")
    match.refresh_from_db()
    assert (match.state, match.decision) == (MatchState.CANDIDATE, Decision.NONE)


def test_remove_it_leads_to_the_questions(alice: User, subject: Subject, client_for: SignIn) -> None:
    match = make_match(subject)
    response = client_for(alice).post(f"/matches/{match.pk}/decide/", {"decision": "act"})
    assert response.headers["Location"] == f"/cases/open/{match.pk}/"
    match.refresh_from_db()
    assert match.decision == Decision.ACT


def test_with_htmx_the_card_and_the_counts_change_in_place(alice: User, subject: Subject, client_for: SignIn) -> None:
    match, _ = make_match(subject), make_match(subject)
    client = client_for(alice)
    htmx = {"HX-Request": "true"}
    part = client.post(
        f"/matches/{match.pk}/decide/", {"decision": "not_me", "tab": "look", "from": "card"}, headers=htmx
    ).content.decode()
    assert "<html" not in part
    assert f'id="match-{match.pk}"' in part
    assert 'id="matches-tabs"' in part
    assert "1 picture to look at" in part
    back = client.post(f"/matches/{match.pk}/undo/", {"from": "card"}, headers=htmx).content.decode()
    assert "This is not me" in back
    gone = client.post(f"/matches/{match.pk}/decide/", {"decision": "act"}, headers=htmx)
    assert gone.headers["HX-Redirect"] == f"/cases/open/{match.pk}/"


def test_answering_twice_changes_nothing_and_says_so(alice: User, subject: Subject, client_for: SignIn) -> None:
    match = make_match(subject)
    client = client_for(alice)
    client.post(f"/matches/{match.pk}/decide/", {"decision": "keep"})
    page = client.post(f"/matches/{match.pk}/decide/", {"decision": "not_me"}, follow=True).content.decode()
    assert "answered this one already" in page
    match.refresh_from_db()
    assert match.decision == Decision.KEEP
    assert client.post(f"/matches/{match.pk}/decide/", {"decision": "nonsense"}).status_code == 400


def test_the_preview_is_the_subjects_alone_and_never_kept(
    alice: User, bob: User, carol: User, subject: Subject, client_for: SignIn
) -> None:
    url = f"/matches/{make_match(subject, with_preview=True).pk}/preview/"
    response = client_for(alice).get(url)
    assert response.headers["Content-Type"] == "image/jpeg"
    assert {"private", "no-store"} <= set(response.headers["Cache-Control"].split(", "))
    assert response.content.startswith(b"\xff\xd8")
    for other in (bob, carol):
        assert client_for(other).get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_without_a_preview_the_pages_say_so(alice: User, subject: Subject, client_for: SignIn) -> None:
    match = make_match(subject)
    client = client_for(alice)
    assert client.get(f"/matches/{match.pk}/preview/").status_code == 404
    assert "No preview yet" in client.get(f"/matches/{match.pk}/").content.decode()


def test_the_tab_and_the_page_are_in_the_address(
    alice: User, subject: Subject, client_for: SignIn, django_assert_max_num_queries: Any
) -> None:
    for _ in range(13):
        make_match(subject)
    client = client_for(alice)
    with django_assert_max_num_queries(14):
        first = client.get("/matches/").content.decode()
    assert first.count('class="pic-card"') == 12
    assert client.get("/matches/?page=2").content.decode().count('class="pic-card"') == 1
    assert client.get("/matches/?tab=nonsense").status_code == 404


def test_bobs_matches_are_not_alices(
    alice: User, bob: User, subject: Subject, enrolled_alice: Enrolment, client_for: SignIn
) -> None:
    make_match(subject)
    assert "<article" not in client_for(bob).get("/matches/").content.decode()
    assert Match.objects.exists()

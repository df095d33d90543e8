"""One answer to many matches: those selected, all of a list, all on a site; and all of it taken back at once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from accounts.transitions import StaleState
from search import leaving, review
from search.models import LeftSite, Match, Subject
from search.states import Decision, MatchState
from takedowns.models import Case
from tests.html import Page
from tests.matches import make_match

SignIn = Callable[[User], Client]
STATES = {
    "act": (MatchState.CONFIRMED, Decision.ACT),
    "keep": (MatchState.CONFIRMED, Decision.KEEP),
    "not_me": (MatchState.DISMISSED, Decision.NONE),
    "unsure": (MatchState.CANDIDATE, Decision.UNSURE),
}
OPEN = (MatchState.CANDIDATE, Decision.NONE)


@pytest.fixture
def subject(alice: User) -> Subject:
    return Subject.objects.create(user=alice)


@pytest.fixture
def browser(alice: User, client_for: SignIn) -> Client:
    return client_for(alice)


def answer(browser: Client, decision: str, *matches: Match, **also: str) -> Any:
    form = {"decision": decision, "match": [str(match.pk) for match in matches], **also}
    return browser.post("/matches/answer/", form, follow=True)


def states(*matches: Match) -> set[tuple[str, str]]:
    rows = Match.objects.filter(pk__in=[match.pk for match in matches])
    return set(rows.values_list("state", "decision"))


def undo_address(response: Any) -> str:
    forms = Page(response.content.decode()).all("form")
    return next(tag.attributes["action"] for tag in forms if "/matches/undo/" in tag.attributes.get("action", ""))


@pytest.mark.parametrize("decision", sorted(STATES))
def test_those_selected_are_answered_and_the_others_not(subject: Subject, browser: Client, decision: str) -> None:
    one, two, other = (make_match(subject) for _ in range(3))
    page = answer(browser, decision, one, two)
    assert states(one, two) == {STATES[decision]}
    assert states(other) == {OPEN}
    assert "2 pictures" in page.content.decode()


@pytest.mark.parametrize("decision", sorted(STATES))
def test_the_whole_batch_is_undone_at_once(subject: Subject, browser: Client, decision: str) -> None:
    made = [make_match(subject) for _ in range(3)]
    page = answer(browser, decision, *made)
    said = browser.post(undo_address(page), follow=True).content.decode()
    assert states(*made) == {OPEN}
    assert "3 pictures are open questions again." in said


def test_undoing_makes_the_unsure_unsure_again(alice: User, subject: Subject, browser: Client) -> None:
    made = make_match(subject)
    review.unsure(made, alice)
    page = answer(browser, "keep", made, back="tab=unsure")
    assert states(made) == {STATES["keep"]}
    browser.post(undo_address(page))
    assert states(made) == {STATES["unsure"]}


def test_a_batch_is_undone_once_and_by_its_owner_only(
    bob: User, subject: Subject, browser: Client, client_for: SignIn
) -> None:
    made = make_match(subject)
    address = undo_address(answer(browser, "not_me", made))
    client_for(bob).post(address)
    assert states(made) == {STATES["not_me"]}
    browser.post(address)
    answer(browser, "keep", made)
    assert "cannot be undone from here" in browser.post(address, follow=True).content.decode()
    assert states(made) == {STATES["keep"]}


def test_remove_leads_to_the_questions_about_the_first(subject: Subject, browser: Client) -> None:
    one, two = make_match(subject), make_match(subject)
    response = browser.post("/matches/answer/", {"decision": "act", "match": [str(one.pk), str(two.pk)]})
    assert response.headers["Location"] in {f"/cases/open/{match.pk}/?more=1" for match in (one, two)}
    said = browser.get("/matches/?tab=act").content.decode()
    assert "2 pictures are to go." in said and "This is the first." in said


def test_all_of_a_list_means_all_that_it_shows_on_every_page(subject: Subject, browser: Client) -> None:
    shown = [make_match(subject, band="certain") for _ in range(14)]
    other = make_match(subject, band="possible")
    answer(browser, "not_me", scope="all", back="band=certain")
    assert states(*shown) == {STATES["not_me"]}
    assert states(other) == {OPEN}


def test_all_on_a_site(subject: Subject, browser: Client) -> None:
    here, there = make_match(subject), make_match(subject)
    there.image.sightings.update(site="forum.example")
    answer(browser, "keep", scope="site", site="forum.example", back="by=site")
    assert states(there) == {STATES["keep"]}
    assert states(here) == {OPEN}
    answer(browser, "keep", scope="site", site="", back="by=site")
    assert states(here) == {OPEN}, "no site is not every site"


def test_there_is_a_most_at_once_and_it_is_said(
    subject: Subject, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("search.review", "search.review_bulk_views"):
        monkeypatch.setattr(f"{module}.MOST", 3)
    for _ in range(5):
        make_match(subject)
    page = answer(browser, "not_me", scope="all").content.decode()
    assert Match.objects.filter(state=MatchState.DISMISSED).count() == 3
    assert "3 is the most at once. 2 more are left." in page


def test_one_with_a_case_is_left_to_its_case(subject: Subject, browser: Client) -> None:
    plain, cased = make_match(subject), make_match(subject)
    Case.objects.create(subject=subject, match=cased)
    page = answer(browser, "not_me", plain, cased).content.decode()
    assert states(cased) == {OPEN}
    assert states(plain) == {STATES["not_me"]}
    assert "1 picture stayed as before" in page


def test_what_was_answered_meanwhile_stays(alice: User, subject: Subject, browser: Client) -> None:
    made = make_match(subject)
    review.dismiss(made, alice)
    page = answer(browser, "keep", made).content.decode()
    assert states(made) == {STATES["not_me"]}
    assert "Nothing was changed" in page


def test_two_answers_at_once_and_the_first_stands(alice: User, subject: Subject) -> None:
    made = make_match(subject)
    loaded_before = {name: Match.objects.get(pk=made.pk) for name in ("act", "keep", "unsure")}
    review.dismiss(made, alice)
    for name, stale in loaded_before.items():
        with pytest.raises(StaleState):
            review.ANSWERS[name](stale, alice)
    assert states(made) == {STATES["not_me"]}


def test_nobody_answers_for_somebody_else(bob: User, subject: Subject, client_for: SignIn) -> None:
    made = make_match(subject)
    for also in ({}, {"scope": "all"}, {"scope": "site", "site": "shop.example"}):
        page = answer(client_for(bob), "not_me", made, **also).content.decode()
        assert "Nothing was changed" in page
    assert states(made) == {OPEN}


def test_answered_ones_can_only_be_asked_again(alice: User, subject: Subject, browser: Client) -> None:
    made = make_match(subject)
    review.dismiss(made, alice)
    assert answer(browser, "act", made, back="tab=not-you").status_code == 400
    answer(browser, "undo", made, back="tab=not-you")
    assert states(made) == {OPEN}
    assert answer(browser, "undo", made).status_code == 400
    assert answer(browser, "nonsense", made).status_code == 400
    assert browser.post("/matches/answer/", {"decision": "keep", "match": "1"}).status_code == 400


def test_every_single_answer_is_on_record(alice: User, subject: Subject, browser: Client) -> None:
    answer(browser, "unsure", *(make_match(subject) for _ in range(3)))
    assert AuditEvent.objects.filter(action="match.unsure", about=alice.pk).count() == 3


# --- A whole site --------------------------------------------------------------------------------------------


def test_leaving_a_site_alone_answers_nothing_and_can_be_undone(subject: Subject, browser: Client) -> None:
    made = make_match(subject)
    page = browser.post("/matches/sites/leave/", {"site": "shop.example", "back": "by=site"}, follow=True)
    assert states(made) == {OPEN}
    assert str(made.pk) in browser.get("/matches/?tab=left").content.decode()
    assert str(made.pk) not in browser.get("/matches/").content.decode()
    forms = Page(page.content.decode()).all("form")
    undo = next(tag.attributes["action"] for tag in forms if "/listen/" in tag.attributes.get("action", ""))
    browser.post(undo)
    assert not LeftSite.objects.exists()
    assert str(made.pk) in browser.get("/matches/").content.decode()


def test_only_a_site_of_ones_own_matches_is_left(bob: User, subject: Subject, client_for: SignIn) -> None:
    make_match(subject)
    Subject.objects.create(user=bob)
    for site in ("shop.example", "", "no such/site"):
        for where in ("leave", "listen"):
            assert client_for(bob).post(f"/matches/sites/{where}/", {"site": site}).status_code == 404
    assert not LeftSite.objects.exists()


def test_leave_it_offers_the_whole_site(alice: User, subject: Subject, browser: Client) -> None:
    made = make_match(subject)
    part = browser.post(f"/matches/{made.pk}/decide/", {"decision": "keep"}, headers={"HX-Request": "true"})
    assert "Leave everything on shop.example alone" in part.content.decode()
    page = browser.get(f"/matches/{made.pk}/").content.decode()
    assert "Everything on shop.example" in page
    leaving.leave_site(alice, "shop.example")
    assert "You leave shop.example alone" in browser.get(f"/matches/{made.pk}/").content.decode()


def test_no_form_leads_out_of_the_list(subject: Subject, browser: Client) -> None:
    made = make_match(subject)
    response = browser.post(
        "/matches/answer/", {"decision": "keep", "match": str(made.pk), "back": "sort=surest&next=//evil.example"}
    )
    assert response.headers["Location"] == "/matches/?sort=surest"

"""Cases in the portal: asking for a removal with a signature, reading what becomes of it, and ending it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import consent
from accounts.models import Purpose, User
from search.models import Enrolment, Match
from search.states import Decision, MatchState
from takedowns import delivery, events, mandates, relapse
from takedowns.cases import add_places
from takedowns.models import Case, GroundDecision
from takedowns.states import CaseState, NoticeState, Outcome
from takedowns.tasks import prepare_case
from tests import cases
from tests.cases import ANSWERS
from tests.matches import make_match
from tests.sites import Site

SignIn = Callable[[User], Client]
PERMISSION = {"authorise": "on", "full_name": "Alice Example", "address": "12 Secret Road"}


@pytest.fixture
def match(enrolled_alice: Enrolment) -> Match:
    return make_match(enrolled_alice.subject, places=2)


@pytest.fixture
def client(alice: User, client_for: SignIn) -> Client:
    return client_for(alice)


def url(match: Match) -> str:
    return f"/cases/open/{match.pk}/"


# --- Asking ------------------------------------------------------------------------------------------------


def test_the_page_asks_every_question_and_shows_what_is_signed_in_full(client: Client, match: Match) -> None:
    page = client.get(url(match)).content.decode()
    assert "Is the picture intimate?" in page
    assert "under penalty of perjury" in page
    assert "never put in a notice" in page
    assert 'name="authorise"' in page


def test_several_pictures_are_asked_about_one_after_the_other(client: Client, alice: User, match: Match) -> None:
    """The answers to one are there for the next to be looked at, but for whether a minor is shown."""
    other = make_match(match.subject)
    for one in (match, other):
        client.post(f"/matches/{one.pk}/decide/", {"decision": "act"})
    assert "one more picture waits" in client.get(f"{url(match)}?more=1").content.decode()
    filled_in = {**ANSWERS, **PERMISSION, **dict.fromkeys(Purpose.values, "on")}
    response = client.post(f"{url(match)}?more=1", filled_in)
    assert response.headers["Location"] == f"{url(other)}?more=1"
    page = client.get(f"{url(other)}?more=1")
    said = {key: answer for key, answer in ANSWERS.items() if key != "minor"}
    assert page.context["form"].initial == {**said, "poster": "unknown"}
    assert not Case.objects.filter(match=other).exists(), "nothing is asked for before they say so"
    response = client.post(f"{url(other)}?more=1", filled_in)
    assert response.headers["Location"] == f"/cases/{Case.objects.get(match=other).pk}/"


def test_where_a_minor_is_shown_the_row_ends(client: Client, match: Match) -> None:
    other = make_match(match.subject)
    for one in (match, other):
        client.post(f"/matches/{one.pk}/decide/", {"decision": "act"})
    response = client.post(f"{url(match)}?more=1", {**ANSWERS, **PERMISSION, "minor": "yes"})
    assert response.headers["Location"] == f"/cases/{Case.objects.get(match=match).pk}/"


def test_the_questions_stand_in_three_parts_and_one_need_not_be_answered(client: Client, match: Match) -> None:
    page = client.get(url(match)).content.decode()
    assert [page.index(f">{title}</h2>") for title in ("The picture", "Where it stands", "You")] == sorted(
        page.index(f">{title}</h2>") for title in ("The picture", "Where it stands", "You")
    )
    assert "Eight questions" in page
    assert '<option value="us_ca">United States: California</option>' in page
    assert page.count(" checked") == 1, "only the one that may be passed over"
    assert client.post(url(match), {**ANSWERS, **PERMISSION}).status_code == 302
    assert GroundDecision.objects.get().answers == {**ANSWERS, "poster": "unknown"}


@pytest.mark.parametrize("poster", ["nobody", ["afraid", "nobody"]], ids=["not an option", "two answers"])
def test_an_answer_that_is_no_option_opens_no_case(client: Client, match: Match, poster: object) -> None:
    assert client.post(url(match), {**ANSWERS, **PERMISSION, "poster": poster}).status_code == 422
    assert not Case.objects.exists()


def test_a_signed_request_opens_a_case_with_a_letter_to_be_read(
    client: Client,
    enrolled_alice: Enrolment,
    site: Site,
    rdap_registry: None,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    match = cases.astronaut_match(enrolled_alice.subject, site)
    queued: list[str] = []
    monkeypatch.setattr("takedowns.views.prepare_case.delay", queued.append)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(url(match), {**ANSWERS, **PERMISSION})
    case = Case.objects.get()
    assert queued == [str(case.pk)] and not case.notices.exists(), "the network is asked in a worker"
    assert "We are getting the letter ready" in client.get(f"/cases/{case.pk}/").content.decode()
    prepare_case(queued[0])
    prepare_case(queued[0])
    assert "We are getting the letter ready" not in client.get(f"/cases/{case.pk}/").content.decode()
    assert response.headers["Location"] == f"/cases/{case.pk}/"
    assert case.notices.get().state == NoticeState.DRAFT
    assert mandates.read(mandates.in_force(case.subject)).address == "12 Secret Road"
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "Our move" in page
    assert "1 page on 1 host" in page
    assert case.notices.get().body not in page, "a draft is not a letter yet"


def test_errors_stand_by_their_fields_and_what_was_typed_is_kept(client: Client, match: Match) -> None:
    answers = {key: value for key, value in ANSWERS.items() if key != "consented"}
    response = client.post(url(match), {**answers, "full_name": "", "address": "12 Secret Road"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "3 things to put right" in page
    assert 'id="id_consented_error"' in page
    assert 'id="id_full_name_error"' in page
    assert "12 Secret Road" in page
    assert page.count(" checked") + page.count(" selected") == len(answers)
    assert not Case.objects.exists()
    assert mandates.in_force(match.subject) is None


def test_consents_are_asked_where_they_are_missing(client: Client, alice: User, match: Match) -> None:
    consent.withdraw(alice, Purpose.SENDING_NOTICES)
    consent.withdraw(alice, Purpose.EVIDENCE)
    page = client.get(url(match)).content.decode()
    assert 'name="sending_notices"' in page
    assert 'name="evidence"' in page
    assert client.post(url(match), {**ANSWERS, **PERMISSION}).status_code == 422
    client.post(url(match), {**ANSWERS, **PERMISSION, "sending_notices": "on"})
    assert Case.objects.count() == 1
    assert consent.given(alice) >= {Purpose.SENDING_NOTICES}
    assert Purpose.EVIDENCE not in consent.given(alice)


def test_a_second_case_does_not_ask_for_the_signature_again(
    client: Client, alice: User, enrolled_alice: Enrolment, match: Match
) -> None:
    cases.sign(alice)
    page = client.get(url(match)).content.decode()
    assert 'name="full_name"' not in page
    assert client.post(url(match), ANSWERS).status_code == 302


def test_of_a_minor_only_that_answer_is_asked_and_kept(client: Client, match: Match) -> None:
    response = client.post(url(match), {"minor": "not_sure", "lives_in": "eu"}, follow=True)
    page = response.content.decode()
    assert "Take It Down" in page
    assert "nobody here opens the picture" in page
    assert GroundDecision.objects.get().answers == {"minor": "not_sure"}
    assert not mandates.in_force(match.subject)


def test_news_gets_a_plain_no_and_what_else_can_be_done(client: Client, match: Match) -> None:
    response = client.post(url(match), {**ANSWERS, "context": "news_or_satire"}, follow=True)
    page = response.content.decode()
    assert "News, comment and satire are protected" in page
    assert "press council" in page
    assert not Case.objects.get().notices.exists()


def test_nothing_opens_before_the_identity_check(client: Client, enrolled_alice: Enrolment, match: Match) -> None:
    Enrolment.objects.update(state="awaiting_liveness")
    response = client.post(url(match), {**ANSWERS, **PERMISSION})
    assert "identity check has to be finished first" in response.content.decode()
    assert not Case.objects.exists()


def test_not_me_is_not_asked_about(client: Client, match: Match) -> None:
    Match.objects.filter(pk=match.pk).update(state=MatchState.DISMISSED)
    assert client.get(url(match)).headers["Location"] == f"/matches/{match.pk}/"


# --- Looking -----------------------------------------------------------------------------------------------


def test_the_list_says_whose_move_it_is(client: Client, alice: User, match: Match) -> None:
    assert "No case yet" in client.get("/cases/").content.decode()
    opened = cases.open_case(match)
    page = client.get("/cases/").content.decode()
    assert opened.reference in page
    assert "Our move" in page
    assert "2 pages on 1 host" in page


def test_a_long_list_is_paged_and_bounded(
    client: Client, enrolled_alice: Enrolment, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(21):
        match = make_match(enrolled_alice.subject)
        case = Case.objects.create(subject=match.subject, match=match)
        add_places(case, match.image.sightings.all())
        events.record(case, "case.opened")
    with django_assert_max_num_queries(12):
        page = client.get("/cases/").content.decode()
    assert "of 21" in page


def test_the_story_of_a_sent_letter(
    client: Client, carol: User, enrolled_alice: Enrolment, site: Site, rdap_registry: None
) -> None:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    notice = delivery.send(cases.approved(case, carol))
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "Waiting for the site or host" in page
    assert "Loopback Hosting Inc. has been asked to remove it" in page
    assert "/s/ Alice Example" in page, "the subscriber may read the letter"
    assert f'href="{case.urls.get().page_url}" rel="noreferrer noopener nofollow"' in page
    assert carol.email not in page
    assert mail.outbox[0].to == [notice.recipient]


def test_an_address_that_is_no_web_page_is_no_link(client: Client, match: Match) -> None:
    match.image.sightings.update(page_url="javascript:alert(1)")
    case = cases.open_case(match)
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "javascript:alert(1)" in page
    assert 'href="javascript' not in page


def test_bob_and_staff_see_404(match: Match, bob: User, carol: User, client_for: SignIn) -> None:
    case = cases.open_case(match)
    for other in (client_for(bob), client_for(carol)):
        for path in (f"/cases/{case.pk}/", url(match)):
            assert other.get(path).status_code == 404
        for path in (f"/cases/{case.pk}/end/", f"/cases/{case.pk}/again/"):
            assert other.post(path).status_code == 404
    case.refresh_from_db()
    assert case.state != CaseState.CLOSED


# --- Acting ------------------------------------------------------------------------------------------------


def test_a_relapse_goes_on_with_the_earlier_answers(client: Client, match: Match) -> None:
    old = cases.open_case(match)
    again = _relapse(old)
    page = client.get(f"/cases/{again.pk}/").content.decode()
    assert "Shall we act again?" in page
    assert "Your move" in page
    client.post(f"/cases/{again.pk}/again/")
    again.refresh_from_db()
    assert again.ground_decision.answers == ANSWERS
    assert again.state != CaseState.AWAITING_SUBJECT
    assert "You had answered this already" in client.post(f"/cases/{again.pk}/again/", follow=True).content.decode()


def test_a_relapse_asks_for_a_permission_that_was_taken_back(client: Client, alice: User, match: Match) -> None:
    again = _relapse(cases.open_case(match))
    mandates.revoke(alice)
    response = client.post(f"/cases/{again.pk}/again/")
    assert response.headers["Location"] == url(again.match)
    assert not GroundDecision.objects.filter(case=again).exists()


def _relapse(old: Case) -> Case:
    Case.objects.filter(pk=old.pk).update(state=CaseState.CLOSED, outcome=Outcome.REMOVED, closed_at=timezone.now())
    old.urls.update(state="removed")
    return relapse.reopen(old.urls.first())


def test_the_subscriber_ends_a_case(client: Client, match: Match) -> None:
    case = cases.open_case(match)
    client.post(f"/cases/{case.pk}/end/")
    case.refresh_from_db()
    assert (case.state, case.outcome) == (CaseState.CLOSED, Outcome.WITHDRAWN)
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "Withdrawn" in page
    assert "End this case" not in page


def test_the_permission_can_be_taken_back(client: Client, match: Match) -> None:
    cases.open_case(match)
    assert "Take it back" in client.get("/cases/").content.decode()
    client.post("/cases/permission/take-back/")
    assert mandates.in_force(match.subject) is None
    assert "Take it back" not in client.get("/cases/").content.decode()


def test_asking_makes_the_match_a_wish_for_removal(client: Client, match: Match) -> None:
    client.post(url(match), {**ANSWERS, **PERMISSION})
    match.refresh_from_db()
    assert (match.state, match.decision) == (MatchState.CONFIRMED, Decision.ACT)

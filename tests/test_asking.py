"""Between a subscriber and staff: a question, its answer, a complaint, and a case that is taken up again."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from alerts import dispatch
from alerts.models import AlertRule
from search.models import Enrolment
from takedowns import asking, workflow
from takedowns.cases import NotAllowed
from takedowns.models import Case, CaseMessage
from takedowns.states import CaseState, Outcome
from tests import cases
from tests.sites import Site

pytestmark = pytest.mark.usefixtures("rdap_registry")


@pytest.fixture
def alice_client(client_for: Any, alice: User) -> Client:
    browser: Client = client_for(alice)
    return browser


@pytest.fixture
def case(enrolled_alice: Enrolment, site: Site) -> Case:
    return cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


def reloaded(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_a_question_waits_for_the_subscriber_and_its_mail_says_nothing_of_it(
    case: Case, carol: User, alice: User
) -> None:
    AlertRule.objects.create(user=alice, quiet_from=0, quiet_until=0)
    asking.ask_subject(case, carol, "Is the page on example.org yours?")
    assert reloaded(case).state == CaseState.AWAITING_SUBJECT
    assert workflow.next_step(reloaded(case)).whose == "you"
    dispatch.deliver()
    (letter,) = mail.outbox
    assert letter.to == [alice.email]
    assert "example.org" not in letter.body
    assert b"example.org" not in bytes(CaseMessage.objects.get().sealed_body)


def test_the_answer_is_our_move(case: Case, carol: User, alice: User) -> None:
    asking.ask_subject(case, carol, "Is it yours?")
    asking.answer(case, alice, "No, it never was.")
    assert reloaded(case).state == CaseState.ACTION_NEEDED
    assert reloaded(case).work_items.get(done_at=None).kind == asking.ANSWERED
    assert [(one.ours, one.text) for one in asking.said(case)] == [(True, "Is it yours?"), (False, "No, it never was.")]
    with pytest.raises(NotAllowed):
        asking.answer(case, alice, "Once more.")


def test_only_staff_ask_and_only_the_subject_answers(case: Case, carol: User, alice: User, bob: User) -> None:
    with pytest.raises(NotAllowed):
        asking.ask_subject(case, alice, "Is it yours?")
    asking.ask_subject(case, carol, "Is it yours?")
    for other in (bob, carol):
        with pytest.raises(NotAllowed):
            asking.answer(case, other, "Yes.")


@pytest.mark.parametrize("text", ["", " \x00 ", "x" * (asking.LONGEST + 1)])
def test_what_is_empty_or_too_long_is_refused_and_not_lost(case: Case, alice_client: Client, text: str) -> None:
    answer = alice_client.post(f"/cases/{case.pk}/write/", {"text": text})
    assert answer.status_code == 422
    assert "Please write between" in answer.content.decode()
    assert not CaseMessage.objects.exists()


def test_who_is_not_satisfied_reaches_a_senior_colleague_even_afterwards(
    case: Case, carol: User, dana: User, alice: User
) -> None:
    workflow.close(case, carol, Outcome.REFUSED, "The host refused.")
    asking.not_satisfied(case, alice, "You did not even ask the owner.")
    item = reloaded(case).work_items.get(done_at=None)
    assert item.kind == asking.NOT_SATISFIED
    with pytest.raises(NotAllowed, match="senior"):
        workflow.finish(item, carol)
    workflow.finish(item, dana)
    assert not any("owner" in event.text for event in case.events.filter(kind="case.not_satisfied"))


def test_a_case_is_taken_up_again_and_goes_on_with_the_same_answers(
    case: Case, carol: User, alice: User, alice_client: Client
) -> None:
    workflow.close(case, carol, Outcome.NO_RESPONSE, "Nobody answers.")
    page = alice_client.get(f"/cases/{case.pk}/").content.decode()
    assert "Take it up again" in page
    new = asking.reopen(case, alice, "The site has a new owner.")
    assert asking.reopen(case, alice, "") == new
    assert (new.follows, new.state) == (case, CaseState.AWAITING_SUBJECT)
    assert "Do your answers still hold?" in alice_client.get(f"/cases/{new.pk}/").content.decode()
    alice_client.post(f"/cases/{new.pk}/again/")
    assert reloaded(new).ground_decision.answers == case.ground_decision.answers


def test_what_was_removed_is_not_taken_up_again(case: Case, alice: User) -> None:
    with pytest.raises(NotAllowed):
        asking.reopen(case, alice, "")
    Case.objects.update(state=CaseState.CLOSED, outcome=Outcome.REMOVED)
    with pytest.raises(NotAllowed):
        asking.reopen(case, alice, "")


def test_what_was_signed_can_be_read_and_taken_back(case: Case, alice_client: Client) -> None:
    page = alice_client.get("/cases/permission/").content.decode()
    assert "Signed as Alice Example" in re.sub(r"\s+", " ", page)
    assert "12 Secret Road" not in page
    alice_client.post("/cases/permission/take-back/")
    assert "None in force" in alice_client.get("/cases/permission/").content.decode()

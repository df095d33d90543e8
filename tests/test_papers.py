"""Documents for the subscriber: offered when they help, and sent to nobody; and the choice about a dispute."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from search.models import Enrolment
from takedowns import delivery, papers, workflow
from takedowns.letters import documents
from takedowns.mail import counter
from takedowns.models import Case, Notice
from takedowns.states import CaseState, NoticeState, Outcome
from tests import cases
from tests.sites import Site

pytestmark = pytest.mark.usefixtures("rdap_registry")


@pytest.fixture
def case(enrolled_alice: Enrolment, site: Site) -> Case:
    return cases.open_case(cases.astronaut_match(enrolled_alice.subject, site), lives_in="eu", photographer="unknown")


@pytest.fixture
def alices(client_for: Any, alice: User) -> Client:
    browser: Client = client_for(alice)
    return browser


def test_what_is_for_the_end_is_offered_at_the_end(case: Case, carol: User) -> None:
    assert "dpa_complaint" not in {one.code for one in papers.offered(case)}
    workflow.close(case, carol, Outcome.REFUSED, "They refused.")
    assert {"dpa_complaint", "dsa_21_referral"} <= {one.code for one in papers.offered(Case.objects.get(pk=case.pk))}


def test_every_document_is_written_and_has_no_hole(case: Case) -> None:
    for code in documents.CODES:
        body = papers.write(case, code).body
        assert "{{" not in body
        assert "None" not in body
        assert "12 Secret Road" not in body


def test_the_page_and_the_file(case: Case, alices: Client) -> None:
    url = f"/cases/{case.pk}/document/agent_mandate/"
    assert url in alices.get(f"/cases/{case.pk}/").content.decode()
    assert "Alice Example" in alices.get(url).content.decode()
    assert "attachment" in alices.get(f"{url}?file=1")["Content-Disposition"]
    assert alices.get(f"/cases/{case.pk}/document/dpa_complaint/").status_code == 404, "not offered yet"


def test_engines_are_named_for_some_weeks_after_a_removal(case: Case, alices: Client) -> None:
    def listed() -> bool:
        return "remove-outdated-content" in alices.get(f"/cases/{case.pk}/").content.decode()

    assert not listed(), "while the picture is there, its results are not outdated"
    gone = Case.objects.filter(pk=case.pk)
    gone.update(state=CaseState.CLOSED, outcome=Outcome.REMOVED, closed_at=timezone.now())
    assert listed()
    gone.update(closed_at=timezone.now() - timedelta(days=61))
    assert not listed()
    gone.update(closed_at=timezone.now(), outcome=Outcome.REFUSED)
    assert not listed()


@pytest.fixture
def disputed(enrolled_alice: Enrolment, site: Site, carol: User) -> Case:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    notice = delivery.send(cases.approved(case, carol))
    counter.receive(notice, None, timezone.now().date() - timedelta(days=1))
    return Case.objects.get(pk=case.pk)


def test_the_subscriber_chooses_about_a_counter_notice(disputed: Case, alices: Client) -> None:
    page = alices.get(f"/cases/{disputed.pk}/").content.decode()
    assert "says that it may stay" in page
    assert alices.post(f"/cases/{disputed.pk}/choose/", {"choice": "nonsense"}).status_code == 302
    assert counter.open_of(disputed).choice == ""
    alices.post(f"/cases/{disputed.pk}/choose/", {"choice": "let_restore"})
    assert counter.open_of(disputed).choice == "let_restore"
    assert "You have chosen" in alices.get(f"/cases/{disputed.pk}/").content.decode()
    assert Notice.objects.get().state == NoticeState.CONTESTED
    assert Case.objects.get().state != CaseState.AWAITING_SUBJECT


def test_nobody_else_chooses_or_reads(disputed: Case, client_for: Any, bob: User) -> None:
    browser = client_for(bob)
    for act in ("choose", "counter-notice"):
        assert browser.post(f"/cases/{disputed.pk}/{act}/", {"choice": "court"}).status_code == 404
    assert browser.get(f"/cases/{disputed.pk}/document/agent_mandate/").status_code == 404

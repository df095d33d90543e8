"""News and satire wait for a senior colleague; what is deferred comes back when something happens."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, User
from search.models import Enrolment
from takedowns import mandates, workflow
from takedowns.cases import NotAllowed
from takedowns.models import Case
from tests import cases
from tests.cases import ANSWERS
from tests.sites import Site

pytestmark = pytest.mark.usefixtures("rdap_registry")


@pytest.fixture
def case(enrolled_alice: Enrolment, site: Site) -> Case:
    match = cases.astronaut_match(enrolled_alice.subject, site)
    return workflow.open_case(match, enrolled_alice.subject.user, {**ANSWERS, "context": "news_or_satire"})


def test_news_is_released_by_senior_staff_with_a_reason_and_never_otherwise(
    case: Case, alice: User, carol: User, dana: User
) -> None:
    for person in (alice, carol):
        with pytest.raises(NotAllowed, match="senior"):
            workflow.release(case, person, "It is no news at all.")
    with pytest.raises(NotAllowed, match="why"):
        workflow.release(case, dana, "  ")
    workflow.release(case, dana, "A private picture on a gossip site, no public interest.")
    case = Case.objects.get(pk=case.pk)
    assert case.ground_decision.ground == "dmca_512c"
    assert case.ground_decision.released_by == dana
    assert not case.work_items.filter(done_at=None).exists()
    assert AuditEvent.objects.filter(action="case.released").exists()
    with pytest.raises(NotAllowed):
        workflow.release(case, dana, "Twice.")


def test_after_the_release_letters_are_drafted_with_a_mandate_only(case: Case, alice: User, dana: User) -> None:
    workflow.release(case, dana, "No public interest.")
    assert not workflow.prepare_or_ask(Case.objects.get(pk=case.pk))
    case.work_items.filter(done_at=None).update(done_at=timezone.now())
    cases.sign(alice)
    assert mandates.in_force(case.subject)
    assert workflow.prepare(Case.objects.get(pk=case.pk)).notices.get().ground == "dmca_512c"


def test_an_ordinary_case_has_nothing_to_release(enrolled_alice: Enrolment, site: Site, dana: User) -> None:
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    with pytest.raises(NotAllowed):
        workflow.release(case, dana, "Why not.")


def test_a_deferred_case_comes_back_when_something_happens(case: Case, carol: User, alice: User) -> None:
    until = timezone.now() + timedelta(days=3)
    with pytest.raises(NotAllowed):
        workflow.defer(case, alice, until)
    workflow.defer(case, carol, until)
    assert Case.objects.get(pk=case.pk).deferred_until == until
    workflow.note(case, carol, "They called.")
    assert Case.objects.get(pk=case.pk).deferred_until is None


@pytest.mark.parametrize("days", [-1, 91])
def test_a_case_is_deferred_for_a_while_only(case: Case, carol: User, days: int) -> None:
    with pytest.raises(NotAllowed, match="90 days"):
        workflow.defer(case, carol, timezone.now() + timedelta(days=days))

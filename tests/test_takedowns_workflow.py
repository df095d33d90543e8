"""From "this is me, remove it" to drafts on the desk: who may ask, and what is stored of the answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import consent
from accounts.models import Purpose, User
from crawler.models import Evidence
from search.models import Enrolment, Match
from search.states import Decision, MatchState
from takedowns import grounds, mandates, workflow
from takedowns.models import AbuseContact, Case, Notice
from takedowns.states import CaseState, NoticeState, Outcome
from takedowns.workflow import NotAllowed
from tests import cases
from tests.cases import ANSWERS
from tests.sites import Site

pytestmark = pytest.mark.usefixtures("rdap_registry")


@pytest.fixture
def match(enrolled_alice: Enrolment, site: Site) -> Match:
    return cases.astronaut_match(enrolled_alice.subject, site)


def kinds(case: Case) -> list[str]:
    return list(case.events.values_list("kind", flat=True))


def test_a_case_opens_with_evidence_contact_and_a_complete_draft(match: Match) -> None:
    case = cases.open_case(match)
    assert case.state == CaseState.DRAFTING
    notice = case.notices.get()
    assert (notice.ground, notice.recipient, notice.state) == ("dmca_512c", cases.HOST_ABUSE, NoticeState.DRAFT)
    assert notice.operator.name == "Loopback Hosting Inc."
    assert (notice.contact.source, notice.contact.role) == ("rdap_ip", "abuse")
    url = case.urls.get()
    assert url.host == cases.HOST
    assert url.page_url in notice.body
    assert url.image_url in notice.body
    assert url.evidence.image_status == 200
    assert "12 Secret Road" not in notice.body
    match.refresh_from_db()
    assert (match.state, match.decision) == (MatchState.CONFIRMED, Decision.ACT)
    assert kinds(case) == ["case.opened", "evidence.captured", "contact.found", "notice.drafted"]


def test_in_the_eu_the_owner_is_written_to_as_well(match: Match) -> None:
    case = cases.open_case(match, lives_in="eu", photographer="unknown")
    letters = {notice.ground: notice.recipient for notice in case.notices.all()}
    assert letters == {"dsa_16": cases.HOST_ABUSE, "gdpr_erasure": cases.OWNER}


def test_asking_twice_is_one_case_and_one_draft(match: Match, alice: User) -> None:
    first = cases.open_case(match)
    assert workflow.open_case(match, alice, ANSWERS) == first
    workflow.prepare(first)
    assert Notice.objects.count() == 1
    assert Evidence.objects.count() == 1


def test_a_preparation_that_died_goes_on_later(match: Match, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*args: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("takedowns.contacts.find", die)
        with pytest.raises(KeyboardInterrupt):
            cases.open_case(match)
    case = Case.objects.get()
    assert workflow.prepare_abandoned() == []
    Case.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert workflow.prepare_abandoned() == [case]
    assert workflow.prepare_abandoned() == []
    assert case.notices.count() == 1
    assert Evidence.objects.count() == 1


def test_without_evidence_consent_nothing_is_captured(match: Match, alice: User) -> None:
    consent.withdraw(alice, Purpose.EVIDENCE)
    case = cases.open_case(match)
    assert not Evidence.objects.exists()
    assert case.notices.exists()


def test_nothing_without_a_mandate(match: Match, alice: User) -> None:
    with pytest.raises(NotAllowed, match="signed authority"):
        workflow.open_case(match, alice, ANSWERS)
    assert not Case.objects.exists()


def test_nothing_without_consent_to_notices(match: Match, alice: User) -> None:
    consent.withdraw(alice, Purpose.SENDING_NOTICES)
    with pytest.raises(NotAllowed, match="consent"):
        cases.open_case(match)
    assert not Case.objects.exists()


def test_nobody_asks_for_somebody_elses_match(match: Match, bob: User) -> None:
    with pytest.raises(NotAllowed):
        workflow.open_case(match, bob, ANSWERS)


def test_nothing_before_the_identity_check(match: Match, enrolled_alice: Enrolment) -> None:
    Enrolment.objects.update(state="awaiting_liveness")
    with pytest.raises(NotAllowed, match="identity check"):
        cases.open_case(match)


def test_not_for_a_picture_that_is_said_to_show_somebody_else(match: Match) -> None:
    Match.objects.update(state=MatchState.DISMISSED)
    with pytest.raises(NotAllowed, match="not you"):
        cases.open_case(match)


def test_a_picture_that_was_left_alone_can_be_removed_after_all(match: Match) -> None:
    Match.objects.update(state=MatchState.CONFIRMED, decision=Decision.KEEP)
    cases.open_case(match)
    match.refresh_from_db()
    assert match.decision == Decision.ACT


def test_incomplete_answers_store_nothing(match: Match, alice: User) -> None:
    with pytest.raises(grounds.BadAnswers):
        workflow.open_case(match, alice, {"minor": "no"})
    assert not Case.objects.exists()


@pytest.mark.parametrize("answer", ["yes", "not_sure"])
def test_of_a_minor_nothing_is_kept_but_that_answer(match: Match, alice: User, answer: str) -> None:
    Match.objects.update(sealed_preview=b"sealed")
    case = workflow.open_case(match, alice, {**ANSWERS, "minor": answer})
    assert case.state == CaseState.TRIAGE
    assert (case.ground_decision.answers, case.ground_decision.considered) == ({"minor": answer}, [])
    assert not case.urls.exists()
    assert not case.notices.exists()
    assert not Evidence.objects.exists()
    match.refresh_from_db()
    assert match.sealed_preview is None
    assert case.work_items.get().kind == "minor"


def test_news_and_satire_wait_for_a_senior_decision(match: Match, alice: User) -> None:
    case = workflow.open_case(match, alice, {**ANSWERS, "context": "news_or_satire"})
    assert not case.notices.exists()
    assert not Evidence.objects.exists()
    assert case.work_items.get().kind == "expression"
    assert workflow.next_step(case).whose == "us"


def test_an_unknown_host_is_a_persons_work_and_never_a_guess(match: Match, settings: Any, site: Site) -> None:
    settings.RDAP_BOOTSTRAP_URL = site.url("/no-registry/")
    case = cases.open_case(match)
    assert case.state == CaseState.ACTION_NEEDED
    assert case.work_items.get().kind == workflow.NO_CONTACT
    assert not AbuseContact.objects.exists()
    assert not Notice.objects.exists()


def test_a_registry_that_is_back_lets_the_case_go_on(match: Match, settings: Any, site: Site) -> None:
    working = settings.RDAP_BOOTSTRAP_URL
    settings.RDAP_BOOTSTRAP_URL = site.url("/no-registry/")
    case = cases.open_case(match)
    settings.RDAP_BOOTSTRAP_URL = working
    case = workflow.prepare(case)
    assert case.state == CaseState.DRAFTING
    assert case.notices.count() == 1
    assert not case.work_items.filter(done_at=None).exists()


def test_a_hidden_owner_does_not_hold_up_the_host(match: Match, site: Site) -> None:
    sighting = match.image.sightings.get()
    sighting.page_url = sighting.page_url.replace(cases.HOST, "copies.localhost")
    sighting.save()
    case = cases.open_case(match, lives_in="uk", photographer="unknown")
    assert [notice.ground for notice in case.notices.all()] == ["host_policy"]
    assert case.state == CaseState.DRAFTING
    missing = case.events.get(kind="contact.missing")
    assert "registrant" in missing.text


def test_no_event_names_an_address(match: Match) -> None:
    case = cases.open_case(match, lives_in="eu")
    for event in case.events.all():
        assert "http" not in event.text
        assert "@" not in event.text


def test_assign_and_note_are_for_staff(match: Match, alice: User, carol: User) -> None:
    case = cases.open_case(match)
    workflow.assign(case, carol)
    workflow.note(case, carol, "Called the host.")
    case.refresh_from_db()
    assert case.assigned_to == carol
    assert case.events.last().text == "Note: Called the host."
    for step in (lambda: workflow.assign(case, alice), lambda: workflow.note(case, alice, "x")):
        with pytest.raises(NotAllowed):
            step()


def test_closing_withdraws_what_has_not_left(match: Match, carol: User) -> None:
    case = cases.open_case(match)
    workflow.close(case, carol, Outcome.NOT_ACTIONABLE, "Public event.")
    case.refresh_from_db()
    assert (case.state, case.outcome) == (CaseState.CLOSED, Outcome.NOT_ACTIONABLE)
    assert case.notices.get().state == NoticeState.WITHDRAWN
    with pytest.raises(NotAllowed):
        workflow.close(case, carol, Outcome.REFUSED, "Again.")


def test_only_checks_can_say_removed(match: Match, carol: User) -> None:
    case = cases.open_case(match)
    with pytest.raises(NotAllowed, match="checks"):
        workflow.close(case, carol, Outcome.REMOVED, "The host says so.")


def test_the_subject_may_withdraw_their_own_case_and_nothing_else(match: Match, alice: User, bob: User) -> None:
    case = cases.open_case(match)
    with pytest.raises(NotAllowed):
        workflow.close(case, bob, Outcome.WITHDRAWN, "No.")
    with pytest.raises(NotAllowed):
        workflow.close(case, alice, Outcome.REFUSED, "No.")
    workflow.close(case, alice, Outcome.WITHDRAWN, "I changed my mind.")
    case.refresh_from_db()
    assert case.outcome == Outcome.WITHDRAWN


def test_a_closed_case_does_not_keep_the_picture_from_being_asked_about_again(match: Match, carol: User) -> None:
    case = cases.open_case(match)
    workflow.close(case, carol, Outcome.NO_RESPONSE, "Nobody answers.")
    again = cases.open_case(match)
    assert again != case
    assert again.notices.count() == 1


def test_the_story_tells_the_subscriber_what_happened_with_dates(match: Match, carol: User) -> None:
    case = cases.open_case(match)
    workflow.note(case, carol, "Internal.")
    told = [str(sentence) for sentence in workflow.story(case)]
    assert len(told) == 3
    assert told[0].endswith("you asked us to have this picture removed.")
    assert f"{timezone.now():%B %Y}" in told[0]
    assert "Loopback Hosting Inc." in told[2]
    assert not any("Internal" in text for text in told)
    step = workflow.next_step(case)
    assert (step.whose, step.due_at) == ("us", None)


def test_a_mandate_taken_back_stops_the_preparation(match: Match, alice: User) -> None:
    case = cases.open_case(match)
    mandates.revoke(alice)
    with pytest.raises(NotAllowed):
        workflow.prepare(case)

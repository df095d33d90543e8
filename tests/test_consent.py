"""Consent by purpose: kept with its text, withdrawn with effect at once."""

import pytest
from django.core import mail

from accounts import consent
from accounts.models import AuditEvent, Consent, Purpose
from crawler.models import Evidence
from search import probes
from search.models import Enrolment
from takedowns import delivery
from takedowns.cases import NotAllowed
from takedowns.states import NoticeState
from tests import cases


def test_consent_is_recorded_once_with_the_text_version(alice) -> None:
    consent.give(alice, [Purpose.MATCHING])
    consent.give(alice, [Purpose.MATCHING, Purpose.EVIDENCE])
    assert consent.given(alice) == {Purpose.MATCHING, Purpose.EVIDENCE}
    assert set(Consent.objects.values_list("text_version", flat=True)) == {consent.TEXT_VERSION}
    assert AuditEvent.objects.filter(action="consent.given", about=alice.pk).count() == 2


@pytest.mark.parametrize("purpose", sorted(consent.REQUIRED))
def test_withdrawing_a_required_consent_stops_the_search_at_once(enrolled_alice: Enrolment, purpose: Purpose) -> None:
    assert probes.all_probes()
    consent.withdraw(enrolled_alice.subject.user, purpose)
    assert probes.all_probes() == []
    with pytest.raises(probes.NotAProbe):
        probes.probe_of(enrolled_alice)


def test_given_again_it_is_a_new_record(alice) -> None:
    consent.give(alice, [Purpose.EVIDENCE])
    consent.withdraw(alice, Purpose.EVIDENCE)
    consent.give(alice, [Purpose.EVIDENCE])
    assert Consent.objects.count() == 2
    assert Purpose.EVIDENCE in consent.given(alice)


def test_safeguard_05_the_language_of_the_text_is_recorded(alice) -> None:
    consent.give(alice, [Purpose.MATCHING])
    assert Consent.objects.get().locale == "en-gb"


def test_withdrawing_the_sending_of_notices_stops_what_is_approved(
    enrolled_alice: Enrolment, carol, site, rdap_registry
) -> None:
    """It is asked again at the last moment before a letter leaves."""
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    notice = cases.approved(case, carol)
    consent.withdraw(enrolled_alice.subject.user, Purpose.SENDING_NOTICES)
    sent_before = len(mail.outbox)
    with pytest.raises(NotAllowed):
        delivery.send(notice)
    assert delivery.send_approved() == []
    assert len(mail.outbox) == sent_before
    notice.refresh_from_db()
    assert notice.state == NoticeState.APPROVED


def test_without_consent_to_evidence_none_is_captured(enrolled_alice: Enrolment, site, rdap_registry) -> None:
    consent.withdraw(enrolled_alice.subject.user, Purpose.EVIDENCE)
    case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    assert case.notices.exists()
    assert not Evidence.objects.exists()

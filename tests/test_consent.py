"""Consent by purpose: kept with its text, withdrawn with effect at once."""

import pytest

from accounts import consent
from accounts.models import AuditEvent, Consent, Purpose
from search import probes
from search.models import Enrolment


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

"""Demands of courts and authorities: two people decide, and the person hears of it unless that is forbidden."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core import mail

from accounts.models import AuditEvent, LegalRequest, Role, User
from accounts.security import factors
from accounts.states import LegalRequestState
from accounts.tickets import legal
from accounts.tickets.refusal import Refused

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
GAG = NOON + timedelta(days=30)
DEMAND = {
    "authority": "Amtsgericht Musterstadt, 1 Gs 2/27",
    "country": "DE",
    "legal_basis": "§ 94 StPO",
    "scope": "The dates of sign-ins in February 2027.",
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def erik(db: None) -> User:
    user = User.objects.create_user("erik@example.org", "a long passphrase", role=Role.SENIOR_STAFF)
    factors.add_totp(user)
    return user


def recorded(dana: User, person: User | None, gag_until: datetime | None = None) -> LegalRequest:
    with time_machine.travel(NOON, tick=False):
        return legal.record(dana, **DEMAND, person=person, gag_until=gag_until)


def accepted(found: LegalRequest, *reviewers: User) -> None:
    for reviewer in reviewers:
        legal.review(found, reviewer, "valid", "It is signed and narrow.")


def test_promise_16_the_person_is_told_at_once(dana: User, alice: User) -> None:
    found = recorded(dana, alice)
    (sent,) = mail.outbox
    assert sent.to == [alice.email]
    assert DEMAND["scope"] in str(sent.body) and "Nothing has been handed over." in str(sent.body)
    assert found.person_told_at == NOON
    assert legal.tell_all() == 0 and len(mail.outbox) == 1


def test_promise_16_two_different_people_have_to_find_it_valid(dana: User, erik: User, alice: User) -> None:
    found = recorded(dana, alice)
    accepted(found, dana)
    with pytest.raises(Refused, match="Somebody else"):
        accepted(found, dana)
    with pytest.raises(Refused, match="Two different people"):
        legal.disclose(found, dana, "Everything.")
    accepted(found, erik)
    assert found.state == LegalRequestState.ACCEPTED
    legal.disclose(found, dana, "Three dates.")
    found.refresh_from_db()
    assert found.state == LegalRequestState.DISCLOSED and found.disclosed == "Three dates."
    assert "Three dates." in str(mail.outbox[-1].body)


def test_promise_16_one_person_who_finds_it_invalid_is_enough(dana: User, erik: User, alice: User) -> None:
    found = recorded(dana, alice)
    accepted(found, dana)
    legal.review(found, erik, "invalid", "No judge has signed it.")
    assert found.state == LegalRequestState.REJECTED
    assert "Nothing was handed over" in str(mail.outbox[-1].body)
    with pytest.raises(Refused):
        legal.disclose(found, dana, "Three dates.")


def test_promise_16_while_it_is_forbidden_nothing_tells_the_person(dana: User, erik: User, alice: User) -> None:
    with time_machine.travel(NOON, tick=False):
        found = recorded(dana, alice, GAG)
        accepted(found, dana, erik)
        legal.disclose(found, dana, "Three dates.")
        assert legal.tell_all() == 0
    assert not mail.outbox
    assert not AuditEvent.objects.filter(about=alice.pk).exists()
    assert AuditEvent.objects.filter(action="legal_request.disclosed").exists()


def test_promise_16_when_that_time_is_over_the_person_hears_all_of_it(dana: User, erik: User, alice: User) -> None:
    with time_machine.travel(NOON, tick=False):
        found = recorded(dana, alice, GAG)
        accepted(found, dana, erik)
        legal.disclose(found, dana, "Three dates.")
    with time_machine.travel(GAG + timedelta(minutes=1), tick=False):
        assert legal.tell_all() == 1
        assert legal.tell_all() == 0
    (sent,) = mail.outbox
    assert "Three dates." in str(sent.body) and "31 March 2027" in str(sent.body)
    assert AuditEvent.objects.filter(about=alice.pk, action="legal_request.person_told").count() == 1


def test_nothing_is_handed_over_before_the_person_could_be_told(dana: User, erik: User, alice: User) -> None:
    with mock.patch("django.core.mail.EmailMessage.send", side_effect=ConnectionError):
        found = recorded(dana, alice)
        accepted(found, dana, erik)
        with pytest.raises(Refused, match="told"):
            legal.disclose(found, dana, "Three dates.")
    assert legal.tell_all() == 1
    found.refresh_from_db()
    legal.disclose(found, dana, "Three dates.")


def test_the_register_is_kept_on_pages(dana: User, erik: User, alice: User, client_for: Any) -> None:
    wrong = client_for(dana).post("/console/legal/new/", {**DEMAND, "email": "nobody@example.org"})
    assert wrong.status_code == 422 and "No account has this address" in wrong.content.decode()
    client_for(dana).post("/console/legal/new/", {**DEMAND, "country": "de", "email": alice.email.upper()})
    found = LegalRequest.objects.get()
    assert found.user == alice and found.country == "DE"
    for user in (dana, erik):
        answer = {"verdict": "valid", "reason": "It is signed and narrow."}
        client_for(user).post(f"/console/legal/{found.pk}/review/", answer)
    page = client_for(dana).post(f"/console/legal/{found.pk}/disclose/", {"text": "Three dates."}, follow=True)
    assert "Handed over on" in page.content.decode() and "Three dates." in page.content.decode()
    assert found.reference in client_for(erik).get("/console/legal/").content.decode()


def test_only_senior_staff_see_it(dana: User, carol: User, alice: User, client_for: Any) -> None:
    found = recorded(dana, alice)
    for user in (carol, alice):
        assert client_for(user).get("/console/legal/").status_code == 404
        assert client_for(user).get(f"/console/legal/{found.pk}/").status_code == 404

"""Reminders before a deadline and alarms after it: to the people here, once each, with nobody's name in them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core import mail

from accounts.models import DataRequest, Incident, User
from accounts.tickets import clocks, incidents, tickets

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def office(settings: Any) -> None:
    settings.PRIVACY_EMAIL = "office@faceward.example"


def opened() -> DataRequest:
    with time_machine.travel(NOON, tick=False):
        return tickets.open_ticket("access", email="erin@example.org", body="Words of hers.")


def told(hours: float) -> list[str]:
    """What is told when this many hours have passed, by two runs one after the other."""
    before = len(mail.outbox)
    with time_machine.travel(NOON + timedelta(hours=hours), tick=False):
        clocks.tell()
        clocks.tell()
    return [message.subject for message in mail.outbox[before:]]


def test_promise_38_the_first_answer_is_reminded_of_once_and_alarmed_once() -> None:
    reference = opened().reference
    assert told(30) == []
    assert told(40) == [f"Due soon: {reference}"]
    assert told(47) == []
    assert told(49) == [f"Late: {reference}"]
    assert told(100) == []
    assert mail.outbox[-1].to == ["office@faceward.example"]
    assert "erin" not in str(mail.outbox[-1].message()) and "Words of hers" not in str(mail.outbox[-1].message())


def test_the_deadline_of_the_law_has_its_own_reminder_and_alarm_although_the_first_was_missed() -> None:
    reference = opened().reference
    told(49)
    assert told(24 * 20) == []
    assert told(24 * 25) == [f"Due soon: {reference}"]
    assert told(24 * 30) == []
    assert told(24 * 32) == [f"Late: {reference}"]
    assert told(24 * 60) == []


def test_an_extension_is_reminded_of_anew(carol: User) -> None:
    request = opened()
    told(24 * 25)
    with time_machine.travel(NOON + timedelta(days=26), tick=False):
        request.refresh_from_db()
        tickets.extend(request, carol, "Many letters.")
    mail.outbox.clear()
    request.refresh_from_db()
    tickets.reply(request, carol, "Soon.")
    mail.outbox.clear()
    assert told(24 * 32) == []
    assert told(24 * 87) == [f"Due soon: {request.reference}"]
    assert told(24 * 93) == [f"Late: {request.reference}"]


def test_what_is_answered_or_closed_is_left_alone(carol: User) -> None:
    answered, closed = opened(), opened()
    with time_machine.travel(NOON, tick=False):
        tickets.reply(answered, carol, "Here.")
        tickets.close(closed, carol, "answered", "Here.")
    assert told(72) == []
    assert told(24 * 40) == [f"Late: {answered.reference}"]


def test_an_alarm_that_could_not_be_sent_is_tried_again() -> None:
    reference = opened().reference
    with mock.patch("django.core.mail.EmailMessage.send", side_effect=ConnectionError):
        assert told(49) == []
    assert told(50) == [f"Late: {reference}"]


def test_one_of_two_processes_that_look_at_the_same_time_tells() -> None:
    opened()
    first, second = DataRequest.objects.get(), DataRequest.objects.get()
    mail.outbox.clear()
    with time_machine.travel(NOON + timedelta(hours=49), tick=False):
        for copy in (first, second):
            clocks._tell(copy, clocks.deadlines(copy), "request", "tickets:ticket")
    assert len(mail.outbox) == 1


def incident(dana: User) -> Incident:
    with time_machine.travel(NOON, tick=False):
        return incidents.open_incident(dana, title="A lost laptop", text="It was encrypted.", aware_at=NOON)


def test_promise_30_the_72_hours_are_reminded_of_and_alarmed(dana: User) -> None:
    reference = incident(dana).reference
    assert told(40) == []
    assert told(50) == [f"Due soon: {reference}"]
    assert told(73) == [f"Late: {reference}"]
    assert told(100) == []


@pytest.mark.parametrize("how", ["told", "no_notice"])
def test_promise_30_the_clock_stops_when_the_authority_was_told_or_need_not_be(dana: User, how: str) -> None:
    found = incident(dana)
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        if how == "told":
            incidents.authority_told(found, dana, NOON + timedelta(hours=1), "")
        else:
            incidents.no_notice(found, dana, "Nobody can read it.")
    assert told(50) == told(73) == []

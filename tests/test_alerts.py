"""Alerts: one for each match that the rule asks for, at least once, without a word of where."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from alerts import dispatch
from alerts.models import Alert, AlertRule, DeliveryAttempt
from search.models import Enrolment
from tests.matches import make_match


def test_matches_become_one_mail_and_only_one(enrolled_alice: Enrolment) -> None:
    make_match(enrolled_alice.subject)
    make_match(enrolled_alice.subject)
    assert dispatch.deliver() == 1
    assert dispatch.deliver() == 0
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    assert "2 new things" in message.subject
    assert Alert.objects.count() == 2


def test_promise_50_the_mail_says_nothing_of_where(enrolled_alice: Enrolment) -> None:
    match = make_match(enrolled_alice.subject)
    dispatch.deliver()
    (message,) = mail.outbox
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    place = match.image.sightings.get()
    for text in (message.subject, str(message.body), str(html)):
        assert "shop.example" not in text
        assert place.page_url not in text
        assert "<img" not in text
        assert "http://localhost:8000/matches/" in text or text == message.subject
    assert message.attachments == []


def test_weak_matches_wait_in_the_portal(enrolled_alice: Enrolment) -> None:
    make_match(enrolled_alice.subject, band="possible")
    assert dispatch.deliver() == 0
    AlertRule.objects.update(minimum_band="possible")
    make_match(enrolled_alice.subject, band="possible")
    assert dispatch.deliver() == 1


class Broken(EmailBackend):
    def send_messages(self, messages: list[object]) -> int:
        raise smtplib.SMTPServerDisconnected("gone")


def test_an_outage_delays_and_loses_nothing(enrolled_alice: Enrolment, settings) -> None:
    make_match(enrolled_alice.subject)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "tests.test_alerts.Broken"
    assert dispatch.deliver() == 0
    attempt = DeliveryAttempt.objects.get()
    assert attempt.outcome == DeliveryAttempt.Outcome.FAILED
    assert attempt.next_try_at > timezone.now()
    settings.EMAIL_BACKEND = working
    DeliveryAttempt.objects.update(next_try_at=timezone.now())
    assert dispatch.deliver() == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == attempt.message_id


def test_a_send_that_died_is_tried_again_with_the_same_message_id(
    enrolled_alice: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_match(enrolled_alice.subject)

    def die(self: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMultiAlternatives.send", die)
        with pytest.raises(SystemExit):
            dispatch.deliver()
    first = DeliveryAttempt.objects.get()
    assert dispatch.deliver() == 0, "its lease still runs"
    DeliveryAttempt.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    assert dispatch.deliver() == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == first.message_id

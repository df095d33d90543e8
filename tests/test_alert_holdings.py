"""What is kept about alerts, for how long, and that all of it is told and erased."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import retention
from accounts.models import User
from accounts.retention import Erasure, Holding
from alerts import dispatch, outbox
from alerts.models import (
    AddressHealth,
    Alert,
    AlertRule,
    DeliveryAttempt,
    Digest,
    FeedToken,
    Kind,
    PushBrowser,
    WebhookDelivery,
    WebhookEndpoint,
)
from alerts.states import DigestState, WebhookDeliveryState
from search.models import Enrolment, Match
from tests.matches import make_match


def holding(name: str) -> Holding:
    return next(one for one in retention.holdings() if one.name == name)


ALERTS, TRIES, WAYS = "Alerts", "Tries to deliver a mail", "Webhooks, feed and browsers for alerts"


@pytest.fixture
def told(enrolled_alice: Enrolment) -> User:
    """Everything that there may be about somebody."""
    alice = enrolled_alice.subject.user
    endpoint = WebhookEndpoint.objects.create(user=alice, url="https://hook.example/", sealed_secret=b"a secret key")
    make_match(enrolled_alice.subject)
    dispatch.deliver()
    alert = Alert.objects.get()
    AlertRule.objects.create(user=alice)
    AddressHealth.objects.create(user=alice, address=alice.email)
    FeedToken.objects.create(user=alice, sha256="a token's hash")
    PushBrowser.objects.create(user=alice, endpoint="https://push.example/", endpoint_sha256="0")
    WebhookDelivery.objects.get_or_create(endpoint=endpoint, alert=alert, defaults={"kind": Kind.MATCH, "body": "{}"})
    return alice


def of(user: User, name: str) -> dict[str, Any]:
    (file,) = holding(name).export(user)
    return json.loads(file.data)


def test_the_archive_has_all_of_it_and_no_key(told: User) -> None:
    alerts, ways = of(told, ALERTS), of(told, WAYS)
    assert {name for name, rows in alerts.items() if len(rows) == 1} == set(alerts)
    assert {name for name, rows in ways.items() if len(rows) == 1} == set(ways)
    assert of(told, TRIES)[0]["outcome"] == "sent"
    for secret in ("a secret key", "a token's hash", str(Digest.objects.get().return_token)):
        assert secret not in json.dumps([alerts, ways])


def test_bobs_archive_has_nothing_of_it(told: User, bob: User) -> None:
    for name in (ALERTS, TRIES, WAYS):
        assert holding(name).count(bob) == 0
        rows = of(bob, name)
        assert not any(rows.values() if isinstance(rows, dict) else rows)


def test_erasure_leaves_nothing_of_it(told: User) -> None:
    for name in (WAYS, TRIES, ALERTS):
        assert holding(name).count(told) >= 1
        assert holding(name).erase(told, Erasure()) >= 1
    for model in (Alert, AlertRule, Digest, AddressHealth, DeliveryAttempt):
        assert not model.objects.exists(), model
    for model in (WebhookEndpoint, WebhookDelivery, FeedToken, PushBrowser):
        assert not model.objects.exists(), model


def test_with_a_match_goes_its_alert_and_later_its_mail(told: User) -> None:
    outbox.tell(told, Kind.REMOVED, "event:1")
    Match.objects.all().delete()
    assert holding(ALERTS).sweep() >= 1
    assert Alert.objects.get().kind == Kind.REMOVED
    assert Digest.objects.exists(), "the ceiling still counts it"
    Digest.objects.update(created_at=timezone.now() - timedelta(days=31))
    holding(ALERTS).sweep()
    assert not Digest.objects.exists()


def test_a_mail_that_still_waits_is_not_swept(alice: User) -> None:
    Digest.objects.create(user=alice, message_id="1", return_token="1", created_at=timezone.now() - timedelta(days=99))
    holding(ALERTS).sweep()
    assert Digest.objects.get().state == DigestState.WAITING


def test_tries_and_finished_calls_are_kept_for_ninety_days(told: User) -> None:
    for name in (TRIES, WAYS):
        assert holding(name).limit == timedelta(days=90)
    WebhookDelivery.objects.update(state=WebhookDeliveryState.DELIVERED)
    for days, left in ((89, 1), (91, 0)):
        moment = timezone.now() - timedelta(days=days)
        DeliveryAttempt.objects.update(at=moment)
        WebhookDelivery.objects.update(created_at=moment)
        for name in (TRIES, WAYS):
            holding(name).sweep()
        assert (DeliveryAttempt.objects.count(), WebhookDelivery.objects.count()) == (left, left)


def test_the_choice_switches_mail_off_and_on(alice: User) -> None:
    (choice,) = [one for one in retention.choices() if one.name == "E-mail about new matches"]
    assert choice.holds(alice)
    choice.decide(alice, False)
    assert not choice.holds(alice)
    choice.decide(alice, True)
    since = AlertRule.objects.get().mail_since
    assert since is not None and since > alice.date_joined, "what came meanwhile is not told"
    choice.decide(alice, True)
    assert AlertRule.objects.get().mail_since == since

"""Web push: a browser is woken up and told nothing, by somebody who can prove to be us."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.utils import timezone

from accounts.models import AccountLock, User
from alerts import checks, outbox, push, rules, tasks, vapid
from alerts.kinds import URGENT
from alerts.models import Kind, PushBrowser
from tests.receivers import Post, Receiver, receiver

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_day(settings: Any) -> Iterator[None]:
    """At noon, outside of anybody's quiet hours in Europe; the stand-in of a push service is on loopback."""
    settings.FETCH_ALLOW_PRIVATE = True
    with time_machine.travel("2026-06-10T12:00:00Z"):
        yield


@pytest.fixture
def service() -> Iterator[Receiver]:
    with receiver(201) as running:
        yield running


def told(user: User, kind: Kind = Kind.QUESTION) -> None:
    outbox.tell(user, kind, f"event:{uuid4()}")


def subscribed(user: User, service: Receiver, path: str = "/push/one") -> PushBrowser:
    """A browser in which it was switched on a moment ago."""
    browser = push.add(user, service.url(path))
    PushBrowser.objects.filter(pk=browser.pk).update(told_until=timezone.now() - timedelta(minutes=1))
    return browser


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verified(post: Post, key: str, origin: str) -> dict[str, Any]:
    """As a push service does it (RFC 8292, 2 and 4.2): the claims, if all of it is right."""
    scheme, _, rest = post.headers["Authorization"].partition(" ")
    given = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid" and given["k"] == key
    head, claims, signature = given["t"].split(".")
    assert json.loads(decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = decoded(signature)
    assert len(raw) == 64
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    found: dict[str, Any] = json.loads(decoded(claims))
    assert found["aud"] == origin
    assert 0 < found["exp"] - timezone.now().timestamp() <= 24 * 3600
    return found


def test_a_push_proves_who_sends_it_and_says_nothing(alice: User, service: Receiver, settings: Any) -> None:
    subscribed(alice, service)
    told(alice)
    assert push.push_due() == 1
    (post,) = service.posts
    assert verified(post, vapid.public_key(), service.url("").rstrip("/"))["sub"] == f"mailto:{settings.CONTACT_EMAIL}"
    assert post.body == b"" and "Content-Encoding" not in post.headers
    assert (post.headers["Urgency"], post.headers["Topic"]) == ("normal", "news")
    assert int(post.headers["TTL"]) > 0


def test_the_stand_in_would_notice_another_key(alice: User, service: Receiver) -> None:
    subscribed(alice, service)
    told(alice)
    push.push_due()
    post = service.posts[0]
    changed = post.headers["Authorization"].replace("t=eyJ", "t=eyK")
    post.headers.replace_header("Authorization", changed)
    with pytest.raises((InvalidSignature, AssertionError, ValueError)):
        verified(post, vapid.public_key(), service.url("").rstrip("/"))


def test_the_operator_can_bring_a_key(settings: Any) -> None:
    own = vapid.public_key()
    assert own == vapid.public_key() and len(decoded(own)) == 65
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for text in (pem, pem.replace("\n", "\\n")):
        settings.VAPID_KEY = text
        assert vapid.public_key() != own
    other = ec.generate_private_key(ec.SECP384R1())
    for text in ("nonsense", other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()):
        with pytest.raises(vapid.BadKey):
            vapid.read_key(text)


def test_it_is_off_until_somebody_switches_it_on(alice: User) -> None:
    told(alice)
    assert push.push_due() == 0


def test_what_was_there_before_is_not_told(alice: User, service: Receiver) -> None:
    told(alice)
    push.add(alice, service.url())
    assert push.push_due() == 0


def test_several_things_are_one_push_and_none_twice(alice: User, service: Receiver) -> None:
    subscribed(alice, service)
    for _ in range(3):
        told(alice)
    tasks.push_browsers()
    tasks.push_browsers()
    assert len(service.posts) == 1


@pytest.mark.parametrize("kind", list(Kind))
def test_only_what_should_not_wait_wakes_anybody_up(alice: User, service: Receiver, kind: Kind) -> None:
    subscribed(alice, service)
    told(alice, kind)
    assert push.push_due() == (kind in URGENT)


def test_what_comes_within_minutes_is_waited_for(alice: User, service: Receiver, settings: Any) -> None:
    settings.ALERT_SETTLE_SECONDS = 300
    subscribed(alice, service)
    told(alice)
    assert push.push_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert push.push_due() == 1


def test_quiet_hours_are_kept_where_the_person_lives(alice: User, service: Receiver) -> None:
    rule = rules.stored(alice)
    rule.time_zone, rule.quiet_from, rule.quiet_until = "Asia/Tokyo", 21, 8  # there it is nine in the evening
    rule.save()
    subscribed(alice, service)
    told(alice)
    for hours in range(11):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            assert push.push_due() == 0
    with time_machine.travel("2026-06-10T23:01:00Z"):
        assert push.push_due() == 1


def test_the_service_does_not_keep_it_into_quiet_hours(alice: User, service: Receiver) -> None:
    rule = rules.stored(alice)
    rule.time_zone, rule.quiet_from, rule.quiet_until = "UTC", 14, 20
    rule.save()
    subscribed(alice, service)
    told(alice)
    push.push_due()
    assert 3600 <= int(service.posts[0].headers["TTL"]) <= 7200


def test_the_ceiling_of_mails_holds_for_each_browser(alice: User, service: Receiver, settings: Any) -> None:
    """Somebody for whom something new is there every hour, for ten days."""
    settings.ALERT_MAILS_A_DAY, settings.ALERT_MAILS_A_WEEK = 3, 10
    rule = rules.stored(alice)
    rule.quiet_from, rule.quiet_until = 13, 10
    rule.save()
    browser, began, times = subscribed(alice, service), timezone.now(), []
    for hour in range(240):
        with time_machine.travel(began + timedelta(hours=hour), tick=False):
            told(alice)
            if push.push_due():
                times.append(timezone.now())
    for at in times:
        assert sum(at <= other < at + timedelta(days=1) for other in times) <= 3
        assert sum(at <= other < at + timedelta(days=7) for other in times) <= 10
        assert 10 <= at.hour < 13
    assert len(times) >= 12
    browser.refresh_from_db()
    assert len(browser.told_at) <= 10


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(alice: User, service: Receiver, status: int) -> None:
    subscribed(alice, service)
    told(alice)
    service.status = status
    push.push_due()
    assert not PushBrowser.objects.exists()


def test_a_service_that_fails_is_asked_less_and_less_often_and_then_forgotten(alice: User, service: Receiver) -> None:
    rule = rules.stored(alice)
    rule.quiet_from = rule.quiet_until = 0
    rule.save()
    subscribed(alice, service)
    told(alice)
    service.status = 503
    began = timezone.now()
    while browser := PushBrowser.objects.first():
        with time_machine.travel(browser.next_try_at + timedelta(seconds=1), tick=False):
            push.push_due()
            last = timezone.now()
    assert 10 < len(service.posts) < 60
    assert timedelta(hours=72) <= last - began < timedelta(hours=79)


def test_after_a_failure_it_is_told_once(alice: User, service: Receiver) -> None:
    browser = subscribed(alice, service)
    told(alice)
    service.status = 429
    assert push.push_due() == 0
    service.status = 201
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        assert (push.push_due(), push.push_due()) == (1, 0)
    browser.refresh_from_db()
    assert browser.failing_since is None


def test_two_processes_do_not_push_the_same(alice: User, service: Receiver) -> None:
    subscribed(alice, service)
    told(alice)
    one, other = PushBrowser.objects.get(), PushBrowser.objects.get()
    assert push._claim(one) and not push._claim(other)


def test_a_locked_account_is_told_nothing(alice: User, service: Receiver) -> None:
    subscribed(alice, service)
    told(alice)
    AccountLock.objects.create(user=alice, code="different_faces")
    assert push.push_due() == 0


@pytest.mark.parametrize(
    "endpoint",
    ["https://127.0.0.1/push", "https://169.254.169.254/", "http://push.example/x", "https://push.example:22/", "x"],
)
def test_only_public_https_addresses_are_taken(alice: User, settings: Any, endpoint: str) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    with pytest.raises(push.NotTaken):
        push.add(alice, endpoint)


def test_an_address_that_leads_inside_is_judged_at_every_push(alice: User, service: Receiver, settings: Any) -> None:
    PushBrowser.objects.filter(pk=subscribed(alice, service).pk).update(endpoint=service.url(host="push.localhost"))
    told(alice)
    settings.FETCH_ALLOW_PRIVATE = False
    assert push.push_due() == 0 and service.posts == []


def test_a_browser_belongs_to_whoever_switched_it_on_last(alice: User, bob: User, service: Receiver) -> None:
    subscribed(alice, service)
    subscribed(bob, service)
    told(alice)
    assert push.push_due() == 0
    assert PushBrowser.objects.get().user == bob


def test_nobody_has_more_than_ten(alice: User, service: Receiver) -> None:
    for number in range(push.MOST):
        push.add(alice, service.url(f"/{number}"))
    with pytest.raises(push.NotTaken):
        push.add(alice, service.url("/more"))
    push.add(alice, service.url("/0"))


# --- Its pages ----------------------------------------------------------------------------------------------------


def test_a_browser_is_added_listed_and_removed(alice: User, client_for: Any) -> None:
    browser = client_for(alice)
    browser.post("/alerts/push/add/", {"endpoint": "https://updates.push.services.mozilla.com/wpush/v2/abc"})
    row = PushBrowser.objects.get()
    page = browser.get("/alerts/push/").content.decode()
    assert "Firefox" in page and row.endpoint not in page and vapid.public_key() in page
    browser.post(f"/alerts/push/{row.pk}/remove/")
    assert not PushBrowser.objects.exists()


def test_an_address_that_is_not_taken_is_said(alice: User, client_for: Any) -> None:
    answer = client_for(alice).post("/alerts/push/add/", {"endpoint": "gopher://x"}, follow=True)
    assert "Nothing was changed" in answer.content.decode() and not PushBrowser.objects.exists()


def test_the_worker_is_served_at_the_root_and_asked_for_anew(client: Any) -> None:
    answer = client.get("/push-worker.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    script = answer.content.decode()
    assert "A message for you" in script and "fetch" not in script and "faceward" not in script.lower()


def test_a_key_that_cannot_sign_is_found_at_the_start(settings: Any) -> None:
    assert checks.key_for_pushes(None) == []
    settings.VAPID_KEY = "nonsense"
    assert [problem.id for problem in checks.key_for_pushes(None)] == ["alerts.E002"]


def test_many_who_sleep_keep_nobody_who_is_awake_waiting(alice: User, bob: User, service: Receiver) -> None:
    rule = rules.stored(alice)
    rule.time_zone, rule.quiet_from, rule.quiet_until = "Asia/Tokyo", 21, 8  # there it is nine in the evening
    rule.save()
    for number in range(10):
        subscribed(alice, service, f"/asleep/{number}")
    PushBrowser.objects.update(next_try_at=timezone.now() - timedelta(hours=1))
    subscribed(bob, service, "/awake")
    told(alice)
    told(bob)
    with mock.patch("alerts.side_by_side.AT_ONCE", 2):
        assert push.push_due() == 1
    assert [post.path for post in service.posts] == ["/awake"]

"""Webhooks: signed calls, at least once, with the same id, for 72 hours, and only where we may call."""

import base64
import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.models import AccountLock, User
from alerts import outbox, signing, tasks, webhook_calls, webhooks
from alerts.models import Alert, Kind, WebhookDelivery, WebhookEndpoint
from alerts.states import WebhookDeliveryState, WebhookState
from tests.receivers import Receiver, receiver

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.FETCH_ALLOW_PRIVATE = True


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def told(user: User, kind: Kind = Kind.REMOVED, case: UUID | None = None) -> Alert:
    return outbox.tell(user, kind, f"event:{uuid4()}", case=case)


def test_an_alert_is_one_call_to_each_endpoint_that_is_on(alice: User, bob: User, there: Receiver) -> None:
    webhooks.add(alice, there.url("/one"))
    webhooks.add(alice, there.url("/two"))
    webhooks.switch_off(webhooks.add(alice, there.url("/off")))
    webhooks.add(bob, there.url("/bob"))
    told(alice)
    assert webhook_calls.call_due() == 2
    assert sorted(post.path for post in there.posts) == ["/one", "/two"]


def test_a_call_says_what_kind_when_and_where_to_look_and_nothing_else(
    alice: User, there: Receiver, settings: Any
) -> None:
    webhooks.add(alice, there.url())
    alert = told(alice, Kind.QUESTION, case=uuid4())
    webhook_calls.call_due()
    said = json.loads(there.posts[0].body)
    assert said == {
        "type": "question",
        "id": str(alert.pk),
        "created_at": alert.created_at.isoformat(),
        "link": f"{settings.PORTAL_URL}/cases/{alert.case}/",
    }
    assert there.posts[0].headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("kind", list(Kind))
def test_there_is_a_page_for_every_kind(alice: User, kind: Kind, settings: Any) -> None:
    webhooks.add(alice, "https://hooks.example/")
    told(alice, kind)
    assert json.loads(WebhookDelivery.objects.get().body)["link"].startswith(f"{settings.PORTAL_URL}/")


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The published examples of the standard, and of the library that it comes from."""
    for secret, message_id, at, body, wanted in (
        (
            "whsec_plJ3nmyCDGBKInavdOK15jsl",
            "msg_loFOjxBNrRLzqYUf",
            1731705121,
            b'{"event_type":"ping","data":{"success":true}}',
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        ),
        (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        assert signing.spelled(key) == secret
        assert signing.signature(key, message_id, at, body) == wanted


def test_every_try_is_signed_at_its_own_time(alice: User, there: Receiver) -> None:
    """Or a receiver would refuse the second one as too old."""
    endpoint = webhooks.add(alice, there.url())
    told(alice)
    there.status = 500
    webhook_calls.call_due()
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        webhook_calls.call_due()
    key = signing.unseal(alice, endpoint.sealed_secret)
    times = [int(post.headers["webhook-timestamp"]) for post in there.posts]
    assert times[1] - times[0] >= 3600
    for post, at in zip(there.posts, times, strict=True):
        assert post.headers["webhook-signature"] == signing.signature(key, post.headers["webhook-id"], at, post.body)


def test_a_secret_is_kept_sealed_and_is_another_for_each(alice: User) -> None:
    one, two = (webhooks.add(alice, f"https://hooks.example/{name}") for name in ("one", "two"))
    assert webhooks.secret(one) != webhooks.secret(two)
    assert signing.unseal(alice, one.sealed_secret) not in bytes(one.sealed_secret)


def test_after_a_renewal_calls_are_signed_with_the_new_secret(alice: User, there: Receiver) -> None:
    endpoint = webhooks.add(alice, there.url())
    old = webhooks.secret(endpoint)
    webhooks.renew(endpoint)
    endpoint.refresh_from_db()
    assert webhooks.secret(endpoint) != old


def test_a_rolled_back_alert_is_called_nowhere(alice: User, there: Receiver) -> None:
    webhooks.add(alice, there.url())
    try:
        with transaction.atomic():
            told(alice)
            raise KeyError
    except KeyError:
        pass
    assert webhook_calls.call_due() == 0 and there.posts == []


def test_what_is_told_twice_is_called_once(alice: User, there: Receiver) -> None:
    webhooks.add(alice, there.url())
    for _ in range(2):
        outbox.tell(alice, Kind.REMOVED, "event:same")
    tasks.call_webhooks()
    tasks.call_webhooks()
    assert len(there.posts) == 1


def test_a_call_that_fails_is_made_again_with_the_same_id_and_body(alice: User, there: Receiver) -> None:
    webhooks.add(alice, there.url())
    told(alice)
    there.status = 500
    assert webhook_calls.call_due() == 0
    row = WebhookDelivery.objects.get()
    assert (row.state, row.status, row.tries) == (WebhookDeliveryState.WAITING, 500, 1)
    assert webhook_calls.call_due() == 0 and len(there.posts) == 1  # not before its time
    there.status = 204
    with time_machine.travel(row.next_try_at + timedelta(seconds=1)):
        assert webhook_calls.call_due() == 1
    assert there.ids == [str(row.pk)] * 2 and there.posts[0].body == there.posts[1].body
    row.refresh_from_db()
    assert (row.state, row.tries) == (WebhookDeliveryState.DELIVERED, 2)
    assert WebhookEndpoint.objects.get().failing_since is None


def test_a_process_that_dies_half_way_leaves_the_call_to_the_next(
    alice: User, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the call and the record of it, which is the worst moment: it comes twice, with one id."""
    webhooks.add(alice, there.url())
    told(alice)

    def killed(*_args: object) -> bool:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(webhook_calls, "_settle", killed)
        webhook_calls.call_due()
    assert webhook_calls.call_due() == 0  # it may still be under way
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert webhook_calls.call_due() == 1
    assert len(there.ids) == 2 and len(set(there.ids)) == 1


def test_two_processes_do_not_make_the_same_call(alice: User) -> None:
    webhooks.add(alice, "https://hooks.example/")
    told(alice)
    one, other = WebhookDelivery.objects.get(), WebhookDelivery.objects.get()
    assert webhook_calls._lease(one) and not webhook_calls._lease(other)


def run_for(hours: int) -> list[timedelta]:
    """A call whenever one is due; when each was, since the start."""
    began, tries = timezone.now(), list[timedelta]()
    while row := WebhookDelivery.objects.filter(state=WebhookDeliveryState.WAITING).first():
        at = row.next_try_at + timedelta(seconds=1)
        if at > began + timedelta(hours=hours):
            return tries
        with time_machine.travel(at, tick=False):
            webhook_calls.call_due()
        tries.append(at - began)
    return tries


def test_after_72_hours_it_is_given_up_and_its_owner_is_told(alice: User, there: Receiver) -> None:
    endpoint = webhooks.add(alice, there.url())
    told(alice)
    there.status = 503
    tries = run_for(100)
    assert 15 < len(tries) < 60
    assert timedelta(hours=72) <= tries[-1] < timedelta(hours=72, minutes=1)
    pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert max(pauses) <= timedelta(hours=6, minutes=1)
    assert WebhookDelivery.objects.get(kind=Kind.REMOVED).state == WebhookDeliveryState.FAILED
    endpoint.refresh_from_db()
    assert endpoint.state == WebhookState.DISABLED
    assert Alert.objects.filter(user=alice, kind=Kind.WEBHOOK_OFF).count() == 1
    assert len(set(there.ids)) == 1


def test_an_endpoint_that_takes_others_goes_on(alice: User, there: Receiver) -> None:
    """One call that is never taken is given up alone."""
    endpoint = webhooks.add(alice, there.url())
    told(alice)
    there.status = 500
    webhook_calls.call_due()
    row = WebhookDelivery.objects.get()
    there.status = 200
    with time_machine.travel(timezone.now() + timedelta(hours=71)):
        WebhookDelivery.objects.filter(pk=row.pk).update(next_try_at=timezone.now() + timedelta(hours=1, seconds=1))
        told(alice)
        assert webhook_calls.call_due() == 1
    there.status = 500
    with time_machine.travel(timezone.now() + timedelta(hours=72, minutes=1)):
        webhook_calls.call_due()
    row.refresh_from_db()
    endpoint.refresh_from_db()
    assert (row.state, endpoint.state) == (WebhookDeliveryState.FAILED, WebhookState.ON)


def test_gone_switches_off_at_once(alice: User, there: Receiver) -> None:
    endpoint = webhooks.add(alice, there.url())
    told(alice)
    told(alice)
    there.status = 410
    webhook_calls.call_due()
    endpoint.refresh_from_db()
    assert endpoint.state == WebhookState.DISABLED and len(there.posts) == 1
    assert not WebhookDelivery.objects.filter(state=WebhookDeliveryState.WAITING).exists()
    assert Alert.objects.filter(kind=Kind.WEBHOOK_OFF).exists()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_nowhere(alice: User, there: Receiver, status: int) -> None:
    with receiver() as elsewhere:
        webhooks.add(alice, there.url())
        told(alice)
        there.status, there.headers = status, {"Location": elsewhere.url()}
        assert webhook_calls.call_due() == 0
        assert elsewhere.posts == [] and WebhookDelivery.objects.get().status == status


def test_a_large_answer_is_not_read_to_its_end(alice: User, there: Receiver) -> None:
    webhooks.add(alice, there.url())
    told(alice)
    there.answer = b"x" * (webhook_calls.MAX_ANSWER_BYTES + 1)
    webhook_calls.call_due()
    assert WebhookDelivery.objects.get().error == "too_large"


def test_a_slow_endpoint_holds_up_nobody(
    alice: User, bob: User, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are called while it is still silent; what comes of it is written down when it is over."""
    order: list[str] = []
    settle = webhook_calls._settle

    def noted(delivery: WebhookDelivery, answer: webhook_calls.Answer) -> bool:
        order.append(delivery.endpoint.user.email)
        if order.count(bob.email) == 5:
            slow.free.set()
        return settle(delivery, answer)

    monkeypatch.setattr(webhook_calls, "_settle", noted)
    with receiver() as slow:
        slow.free.clear()
        webhooks.add(alice, slow.url())
        webhooks.add(bob, there.url())
        told(alice)
        for _ in range(5):
            told(bob)
        assert webhook_calls.call_due() == 6
    assert order == [bob.email] * 5 + [alice.email]


def test_when_the_time_of_a_run_is_over_the_rest_waits(alice: User, there: Receiver) -> None:
    webhooks.add(alice, there.url())
    told(alice)
    assert webhook_calls.call_due(seconds=0.0) == 0
    assert webhook_calls.call_due() == 1


def test_a_locked_account_calls_nobody_until_it_is_open_again(alice: User, there: Receiver) -> None:
    webhooks.add(alice, there.url())
    lock = AccountLock.objects.create(user=alice, code="different_faces")
    told(alice)
    assert webhook_calls.call_due() == 0
    AccountLock.objects.filter(pk=lock.pk).update(lifted_at=timezone.now())
    assert webhook_calls.call_due() == 1


def test_a_webhook_deleted_while_it_is_called_does_no_harm(alice: User, there: Receiver) -> None:
    endpoint = webhooks.add(alice, there.url())
    told(alice)
    claimed = list(webhook_calls._claimed([]))
    endpoint.delete()
    for delivery, job in claimed:
        webhook_calls._settle(delivery, job())
    assert not WebhookDelivery.objects.exists()


# --- Where we call ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/hook",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/",
        "https://example.org:22/",
        "https://user:pass@example.org/",
        "http://example.org/",
        "ftp://example.org/",
        "example.org/hook",
    ],
)
def test_only_public_https_addresses_are_taken(alice: User, settings: Any, url: str) -> None:
    settings.FETCH_ALLOW_PRIVATE = False
    with pytest.raises(webhooks.NotTaken):
        webhooks.add(alice, url)


def test_a_name_that_leads_inside_later_is_judged_at_every_call(alice: User, there: Receiver, settings: Any) -> None:
    webhooks.add(alice, there.url(host="hook.localhost"))
    told(alice)
    settings.FETCH_ALLOW_PRIVATE = False
    webhook_calls.call_due()
    assert there.posts == [] and WebhookDelivery.objects.get().error in {"refused", "private_address"}


def test_nobody_has_more_than_five(alice: User) -> None:
    for number in range(webhooks.MOST):
        webhooks.add(alice, f"https://hooks.example/{number}")
    with pytest.raises(webhooks.NotTaken):
        webhooks.add(alice, "https://hooks.example/more")


# --- What its owner can do ----------------------------------------------------------------------------------------


def test_switched_off_means_that_nothing_is_on_its_way_any_more(alice: User, there: Receiver) -> None:
    endpoint = webhooks.add(alice, there.url())
    told(alice)
    webhooks.switch_off(endpoint)
    assert webhook_calls.call_due() == 0
    webhooks.switch_on(endpoint)
    assert webhook_calls.call_due() == 0 and there.posts == []


def test_what_was_given_up_can_be_sent_again_with_the_same_id_and_72_hours_more(alice: User, there: Receiver) -> None:
    endpoint = webhooks.add(alice, there.url())
    told(alice)
    there.status = 500
    run_for(100)
    endpoint.refresh_from_db()
    row = WebhookDelivery.objects.get(kind=Kind.REMOVED)
    assert not webhooks.again(row)  # nobody is called while it is off
    webhooks.switch_on(endpoint)
    row = WebhookDelivery.objects.select_related("endpoint").get(pk=row.pk)
    assert webhooks.again(row) and not webhooks.again(row)
    there.status = 200
    assert webhook_calls.call_due() == 1
    assert len(set(there.ids)) == 1


def test_a_test_call_is_about_nothing(alice: User, there: Receiver) -> None:
    webhooks.test(webhooks.add(alice, there.url()))
    webhook_calls.call_due()
    assert json.loads(there.posts[0].body)["type"] == "test"
    assert not Alert.objects.exists()

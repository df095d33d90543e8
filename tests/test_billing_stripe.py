"""Stripe: buying, changing and ending a plan; its messages, twice, late, forged and out of order."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.billing import forgetting, grants, plans, receivers, sync
from accounts.billing.payments import Unavailable
from accounts.models import AuditEvent, BillingEvent, Plan, Subscription, User
from search import looks
from search.models import Enrolment
from tests import stripe_stand_in
from tests.stripe_stand_in import MONTH, Json, StripeStandIn

LATE = "We cannot reach Stripe"


@pytest.fixture
def stripe_at(settings: Any) -> Iterator[StripeStandIn]:
    with stripe_stand_in.running(settings) as running:
        yield running


def told(stripe_at: StripeStandIn, kind: str, about: Json, **made: int) -> Any:
    body, signature = stripe_at.message(kind, about, **made)
    return sent(body, signature)


def sent(body: bytes, signature: str) -> Any:
    client = Client(enforce_csrf_checks=True)
    headers = {"Stripe-Signature": signature}
    return client.post("/stripe/webhook/", body, content_type="application/json", headers=headers)


def customer(user: User) -> str:
    return sync.customer_of(user)


def buys(stripe_at: StripeStandIn, user: User, price: str = "price_watch", **paid: Any) -> str:
    """The person has paid, and Stripe has told us."""
    name = stripe_at.pays(customer(user), price, **paid)
    assert told(stripe_at, "customer.subscription.created", stripe_at.about(name)).status_code == 200
    return name


# --- Buying ------------------------------------------------------------------------------------------------


def test_a_plan_is_bought_at_stripe_and_holds_on_the_way_back(
    stripe_at: StripeStandIn, alice: User, client_for: Any
) -> None:
    browser = client_for(alice)
    assert "4.00 EUR" in browser.get("/plan/").content.decode()
    answer = browser.post("/plan/choose/", {"plan": "watch"})
    # Our policy lets no form leave this site, so a link does.
    assert answer.headers["Location"] == "/plan/pay/"
    assert 'href="https://checkout.stripe.com/c/pay/' in browser.get("/plan/pay/").content.decode()
    (session,) = stripe_at.sessions
    assert session["line_items[0][price]"] == "price_watch"
    assert session["success_url"] == "http://localhost:8000/plan/returned/"
    assert plans.plan_of(alice) == Plan.FREE
    stripe_at.pays(session["customer"])
    page = browser.get("/plan/returned/", follow=True).content.decode()
    assert "Your plan is Watch" in page
    assert "The next payment is on" in page
    assert plans.plan_of(alice) == Plan.WATCH


def test_stripe_learns_an_address_and_a_number_only(stripe_at: StripeStandIn, alice: User, client_for: Any) -> None:
    client_for(alice).post("/plan/choose/", {"plan": "protect"})
    given = [given for method, _, given in stripe_at.asked if method == "POST"]
    assert given[0] == {"email": alice.email, "metadata[account]": str(alice.pk)}
    assert set(given[1]) == {
        "mode",
        "customer",
        "client_reference_id",
        "line_items[0][price]",
        "line_items[0][quantity]",
        "success_url",
        "cancel_url",
    }


def test_a_change_is_confirmed_at_stripe(stripe_at: StripeStandIn, alice: User, client_for: Any) -> None:
    name = buys(stripe_at, alice)
    browser = client_for(alice)
    browser.post("/plan/choose/", {"plan": "protect"})
    assert "https://billing.stripe.com/" in browser.get("/plan/pay/").content.decode()
    flow = stripe_at.sessions[-1]
    assert flow["flow_data[subscription_update_confirm][subscription]"] == name
    assert flow["flow_data[subscription_update_confirm][items][0][price]"] == "price_protect"
    stripe_at.becomes(name, price="price_protect")
    browser.get("/plan/returned/")
    assert plans.plan_of(alice) == Plan.PROTECT


def test_ending_is_as_easy_as_buying(stripe_at: StripeStandIn, alice: User, client_for: Any) -> None:
    buys(stripe_at, alice)
    browser = client_for(alice)
    assert "What you then no longer have" in browser.get("/plan/cancel/").content.decode()
    assert "Nothing more is charged" in browser.post("/plan/cancel/", follow=True).content.decode()
    row = Subscription.objects.get()
    assert row.cancels_at == row.ends_at
    assert plans.plan_of(alice) == Plan.WATCH, "until the time is over that is paid for"
    assert "goes on" in browser.post("/plan/keep/", follow=True).content.decode()
    row.refresh_from_db()
    assert row.cancels_at is None


def test_nothing_is_lost_when_stripe_is_down(stripe_at: StripeStandIn, alice: User, client_for: Any) -> None:
    buys(stripe_at, alice)
    stripe_at.down = True
    browser = client_for(alice)
    for path, given in (("choose", {"plan": "protect"}), ("manage", {}), ("cancel", {})):
        assert LATE in browser.post(f"/plan/{path}/", given, follow=True).content.decode()
    assert plans.plan_of(alice) == Plan.WATCH
    assert browser.get("/prices/").status_code == 200


def test_without_stripe_nothing_is_sold(alice: User, client_for: Any, settings: Any) -> None:
    settings.DEFAULT_PLAN = "free"
    browser = client_for(alice)
    assert "not sold on this site" in browser.get("/plan/").content.decode()
    assert browser.post("/plan/choose/", {"plan": "watch"}).status_code == 404
    assert browser.post("/plan/manage/").status_code == 404
    assert sent(b"{}", "").status_code == 404


# --- Messages ----------------------------------------------------------------------------------------------


def test_a_message_sent_twice_counts_once(stripe_at: StripeStandIn, alice: User) -> None:
    name = stripe_at.pays(customer(alice))
    body, signature = stripe_at.message("customer.subscription.created", stripe_at.about(name))
    assert sent(body, signature).content == b"changed"
    asked = len(stripe_at.asked)
    assert sent(body, signature).content == b"seen"
    assert len(stripe_at.asked) == asked
    assert BillingEvent.objects.get().outcome == "changed"


@pytest.mark.parametrize("forge", ["body", "signature", "none", "old", "not json"])
def test_what_stripe_did_not_sign_is_refused(stripe_at: StripeStandIn, alice: User, forge: str) -> None:
    name = stripe_at.pays(customer(alice))
    body, signature = stripe_at.message("customer.subscription.created", stripe_at.about(name))
    if forge == "body":
        body = body.replace(b"made up", b"made out")
    elif forge == "signature":
        signature = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    elif forge == "none":
        signature = ""
    else:
        text = body.decode() if forge == "old" else "nonsense"
        body = text.encode()
        made = int(time.time()) - (3600 if forge == "old" else 0)
        signature = stripe_stand_in.stripe.WebhookSignature.generate_signature_header(
            text, stripe_stand_in.WEBHOOK_SECRET, made
        )
    assert sent(body, signature).status_code == 400
    assert not BillingEvent.objects.exists()
    assert plans.plan_of(alice) == Plan.FREE


def test_a_message_says_only_whom_to_ask_about(stripe_at: StripeStandIn, alice: User) -> None:
    """Late and out of order: what counts is what Stripe answers now."""
    name = buys(stripe_at, alice)
    stripe_at.becomes(name, status="canceled")
    assert told(stripe_at, "customer.subscription.deleted", stripe_at.about(name)).content == b"changed"
    # Sent before that, and come later.
    long_ago = int(time.time()) - 3600
    assert (
        told(stripe_at, "customer.subscription.updated", stripe_at.about(name), made=long_ago).content == b"unchanged"
    )
    assert plans.plan_of(alice) == Plan.FREE


def test_an_answer_asked_for_earlier_changes_nothing(stripe_at: StripeStandIn, alice: User) -> None:
    buys(stripe_at, alice)
    row = Subscription.objects.get()
    Subscription.objects.update(as_of=timezone.now() + timedelta(seconds=5))
    stripe_at.becomes(row.subscription_id, status="canceled")
    assert sync.sync(row) is False
    assert plans.plan_of(alice) == Plan.WATCH


def test_the_end_of_an_old_subscription_ends_no_new_one(stripe_at: StripeStandIn, alice: User) -> None:
    old = buys(stripe_at, alice)
    stripe_at.pays(customer(alice), "price_protect")
    stripe_at.becomes(old, status="canceled")
    told(stripe_at, "customer.subscription.deleted", stripe_at.about(old))
    assert plans.plan_of(alice) == Plan.PROTECT


def test_a_stranger_to_us_and_what_is_no_plan_are_ignored(stripe_at: StripeStandIn, db: None) -> None:
    assert (
        told(stripe_at, "invoice.paid", {"id": "in_1", "object": "invoice", "customer": "cus_x"}).content == b"unknown"
    )
    assert told(stripe_at, "invoice.paid", {"id": "in_1", "object": "invoice", "customer": None}).content == b"unknown"
    assert told(stripe_at, "payout.paid", {"id": "po_1", "object": "payout"}).content == b"ignored"
    assert [path for _, path, _ in stripe_at.asked] == []


def test_stripe_sends_again_what_could_not_be_taken_in(stripe_at: StripeStandIn, alice: User) -> None:
    name = stripe_at.pays(customer(alice))
    body, signature = stripe_at.message("customer.subscription.created", stripe_at.about(name))
    stripe_at.down = True
    assert sent(body, signature).status_code == 503
    assert not BillingEvent.objects.exists()
    stripe_at.down = False
    assert sent(body, signature).content == b"changed"


# --- Time --------------------------------------------------------------------------------------------------


def test_a_late_payment_leaves_two_weeks(stripe_at: StripeStandIn, alice: User, client_for: Any) -> None:
    name = buys(stripe_at, alice)
    stripe_at.becomes(name, status="past_due")
    told(stripe_at, "invoice.payment_failed", {"object": "invoice", "customer": customer(alice)})
    row = Subscription.objects.get()
    began = stripe_at.subscriptions[name]["items"]["data"][0]["current_period_start"]
    assert row.state == "past_due"
    assert row.ends_at == datetime.fromtimestamp(began, UTC) + sync.LATE_PAYMENT_GRACE
    assert plans.plan_of(alice) == Plan.WATCH
    assert "did not go through" in client_for(alice).get("/plan/").content.decode()
    Subscription.objects.update(ends_at=timezone.now() - timedelta(hours=1))
    assert plans.plan_of(alice) == Plan.FREE


def test_word_of_a_renewal_may_be_late_but_not_for_ever(stripe_at: StripeStandIn, alice: User) -> None:
    over = int(time.time()) - MONTH - 3600
    buys(stripe_at, alice, began=over)
    assert plans.plan_of(alice) == Plan.WATCH
    Subscription.objects.update(ends_at=timezone.now() - plans.RENEWAL_SLACK - timedelta(hours=1))
    assert plans.plan_of(alice) == Plan.FREE


def test_a_message_that_was_lost_is_made_up_for(stripe_at: StripeStandIn, alice: User, bob: User) -> None:
    name = buys(stripe_at, alice, began=int(time.time()) - MONTH - 3600)
    buys(stripe_at, bob)
    stripe_at.becomes(name, status="canceled")
    assert sync.sync_due() == 1
    assert Subscription.objects.get(user=alice).state == "ended"
    assert plans.plan_of(bob) == Plan.WATCH


def test_an_upgrade_looks_again_at_once(stripe_at: StripeStandIn, enrolled_alice: Enrolment) -> None:
    subject = enrolled_alice.subject
    looks.looked(subject, timezone.now())
    name = buys(stripe_at, subject.user, "price_protect")
    assert looks.owed().exists()
    looks.looked(subject, timezone.now())
    stripe_at.becomes(name, price="price_watch")
    told(stripe_at, "customer.subscription.updated", stripe_at.about(name))
    assert not looks.owed().exists(), "a downgrade has nothing to look for"
    changes = AuditEvent.objects.filter(action="plan.changed", about=subject.user_id)
    assert [event.detail["plan"] for event in changes] == ["protect", "watch"]


# --- Prices, grants, the end of an account -----------------------------------------------------------------


def test_an_older_price_says_what_it_was_for(stripe_at: StripeStandIn, alice: User, bob: User) -> None:
    buys(stripe_at, alice, "price_of_last_year")
    assert plans.plan_of(alice) == Plan.WATCH
    buys(stripe_at, bob, "price_of_something_else")
    assert plans.plan_of(bob) == Plan.FREE


def test_a_paid_plan_takes_the_place_of_a_granted_one(stripe_at: StripeStandIn, alice: User, carol: User) -> None:
    grants.grant(alice, Plan.WATCH, carol, "A gift for the test.")
    customer(alice)
    assert sync.sync(Subscription.objects.get()) is False
    assert plans.plan_of(alice) == Plan.WATCH, "who has bought nothing keeps what was granted"
    buys(stripe_at, alice, "price_protect")
    row = Subscription.objects.get()
    assert (row.provider, row.plan, row.granted_by, row.reason) == ("stripe", "protect", None, "")
    for act in (lambda: grants.grant(alice, Plan.WATCH, carol, "Once more."), lambda: grants.end(alice, carol, "Why")):
        with pytest.raises(grants.NotGranted, match="Stripe"):
            act()


def test_who_was_deleted_at_stripe_can_buy_again(stripe_at: StripeStandIn, alice: User, client_for: Any) -> None:
    buys(stripe_at, alice)
    stripe_at.customers.clear()
    browser = client_for(alice)
    assert LATE in browser.post("/plan/manage/", follow=True).content.decode()
    assert plans.plan_of(alice) == Plan.FREE
    assert browser.post("/plan/choose/", {"plan": "watch"}).headers["Location"] == "/plan/pay/"


def test_erasure_ends_every_payment(
    stripe_at: StripeStandIn, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    name = buys(stripe_at, alice)
    with django_capture_on_commit_callbacks(execute=True):
        assert forgetting.forget(alice) == 1
        assert stripe_at.customers, "not before the erasure is certain"
    assert not stripe_at.customers
    assert stripe_at.subscriptions[name]["status"] == "canceled"
    assert not Subscription.objects.exists()


def test_erasure_waits_for_nobody(
    stripe_at: StripeStandIn, alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    buys(stripe_at, alice)
    queued: list[Any] = []
    monkeypatch.setattr(forgetting.forget_customer, "apply_async", lambda args, **_: queued.append(args))
    stripe_at.down = True
    with django_capture_on_commit_callbacks(execute=True):
        forgetting.forget(alice)
    assert not Subscription.objects.exists()
    ((customer_id,),) = queued
    with pytest.raises(Unavailable):
        forgetting.payments.delete_customer(customer_id)
    stripe_at.down = False
    forgetting.forget_customer(customer_id)
    forgetting.forget_customer(customer_id)
    assert not stripe_at.customers


def test_stripe_hears_of_another_address(stripe_at: StripeStandIn, alice: User) -> None:
    known = customer(alice)
    alice.email = "alice@elsewhere.example"
    alice.save()
    receivers.rename_customer(str(alice.pk))
    assert stripe_at.customers[known]["email"] == "alice@elsewhere.example"
    stripe_at.customers.clear()
    receivers.rename_customer(str(alice.pk))

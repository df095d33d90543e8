"""The pages about plans: what is said before a limit bites, and what staff do by hand."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.utils import timezone

from accounts.billing import grants, plans
from accounts.models import Plan, Subscription, User
from search.models import Enrolment
from search.states import Decision
from takedowns.models import Case
from tests import cases
from tests.matches import make_match

REASON = "They asked us for help."


@pytest.fixture(autouse=True)
def _free(settings: Any) -> None:
    settings.DEFAULT_PLAN = "free"


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


# --- Before it bites ---------------------------------------------------------------------------------------


def test_prices_say_first_what_costs_nothing(client: Client, db: None) -> None:
    page = text(client, "/prices/")
    assert "Not to be found never costs anything" in page
    assert "Plans are not sold on this site" in page
    assert 'href="/prices/"' in text(client, "/")


@pytest.mark.parametrize("url", ["/dashboard/", "/enrol/"])
def test_a_limit_is_said_beforehand(alice: User, client_for: Any, url: str) -> None:
    assert "We look for you once. Going on to look is part of Watch" in text(client_for(alice), url)


def test_no_page_says_that_free_goes_on_looking(enrolled_alice: Enrolment, client_for: Any) -> None:
    browser = client_for(enrolled_alice.subject.user)
    for url in ("/dashboard/", "/enrol/"):
        page = text(browser, url)
        for promise in ("We go on looking", "we write to you", "write to you when", "you get an e-mail"):
            assert promise not in page, (url, promise)


def test_a_match_says_what_removal_needs_and_leads_to_the_free_way(enrolled_alice: Enrolment, client_for: Any) -> None:
    browser, match = client_for(enrolled_alice.subject.user), make_match(enrolled_alice.subject, with_preview=True)
    assert "is part of the plan Protect" in text(browser, f"/matches/{match.pk}/")
    answer = browser.post(f"/matches/{match.pk}/decide/", {"decision": "act"}, follow=True)
    page = answer.content.decode()
    assert "Ask for this picture to be removed yourself" in page
    assert match.image.sightings.get().page_url in page
    match.refresh_from_db()
    assert match.decision == Decision.ACT
    overview = text(browser, "/dashboard/")
    assert f"/cases/yourself/{match.pk}/" in overview
    assert "Answer the questions" not in overview


def test_promise_59_the_guide_is_in_every_plan(enrolled_alice: Enrolment, client_for: Any, settings: Any) -> None:
    match = make_match(enrolled_alice.subject)
    for plan in Plan.values:
        settings.DEFAULT_PLAN = plan
        assert "A letter to begin with" in text(client_for(enrolled_alice.subject.user), f"/cases/yourself/{match.pk}/")


def test_a_removal_is_refused_without_the_plan_and_nothing_is_signed(
    enrolled_alice: Enrolment, client_for: Any
) -> None:
    user, match = enrolled_alice.subject.user, make_match(enrolled_alice.subject)
    given = {**cases.ANSWERS, "full_name": "Alice Example", "authorise": "on", "sending_notices": "on"}
    page = client_for(user).post(f"/cases/open/{match.pk}/", given).content.decode()
    assert "part of the plan Protect" in page
    assert not Case.objects.exists()
    assert not user.subject.mandates.exists()


def test_promise_40_a_picture_of_a_minor_is_reported_in_every_plan(enrolled_alice: Enrolment, client_for: Any) -> None:
    match = make_match(enrolled_alice.subject)
    client_for(enrolled_alice.subject.user).post(f"/cases/open/{match.pk}/", {"minor": "yes"})
    match.image.refresh_from_db()
    assert match.image.withdrawn_at
    assert Case.objects.get().match_id == match.pk


# --- Staff -------------------------------------------------------------------------------------------------


def test_staff_give_extend_and_end_a_plan(alice: User, carol: User, client_for: Any) -> None:
    browser = client_for(carol)
    answer = browser.post("/console/plans/", {"email": "Alice@example.org"})
    url = f"/console/plans/{alice.pk}/"
    assert answer.headers["Location"] == url
    day = timezone.localdate() + timedelta(days=30)
    browser.post(url, {"plan": "protect", "last_day": day.isoformat(), "reason": REASON})
    row = Subscription.objects.get()
    assert (row.user, row.plan, row.granted_by, row.reason) == (alice, "protect", carol, REASON)
    assert timezone.localtime(row.ends_at).date() == day + timedelta(days=1)
    assert "alice@example.org" in text(browser, "/console/plans/")
    mine = text(client_for(alice), "/plan/")
    assert "Your plan: Protect" in mine
    assert REASON in mine
    assert f"until {day.day} {day:%B %Y}" in mine
    browser.post(f"{url}end/", {"end-reason": "It was a mistake."})
    assert plans.plan_of(alice) == Plan.FREE
    assert "ended on" in text(client_for(alice), "/plan/")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"plan": "protect", "reason": ""}, "This field is required"),
        ({"plan": "free", "reason": REASON}, "Select a valid choice"),
        ({"plan": "watch", "reason": REASON, "last_day": "2020-01-01"}, "This day is over"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_is_kept(
    alice: User, carol: User, client_for: Any, given: dict[str, str], says: str
) -> None:
    answer = client_for(carol).post(f"/console/plans/{alice.pk}/", given)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert given["reason"] in answer.content.decode()
    assert not Subscription.objects.exists()


def test_nobody_else_gives_plans(alice: User, carol: User, client_for: Any) -> None:
    browser = client_for(alice)
    for url in ("/console/plans/", f"/console/plans/{alice.pk}/", f"/console/plans/{alice.pk}/end/"):
        assert browser.post(url, {"plan": "protect", "reason": REASON}).status_code == 404
    assert client_for(carol).post("/console/plans/", {"email": "carol@example.org"}).status_code == 422
    assert client_for(carol).get(f"/console/plans/{carol.pk}/").status_code == 404
    assert not Subscription.objects.exists()


def test_a_granted_plan_has_nothing_to_pay_or_cancel(alice: User, carol: User, client_for: Any) -> None:
    grants.grant(alice, Plan.WATCH, carol, REASON)
    browser = client_for(alice)
    assert "Nothing is charged" in text(browser, "/plan/")
    for method in (browser.get, browser.post):
        assert method("/plan/cancel/").headers["Location"] == "/plan/"
    assert browser.get("/plan/pay/").headers["Location"] == "/plan/"
    assert plans.plan_of(alice) == Plan.WATCH


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"DEFAULT_PLAN": "gold"}, "accounts.E010"),
        ({"STRIPE_SECRET_KEY": "sk_test_x"}, "accounts.E011"),
        ({"STRIPE_PRICES": {"gold": "price_1"}}, "accounts.E012"),
    ],
)
def test_a_slip_in_the_settings_is_noticed(settings: Any, wrong: dict[str, Any], code: str) -> None:
    for name, value in wrong.items():
        setattr(settings, name, value)
    assert code in {problem.id for problem in run_checks(tags=["accounts"])}

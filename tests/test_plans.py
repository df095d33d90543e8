"""What each plan has, who has which, and that matching, mails and removals keep to it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts import consent
from accounts.billing import grants, plans
from accounts.billing.grants import NotGranted
from accounts.billing.plans import Feature, NotInPlan
from accounts.models import AuditEvent, Plan, Purpose, Subscription, User
from alerts import dispatch
from alerts.models import Alert
from search import ingest, looks, matching, review
from search.models import Enrolment, Match, Subject
from search.states import Decision, MatchState
from takedowns import workflow
from takedowns.cases import NotAllowed
from takedowns.models import Case
from tests import cases, photos
from tests.fetched import fetched
from tests.matches import make_match


@pytest.fixture(autouse=True)
def _free(settings: Any) -> None:
    settings.DEFAULT_PLAN = "free"


def give(user: User, staff: User, plan: Plan, days: int | None = None) -> Subscription:
    ends_at = timezone.now() + timedelta(days=days) if days else None
    return grants.grant(user, plan, staff, "A gift for the test.", ends_at)


# --- Who has what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "has"),
    [
        (None, {Feature.LOOK}),
        (Plan.WATCH, {Feature.LOOK, Feature.WATCH}),
        (Plan.PROTECT, {Feature.LOOK, Feature.WATCH, Feature.TAKEDOWNS}),
    ],
)
def test_what_a_plan_has(alice: User, carol: User, plan: Plan | None, has: set[Feature]) -> None:
    if plan:
        give(alice, carol, plan)
    assert {feature for feature in Feature if plans.allows(alice, feature)} == has
    for feature in Feature:
        assert User.objects.filter(plans.with_feature(feature), pk=alice.pk).exists() == (feature in has)


def test_the_sentence_names_both_plans(alice: User) -> None:
    with pytest.raises(NotInPlan, match=r"is part of the plan Protect\. Yours is Free\."):
        plans.require(alice, Feature.TAKEDOWNS)


def test_a_granted_plan_ends_by_its_date(alice: User, carol: User) -> None:
    row = give(alice, carol, Plan.PROTECT, days=1)
    assert plans.plan_of(alice) == Plan.PROTECT
    Subscription.objects.update(ends_at=timezone.now() - timedelta(minutes=1))
    assert plans.plan_of(alice) == Plan.FREE
    assert grants.lapse() == 1
    assert grants.lapse() == 0
    row.refresh_from_db()
    assert row.state == "ended"


def test_nobody_gets_less_than_everybody_has(alice: User, carol: User, settings: Any) -> None:
    settings.DEFAULT_PLAN = "protect"
    give(alice, carol, Plan.WATCH)
    assert plans.plan_of(alice) == Plan.PROTECT


def test_a_grant_is_extended_ended_and_given_again(alice: User, carol: User) -> None:
    first = give(alice, carol, Plan.WATCH, days=1)
    longer = give(alice, carol, Plan.PROTECT, days=90)
    assert (longer.pk, longer.plan) == (first.pk, Plan.PROTECT)
    grants.end(alice, carol, "It was a mistake.")
    assert plans.plan_of(alice) == Plan.FREE
    with pytest.raises(NotGranted, match="no plan that could end"):
        grants.end(alice, carol, "Once more.")
    give(alice, carol, Plan.WATCH)
    assert plans.plan_of(alice) == Plan.WATCH
    told = AuditEvent.objects.filter(action__startswith="plan.", about=alice.pk)
    assert [event.action for event in told] == ["plan.granted", "plan.granted", "plan.ended", "plan.granted"]
    assert {event.actor for event in told} == {carol.pk}
    assert "gift" not in str([event.detail for event in told])


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_grant_needs_a_reason_and_a_member_of_staff(alice: User, bob: User, carol: User, reason: str) -> None:
    with pytest.raises(NotGranted):
        grants.grant(alice, Plan.WATCH, carol, reason)
    with pytest.raises(NotGranted):
        grants.grant(alice, Plan.WATCH, bob, "Because I say so.")
    with pytest.raises(NotGranted):
        grants.grant(carol, Plan.WATCH, carol, "For myself.")
    assert not Subscription.objects.exists()


# --- Free: one look ----------------------------------------------------------------------------------------


def test_free_looks_once(enrolled_alice: Enrolment, carol: User) -> None:
    subject = enrolled_alice.subject
    subject.refresh_from_db()
    assert subject.looked_at is None, "a gallery with nothing in it uses up nobody's look"
    fetched(photos.jpeg(photos.mirrored(photos.astronaut())), "1.jpg")
    ingest.ingest_waiting()
    assert not Match.objects.exists(), "what is found later is not compared with Free"
    assert matching.catch_up() == 1
    subject.refresh_from_db()
    assert subject.looked_at
    fetched(photos.jpeg(photos.cropped(photos.astronaut())), "2.jpg")
    ingest.ingest_waiting()
    assert matching.catch_up() == matching.backward(enrolled_alice) == 0
    assert Match.objects.count() == 1
    # An upgrade looks again at once.
    give(enrolled_alice.subject.user, carol, Plan.WATCH)
    assert [row.pk for row in looks.owed()] == [enrolled_alice.pk]
    assert matching.catch_up() == 1
    assert not looks.owed().exists()
    # And once more when what was being ingested at that moment is written.
    later = timezone.now() - timedelta(hours=1)
    Subscription.objects.update(watched_since=later)
    Subject.objects.update(looked_at=later + timedelta(seconds=5))
    assert looks.owed().exists()
    assert matching.catch_up() == 0
    assert not looks.owed().exists()


def test_watch_is_compared_with_what_comes(enrolled_alice: Enrolment, carol: User) -> None:
    give(enrolled_alice.subject.user, carol, Plan.WATCH)
    fetched(photos.jpeg(photos.mirrored(photos.astronaut())), "1.jpg")
    assert ingest.ingest_waiting().matches == 1
    grants.end(enrolled_alice.subject.user, carol, "The test is over.")
    fetched(photos.jpeg(photos.cropped(photos.astronaut())), "2.jpg")
    assert ingest.ingest_waiting().matches == 0
    assert Match.objects.count() == 1, "what was found stays"


def test_where_nothing_is_kept_the_look_is_a_month(enrolled_alice: Enrolment, settings: Any) -> None:
    settings.GALLERY_MODE = "watch"
    subject = enrolled_alice.subject
    matching.backward(enrolled_alice)
    assert looks.watched([subject.pk]) == {subject.pk}
    assert not looks.owed().exists()
    Subject.objects.update(looked_at=timezone.now() - looks.LOOK_LASTS - timedelta(hours=1))
    matching.backward(enrolled_alice)
    assert looks.watched([subject.pk]) == set()


def test_who_may_not_be_looked_for_holds_up_nobody(enrolled_alice: Enrolment, bob: User, carol: User) -> None:
    fetched(photos.jpeg(photos.mirrored(photos.astronaut())), "1.jpg")
    ingest.ingest_waiting()
    consent.withdraw(enrolled_alice.subject.user, Purpose.MATCHING)
    assert matching.catch_up() == 0
    assert looks.owed().count() == 1, "the look waits for the consent"


# --- Watch: mails ------------------------------------------------------------------------------------------


def test_no_alert_without_watch(enrolled_alice: Enrolment, carol: User) -> None:
    make_match(enrolled_alice.subject)
    assert dispatch.deliver() == 0
    assert not Alert.objects.exists()
    give(enrolled_alice.subject.user, carol, Plan.WATCH)
    make_match(enrolled_alice.subject)
    assert dispatch.deliver() == 1
    assert [message.to for message in mail.outbox] == [["alice@example.org"]]


# --- Protect: removals -------------------------------------------------------------------------------------


def test_promise_57_hiding_and_leaving_cost_nothing(enrolled_alice: Enrolment) -> None:
    user = enrolled_alice.subject.user
    for answer in (lambda match: review.dismiss(match, user), lambda match: review.confirm(match, user, Decision.KEEP)):
        match = make_match(enrolled_alice.subject)
        answer(match)
        match.refresh_from_db()
        assert match.state in {MatchState.DISMISSED, MatchState.CONFIRMED}


def test_a_removal_needs_protect(enrolled_alice: Enrolment, carol: User) -> None:
    user, match = enrolled_alice.subject.user, make_match(enrolled_alice.subject)
    cases.sign(user)
    for plan in (None, Plan.WATCH):
        if plan:
            give(user, carol, plan)
        with pytest.raises(NotAllowed, match="part of the plan Protect"):
            workflow.open_case(match, user, cases.ANSWERS)
    assert not Case.objects.exists()
    match.refresh_from_db()
    assert match.state == MatchState.CANDIDATE, "a refusal changes nothing"
    give(user, carol, Plan.PROTECT)
    assert workflow.open_case(match, user, cases.ANSWERS).pk


def test_a_minor_is_nobodys_to_pay_for(enrolled_alice: Enrolment) -> None:
    match = make_match(enrolled_alice.subject)
    case = workflow.open_case(match, enrolled_alice.subject.user, {"minor": "yes"})
    assert case.pk
    match.image.refresh_from_db()
    assert match.image.withdrawn_at


def test_an_open_case_goes_on_after_the_plan(enrolled_alice: Enrolment, carol: User) -> None:
    user, match = enrolled_alice.subject.user, make_match(enrolled_alice.subject)
    case = Case.objects.create(subject=enrolled_alice.subject, match=match, state="awaiting_subject")
    cases.sign(user)
    assert workflow.open_case(match, user, cases.ANSWERS).pk == case.pk

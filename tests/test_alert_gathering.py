"""Who gets a mail, when, and what is in it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.models import User
from accounts.security import locks
from alerts import addresses, dispatch, gathering, outbox, rules
from alerts.gathering import gather
from alerts.models import Alert, AlertRule, Cadence, Digest, Kind
from alerts.states import DigestState
from search.models import Enrolment
from tests.matches import make_match

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as moving:
        yield moving


def rule(user: User, **fields: Any) -> AlertRule:
    own = {"mail_since": user.date_joined, "quiet_from": 0, "quiet_until": 0, **fields}
    return AlertRule.objects.create(user=user, **own)


def tell(user: User, kind: Kind = Kind.REMOVED) -> Alert:
    return outbox.tell(user, kind, f"event:{Alert.objects.count()}")


def told() -> set[str]:
    return set(Alert.objects.exclude(digest=None).values_list("kind", flat=True))


def test_without_any_setting_there_is_mail(alice: User) -> None:
    tell(alice)
    assert gather() == 1
    assert gather() == 0


def test_the_defaults_wait_for_the_morning_and_for_more(
    alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    """Somebody who never chose anything: five minutes by day, and at eight after a night."""
    monkeypatch.undo()  # the default of the tests, which is no quiet hours
    settings.ALERT_SETTLE_SECONDS = 300
    alice.region = "DE"
    alice.save()
    clock.move_to(datetime(2026, 3, 2, 21, 30, tzinfo=UTC))
    tell(alice)
    due = gathering.due_at(alice)
    assert due == datetime(2026, 3, 3, 7, 0, tzinfo=UTC), "eight in Berlin"


def test_everything_that_waits_is_one_mail(alice: User, bob: User) -> None:
    for user in (alice, alice, bob):
        tell(user)
    assert gather() == 2
    assert sorted(digest.alerts.count() for digest in Digest.objects.all()) == [1, 2]


def test_things_settle_first(alice: User, settings: Any, clock: time_machine.Traveller) -> None:
    settings.ALERT_SETTLE_SECONDS = 300
    tell(alice)
    clock.shift(timedelta(minutes=4))
    tell(alice)
    assert gather() == 0
    clock.shift(timedelta(minutes=1))
    assert gather() == 1
    assert Digest.objects.get().alerts.count() == 2


def test_what_can_wait_waits_for_the_hour_or_for_something_that_cannot(
    alice: User, clock: time_machine.Traveller
) -> None:
    rule(alice, hour=15)
    tell(alice, Kind.WROTE)
    assert gather() == 0
    clock.shift(timedelta(hours=1))
    tell(alice, Kind.QUESTION)
    assert gather() == 1
    assert told() == {Kind.WROTE, Kind.QUESTION}
    Digest.objects.update(state=DigestState.SENT, sent_at=timezone.now())
    tell(alice, Kind.WROTE)
    clock.move_to(NOW.replace(hour=15))
    assert gather() == 1


def test_daily_and_weekly_mail_comes_at_its_hour_where_they_live(
    alice: User, bob: User, clock: time_machine.Traveller
) -> None:
    rule(alice, cadence=Cadence.DAILY, hour=18, time_zone="America/New_York")
    rule(bob, cadence=Cadence.WEEKLY, weekday=3, hour=7, time_zone="Asia/Tokyo")
    tell(alice)
    tell(bob)
    assert gathering.due_at(alice) == datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    assert gathering.due_at(bob) == datetime(2026, 3, 4, 22, 0, tzinfo=UTC)
    clock.move_to(datetime(2026, 3, 2, 22, 59, tzinfo=UTC))
    assert gather() == 0
    clock.shift(timedelta(minutes=1))
    assert gather() == 1
    assert Digest.objects.get().user == alice


def test_the_ceiling_holds_and_nothing_is_lost(alice: User, settings: Any, clock: time_machine.Traveller) -> None:
    settings.ALERT_MAILS_A_DAY = 2
    rule(alice)
    for _ in range(5):
        tell(alice, Kind.QUESTION)
        dispatch.deliver()
        clock.shift(timedelta(hours=1))
    assert len(mail.outbox) == 2
    assert Alert.objects.filter(digest=None).count() == 3
    assert gathering.due_at(alice) == NOW + timedelta(days=1)
    clock.move_to(NOW + timedelta(days=1))
    dispatch.deliver()
    assert len(mail.outbox) == 3
    assert not Alert.objects.filter(digest=None).exists()


def test_a_mail_that_came_back_counts_as_one(alice: User, settings: Any) -> None:
    settings.ALERT_MAILS_A_DAY = 1
    tell(alice)
    dispatch.deliver()
    addresses.returned(Digest.objects.get(), hard=False)
    assert Alert.objects.get().digest is None
    assert gather() == 0


def test_while_a_mail_is_on_its_way_there_is_no_second_one(alice: User) -> None:
    tell(alice)
    gather()
    tell(alice)
    assert gather() == 0
    Digest.objects.update(state=DigestState.SENT)
    assert gather() == 1


# --- What is not mailed, and never later either ------------------------------------------------------------------


def test_what_comes_while_mail_is_off_is_not_told_later(alice: User, clock: time_machine.Traveller) -> None:
    own = rule(alice, mail_since=None)
    tell(alice)
    assert gather() == 0
    clock.shift(timedelta(hours=1))
    AlertRule.objects.filter(pk=own.pk).update(mail_since=timezone.now())
    assert gather() == 0
    tell(alice)
    assert gather() == 1
    assert Digest.objects.get().alerts.count() == 1


@pytest.mark.parametrize(
    ("off", "silent", "heard"),
    [
        ("tell_removals", {Kind.REMOVED, Kind.PLACE_REMOVED}, {Kind.WROTE, Kind.QUESTION, Kind.MATCH}),
        ("tell_moves", {Kind.WROTE, Kind.ANSWERED, Kind.ENDED}, {Kind.REMOVED, Kind.RELAPSE, Kind.WEBHOOK_OFF}),
    ],
)
def test_topics_that_are_off_are_not_mailed(
    enrolled_alice: Enrolment, off: str, silent: set[Kind], heard: set[Kind]
) -> None:
    alice = enrolled_alice.subject.user
    rule(alice, **{off: False})
    for kind in silent:
        tell(alice, kind)
    assert gather() == 0
    for kind in heard:
        tell(alice, kind)
    assert gather() == 1
    assert told() == heard


# --- What waits --------------------------------------------------------------------------------------------------


def test_a_locked_account_s_alerts_wait(alice: User, dana: User) -> None:
    lock = locks.lock(alice, "different_faces")
    tell(alice)
    assert gather() == 0
    locks.lift(lock, dana)
    assert gather() == 1


def test_alerts_for_an_address_that_takes_none_come_in_one_mail_later(
    alice: User, clock: time_machine.Traveller
) -> None:
    tell(alice)
    dispatch.deliver()
    addresses.returned(Digest.objects.get(), hard=True)
    for _ in range(3):
        clock.shift(timedelta(days=2))
        tell(alice)
        assert dispatch.deliver() == 0
    addresses.works_again(alice)
    assert dispatch.deliver() == 1
    assert Digest.objects.get(state=DigestState.SENT).alerts.count() == 4


def test_a_new_address_starts_anew(alice: User) -> None:
    tell(alice)
    dispatch.deliver()
    addresses.returned(Digest.objects.get(), hard=True)
    User.objects.filter(pk=alice.pk).update(email="new@example.org")
    assert dispatch.deliver() == 1
    assert mail.outbox[-1].to == ["new@example.org"]


def test_an_account_that_is_closed_gets_nothing(alice: User) -> None:
    tell(alice)
    User.objects.update(is_active=False)
    assert gather() == 0


# --- Many people -------------------------------------------------------------------------------------------------


def test_to_see_that_nothing_is_due_costs_the_same_for_one_and_for_many(
    db: None, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        user = User.objects.create(email=f"person{number}@example.org", region="DE")
        rule(user, cadence=Cadence.WEEKLY, weekday=5)
        tell(user)
    with django_assert_max_num_queries(3):
        assert gather() == 0


def test_the_rule_of_many_is_the_rule_of_one(alice: User, bob: User) -> None:
    rule(alice, hour=5)
    tell(alice)
    tell(bob)
    for one in gathering._people(gathering.wanted()):
        same = rules.of(User.objects.get(pk=one.user))
        assert rules.wishes(one.rule) == rules.wishes(same)


def test_a_match_and_a_case_are_one_mail(enrolled_alice: Enrolment) -> None:
    make_match(enrolled_alice.subject)
    tell(enrolled_alice.subject.user)
    assert dispatch.deliver() == 1
    assert len(mail.outbox) == 1

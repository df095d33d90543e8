"""An address that takes no mail, or wants none, gets none; nothing is lost, and its owner reads of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from alerts import addresses
from alerts.models import AddressHealth, Alert, Digest
from alerts.states import AddressState, DigestState
from tests.returned_mail import alert, digest

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def stopped(user: User) -> bool:
    one, of_many = addresses.stopped(user), addresses.stopped_users()
    assert (one is not None) == of_many.filter(user=user).exists()
    return one is not None


def test_a_mail_refused_for_good_stops_mail_at_once_and_what_it_told_waits(alice: User) -> None:
    mail = digest(alice)
    assert addresses.returned(mail, hard=True)
    assert stopped(alice)
    mail.refresh_from_db()
    assert mail.state == DigestState.RETURNED
    assert Alert.objects.get().digest is None


def test_the_same_mail_comes_back_once(alice: User) -> None:
    mail = digest(alice)
    assert addresses.returned(mail, hard=False)
    assert not addresses.returned(mail, hard=False)
    assert not addresses.returned(mail, hard=True)
    assert AddressHealth.objects.get().soft_bounces == 1
    assert not stopped(alice)


def give_up(user: User, times: int, every: timedelta) -> None:
    """So many mails, each of which comes back two hours after it left."""
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(times):
            mail = digest(user)
            clock.shift(timedelta(hours=2))
            addresses.returned(mail, hard=False)
            clock.shift(every - timedelta(hours=2))


@pytest.mark.parametrize(
    ("times", "every", "ends"),
    [
        (4, timedelta(days=1), False),
        (5, timedelta(hours=17), False),
        (5, timedelta(days=1), True),
        (9, timedelta(hours=9), True),
    ],
)
def test_mails_that_were_given_up_on_stop_it_when_they_are_many_over_days(
    alice: User, times: int, every: timedelta, ends: bool
) -> None:
    give_up(alice, times, every)
    assert stopped(alice) is ends


def test_a_mail_that_is_delivered_in_between_starts_the_count_anew(alice: User) -> None:
    give_up(alice, 4, timedelta(days=1))
    digest(alice, sent_at=NOON + timedelta(days=4))
    with time_machine.travel(NOON + timedelta(days=6), tick=False):
        addresses.returned(digest(alice), hard=False)
    assert not stopped(alice)
    assert AddressHealth.objects.get().soft_bounces == 1


def test_mails_that_come_back_days_later_and_all_at_once_do_not_vouch_for_each_other(alice: User) -> None:
    mails = [digest(alice, sent_at=NOON + timedelta(days=day)) for day in range(5)]
    with time_machine.travel(NOON + timedelta(days=5), tick=False) as clock:
        for mail in mails:
            addresses.returned(mail, hard=False)
            clock.shift(timedelta(days=1))
    assert stopped(alice)


def test_a_complaint_stops_mail_and_what_was_read_is_not_told_again(alice: User) -> None:
    mail = digest(alice)
    assert addresses.complained(mail)
    assert not addresses.complained(mail)
    assert stopped(alice)
    assert Alert.objects.get().digest == mail
    assert AddressHealth.objects.get().state == AddressState.COMPLAINED


def test_a_complaint_about_a_mail_that_was_not_recorded_as_sent_counts(alice: User) -> None:
    mail = digest(alice, state=DigestState.WAITING)
    assert addresses.complained(mail)
    assert Digest.objects.get().state == DigestState.COMPLAINED


def test_a_complaint_counts_more_than_a_dead_address_and_is_not_undone_by_one(alice: User) -> None:
    addresses.returned(digest(alice), hard=True)
    addresses.complained(digest(alice))
    addresses.returned(digest(alice), hard=True)
    assert AddressHealth.objects.get().state == AddressState.COMPLAINED


def test_another_address_starts_anew(alice: User) -> None:
    addresses.returned(digest(alice), hard=True)
    User.objects.filter(pk=alice.pk).update(email="new@example.org")
    alice.refresh_from_db()
    assert not stopped(alice)


def test_what_comes_back_from_an_old_address_says_nothing_of_the_new_one(alice: User) -> None:
    old = digest(alice)
    User.objects.filter(pk=alice.pk).update(email="new@example.org")
    assert addresses.returned(old, hard=True)
    alice.refresh_from_db()
    assert not stopped(alice)
    assert Alert.objects.get().digest is None
    addresses.returned(digest(alice), hard=True)
    assert stopped(alice)
    assert AddressHealth.objects.get().address == "new@example.org"


def test_one_persons_address_is_not_anothers(alice: User, bob: User) -> None:
    addresses.returned(digest(alice), hard=True)
    assert not stopped(bob)


def test_the_sender_of_each_mail_is_another_address(alice: User, settings: Any) -> None:
    one, other = digest(alice), digest(alice)
    settings.BOUNCES_EMAIL = "bounces@example.org"
    assert addresses.return_path(one) == f"bounces+{one.return_token}@example.org"
    assert addresses.return_path(one) != addresses.return_path(other)
    settings.BOUNCES_EMAIL = ""
    assert addresses.return_path(one) == ""


def test_the_dashboard_and_the_settings_tell_and_one_press_mends(
    alice: User, client_for: Callable[[User], Client]
) -> None:
    addresses.returned(digest(alice), hard=True)
    browser = client_for(alice)
    for page in ("/dashboard/", "/alerts/"):
        shown = browser.get(page).content.decode()
        assert "Our mail does not reach you" in shown, page
        assert "alice@example.org" in shown
    answer = browser.post("/alerts/address/again/", {"from": "settings"})
    assert answer.headers["Location"] == "/alerts/"
    assert not stopped(alice)
    assert "Our mail does not reach you" not in browser.get("/dashboard/").content.decode()


def test_after_a_complaint_it_says_so_without_blame(alice: User, client_for: Callable[[User], Client]) -> None:
    addresses.complained(digest(alice))
    shown = client_for(alice).get("/dashboard/").content.decode()
    assert "You get no alert mail" in shown
    assert "marked as unwanted" in shown


def test_trying_again_has_an_end(alice: User, client_for: Callable[[User], Client]) -> None:
    browser = client_for(alice)
    for _ in range(4):
        addresses.returned(digest(alice), hard=True)
        browser.post("/alerts/address/again/")
    assert stopped(alice)


def test_nobody_mends_anothers_address(alice: User, bob: User, client_for: Callable[[User], Client]) -> None:
    addresses.returned(digest(alice), hard=True)
    client_for(bob).post("/alerts/address/again/")
    assert stopped(alice)


def test_what_waits_while_mail_is_stopped_stays(alice: User) -> None:
    addresses.returned(digest(alice), hard=True)
    alert(alice)
    assert Alert.objects.filter(user=alice, digest=None).count() == 2
    addresses.works_again(alice)
    assert Alert.objects.filter(user=alice, digest=None).count() == 2

"""Handing mails over to a real mail server that drops, delays, greets slowly and refuses."""

import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts import bounces
from accounts.models import User
from accounts.security import locks
from alerts import addresses, dispatch, gathering, outbox, outcomes, rules, sending
from alerts.models import AddressHealth, Alert, AlertRule, DeliveryAttempt, Digest, Kind
from alerts.outcomes import Outcome, of_error, of_no_connection, wait_after
from alerts.sending import send_due
from alerts.states import AddressState, DigestState
from tests.faulty_mail import DROP, FaultySink, faulty_sink

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as moving:
        yield moving


@pytest.fixture
def server(settings: Any, clock: object) -> Iterator[FaultySink]:
    # At a time that stands still there would be no next turn.
    settings.MAILS_A_MINUTE = 0
    with faulty_sink(settings) as running:
        yield running


def digest_for(user: User, key: str = "event:1") -> Digest:
    outbox.tell(user, Kind.REMOVED, key)
    assert gathering.gather() == 1
    return Digest.objects.get(alerts__key=key)


def tries() -> list[tuple[str, int | None]]:
    return list(DeliveryAttempt.objects.order_by("pk").values_list("outcome", "code"))


def people(count: int) -> list[User]:
    return [User.objects.create(email=f"person{number}@example.org") for number in range(count)]


# --- One server, its faults ------------------------------------------------------------------------------------


def test_a_mail_is_handed_over_and_recorded(server: FaultySink, alice: User) -> None:
    digest = digest_for(alice)
    assert send_due() == 1
    digest.refresh_from_db()
    assert (digest.state, digest.sent_at, digest.recipient) == (DigestState.SENT, NOW, alice.email)
    assert tries() == [(Outcome.SENT, None)]
    (message,) = server.for_recipient(alice.email)
    assert message["Message-ID"] == digest.message_id


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data", "stored"])
def test_a_connection_that_breaks_is_tried_again(
    server: FaultySink, alice: User, clock: time_machine.Traveller, stage: str
) -> None:
    digest = digest_for(alice)
    server.faults = {stage: DROP}
    assert send_due() == 0
    assert send_due() == 0, "not before its time"
    assert tries() == [(Outcome.BROKEN, None)]
    server.faults = {}
    clock.shift(timedelta(minutes=1, seconds=1))
    assert send_due() == 1
    # Where the mail was kept and the answer was lost it came twice, with one id: mail programs show one.
    assert {message["Message-ID"] for message in server.for_recipient(alice.email)} == {digest.message_id}
    assert len(server.deliveries) == (2 if stage == "stored" else 1)


@pytest.mark.parametrize(
    ("stage", "fault"),
    [("connect", DROP), ("connect", "421 4.3.2 closing"), ("connect", "554 5.3.2 no"), ("connect", 1.0)],
)
def test_a_server_that_cannot_be_reached_costs_no_mail_a_try(
    server: FaultySink, stage: str, fault: Any, db: None
) -> None:
    for number, person in enumerate(people(5)):
        digest_for(person, f"event:{number}")
    server.faults = {stage: fault}
    assert send_due() == 0
    assert server.connections == 1, "the run ends at the first sign of it"
    assert [outcome for outcome, _ in tries()] == [Outcome.UNREACHABLE]
    assert not Digest.objects.exclude(tries=0).exists()
    server.faults = {}
    assert send_due() == 5, "and goes on at once when it is back"


def test_a_slow_greeting_is_waited_for(server: FaultySink, alice: User) -> None:
    digest_for(alice)
    server.faults = {"connect": 0.2, "rcpt": 0.2, "data": 0.2}
    assert send_due() == 1


def test_a_server_that_takes_too_long_to_answer_is_given_up_for_now(server: FaultySink, alice: User) -> None:
    digest_for(alice)
    server.faults = {"data": 2.0}
    assert send_due() == 0
    assert tries() == [(Outcome.BROKEN, None)]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("answer", ["421 4.3.2 shutting down", "450 4.2.0 greylisted", "452 4.2.2 mailbox full"])
def test_what_is_put_off_is_tried_again(
    server: FaultySink, alice: User, clock: time_machine.Traveller, stage: str, answer: str
) -> None:
    digest_for(alice)
    server.faults = {stage: answer}
    assert send_due() == 0
    assert tries() == [(Outcome.DEFERRED, int(answer[:3]))]
    server.faults = {}
    clock.shift(timedelta(hours=1))
    assert send_due() == 1
    assert addresses.stopped(alice) is None


def test_an_address_that_does_not_exist_gets_no_more_mail(server: FaultySink, alice: User) -> None:
    digest = digest_for(alice)
    server.faults = {"rcpt": "550 5.1.1 no such user"}
    assert send_due() == 0
    assert tries() == [(Outcome.REFUSED, 550)]
    digest.refresh_from_db()
    assert digest.state == DigestState.RETURNED
    health = addresses.stopped(alice)
    assert health is not None and health.state == AddressState.DEAD
    assert dispatch.deliver() == 0
    assert Alert.objects.get().digest is None, "told when mail arrives again"
    addresses.works_again(alice)
    server.faults = {}
    assert dispatch.deliver() == 1


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        *(("rcpt", "552 5.2.2 mailbox full"), ("rcpt", "550 5.7.1 blocked by a list"), ("rcpt", "552 full")),
        *(("rcpt", "553 5.1.8 your domain does not exist"), ("rcpt", "550 5.1.7 sender refused")),
        *(("mail", "550 5.7.1 not you"), ("data", "554 5.7.1 looks like spam"), ("data", "552 5.3.4 too big")),
    ],
)
def test_a_refusal_that_is_not_about_the_address_is_tried_again(
    server: FaultySink, alice: User, clock: time_machine.Traveller, stage: str, answer: str
) -> None:
    digest_for(alice)
    server.faults = {stage: answer}
    assert send_due() == 0
    assert tries() == [(Outcome.REFUSED, int(answer[:3]))]
    assert not AddressHealth.objects.exists()
    server.faults = {}
    clock.shift(timedelta(hours=6))
    assert send_due() == 1


def test_a_mailbox_that_is_full_for_weeks_is_told_to_its_owner_in_the_end(
    server: FaultySink, alice: User, clock: time_machine.Traveller
) -> None:
    outbox.tell(alice, Kind.REMOVED, "event:1")
    server.faults = {"rcpt": "552 5.2.2 mailbox full"}
    for _ in range(4 * 14):
        dispatch.deliver()
        clock.shift(timedelta(hours=6))
    assert addresses.stopped(alice) is None, "a fortnight may be a holiday"
    for _ in range(4 * 14):
        dispatch.deliver()
        clock.shift(timedelta(hours=6))
    assert addresses.stopped(alice) is not None
    assert Alert.objects.get().digest is None, "nothing of it is lost"


def test_one_reader_s_trouble_is_not_the_others(server: FaultySink, db: None) -> None:
    for number, person in enumerate(people(8)):
        digest_for(person, f"event:{number}")
    server.faults, server.only = {"rcpt": "450 4.2.0 later"}, {f"person{number}@example.org" for number in range(6)}
    assert send_due() == 2
    assert Digest.objects.filter(state=DigestState.WAITING).count() == 6


def test_a_server_that_drops_everything_costs_three_mails_a_try_in_a_run(server: FaultySink, db: None) -> None:
    for number, person in enumerate(people(8)):
        digest_for(person, f"event:{number}")
    server.faults = {"data": DROP}
    assert send_due() == 0
    assert Digest.objects.filter(tries=1).count() == 3
    assert Digest.objects.filter(tries=0).count() == 5


def test_many_mails_go_by_one_connection(server: FaultySink, db: None) -> None:
    for number, person in enumerate(people(8)):
        digest_for(person, f"event:{number}")
    assert send_due() == 8
    assert server.connections == 1


def test_an_outage_of_days_delays_and_loses_nothing(
    server: FaultySink, alice: User, clock: time_machine.Traveller
) -> None:
    """The server is down for a day, drops for another, and defers for a third; news comes all the time."""
    AlertRule.objects.create(user=alice, quiet_from=0, quiet_until=0)
    down = [{"connect": DROP}] * 24 + [{"data": DROP}] * 24 + [{"rcpt": "450 later"}] * 24
    for hour, faults in enumerate(down):
        server.faults = faults
        outbox.tell(alice, Kind.REMOVED, f"event:{hour}")
        for _ in range(4):
            assert dispatch.deliver() == 0
            clock.shift(timedelta(minutes=15))
    server.faults = {}
    for _ in range(5):
        dispatch.deliver()
        clock.shift(timedelta(minutes=15))
    assert not Alert.objects.exclude(digest__state=DigestState.SENT).exists()
    assert len(server.for_recipient(alice.email)) == 2, "what it began with, and all that came meanwhile"


def test_what_waits_for_hours_does_not_leave_at_night(
    server: FaultySink, alice: User, clock: time_machine.Traveller
) -> None:
    AlertRule.objects.create(user=alice, quiet_from=21, quiet_until=8)
    digest_for(alice)
    clock.move_to(datetime(2026, 3, 2, 23, 0, tzinfo=UTC))
    assert send_due() == 0
    digest = Digest.objects.get()
    assert (digest.tries, digest.next_try_at) == (0, datetime(2026, 3, 3, 8, 0, tzinfo=UTC))
    clock.move_to(digest.next_try_at)
    assert send_due() == 1


# --- What changed between a mail and its sending ---------------------------------------------------------------


def test_mail_that_was_switched_off_meanwhile_does_not_go(server: FaultySink, alice: User) -> None:
    digest_for(alice)
    rules.stored(alice)
    AlertRule.objects.update(mail_since=None)
    assert dispatch.deliver() == 0
    assert Digest.objects.get().state == DigestState.DROPPED
    AlertRule.objects.update(mail_since=alice.date_joined)
    assert dispatch.deliver() == 1, "an undo tells what waited"


def test_a_locked_account_gets_its_mail_when_it_is_opened(server: FaultySink, alice: User, dana: User) -> None:
    digest_for(alice)
    lock = locks.lock(alice, "different_faces")
    assert dispatch.deliver() == 0
    locks.lift(lock, dana)
    assert dispatch.deliver() == 1


def test_a_mail_with_nothing_left_to_tell_is_not_sent(
    server: FaultySink, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest_for(alice)
    monkeypatch.setattr("alerts.letter.of", lambda digest: None)
    assert send_due() == 0
    assert Digest.objects.get().state == DigestState.DROPPED
    assert not DeliveryAttempt.objects.exists()


def test_a_mail_that_cannot_be_written_does_not_keep_the_others(
    server: FaultySink, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest_for(alice)
    digest_for(bob, "event:2")
    write = sending.letter.of
    monkeypatch.setattr("alerts.letter.of", lambda digest: write(digest) if digest.user == bob else 1 / 0)
    assert send_due() == 1
    waiting = Digest.objects.get(user=alice)
    assert (waiting.error, waiting.state) == ("unwritten", DigestState.WAITING)
    assert waiting.next_try_at > timezone.now()


def test_a_complaint_that_comes_before_the_record_is_kept(
    server: FaultySink, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = digest_for(alice)
    hand_over = sending._Run._hand_over

    def complained_meanwhile(run: Any, one: Digest, mail: Any) -> Any:
        result = hand_over(run, one, mail)
        addresses.complained(digest)
        return result

    monkeypatch.setattr(sending._Run, "_hand_over", complained_meanwhile)
    assert send_due() == 1
    assert Digest.objects.get().state == DigestState.COMPLAINED


# --- Two at once -----------------------------------------------------------------------------------------------


def test_two_senders_at_once_send_one_mail(server: FaultySink, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one comes between reading what is due and taking it, and while it is handed over."""
    digest_for(alice)
    counts = []
    for step in ("_lease", "_written"):
        inner = getattr(sending, step)

        def meanwhile(digest: Digest, inner: Any = inner, step: str = step) -> Any:
            monkeypatch.setattr(sending, step, inner)
            counts.append(send_due())
            return inner(digest)

        monkeypatch.setattr(sending, step, meanwhile)
    counts.append(send_due())
    assert sum(counts) == 1
    assert len(counts) == 3
    assert len(server.deliveries) == 1


def test_two_gatherers_make_one_mail(server: FaultySink, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox.tell(alice, Kind.REMOVED, "event:1")
    now = timezone.now()
    both = gathering._due(gathering._people(gathering.wanted()), now)
    assert [gathering._gather_for(people, now) for people in (both, both)] == [1, 0]
    assert Digest.objects.count() == 1


# --- What answers mean -----------------------------------------------------------------------------------------


def test_the_waits_grow_and_are_not_in_step() -> None:
    for outcome, longest in ((Outcome.DEFERRED, timedelta(hours=1)), (Outcome.REFUSED, timedelta(hours=6))):
        waits = [wait_after(outcome, number) for number in range(1, 1000)]
        assert min(waits) >= timedelta(minutes=1)
        assert timedelta(hours=0.75 * longest / timedelta(hours=1)) <= max(waits) <= longest
        assert len(set(waits[20:])) > 900


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (smtplib.SMTPServerDisconnected("gone"), Outcome.BROKEN, None),
        (TimeoutError(), Outcome.BROKEN, None),
        (smtplib.SMTPDataError(-1, b""), Outcome.BROKEN, None),
        (smtplib.SMTPRecipientsRefused({}), Outcome.BROKEN, None),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"\xff\xfe")}), Outcome.DEFERRED, 450),
        (smtplib.SMTPHeloError(503, b"no"), Outcome.REFUSED, 503),
    ],
)
def test_odd_answers_are_no_trouble(error: Exception, outcome: str, code: int | None) -> None:
    result = of_error(error)
    assert (result.outcome, result.code, result.dead) == (outcome, code, False)


def test_a_wrong_password_is_our_trouble_and_nobody_elses() -> None:
    result = of_no_connection(smtplib.SMTPAuthenticationError(535, b"no"))
    assert (result.outcome, result.code, result.ours) == (Outcome.UNREACHABLE, 535, True)


def test_bounces_and_answers_agree_on_what_a_dead_address_is() -> None:
    assert bounces.is_dead(bounces.status_in("550 5.1.1 no such user"))
    refused = smtplib.SMTPRecipientsRefused({"a": (550, b"5.1.1 no such user")})
    assert outcomes.of_error(refused).dead

"""Reports about our mails: whose they are, what they say, and that nobody can make them up."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts import complaints
from accounts.models import User
from alerts import addresses, bounce_inbox
from alerts.models import AddressHealth, Digest
from alerts.states import AddressState, DigestState
from tests.returned_mail import BOUNCES, complaint, digest, own_address, report


@pytest.fixture(autouse=True)
def _bounces(settings: Any) -> None:
    settings.BOUNCES_EMAIL = BOUNCES


def state(mail: Digest) -> str:
    return Digest.objects.get(pk=mail.pk).state


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To"])
def test_the_address_it_comes_back_to_says_which_mail_it_was(alice: User, header: str) -> None:
    mail = digest(alice)
    raw = report(to="bounces@localhost").replace(b"To:", f"{header}: {own_address(mail).upper()}\nCc:".encode(), 1)
    assert bounce_inbox.take(raw) == bounce_inbox.RETURNED
    assert state(mail) == DigestState.RETURNED
    assert addresses.stopped(alice)


def test_the_id_of_the_mail_that_is_returned_says_so_too(alice: User) -> None:
    mail = digest(alice)
    assert bounce_inbox.take(report(to=BOUNCES, returned=mail.message_id)) == bounce_inbox.RETURNED
    assert addresses.stopped(alice)


def test_the_same_report_twice_changes_nothing(alice: User) -> None:
    raw = report(to=own_address(digest(alice)), status="4.4.7")
    assert [bounce_inbox.take(raw) for _ in range(2)] == [bounce_inbox.RETURNED, bounce_inbox.KNOWN]
    assert AddressHealth.objects.get().soft_bounces == 1


@pytest.mark.parametrize(
    "raw",
    [
        report(to=BOUNCES),
        report(to="alice@example.org"),
        report(to="bounces+alice@localhost"),
        report(to=f"bounces+{'0' * 32}@localhost"),
        report(to=f"bounces+{'0' * 32}@localhost", returned="<alert.1@localhost>"),
        complaint(returned="<alert.1@localhost>", mail_from="alice@example.org"),
        complaint(mail_from=f"bounces+{'0' * 32}@localhost"),
    ],
)
def test_whoever_only_knows_somebodys_address_cannot_stop_their_mail(alice: User, raw: bytes) -> None:
    mail = digest(alice)
    assert bounce_inbox.take(raw) == bounce_inbox.OTHER
    assert state(mail) == DigestState.SENT
    assert not AddressHealth.objects.exists()


def test_a_token_counts_below_our_own_address_only(alice: User, settings: Any) -> None:
    mail = digest(alice)
    for stranger in (f"other+{mail.return_token}@localhost", f"bounces+{mail.return_token}@elsewhere.example"):
        assert bounce_inbox.take(report(to=stranger)) == bounce_inbox.OTHER
    settings.BOUNCES_EMAIL = ""
    assert bounce_inbox.take(report(to=own_address(mail))) == bounce_inbox.OTHER


@pytest.mark.parametrize(
    ("status", "dead"), [("5.1.1", True), ("5.0.0", True), ("5.2.2", False), ("5.7.1", False), ("4.4.7", False)]
)
def test_only_a_dead_address_is_stopped_at_once(alice: User, status: str, dead: bool) -> None:
    assert bounce_inbox.take(report(to=own_address(digest(alice)), status=status)) == bounce_inbox.RETURNED
    assert bool(addresses.stopped(alice)) is dead


def test_where_their_mail_is_passed_on_to_is_not_their_address(alice: User) -> None:
    bounce_inbox.take(report(to=own_address(digest(alice)), recipient="alice@elsewhere.example"))
    assert not addresses.stopped(alice)
    assert AddressHealth.objects.get().soft_bounces == 1


def test_a_mail_that_is_still_tried_is_not_lost(alice: User) -> None:
    mail = digest(alice)
    delayed = report(to=own_address(mail), status="4.4.1", action="delayed")
    assert bounce_inbox.take(delayed) == bounce_inbox.DELAYED
    assert state(mail) == DigestState.SENT


@pytest.mark.parametrize("by", ["returned", "mail_from", "return_path"])
def test_a_complaint_is_known_by_what_it_returns(alice: User, by: str) -> None:
    mail = digest(alice)
    named = mail.message_id if by == "returned" else own_address(mail)
    raw = complaint(**{by: named})
    assert [bounce_inbox.take(raw) for _ in range(2)] == [bounce_inbox.COMPLAINED, bounce_inbox.KNOWN]
    assert AddressHealth.objects.get().state == AddressState.COMPLAINED


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus", ""])
def test_what_is_no_complaint_stops_nothing(alice: User, kind: str) -> None:
    mail = digest(alice)
    bounce_inbox.take(complaint(returned=mail.message_id, kind=kind))
    assert state(mail) == DigestState.SENT


def test_an_absence_notice_is_no_bounce(alice: User) -> None:
    mail = digest(alice)
    away = (
        f"From: alice@example.org\nTo: {own_address(mail)}\nAuto-Submitted: auto-replied\nSubject: Away\n\nBack soon.\n"
    )
    assert bounce_inbox.take(away.encode()) == bounce_inbox.AUTOMATIC
    assert state(mail) == DigestState.SENT


@given(st.binary(max_size=400), st.integers(0, 1500), st.booleans())
@hypothesis_settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
def test_any_bytes_are_survived(db: None, noise: bytes, at: int, unwanted: bool) -> None:
    raw = complaint(returned="<a@localhost>", mail_from=BOUNCES) if unwanted else report(to=BOUNCES)
    for spoiled in (noise, raw[:at] + noise + raw[at:], raw[:at], raw[at:]):
        assert bounce_inbox.take(spoiled) in {bounce_inbox.OTHER, bounce_inbox.UNREADABLE}
        found = complaints.read(spoiled)
        assert found is None or len(found.senders) <= 5

"""Where reports come in: a mailbox that is read every few minutes, and what a mail service hands over."""

import logging
import time
from pathlib import Path
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from accounts import hooks
from accounts.models import User
from accounts.tickets import mailboxes
from alerts import addresses, bounce_inbox, dispatch, rules
from alerts.models import AddressHealth, Alert, Digest
from alerts.states import DigestState
from alerts.tasks import read_bounces
from tests.letters_out import mail_sink
from tests.returned_mail import BOUNCES, alert, complaint, digest, own_address, report

SECRET = "a secret"


@pytest.fixture(autouse=True)
def _bounces(settings: Any, tmp_path: Path) -> None:
    settings.BOUNCES_EMAIL = BOUNCES
    settings.BOUNCES_WEBHOOK_SECRET = SECRET
    settings.BOUNCES_INBOX_URL = f"maildrop://{tmp_path}"


def test_the_mailbox_is_read_and_what_was_understood_is_deleted(alice: User, tmp_path: Path) -> None:
    mail = digest(alice)
    (tmp_path / "1.eml").write_bytes(report(to=own_address(mail)))
    (tmp_path / "2.eml").write_bytes(b"From: somebody@example.org\nTo: bounces@localhost\n\nHello?\n")
    (tmp_path / "3.eml").write_bytes(b"\xff\x00")
    counts = bounce_inbox.read_mail()
    assert counts[bounce_inbox.RETURNED] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.left", "3.left"]
    assert addresses.stopped(alice)


def test_the_task_may_run_twice(alice: User, tmp_path: Path) -> None:
    raw = report(to=own_address(digest(alice)), status="4.4.7")
    for _ in range(2):
        (tmp_path / "1.eml").write_bytes(raw)
        read_bounces()
        read_bounces()
    assert AddressHealth.objects.get().soft_bounces == 1


def test_a_mailbox_that_is_not_there_is_logged_and_no_more(db: None, settings: Any, caplog: Any) -> None:
    settings.BOUNCES_INBOX_URL = "maildrop:///no/such/folder"
    read_bounces()
    assert "BOUNCES_INBOX_URL" in caplog.text
    settings.BOUNCES_INBOX_URL = ""
    assert not bounce_inbox.read_mail()


def test_one_that_breaks_something_is_tried_again_and_keeps_no_other_back(
    alice: User, tmp_path: Path, monkeypatch: Any
) -> None:
    (tmp_path / "1.eml").write_bytes(complaint(returned=digest(alice).message_id))
    (tmp_path / "2.eml").write_bytes(report(to=own_address(digest(alice))))
    monkeypatch.setattr(addresses, "complained", lambda digest: 1 / 0)
    counts = bounce_inbox.read_mail()
    assert (counts[mailboxes.FAILED], counts[bounce_inbox.RETURNED]) == (1, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["1.eml"]


def hand_over(body: bytes, secret: str = SECRET) -> tuple[int, str]:
    timestamp = str(int(time.time()))
    signed = {"X-Faceward-Timestamp": timestamp, "X-Faceward-Signature": hooks.signature(secret, timestamp, body)}
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/hooks/bounces/", body, content_type="message/rfc822", headers=signed)
    return answer.status_code, answer.content.decode()


def test_a_mail_service_hands_a_report_over_and_may_do_so_twice(alice: User) -> None:
    raw = report(to=own_address(digest(alice)))
    assert [hand_over(raw) for _ in range(2)] == [(200, "returned"), (200, "known")]
    assert addresses.stopped(alice)


def test_what_is_not_signed_is_not_looked_at(alice: User, settings: Any) -> None:
    raw = report(to=own_address(digest(alice)))
    settings.NOTICES_WEBHOOK_SECRET = "of the other address"
    assert hand_over(raw, "wrong")[0] == hand_over(raw, settings.NOTICES_WEBHOOK_SECRET)[0] == 403
    assert not addresses.stopped(alice)
    settings.BOUNCES_WEBHOOK_SECRET = ""
    assert hand_over(raw, "")[0] == 404


def test_no_address_and_no_token_is_logged(alice: User, caplog: Any) -> None:
    mail = digest(alice)
    with caplog.at_level(logging.DEBUG):
        hand_over(report(to=own_address(mail)))
        hand_over(b"\xff", "wrong")
    assert "alice@example.org" not in caplog.text
    assert mail.return_token not in caplog.text


def test_from_the_mail_to_its_return_and_back(alice: User, settings: Any) -> None:
    """With a real mail server: the envelope's sender is the mail's own, its return stops mail, one press mends it."""
    rule = rules.stored(alice)
    rule.quiet_from = rule.quiet_until
    rule.mail_since = alice.date_joined
    rule.save()
    alert(alice)
    with mail_sink(settings) as sink:
        assert dispatch.deliver() == 1
        (delivered,) = sink.deliveries
        mail = Digest.objects.get()
        assert delivered.sender == own_address(mail)
        assert bounce_inbox.take(report(to=delivered.sender)) == bounce_inbox.RETURNED
        alert(alice, created_at=timezone.now())
        assert dispatch.deliver() == 0
        addresses.works_again(alice)
        assert dispatch.deliver() == 1
    assert Digest.objects.filter(state=DigestState.SENT).get().alerts.count() == 2
    assert not Alert.objects.filter(digest=None).exists()
    assert not outbox.outbox

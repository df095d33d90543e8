"""A legal notice is sent at most once, whatever happens in the middle."""

import os
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection

from accounts import keys
from accounts.models import User
from demo.mail import MailSink, body
from search.models import Enrolment
from takedowns import delivery, mandates, notices, workflow
from takedowns.cases import NotAllowed
from takedowns.delivery import NotSent
from takedowns.models import Case, Notice, WorkItem
from takedowns.states import CaseState, NoticeState
from tests import cases

EMAIL = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Iterator[Case]:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        yield cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def notice(case: Case, carol: User) -> Notice:
    return cases.approved(case, carol)


@pytest.fixture
def sink(settings: Any) -> Iterator[MailSink]:
    """A real mail server that keeps what it gets."""
    running = MailSink(0)
    running.start()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = EMAIL, "127.0.0.1", running.port
    yield running
    running.stop()


class Dies(BaseEmailBackend):
    """The process is killed while the letter is on its way."""

    def send_messages(self, messages: Any) -> int:
        raise KeyboardInterrupt


class BreaksOff(BaseEmailBackend):
    """The connection is lost after the letter was handed over: nobody knows whether it was taken."""

    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")


class RefusesRecipient(BaseEmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({cases.HOST_ABUSE: (550, b"No such user")})


def use(settings: Any, backend: type[BaseEmailBackend]) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.{backend.__name__}"


def test_an_approved_notice_arrives_once_with_all_that_answers_need(notice: Notice, sink: MailSink) -> None:
    sent = delivery.send(notice)
    (mail,) = sink.for_recipient(cases.HOST_ABUSE)
    assert mail["Message-ID"] == sent.message_id
    assert mail["Reply-To"] == delivery.reply_address(notice.case)
    assert delivery.reply_address(notice.case) == delivery.reply_address(notice.case).lower()
    assert notice.case.reply_token in mail["Reply-To"]
    assert sink.deliveries[0].sender == mail["Reply-To"], "what comes back finds its case, too"
    assert "notices@localhost" in mail["From"]
    assert not any(mail[name] for name in ("Auto-Submitted", "Precedence", "List-Id", "In-Reply-To"))
    assert notice.case.reference in mail["Subject"]
    assert body(mail, "plain").split() == notice.body.split()
    assert not body(mail, "html")
    assert sent.state == NoticeState.SENT
    assert sent.due_at == sent.sent_at + timedelta(hours=72)
    assert sent.case.state == CaseState.AWAITING_PROVIDER


def test_a_sent_notice_is_on_record_sealed_and_its_places_will_be_checked(
    notice: Notice, sink: MailSink, alice: User
) -> None:
    sent = delivery.send(notice)
    (letter,) = sent.communications.all()
    assert keys.unseal(alice, "communication", bytes(letter.sealed_body)).decode() == sent.body
    assert b"copyright" not in bytes(letter.sealed_body)
    assert letter.message_id == sent.message_id
    assert sent.urls.get().next_check_at == sent.sent_at + timedelta(days=1)
    assert [str(line) for line in workflow.story(sent.case)][-1].startswith("On ")
    step = workflow.next_step(Case.objects.get())
    assert (step.whose, step.due_at) == ("them", sent.due_at)


def test_sending_twice_is_one_letter(notice: Notice, sink: MailSink) -> None:
    stale = Notice.objects.get(pk=notice.pk)
    delivery.send(notice)
    for again in (notice, stale):
        with pytest.raises(NotAllowed):
            delivery.send(again)
    assert delivery.send_approved() == []
    assert len(sink.deliveries) == 1


def test_a_death_half_way_is_one_work_item_and_never_a_second_letter(
    notice: Notice, settings: Any, sink: MailSink
) -> None:
    use(settings, Dies)
    with pytest.raises(KeyboardInterrupt):
        delivery.send(notice)
    notice.refresh_from_db()
    assert notice.state == NoticeState.SENDING
    assert notice.message_id
    settings.EMAIL_BACKEND = EMAIL
    assert delivery.sweep_stuck_sends() == 0, "it may still be on its way"
    for _ in range(3):
        delivery.sweep_stuck_sends(timedelta(0))
        delivery.send_approved()
        with pytest.raises(NotAllowed):
            delivery.send(notice)
    assert WorkItem.objects.get().kind == delivery.STUCK
    assert not sink.deliveries
    assert Case.objects.get().state == CaseState.ACTION_NEEDED


def test_a_work_item_that_was_dealt_with_does_not_come_back(notice: Notice, settings: Any, carol: User) -> None:
    use(settings, Dies)
    with pytest.raises(KeyboardInterrupt):
        delivery.send(notice)
    delivery.sweep_stuck_sends(timedelta(0))
    workflow.finish(WorkItem.objects.get(), carol)
    assert delivery.sweep_stuck_sends(timedelta(0)) == 0


def test_an_unclear_end_says_so_and_stays_unclear(notice: Notice, settings: Any) -> None:
    use(settings, BreaksOff)
    with pytest.raises(NotSent, match="may or may not"):
        delivery.send(notice)
    notice.refresh_from_db()
    assert notice.state == NoticeState.SENDING
    assert WorkItem.objects.count() == 1
    delivery.sweep_stuck_sends(timedelta(0))
    assert WorkItem.objects.count() == 1


def test_a_refused_recipient_did_not_get_it_and_is_marked(notice: Notice, settings: Any) -> None:
    use(settings, RefusesRecipient)
    assert delivery.send_approved() == []
    notice.refresh_from_db()
    assert notice.state == NoticeState.SENDING
    assert notice.contact.bounced_at is not None
    assert "has not left" in WorkItem.objects.get().text


def test_no_mail_server_there(notice: Notice, settings: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = EMAIL, "127.0.0.1"
        settings.EMAIL_PORT = taken.getsockname()[1]
        with pytest.raises(NotSent, match="has not left"):
            delivery.send(notice)


@pytest.mark.parametrize("left", [True, False])
def test_a_person_settles_what_became_of_it(notice: Notice, settings: Any, carol: User, left: bool) -> None:
    use(settings, BreaksOff)
    with pytest.raises(NotSent):
        delivery.send(notice)
    settled = delivery.settle(notice, carol, left=left)
    assert settled.state == (NoticeState.SENT if left else NoticeState.WITHDRAWN)
    assert not WorkItem.objects.filter(done_at=None).exists()
    case = Case.objects.get()
    assert case.state == (CaseState.AWAITING_PROVIDER if left else CaseState.ACTION_NEEDED)
    if not left:
        assert workflow.prepare(case).notices.filter(state=NoticeState.DRAFT).count() == 1


def test_a_subscriber_settles_nothing(notice: Notice, alice: User) -> None:
    with pytest.raises(NotAllowed):
        delivery.settle(notice, alice, left=True)


def test_the_kill_switch_stops_everything(notice: Notice, sink: MailSink, settings: Any) -> None:
    settings.NOTICES_ENABLED = False
    with pytest.raises(NotAllowed, match="switched off"):
        delivery.send(notice)
    assert delivery.send_approved() == []
    assert not sink.deliveries
    assert not WorkItem.objects.exists()
    settings.NOTICES_ENABLED = True
    assert len(delivery.send_approved()) == 1


def test_a_text_that_was_changed_after_approval_is_not_sent(notice: Notice, sink: MailSink) -> None:
    Notice.objects.filter(pk=notice.pk).update(recipient="somebody@else.example")
    for _ in range(2):
        assert delivery.send_approved() == []
    assert "not the one that was approved" in WorkItem.objects.get(kind=delivery.BLOCKED).text
    assert not sink.deliveries


def test_a_mandate_taken_back_stops_an_approved_notice(notice: Notice, sink: MailSink, alice: User) -> None:
    mandates.revoke(alice)
    assert delivery.send_approved() == []
    assert not sink.deliveries


def test_a_draft_is_not_sent(case: Case, sink: MailSink) -> None:
    with pytest.raises(NotAllowed):
        delivery.send(case.notices.get())
    assert not sink.deliveries


def test_a_case_with_a_letter_left_to_approve_stays_our_move(
    enrolled_alice: Enrolment, carol: User, settings: Any, sink: MailSink
) -> None:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site), lives_in="eu")
    first, second = case.notices.order_by("ground")
    delivery.send(notices.approve(first, carol))
    assert Case.objects.get().state == CaseState.DRAFTING
    delivery.send(notices.approve(second, carol))
    assert Case.objects.get().state == CaseState.AWAITING_PROVIDER


# --- In processes of their own, on a copy of the database ------------------------------------------------

_WORKER = """
import os, sys
import django
django.setup()
from django.core.mail.backends import smtp
from takedowns import delivery
from takedowns.models import Notice

class KilledAfterwards(smtp.EmailBackend):
    def send_messages(self, messages):
        super().send_messages(messages)
        os.kill(os.getpid(), 9)
"""
_SEND = "delivery.send_approved()"
_SEND_AND_DIE = f"""
from django.conf import settings
settings.EMAIL_BACKEND = "__main__.KilledAfterwards"
{_SEND}
"""
_SWEEP = "from datetime import timedelta; delivery.sweep_stuck_sends(timedelta(0)); delivery.send_approved()"


@pytest.fixture
def copy(notice: Notice, tmp_path: Path) -> Path:
    """The test's database, with the approved notice in it, as a file that other processes can open."""
    path = tmp_path / "copy.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as target:
        target.executescript("\n".join(connection.connection.iterdump()))
    return path


def start(copy: Path, sink: MailSink, code: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"sqlite:///{copy}",
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
    }
    command = [sys.executable, "-c", _WORKER + code]
    return subprocess.Popen(command, env=environment, cwd=configured.BASE_DIR, stderr=subprocess.PIPE)


def rows(copy: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(copy)) as database:
        return [row[0] for row in database.execute(query)]


needs_a_file = pytest.mark.skipif(connection.vendor != "sqlite", reason="copies an SQLite database")


@pytest.mark.slow
@needs_a_file
def test_workers_at_once_send_one_letter(copy: Path, sink: MailSink) -> None:
    workers = [start(copy, sink, _SEND) for _ in range(3)]
    for worker in workers:
        _, errors = worker.communicate(timeout=120)
        assert worker.returncode == 0, errors.decode()
    assert len(sink.deliveries) == 1
    assert rows(copy, "SELECT state FROM takedowns_notice") == ["sent"]
    assert rows(copy, "SELECT kind FROM takedowns_workitem") == []


@pytest.mark.slow
@needs_a_file
def test_a_process_killed_right_after_the_letter_left_sends_no_second_one(copy: Path, sink: MailSink) -> None:
    """The worst moment: the mail server has the letter, and nothing was written down about it."""
    killed = start(copy, sink, _SEND_AND_DIE)
    _, errors = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, errors.decode()
    assert len(sink.deliveries) == 1
    assert rows(copy, "SELECT state FROM takedowns_notice") == ["sending"]
    for _ in range(2):
        assert start(copy, sink, _SWEEP).wait(timeout=120) == 0
    assert len(sink.deliveries) == 1
    assert rows(copy, "SELECT kind FROM takedowns_workitem") == [delivery.STUCK]

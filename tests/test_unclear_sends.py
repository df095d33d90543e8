"""A send that died half-way, and then somebody answers the letter: it has left, and its answer counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from takedowns import delivery, escalation
from takedowns.mail import effects, inbox
from takedowns.models import Communication, FollowUp, Notice, WorkItem
from tests import letters_in
from tests.letters_in import answer, report


@pytest.fixture
def notice(alice: User) -> Notice:
    """A letter of which nobody knows whether it left."""
    unclear: dict[str, Any] = {"state": "sending", "sent_at": None, "due_at": None, "sending_at": timezone.now()}
    made = letters_in.sent_to(letters_in.case_of(alice), **unclear)
    Communication.objects.all().delete()
    delivery.sweep_stuck_sends(-timedelta(seconds=1))
    assert WorkItem.objects.get().kind == delivery.STUCK
    return made


def test_a_bounce_is_not_lost(notice: Notice) -> None:
    assert inbox.take(report(notice)) == "filed"
    notice.refresh_from_db()
    assert notice.state == "bounced" and notice.sent_at and notice.contact.pk
    assert [item.kind for item in WorkItem.objects.filter(done_at=None)] == [effects.CAME_BACK]
    assert list(effects.came_back()) == [notice]


def test_an_answer_is_not_lost(notice: Notice) -> None:
    assert inbox.take(answer(notice, "It has been removed.")) == "filed"
    notice.refresh_from_db()
    assert notice.state == "acknowledged" and notice.due_at
    assert not WorkItem.objects.filter(done_at=None).exists()
    assert Communication.objects.filter(direction="out", message_id=notice.message_id).count() == 1


def test_a_mere_reference_says_nothing_about_it(notice: Notice) -> None:
    """Anybody may know that; the Message-ID only who has the letter."""
    inbox.take(letters_in.raw("It has been removed.", subject=f"Re: {notice.case.reference}"))
    notice.refresh_from_db()
    assert notice.state == "sending"


def test_a_reminder_is_never_left_as_a_draft(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    sent_at = timezone.now() - timedelta(days=4)
    sent = letters_in.sent_to(letters_in.case_of(alice), sent_at=sent_at, due_at=sent_at + timedelta(days=3))
    sent.contact.bounced_at = timezone.now()
    sent.contact.save()
    looks: list[Notice] = []
    monkeypatch.setattr(escalation, "still_there", lambda one: looks.append(one) or True)
    for _ in range(2):
        assert escalation.remind_due() == []
    assert not FollowUp.objects.exists() and len(looks) == 1
    assert WorkItem.objects.filter(kind=escalation.REMINDER_BLOCKED).count() == 1

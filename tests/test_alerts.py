"""From a match to a mail: one for each person, without a word of where, at least once and visibly once."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from alerts import dispatch, outbox, tasks
from alerts.models import Alert, AlertRule, Digest, Kind
from alerts.states import DigestState
from search.models import Enrolment, Match
from tests.matches import make_match


def test_matches_become_one_mail_and_only_one(enrolled_alice: Enrolment) -> None:
    make_match(enrolled_alice.subject)
    make_match(enrolled_alice.subject)
    assert dispatch.deliver() == 1
    assert dispatch.deliver() == 0
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    assert Alert.objects.count() == 2
    assert Digest.objects.get().state == DigestState.SENT


def test_promise_50_the_mail_says_nothing_of_where(enrolled_alice: Enrolment) -> None:
    match = make_match(enrolled_alice.subject)
    dispatch.deliver()
    (message,) = mail.outbox
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    place = match.image.sightings.get()
    for text in (message.subject, str(message.body), str(html)):
        assert "shop.example" not in text
        assert place.page_url not in text
        assert "<img" not in text
        assert "http://localhost:8000/matches/" in text or text == message.subject
    assert message.attachments == []


def test_weak_matches_wait_in_the_portal(enrolled_alice: Enrolment) -> None:
    make_match(enrolled_alice.subject, band="possible")
    assert dispatch.deliver() == 0
    AlertRule.objects.create(user=enrolled_alice.subject.user, minimum_band="possible")
    make_match(enrolled_alice.subject, band="possible")
    assert dispatch.deliver() == 1


def test_a_send_that_died_is_tried_again_with_the_same_message_id(
    enrolled_alice: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_match(enrolled_alice.subject)

    def die(self: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMultiAlternatives.send", die)
        with pytest.raises(SystemExit):
            dispatch.deliver()
    first = Digest.objects.get()
    assert dispatch.deliver() == 0, "its lease still runs"
    Digest.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    assert dispatch.deliver() == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == first.message_id == f"<alert.{first.pk}@localhost>"


def test_each_task_may_run_twice(enrolled_alice: Enrolment) -> None:
    make_match(enrolled_alice.subject)
    for task in (tasks.raise_matches, tasks.raise_matches, tasks.deliver, tasks.deliver):
        task()
    assert (Alert.objects.count(), len(mail.outbox)) == (1, 1)


# --- The outbox row and the thing itself are written together, or neither is -----------------------------------


def test_a_match_that_was_never_written_is_never_told(enrolled_alice: Enrolment) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_match(enrolled_alice.subject)
        raise ZeroDivisionError
    assert dispatch.deliver() == 0


def test_whoever_dies_after_the_match_leaves_it_to_be_told(enrolled_alice: Enrolment) -> None:
    match = make_match(enrolled_alice.subject)
    assert Match.objects.get(pk=match.pk).alerted_at is None
    assert dispatch.deliver() == 1


def test_whoever_dies_while_an_alert_is_made_leaves_the_match_to_be_told(
    enrolled_alice: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = make_match(enrolled_alice.subject)

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("alerts.webhooks.queue", die)
        with pytest.raises(SystemExit):
            dispatch.deliver()
    assert Match.objects.get(pk=match.pk).alerted_at is None
    assert not Alert.objects.exists()
    assert dispatch.deliver() == 1


def test_what_is_told_twice_is_one_alert(alice: User) -> None:
    first = outbox.tell(alice, Kind.REMOVED, "event:1")
    assert outbox.tell(alice, Kind.REMOVED, "event:1") == first
    assert Alert.objects.count() == 1


def test_a_thing_that_was_rolled_back_is_not_told(alice: User) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.tell(alice, Kind.REMOVED, "event:1")
        raise ZeroDivisionError
    assert not Alert.objects.exists()


def test_what_somebody_has_seen_to_is_not_asked_any_more(alice: User) -> None:
    case = Digest().pk
    outbox.tell(alice, Kind.QUESTION, "event:1", case=case)
    outbox.tell(alice, Kind.QUESTION, "event:2", case=Digest().pk)
    assert outbox.settled(alice, [Kind.QUESTION, Kind.RELAPSE], case) == 1
    assert Alert.objects.get(settled_at=None).key == "event:2"
    dispatch.gather()
    assert [one.key for one in Digest.objects.get().alerts.all()] == ["event:2"]


def test_nor_is_what_they_have_seen_to_while_its_mail_waited(alice: User) -> None:
    case = Digest().pk
    outbox.tell(alice, Kind.QUESTION, "event:1", case=case)
    dispatch.gather()
    outbox.settled(alice, [Kind.QUESTION], case)
    assert dispatch.deliver() == 0
    assert mail.outbox == []

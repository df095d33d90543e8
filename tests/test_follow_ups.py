"""Further letters about a notice: under the same thread, at most once, approved by whom they must be."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import consent, keys
from accounts.models import Purpose, User
from demo.mail import MailSink, body
from search.models import Enrolment
from takedowns import delivery, follow_ups, mandates, stops, workflow
from takedowns.cases import NotAllowed
from takedowns.guards import NotYet
from takedowns.models import Case, Communication, FollowUp, Notice, WorkItem
from takedowns.states import CaseState, NoticeState, Outcome
from tests import cases
from tests.letters_out import mail_sink
from tests.letters_out import sent as as_if

Kind = FollowUp.Kind


@pytest.fixture
def case(enrolled_alice: Enrolment, settings: Any) -> Iterator[Case]:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        yield cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


@pytest.fixture
def sink(settings: Any) -> Iterator[MailSink]:
    with mail_sink(settings) as running:
        yield running


@pytest.fixture
def notice(case: Case, carol: User, sink: MailSink) -> Notice:
    """It was sent."""
    return delivery.send(cases.approved(case, carol))


def remind(notice: Notice) -> FollowUp:
    return delivery.send(follow_ups.approve_by_rule(follow_ups.draft(notice, Kind.REMINDER)))


def test_a_reminder_leaves_without_a_person_under_the_thread_of_the_notice(notice: Notice, sink: MailSink) -> None:
    first, second = remind(notice), remind(notice)
    _, mail, last = sink.for_recipient(cases.HOST_ABUSE)
    assert mail["In-Reply-To"] == mail["References"] == notice.message_id
    assert last["References"].split() == [notice.message_id, first.message_id]
    assert len({notice.message_id, first.message_id, second.message_id}) == 3
    assert mail["Reply-To"] == delivery.reply_address(notice.case)
    for header in ("Auto-Submitted", "Precedence", "List-Id", "List-Unsubscribe"):
        assert mail[header] is None
    assert body(mail, "plain").split() == first.body.split()
    assert (first.approved_by, first.state, second.number) == (None, NoticeState.SENT, 2)


def test_it_is_on_record_and_sent_once(notice: Notice, sink: MailSink, alice: User) -> None:
    reminder = remind(notice)
    kept = Communication.objects.get(message_id=reminder.message_id)
    assert (kept.direction, kept.kind, kept.notice) == ("out", "letter", notice)
    assert keys.unseal(alice, "communication", bytes(kept.sealed_body)).decode() == reminder.body
    with pytest.raises(NotAllowed, match="only once"):
        delivery.send(reminder)
    assert delivery.send_approved() == []
    assert len(sink.deliveries) == 2


def test_what_waits_to_leave_is_not_written_twice(notice: Notice) -> None:
    reminder = follow_ups.draft(notice, Kind.REMINDER)
    assert follow_ups.draft(notice, Kind.REMINDER) == reminder
    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUp.objects.create(notice=notice, kind=Kind.REMINDER, title="x", body="x", template_version="x")


def test_reminders_are_few(notice: Notice) -> None:
    for _ in range(follow_ups.MOST_REMINDERS):
        remind(notice)
    with pytest.raises(NotAllowed, match="often enough"):
        follow_ups.draft(notice, Kind.REMINDER)


def test_nobody_is_pressed_before_the_day_that_they_named(notice: Notice, sink: MailSink) -> None:
    reminder = follow_ups.approve_by_rule(follow_ups.draft(notice, Kind.REMINDER))
    promised = timezone.now() + timedelta(days=5)
    Notice.objects.filter(pk=notice.pk).update(promised_until=promised)
    assert delivery.send_approved() == []
    assert not WorkItem.objects.exists(), "it only waits"
    with pytest.raises(NotYet, match="not before"):
        delivery.send(reminder)
    follow_ups.withdraw(reminder, notice.approved_by, "Too early.")
    with pytest.raises(NotYet):
        follow_ups.draft(notice, Kind.REMINDER)
    Notice.objects.filter(pk=notice.pk).update(promised_until=timezone.now())
    assert follow_ups.draft(notice, Kind.REMINDER)
    assert len(sink.deliveries) == 1


def test_a_reminder_that_nobody_needs_any_more_is_withdrawn(notice: Notice, sink: MailSink) -> None:
    reminder = follow_ups.approve_by_rule(follow_ups.draft(notice, Kind.REMINDER))
    as_if(notice, NoticeState.COMPLIED)
    assert delivery.send_approved() == []
    reminder.refresh_from_db()
    assert reminder.state == NoticeState.WITHDRAWN
    assert not WorkItem.objects.exists()
    assert len(sink.deliveries) == 1


def test_without_authority_nothing_more_is_sent(notice: Notice, sink: MailSink, alice: User) -> None:
    reminder = follow_ups.approve_by_rule(follow_ups.draft(notice, Kind.REMINDER))
    mandates.revoke(alice)
    assert delivery.send_approved() == []
    with pytest.raises(NotAllowed):
        delivery.send(reminder)
    assert len(sink.deliveries) == 1


def test_only_reminders_and_thanks_leave_by_rule_and_only_as_they_were_written(
    notice: Notice, carol: User, dana: User
) -> None:
    answer = follow_ups.draft(notice, Kind.ANSWER, note="The picture is the second one.", staff=carol)
    with pytest.raises(NotAllowed, match="A person"):
        follow_ups.approve_by_rule(answer)
    retraction = follow_ups.retract(notice, dana, "The wrong picture.")
    with pytest.raises(NotAllowed, match="A person"):
        follow_ups.approve_by_rule(retraction)
    follow_ups.withdraw(retraction, dana, "It was the right one.")
    reminder = follow_ups.draft(notice, Kind.REMINDER)
    follow_ups.edit(reminder, carol, reminder.body + "\nOr else!\n")
    with pytest.raises(NotAllowed, match="A person"):
        follow_ups.approve_by_rule(reminder)


def test_who_wrote_of_it_does_not_approve_it(notice: Notice, carol: User, dana: User, alice: User) -> None:
    answer = follow_ups.draft(notice, Kind.ANSWER, note="The second picture.", staff=carol)
    assert WorkItem.objects.get(kind=follow_ups.TO_APPROVE).about == str(answer.pk)
    for user in (carol, alice):
        with pytest.raises(NotAllowed):
            follow_ups.approve(answer, user)
    follow_ups.edit(answer, dana, answer.body)
    for staff in (carol, dana):
        with pytest.raises(NotAllowed, match="second person"):
            follow_ups.approve(answer, staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUp.objects.filter(pk=answer.pk).update(drafted_by=carol, approved_by=carol)


def test_an_answer_starts_their_time_again(notice: Notice, carol: User, dana: User, sink: MailSink) -> None:
    as_if(notice, NoticeState.INFO_REQUESTED, time_left=timedelta(hours=20))
    answer = follow_ups.draft(notice, Kind.ANSWER, note="It is the picture in the middle.", staff=carol)
    delivery.send(follow_ups.approve(answer, dana))
    notice.refresh_from_db()
    assert (notice.state, notice.time_left) == (NoticeState.ACKNOWLEDGED, None)
    assert abs(notice.due_at - timezone.now() - timedelta(hours=20)) < timedelta(minutes=1)
    assert "the picture in the middle" in " ".join(body(sink.for_recipient(cases.HOST_ABUSE)[1], "plain").split())
    assert not WorkItem.objects.filter(done_at=None).exists()


def test_an_answer_needs_words_and_who_wrote_them(notice: Notice, carol: User) -> None:
    for fields in ({"staff": carol}, {"note": "Words."}, {"staff": carol, "note": "x" * 5000}):
        with pytest.raises(NotAllowed):
            follow_ups.draft(notice, Kind.ANSWER, **fields)  # type: ignore[arg-type]


def test_a_changed_text_is_not_sent(notice: Notice, sink: MailSink) -> None:
    reminder = follow_ups.approve_by_rule(follow_ups.draft(notice, Kind.REMINDER))
    FollowUp.objects.filter(pk=reminder.pk).update(body="Something else.")
    with pytest.raises(NotAllowed, match="not the one that was approved"):
        delivery.send(reminder)


@pytest.mark.parametrize("kind", [Kind.COUNTER_RESPONSE, Kind.COMPLAINT, Kind.THANKS])
def test_each_letter_follows_what_it_answers(notice: Notice, carol: User, kind: str) -> None:
    with pytest.raises(NotAllowed, match="does not follow"):
        follow_ups.draft(notice, kind, note="Court of Testville, 1/2026.", staff=carol)


def test_thanks_go_out_though_the_case_is_closed(notice: Notice, sink: MailSink) -> None:
    as_if(notice, NoticeState.COMPLIED)
    Case.objects.update(state=CaseState.CLOSED, outcome=Outcome.REMOVED)
    thanks = delivery.send(follow_ups.approve_by_rule(follow_ups.draft(notice, Kind.THANKS)))
    assert thanks.state == NoticeState.SENT
    with pytest.raises(NotAllowed):
        follow_ups.draft(notice, Kind.THANKS)


def test_a_draft_does_not_outlive_what_it_follows(notice: Notice, carol: User, sink: MailSink) -> None:
    draft = follow_ups.draft(notice, Kind.ANSWER, note="It is the second picture.", staff=carol)
    assert delivery.send_approved() == []
    draft.refresh_from_db()
    assert draft.state == NoticeState.DRAFT, "it still waits for a second person"
    Case.objects.update(state=CaseState.CLOSED, outcome=Outcome.REMOVED)
    delivery.send_approved()
    draft.refresh_from_db()
    assert draft.state == NoticeState.WITHDRAWN


# --- Taking a notice back ----------------------------------------------------------------------------------


def test_a_retraction_takes_the_notice_back(notice: Notice, carol: User, dana: User, sink: MailSink) -> None:
    reminder = follow_ups.approve_by_rule(follow_ups.draft(notice, Kind.REMINDER))
    retraction = follow_ups.retract(notice, dana, "It was the wrong picture.")
    assert follow_ups.retract(notice, dana, "Again.") == retraction
    reminder.refresh_from_db()
    assert reminder.state == NoticeState.WITHDRAWN
    with pytest.raises(NotAllowed, match="second person"):
        follow_ups.approve(retraction, dana)
    delivery.send(follow_ups.approve(retraction, carol))
    notice.refresh_from_db()
    assert notice.state == NoticeState.RETRACTED
    assert len(sink.for_recipient(cases.HOST_ABUSE)) == 2
    story = " ".join(str(line) for line in workflow.story(Case.objects.get()))
    assert "we take our notice back" in story


def test_it_needs_no_authority_and_no_open_case(
    notice: Notice, alice: User, carol: User, dana: User, sink: MailSink
) -> None:
    mandates.revoke(alice)
    consent.withdraw(alice, Purpose.SENDING_NOTICES)
    Case.objects.update(state=CaseState.CLOSED, outcome=Outcome.WITHDRAWN)
    retraction = follow_ups.approve(follow_ups.retract(notice, dana, "A mistake."), carol)
    assert delivery.send_approved() == [retraction]
    assert len(sink.deliveries) == 2


def test_who_may_ask_for_it(notice: Notice, alice: User, bob: User, carol: User) -> None:
    for user in (bob, carol):
        with pytest.raises(NotAllowed):
            follow_ups.retract(notice, user, "I say so.")
    with pytest.raises(NotAllowed):
        follow_ups.retract(notice, alice, " ")
    with pytest.raises(NotAllowed):
        follow_ups.draft(notice, Kind.RETRACTION)
    mine = follow_ups.retract(notice, alice, "I changed my mind.")
    with pytest.raises(NotAllowed):
        follow_ups.approve(mine, alice)
    assert follow_ups.approve(mine, carol)


def test_nothing_presses_for_what_is_being_taken_back(notice: Notice, dana: User) -> None:
    follow_ups.retract(notice, dana, "A mistake.")
    reminder = follow_ups.draft(notice, Kind.REMINDER)
    with pytest.raises(NotAllowed, match="being retracted"):
        follow_ups.approve_by_rule(reminder)


def test_a_notice_that_never_left_is_not_retracted(case: Case, dana: User) -> None:
    with pytest.raises(NotAllowed, match="does not follow"):
        follow_ups.retract(case.notices.get(), dana, "A mistake.")


def test_while_sending_is_stopped_a_retraction_leaves_by_a_senior_hand_only(
    notice: Notice, carol: User, dana: User, sink: MailSink, settings: Any
) -> None:
    retraction = follow_ups.approve(follow_ups.retract(notice, dana, "A mistake."), carol)
    reminder = FollowUp(kind=Kind.REMINDER)
    stops.stop(dana, "Something is wrong.")
    assert delivery.send_approved() == []
    for letter, staff in ((retraction, None), (retraction, carol), (reminder, dana), (notice, dana)):
        with pytest.raises(NotAllowed, match="stopped"):
            delivery.send(letter, despite_stop=staff)
    settings.NOTICES_ENABLED = False
    with pytest.raises(NotAllowed, match="switched off"):
        delivery.send(retraction, despite_stop=dana)
    settings.NOTICES_ENABLED = True
    assert delivery.send(retraction, despite_stop=dana).state == NoticeState.SENT
    assert len(sink.deliveries) == 2


def test_a_letter_that_died_half_way_is_on_a_desk_and_settled(
    notice: Notice, carol: User, sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    reminder = follow_ups.approve_by_rule(follow_ups.draft(notice, Kind.REMINDER))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", dies)
        with pytest.raises(KeyboardInterrupt):
            delivery.send(reminder)
    for _ in range(2):
        delivery.sweep_stuck_sends(timedelta(0))
        assert delivery.send_approved() == []
    assert WorkItem.objects.get(kind=delivery.STUCK).about == str(reminder.pk)
    assert delivery.settle(reminder, carol, left=False).state == NoticeState.WITHDRAWN
    assert not WorkItem.objects.filter(done_at=None).exists()
    assert remind(notice).number == 1

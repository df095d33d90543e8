"""What follows from a letter: clocks stand still and go on, bad addresses are known, and nothing is believed unseen."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, User
from takedowns import contacts
from takedowns.cases import NotAllowed
from takedowns.mail import effects, inbox
from takedowns.mail.matching import LEARNT
from takedowns.models import AbuseContact, Case, CaseEvent, Communication, FollowUp, InfringingUrl, Notice, WorkItem
from takedowns.workflow import story
from tests import letters_in
from tests.letters_in import ABUSE, answer, report

REFUSAL, QUESTION, GONE = "We cannot remove it.", "Please provide proof of identity.", "It has been removed."


@pytest.fixture
def case(alice: User) -> Case:
    return letters_in.case_of(alice)


@pytest.fixture
def notice(case: Case) -> Notice:
    return letters_in.sent_to(case)


def now_is(notice: Notice) -> tuple[str, str]:
    """The states of the notice and of its case."""
    notice.refresh_from_db()
    return notice.state, Case.objects.get(pk=notice.case_id).state


def items() -> list[str]:
    return sorted(WorkItem.objects.filter(done_at=None).values_list("kind", flat=True))


def letter() -> Communication:
    return Communication.objects.filter(direction="in").latest("at")


def told(case: Case) -> str:
    return " ".join(str(line) for line in story(case))


# --- What is written ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{"subject": "Automatic reply: your message"}, {"subject": "Ticket", "Auto_Submitted": "auto-replied"}]
)
def test_an_automatic_answer_confirms_that_it_arrived(notice: Notice, headers: dict[str, str]) -> None:
    inbox.take(answer(notice, "We have received your message.", **headers))
    assert now_is(notice) == ("acknowledged", "awaiting_provider") and items() == []
    assert AbuseContact.objects.get().answered_at is None
    assert "confirmed that it has our notice" in told(notice.case)


def test_removed_is_looked_at_and_not_believed(notice: Notice) -> None:
    InfringingUrl.objects.update(next_check_at=timezone.now() + timedelta(days=5))
    inbox.take(answer(notice, GONE))
    assert now_is(notice) == ("acknowledged", "awaiting_provider")
    place = InfringingUrl.objects.get()
    assert place.state == "live" and place.next_check_at and place.next_check_at <= timezone.now()
    assert "We look ourselves" in told(notice.case)
    assert AbuseContact.objects.get().answered_at


def test_a_refusal_is_read_by_a_person(notice: Notice) -> None:
    inbox.take(answer(notice, REFUSAL))
    assert now_is(notice) == ("refused", "action_needed") and items() == [effects.REFUSED]


def test_any_other_answer_is_read_by_a_person(notice: Notice) -> None:
    inbox.take(answer(notice, "I have forwarded this."))
    assert now_is(notice) == ("sent", "action_needed") and items() == [effects.READ]


def test_nothing_of_a_letter_is_in_events_or_work_items(notice: Notice) -> None:
    secret = "Ask joe@secret.example about https://secret.example/page"
    for words in (REFUSAL, QUESTION, GONE, ""):
        inbox.take(answer(notice, f"{words} {secret}", subject=f"Re: {secret}", sender="max@secret.example"))
    written = [*CaseEvent.objects.values_list("text", "data"), *WorkItem.objects.values_list("text")]
    assert "secret" not in str(written)


# --- A question stops the clock ----------------------------------------------------------------------------


def test_the_clock_stands_still_while_it_is_our_turn(notice: Notice) -> None:
    left = notice.due_at - timezone.now()
    inbox.take(answer(notice, QUESTION))
    assert now_is(notice) == ("info_requested", "action_needed") and items() == [effects.QUESTION]
    assert notice.due_at is None
    assert notice.time_left and abs(notice.time_left - left) < timedelta(minutes=1)


def test_it_goes_on_with_what_was_left_once_we_answered(notice: Notice, carol: User, time_machine: Any) -> None:
    inbox.take(answer(notice, QUESTION))
    notice.refresh_from_db()
    left = notice.time_left
    time_machine.move_to(timezone.now() + timedelta(days=9))
    for _ in range(2):
        effects.answered(notice, carol)
        assert now_is(notice) == ("acknowledged", "awaiting_provider") and items() == []
    assert left and notice.due_at and abs(notice.due_at - timezone.now() - left) < timedelta(minutes=1)
    assert notice.time_left is None and letter().read_at
    assert CaseEvent.objects.filter(kind="notice.resumed").count() == 1


def test_a_question_after_the_time_leaves_none(notice: Notice) -> None:
    Notice.objects.update(due_at=timezone.now() - timedelta(days=1))
    inbox.take(answer(notice, QUESTION))
    notice.refresh_from_db()
    assert notice.time_left == timedelta(0)


def test_removed_after_all_needs_no_answer_from_us(notice: Notice) -> None:
    inbox.take(answer(notice, QUESTION))
    inbox.take(answer(notice, GONE))
    assert now_is(notice)[0] == "acknowledged" and notice.due_at


# --- Promises ----------------------------------------------------------------------------------------------


def promise(notice: Notice, words: str) -> float | None:
    """In how many days, from now."""
    inbox.take(answer(notice, words))
    notice.refresh_from_db()
    return (notice.promised_until - timezone.now()).total_seconds() / 86400 if notice.promised_until else None


def test_a_promise_is_waited_for(notice: Notice) -> None:
    days = promise(notice, "We have received your notice. We will act within 5 days.")
    assert days and 5 <= days < 6 and "says that it will act" in str(list(CaseEvent.objects.values_list("text")))


def test_a_promise_is_waited_for_a_month_at_most(notice: Notice) -> None:
    days = promise(notice, "We will review it within 300 days.")
    assert days and 29.9 < days <= 30


def test_a_promise_does_not_lengthen_what_the_law_gives(case: Case) -> None:
    notice = letters_in.sent_to(case, ground="take_it_down")
    assert promise(notice, "We will act within 10 days.") is None


def test_an_intimate_picture_waits_for_no_promise(case: Case) -> None:
    Case.objects.update(intimate=True)
    assert promise(letters_in.sent_to(case), "We will act within 10 days.") is None


def test_promises_do_not_follow_one_another(notice: Notice) -> None:
    first = promise(notice, "We will act within 5 days.")
    second = promise(notice, "We will act within 20 days.")
    assert first and second and abs(first - second) < 0.01


# --- Mail that came back -----------------------------------------------------------------------------------


def test_a_hard_bounce_ends_the_notice_and_marks_the_address(notice: Notice) -> None:
    for _ in range(2):
        inbox.take(report(notice))
    assert now_is(notice) == ("bounced", "action_needed") and items() == [effects.CAME_BACK]
    assert notice.contact.bounced_at and notice.due_at is None
    assert list(effects.came_back()) == [notice]
    assert CaseEvent.objects.filter(kind="mail.bounced").count() == 1


def test_an_automatic_confirmation_before_the_bounce_changes_nothing(notice: Notice) -> None:
    inbox.take(answer(notice, "We have received your message.", Auto_Submitted="auto-replied"))
    inbox.take(report(notice))
    assert now_is(notice)[0] == "bounced"


def test_soft_bounces_are_lines_until_the_third(notice: Notice) -> None:
    for number in range(3):
        assert items() == []
        inbox.take(report(notice, status="4.4.1", action="delayed"))
        assert CaseEvent.objects.filter(kind="mail.delayed").count() == number + 1
    assert now_is(notice)[0] == "sent" and items() == [effects.CAME_BACK]
    assert AbuseContact.objects.get().bounced_at is None


def test_a_server_that_gives_up_lost_the_letter_and_not_the_address(notice: Notice) -> None:
    inbox.take(report(notice, status="4.4.7"))
    assert now_is(notice)[0] == "sent" and items() == [effects.CAME_BACK]
    assert AbuseContact.objects.get().bounced_at is None


@pytest.mark.parametrize(
    ("recipient", "state"), [("joe@mail.host.example", "bounced"), ("joe@elsewhere.example", "sent")]
)
def test_whose_mailbox_it_was(notice: Notice, recipient: str, state: str) -> None:
    inbox.take(report(notice, recipient=recipient))
    assert now_is(notice)[0] == state


def test_a_follow_up_that_comes_back_is_marked_too(notice: Notice) -> None:
    further = FollowUp.objects.create(
        notice=notice,
        kind="reminder",
        state="sent",
        recipient=ABUSE,
        title="Reminder",
        body="Words",
        template_version="reminder 1",
        message_id="<reminder@localhost>",
    )
    inbox.take(report(notice).replace(notice.message_id.encode(), b"<reminder@localhost>"))
    further.refresh_from_db()
    assert (further.state, now_is(notice)[0]) == ("bounced", "bounced")


# --- Who answers from another address ----------------------------------------------------------------------


def test_another_address_is_learnt_and_never_written_to(notice: Notice) -> None:
    for words in ("Hello.", "Hello again."):
        inbox.take(answer(notice, words, sender="Joe <joe@freelance.example>"))
    learnt = AbuseContact.objects.get(source=LEARNT)
    assert (learnt.email, learnt.operator, learnt.confidence) == ("joe@freelance.example", notice.operator, 0.0)
    AbuseContact.objects.filter(email=ABUSE).update(bounced_at=timezone.now())
    notice.contact.refresh_from_db()
    found = contacts.alternative(notice.contact)
    assert found is None or found.pk != learnt.pk


@pytest.mark.parametrize("sender", ["no-reply@host.example", "nobody", "mailer-daemon@x.example", ABUSE.upper()])
def test_what_nobody_reads_is_not_learnt(notice: Notice, sender: str) -> None:
    inbox.take(answer(notice, "Hello.", sender=sender))
    assert AbuseContact.objects.count() == 1


# --- Twice, and afterwards ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [REFUSAL, QUESTION, GONE, "Hm.", letters_in.COUNTER])
def test_a_second_time_changes_nothing(notice: Notice, text: str) -> None:
    inbox.take(answer(notice, text))
    before = now_is(notice), notice.due_at, notice.time_left, items()
    Communication.objects.filter(direction="in").update()
    effects.apply(letter())
    effects.apply(letter())
    assert (now_is(notice), notice.due_at, notice.time_left, items()) == before


@pytest.mark.parametrize("text", [REFUSAL, QUESTION, GONE, "Hm.", letters_in.COUNTER])
@pytest.mark.parametrize("state", ["complied", "refused", "contested", "retracted", "bounced", "withdrawn"])
def test_a_letter_about_something_that_is_over_breaks_nothing(notice: Notice, text: str, state: str) -> None:
    Notice.objects.update(state=state)
    assert inbox.take(answer(notice, text)) == "filed"
    assert now_is(notice)[0] in {state, "refused", "contested"}


def test_a_closed_case_stays_as_it_is(notice: Notice) -> None:
    Case.objects.update(state="closed", outcome="removed", closed_at=timezone.now())
    for words in (REFUSAL, QUESTION, GONE):
        inbox.take(answer(notice, words))
    assert now_is(notice) == ("sent", "closed")
    assert InfringingUrl.objects.get().next_check_at is None


# --- A person says what it is ------------------------------------------------------------------------------


def test_a_person_corrects_what_a_letter_was_taken_for(notice: Notice, carol: User) -> None:
    inbox.take(answer(notice, "Hm."))
    effects.reclassify(letter(), "question", carol)
    assert now_is(notice) == ("info_requested", "action_needed") and items() == [effects.QUESTION]
    effects.reclassify(letter(), "receipt", carol)
    assert now_is(notice) == ("acknowledged", "awaiting_provider") and items() == []
    assert notice.due_at and letter().read_by == carol
    effects.reclassify(letter(), "refused", carol)
    assert now_is(notice) == ("refused", "action_needed") and items() == [effects.REFUSED]
    event = AuditEvent.objects.filter(action="letter.sorted").latest("id")
    assert (event.about, event.actor) == (notice.case.subject.user_id, carol.pk)


def test_a_person_vouches_for_a_stranger(notice: Notice, carol: User) -> None:
    mail = letters_in.raw(REFUSAL, sender="joe@elsewhere.example", subject=notice.case.reference)
    inbox.take(mail)
    effects.reclassify(letter(), "refused", carol)
    assert now_is(notice)[0] == "refused"
    assert AbuseContact.objects.filter(source=LEARNT, email="joe@elsewhere.example").exists()


def test_a_person_s_promise_counts_past_the_law(case: Case, carol: User) -> None:
    notice = letters_in.sent_to(case, ground="take_it_down")
    inbox.take(answer(notice, "Next week, I think."))
    effects.reclassify(letter(), "reply", carol, until=(timezone.now() + timedelta(days=9)).date())
    notice.refresh_from_db()
    assert notice.promised_until and notice.promised_until > timezone.now() + timedelta(days=8)
    assert items() == []


def test_a_person_says_that_it_came_back(notice: Notice, carol: User) -> None:
    inbox.take(answer(notice, "Joe does not work here any more."))
    effects.reclassify(letter(), "bounce", carol)
    assert now_is(notice)[0] == "bounced"


def test_read_is_off_the_list(notice: Notice, carol: User) -> None:
    inbox.take(answer(notice, "Hm."))
    for _ in range(2):
        effects.mark_read(letter(), carol)
    assert items() == [] and letter().read_by == carol and now_is(notice)[1] == "awaiting_provider"


def test_a_refusal_is_not_settled_by_reading_it(notice: Notice, carol: User) -> None:
    inbox.take(answer(notice, REFUSAL))
    effects.mark_read(letter(), carol)
    assert items() == [effects.REFUSED]


def test_only_staff_sort_and_only_what_came_in(notice: Notice, alice: User, carol: User) -> None:
    inbox.take(answer(notice, "Hm."))
    ours = Communication.objects.get(direction="out")
    for one, kind, who in ((letter(), "refused", alice), (ours, "refused", carol), (letter(), "letter", carol)):
        with pytest.raises(NotAllowed):
            effects.reclassify(one, kind, who)
    with pytest.raises(NotAllowed):
        effects.mark_read(letter(), alice)

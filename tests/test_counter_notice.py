"""A counter-notice: told the same day, counted in US business days, chosen once, warned in time, ended by a person."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from accounts.models import User
from takedowns import console_counter, follow_ups
from takedowns.cases import NotAllowed
from takedowns.mail import counter, inbox
from takedowns.models import Case, CaseEvent, Communication, CounterNotice, FollowUp, InfringingUrl, Notice, WorkItem
from takedowns.workflow import story
from tests import letters_in
from tests.letters_in import COUNTER, answer

# A Monday before Thanksgiving (the 26th), which is no business day.
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
UPLOADER = ("Mallory", "Other Road", "217 555", "jurisdiction")


@pytest.fixture
def notice(alice: User, time_machine: Any) -> Iterator[Notice]:
    time_machine.move_to(MONDAY, tick=False)
    return letters_in.sent_to(letters_in.case_of(alice))


def received(notice: Notice, text: str = COUNTER) -> CounterNotice:
    assert inbox.take(answer(notice, text)) == "filed"
    return CounterNotice.objects.get()


def fresh(notice: Notice) -> tuple[str, str]:
    notice.refresh_from_db()
    return notice.state, Case.objects.get(pk=notice.case_id).state


# --- It comes in -------------------------------------------------------------------------------------------


def test_it_contests_the_notice_and_the_subject_has_the_move(notice: Notice) -> None:
    found = received(notice)
    assert fresh(notice) == ("contested", "awaiting_subject")
    assert found.lacks == [] and found.communication == Communication.objects.get(direction="in")
    assert WorkItem.objects.get().due_at and counter.open_of(notice.case) == found


def test_the_window_is_counted_in_us_business_days(notice: Notice) -> None:
    found = received(notice)
    # Thanksgiving is left out: 24, 25, 27, 30 November, 1, 2, 3, 4, 7, 8 December.
    assert (found.window_opens_on, found.window_ends_on) == (date(2026, 12, 8), date(2026, 12, 14))


def test_it_counts_from_when_the_provider_got_it(notice: Notice) -> None:
    found = received(notice, COUNTER.replace("from our customer:", "from our customer on 18 November 2026:"))
    assert found.provider_received_on == date(2026, 11, 18) and found.received_at == MONDAY
    assert found.window_opens_on == date(2026, 12, 3)


def test_what_it_lacks_is_said(notice: Notice) -> None:
    found = received(notice, COUNTER.replace("/s/", "").replace("mistake", "").replace("misidentification", ""))
    assert len(found.lacks) == 2 and all(sentence.endswith(".") for sentence in found.lacks)


def test_a_second_one_is_the_first(notice: Notice) -> None:
    found = received(notice)
    assert received(notice) == found
    assert counter.receive(notice, None, date(2026, 11, 20)) == found


def test_another_kind_of_notice_cannot_be_disputed_so(alice: User) -> None:
    notice = letters_in.sent_to(letters_in.case_of(alice), ground="take_it_down")
    inbox.take(answer(notice, COUNTER))
    assert not CounterNotice.objects.exists() and fresh(notice)[0] == "sent"
    assert WorkItem.objects.get().kind == "letter_read"
    with pytest.raises(NotAllowed):
        counter.receive(notice, None, date(2026, 11, 20))


def test_it_comes_after_the_case_was_closed(notice: Notice) -> None:
    Case.objects.update(state="closed", outcome="removed", closed_at=MONDAY)
    Notice.objects.update(state="complied")
    received(notice)
    assert fresh(notice) == ("contested", "closed") and len(mail.outbox) == 1


def test_a_day_that_has_not_come_is_today(notice: Notice) -> None:
    assert counter.receive(notice, None, date(2027, 1, 1)).provider_received_on == MONDAY.date()


# --- The subject is told -----------------------------------------------------------------------------------


def test_the_subject_is_told_at_once_and_nothing_of_the_uploader(notice: Notice, alice: User) -> None:
    found = received(notice)
    (sent,) = mail.outbox
    assert sent.to == [alice.email] and found.state == "informed" and found.told_at == MONDAY
    words = f"{sent.subject} {sent.body} {sent.alternatives}"
    assert "8 December 2026" in words and f"/cases/{notice.case_id}/" in words
    assert not any(word in words for word in (*UPLOADER, "shop.example", "Example Hosting"))
    told = " ".join(str(line) for line in story(notice.case))
    assert "somebody disputes" in told and not any(word in told for word in UPLOADER)


def test_discreetly_if_they_asked_for_that(notice: Notice, alice: User) -> None:
    alice.discreet = True
    alice.save()
    received(notice)
    assert mail.outbox[0].subject == "A message for you"


def test_a_mail_that_cannot_leave_is_tried_again_and_told_once(notice: Notice) -> None:
    with mock.patch.object(EmailMultiAlternatives, "send", side_effect=ConnectionRefusedError):
        assert received(notice).state == "received"
    assert counter.inform_due() == 1 and counter.inform_due() == 0
    assert len(mail.outbox) == 1


def test_its_text_is_for_the_subject_who_asks(notice: Notice, alice: User, bob: User, carol: User) -> None:
    found = received(notice)
    assert "Mallory Uploader" in counter.read(found, alice)
    for other in (bob, carol):
        with pytest.raises(NotAllowed):
            counter.read(found, other)
    assert CaseEvent.objects.filter(kind="counter.read").count() == 1


# --- The choice --------------------------------------------------------------------------------------------


def test_the_choices_say_until_when(notice: Notice) -> None:
    found = received(notice)
    words = {choice.key: choice.text for choice in counter.choices(found)}
    assert set(words) == {"court", "ccb", "let_restore", "switch_ground"}
    assert all("8 December 2026" in words[key] for key in ("court", "ccb", "let_restore"))


@pytest.mark.parametrize("choice", ["court", "ccb"])
def test_whoever_files_has_a_letter_to_the_provider_once_it_is_filed(
    notice: Notice, alice: User, carol: User, choice: str
) -> None:
    found = counter.choose(received(notice), alice, choice)
    assert fresh(notice) == ("contested", "action_needed") and not FollowUp.objects.exists()
    assert WorkItem.objects.get(kind=counter.CHOSEN, done_at=None).due_at
    letter = counter.draft_response(found, carol, "Complaint 26-cv-1234, filed at the District Court on 1 December.")
    assert (letter.kind, letter.state, letter.notice) == ("counter_response", "draft", notice)
    assert "26-cv-1234" in letter.body and letter.drafted_by == carol


def test_what_was_filed_is_said_although_the_case_has_ended(
    notice: Notice, alice: User, carol: User, dana: User
) -> None:
    found = counter.choose(received(notice), alice, "court")
    letter = counter.draft_response(found, carol, "Complaint 26-cv-1234.")
    Case.objects.update(state="closed", outcome="removed", closed_at=MONDAY)
    assert follow_ups.approve(letter, dana).state == "approved"


def test_nobody_says_that_something_was_filed_that_was_not(notice: Notice, alice: User, carol: User) -> None:
    found = received(notice)
    for who in (alice, carol):
        with pytest.raises(NotAllowed):
            counter.draft_response(found, who, "Complaint 26-cv-1234.")
    with pytest.raises(NotAllowed):
        counter.draft_response(counter.choose(found, alice, "court"), carol, " ")


def test_whoever_lets_it_be_has_nothing_sent(notice: Notice, alice: User) -> None:
    counter.choose(received(notice), alice, "let_restore")
    assert not FollowUp.objects.exists() and not WorkItem.objects.filter(kind=counter.CHOSEN).exists()


def test_another_ground_is_a_colleague_s_to_find(notice: Notice, alice: User) -> None:
    counter.choose(received(notice), alice, "switch_ground")
    assert not FollowUp.objects.exists() and WorkItem.objects.filter(kind=counter.CHOSEN).exists()


def test_it_is_chosen_once_by_the_subject_and_from_what_there_is(notice: Notice, alice: User, bob: User) -> None:
    found = received(notice)
    for who, choice in ((bob, "court"), (alice, "fight"), (alice, "")):
        with pytest.raises(NotAllowed):
            counter.choose(found, who, choice)
    chosen = counter.choose(found, alice, "let_restore")
    assert (chosen.state, chosen.choice) == ("decided", "let_restore")
    with pytest.raises(NotAllowed):
        counter.choose(found, alice, "court")


def test_who_read_of_it_on_the_page_can_choose_before_the_mail(notice: Notice, alice: User) -> None:
    with mock.patch.object(EmailMultiAlternatives, "send", side_effect=ConnectionRefusedError):
        found = received(notice)
    assert counter.choose(found, alice, "let_restore").told_at == MONDAY
    assert counter.inform_due() == 0


# --- The warning, and the end ------------------------------------------------------------------------------


def test_the_warning_comes_on_the_eighth_business_day(notice: Notice, time_machine: Any) -> None:
    found = received(notice)
    assert counter.warns_on(found) == date(2026, 12, 4)
    for day, warned in ((date(2026, 12, 3), 0), (date(2026, 12, 4), 1), (date(2026, 12, 5), 0)):
        time_machine.move_to(datetime(day.year, day.month, day.day, 12, tzinfo=UTC), tick=False)
        assert counter.warn_due() == warned
    assert len(mail.outbox) == 2 and "8 December 2026" in mail.outbox[1].body
    item = WorkItem.objects.get(kind=counter.WINDOW)
    assert item.due_at and item.due_at.date() == found.window_opens_on and "14 December 2026" in item.text


def test_who_has_chosen_is_not_pressed_but_colleagues_are(notice: Notice, alice: User, time_machine: Any) -> None:
    counter.choose(received(notice), alice, "court")
    time_machine.move_to(datetime(2026, 12, 4, 12, tzinfo=UTC), tick=False)
    assert counter.warn_due() == 1
    assert len(mail.outbox) == 1 and "has chosen" in WorkItem.objects.get(kind=counter.WINDOW).text


def test_a_warning_that_cannot_leave_is_tried_again(notice: Notice, time_machine: Any) -> None:
    received(notice)
    time_machine.move_to(datetime(2026, 12, 4, 12, tzinfo=UTC), tick=False)
    with mock.patch.object(EmailMultiAlternatives, "send", side_effect=TimeoutError):
        assert counter.warn_due() == 0
    assert counter.warn_due() == 1 and len(mail.outbox) == 2


def test_when_the_time_is_over_somebody_looks(notice: Notice, time_machine: Any) -> None:
    received(notice)
    time_machine.move_to(datetime(2026, 12, 15, 12, tzinfo=UTC), tick=False)
    for _ in range(2):
        assert counter.warn_due() == 0
    assert WorkItem.objects.filter(kind=counter.OVER).count() == 1
    assert InfringingUrl.objects.get().next_check_at and len(mail.outbox) == 1


@pytest.mark.parametrize(("kept_down", "state"), [(True, "complied"), (False, "refused")])
def test_a_person_says_how_it_ended(notice: Notice, alice: User, carol: User, kept_down: bool, state: str) -> None:
    found = received(notice)
    with pytest.raises(NotAllowed):
        counter.end(found, alice, kept_down)
    counter.end(found, carol, kept_down)
    assert fresh(notice) == (state, "action_needed")
    assert InfringingUrl.objects.get().next_check_at and counter.open_of(notice.case) is None
    assert not WorkItem.objects.filter(done_at=None).exists()
    with pytest.raises(NotAllowed):
        counter.end(found, carol, kept_down)


def test_a_person_knows_better_when_the_provider_got_it(notice: Notice, carol: User, alice: User) -> None:
    found = received(notice)
    assert counter.correct(found, carol, date(2026, 11, 20)).window_opens_on == date(2026, 12, 7)
    for who, day in ((alice, date(2026, 11, 20)), (carol, date(2026, 12, 1))):
        with pytest.raises(NotAllowed):
            counter.correct(found, who, day)


# --- The console -------------------------------------------------------------------------------------------


def test_staff_work_on_it_in_the_console(notice: Notice, alice: User, carol: User, client_for: Any, rf: Any) -> None:
    found, browser = counter.choose(received(notice), alice, "court"), client_for(carol)
    (item,) = console_counter.shown(notice.case)
    html = render_to_string("takedowns/console_counter.html", {"counter_notices": [item]}, request=rf.get("/"))
    assert "8 December 2026 to 14 December 2026" in html and not any(word in html for word in UPLOADER)
    browser.post(f"/console/counter/{found.pk}/received/", {"received_on": "2026-11-20"})
    browser.post(f"/console/counter/{found.pk}/filed/", {"filed": "Complaint 26-cv-1234, District Court."})
    for wrong in ({}, {"how": "lost"}):
        browser.post(f"/console/counter/{found.pk}/end/", wrong)
    found.refresh_from_db()
    assert found.window_opens_on == date(2026, 12, 7) and FollowUp.objects.exists() and found.state == "decided"
    browser.post(f"/console/counter/{found.pk}/end/", {"how": "kept_down"})
    assert fresh(notice)[0] == "complied"


def test_the_subject_s_browser_cannot(notice: Notice, alice: User, client_for: Any) -> None:
    found = received(notice)
    for act in ("received", "filed", "end"):
        assert client_for(alice).post(f"/console/counter/{found.pk}/{act}/", {"how": "restored"}).status_code == 404

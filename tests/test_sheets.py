"""Operators that take notices by a form only: a sheet to paste from, and one record of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts import keys
from accounts.models import User
from demo.mail import MailSink
from search.models import Enrolment
from takedowns import delivery, follow_ups, mandates, notices, sheets, stops
from takedowns.cases import NotAllowed
from takedowns.models import Case, Communication, FollowUp, Notice, WorkItem
from takedowns.states import CaseState, NoticeState
from tests import cases
from tests.letters_out import mail_sink, operator

FORM = "https://desk.example/report"


@pytest.fixture
def notice(enrolled_alice: Enrolment, carol: User, settings: Any) -> Iterator[Notice]:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        case = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
        notices.withdraw(case.notices.get(), carol, "It takes a form only.")
        contact = operator("desk.example", form_url=FORM)
        yield notices.approve(notices.draft(case, "dmca_512c", contact, list(case.urls.all())), carol)


@pytest.fixture
def sink(settings: Any) -> Iterator[MailSink]:
    with mail_sink(settings) as running:
        yield running


def pasted(letter: Any, staff: User, words: str = "") -> Any:
    delivery.take_sheet(letter, staff)
    return delivery.record_pasted(letter, staff, words)


def test_the_sheet_has_what_forms_ask_for(notice: Notice) -> None:
    shown = {field.key: field.text for field in sheets.fields(notice)}
    place = notice.urls.get()
    assert (shown["pages"], shown["pictures"]) == (place.page_url, place.image_url)
    assert shown["body"] == notice.body
    assert shown["email"] == delivery.reply_address(notice.case), "answers come back to the case"
    assert (shown["on_behalf"], shown["signature"]) == ("Alice Example", "Alice Example")
    assert "Secret" not in sheets.as_text(sheets.fields(notice)), "never the subject's home"
    assert sheets.form_url(notice) == FORM


def test_no_mail_is_tried_and_a_person_is_asked_once(notice: Notice, sink: MailSink) -> None:
    for _ in range(2):
        assert delivery.send_approved() == []
    with pytest.raises(NotAllowed, match="form only"):
        delivery.send(notice)
    assert not sink.deliveries
    assert WorkItem.objects.get(done_at=None).kind == delivery.PASTE
    assert Case.objects.get().state == CaseState.ACTION_NEEDED


def test_what_was_pasted_is_sent_once_and_on_record(notice: Notice, carol: User, dana: User, alice: User) -> None:
    delivery.send_approved()
    done = pasted(notice, carol, "Ticket 4711. Thank you.")
    assert done.state == NoticeState.SENT
    assert done.due_at
    for staff in (carol, dana):
        with pytest.raises(NotAllowed, match="only once"):
            delivery.record_pasted(notice, staff)
    kept = Communication.objects.get()
    text = keys.unseal(alice, "communication", bytes(kept.sealed_body)).decode()
    assert (kept.recipient, kept.direction) == (FORM, "out")
    assert "Ticket 4711" in text
    assert done.body.strip() in text
    assert not WorkItem.objects.filter(done_at=None).exists()
    assert Case.objects.get().state == CaseState.AWAITING_PROVIDER
    acts = done.case.events.filter(kind__in=("notice.sending", "notice.sent"))
    assert list(acts.values_list("actor", flat=True)) == [carol.pk, carol.pk]


def test_what_follows_goes_into_the_form_as_well(notice: Notice, carol: User, sink: MailSink) -> None:
    pasted(notice, carol)
    reminder = follow_ups.approve_by_rule(follow_ups.draft(notice, FollowUp.Kind.REMINDER))
    assert delivery.send_approved() == []
    assert WorkItem.objects.get(kind=delivery.PASTE, done_at=None).about == str(reminder.pk)
    assert pasted(reminder, carol).state == NoticeState.SENT
    assert not sink.deliveries


def test_everything_that_holds_for_sending_holds_for_the_form(
    notice: Notice, alice: User, carol: User, dana: User
) -> None:
    for act in (delivery.take_sheet, delivery.record_pasted):
        with pytest.raises(NotAllowed, match="staff"):
            act(notice, alice)
    delivery.take_sheet(notice, carol)
    with pytest.raises(NotAllowed, match="2000 characters"):
        delivery.record_pasted(notice, carol, "x" * 2001)
    stops.stop(dana, "Something is wrong.")
    for act in (delivery.take_sheet, delivery.record_pasted):
        with pytest.raises(NotAllowed, match="stopped"):
            act(notice, carol)
    stops.lift(dana)
    mandates.revoke(alice)
    for act in (delivery.take_sheet, delivery.record_pasted):
        with pytest.raises(NotAllowed):
            act(notice, carol)


def test_a_draft_or_a_changed_letter_has_no_sheet(notice: Notice, carol: User) -> None:
    Notice.objects.filter(pk=notice.pk).update(body="Something else.")
    with pytest.raises(NotAllowed, match="not the one that was approved"):
        delivery.take_sheet(notice, carol)
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.DRAFT)
    with pytest.raises(NotAllowed, match="approved"):
        delivery.take_sheet(notice, carol)


def test_one_person_at_a_time_has_a_sheet(notice: Notice, carol: User, dana: User) -> None:
    with pytest.raises(NotAllowed, match="Take the sheet first"):
        delivery.record_pasted(notice, carol)
    delivery.take_sheet(notice, carol)
    for act in (delivery.take_sheet, delivery.record_pasted, delivery.put_back):
        with pytest.raises(NotAllowed):
            act(notice, dana)
    delivery.take_sheet(notice, carol)
    delivery.put_back(notice, carol)
    assert delivery.take_sheet(notice, dana).taken_by == dana


def test_a_sheet_is_taken_over_from_a_colleague(notice: Notice, carol: User, dana: User) -> None:
    delivery.take_sheet(notice, carol)
    delivery.take_sheet(notice, dana, over=True)
    with pytest.raises(NotAllowed, match="Take the sheet first"):
        delivery.record_pasted(notice, carol)
    assert delivery.record_pasted(notice, dana).state == NoticeState.SENT
    told = list(notice.case.events.filter(kind__startswith="notice.taken").values_list("text", flat=True))
    assert told == [
        "The sheet for desk.example's form was taken.",
        "The sheet for desk.example's form was taken over from carol.",
    ]


def test_a_letter_that_goes_by_mail_is_not_pasted(notice: Notice, carol: User) -> None:
    by_mail = operator("mail.example")
    other = notices.draft(notice.case, "dmca_512c", by_mail, list(notice.urls.all()))
    with pytest.raises(NotAllowed, match="by e-mail"):
        delivery.take_sheet(notices.approve(other, carol), carol)

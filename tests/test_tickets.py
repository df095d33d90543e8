"""Requests of people: taken without an account, answered within clocks, and never with more proof than needed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, DataRequest, RequestMessage, User
from accounts.states import RequestState
from accounts.tickets import laws, sealed, tickets
from accounts.tickets.refusal import Refused

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)
BODY = "Please tell me what you hold about me."


def opened(**also: Any) -> DataRequest:
    return tickets.open_ticket("access", email="erin@example.org", body=BODY, **also)


# --- The clocks of the law ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2026, 12, 22, 9, tzinfo=UTC)),
        (datetime(2027, 1, 31, 9, tzinfo=UTC), datetime(2027, 2, 28, 9, tzinfo=UTC)),
        (datetime(2027, 12, 31, 9, tzinfo=UTC), datetime(2028, 1, 31, 9, tzinfo=UTC)),
    ],
)
def test_a_month_ends_with_the_next_month_at_the_latest(start: datetime, due: datetime) -> None:
    assert laws.GDPR.answer.after(start) == due


def test_where_no_law_is_known_everybody_gets_the_month() -> None:
    assert laws.law_for("") is laws.law_for("BR") is laws.GDPR
    assert laws.law_for("US-CA").answer.days == 45
    assert all(law.citation for law in laws.LAWS)


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_promise_38_a_request_has_48_hours_and_a_month() -> None:
    request = opened()
    assert request.answer_due_at == NOON + timedelta(hours=48)
    assert request.due_at == datetime(2027, 2, 28, 12, tzinfo=UTC)


@pytest.mark.django_db
@time_machine.travel(NOON, tick=False)
def test_who_lives_in_california_has_the_clock_of_california(alice: User) -> None:
    alice.region = "US-CA"
    assert opened(user=alice).due_at == NOON + timedelta(days=45)
    assert opened(region="US-CA").due_at == NOON + timedelta(days=45)


# --- Opening -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_receipt_names_the_reference_and_repeats_nothing() -> None:
    request = opened()
    (sent,) = mail.outbox
    assert sent.to == ["erin@example.org"]
    assert request.reference in sent.subject and request.reference in str(sent.body)
    assert BODY not in str(sent.body)
    # An absence notice must not answer it.
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"


@pytest.mark.django_db
def test_who_asked_and_what_is_readable_in_no_column() -> None:
    request = opened()
    message = request.messages.get()
    assert b"erin" not in bytes(request.sealed_contact)
    assert b"hold" not in bytes(message.sealed_body)
    assert tickets.address_of(request) == "erin@example.org"
    assert sealed.text_of(message) == BODY


@pytest.mark.django_db
def test_a_request_stands_although_its_receipt_could_not_be_sent() -> None:
    with mock.patch("django.core.mail.EmailMessage.send", side_effect=ConnectionError):
        request = opened()
    assert request.messages.filter(direction=RequestMessage.Direction.NOTE).exists()


@pytest.mark.django_db
def test_the_trail_has_neither_address_nor_words(alice: User) -> None:
    request = opened(user=alice)
    event = AuditEvent.objects.get(action="request.opened")
    assert event.about == event.actor == alice.pk
    assert event.object_id == str(request.pk)
    assert set(event.detail) == {"kind", "channel"}


@pytest.mark.django_db
def test_control_characters_and_turned_writing_are_taken_out() -> None:
    request = tickets.open_ticket("question", email="", body="a\x00b\u202ec\x1b[31m\nd\te")
    assert sealed.text_of(request.messages.get()) == "abc[31m\nd\te"


# --- Answering ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_answer_is_mailed_and_stops_the_first_clock(carol: User) -> None:
    request = opened()
    tickets.reply(request, carol, "Here is what we hold.", wait=True)
    assert request.answered_at is not None
    assert request.state == RequestState.WAITING_FOR_PERSON
    sent = mail.outbox[-1]
    assert "Here is what we hold." in str(sent.body)
    assert carol.email not in str(sent.body)
    # So that what the person answers is known again.
    assert RequestMessage.objects.filter(message_id=sent.extra_headers["Message-ID"]).exists()


@pytest.mark.django_db
def test_an_answer_that_could_not_be_sent_changes_nothing(carol: User) -> None:
    request = opened()
    with (
        mock.patch("django.core.mail.EmailMessage.send", side_effect=ConnectionError),
        pytest.raises(Refused),
    ):
        tickets.reply(request, carol, "Lost.")
    request.refresh_from_db()
    assert request.answered_at is None and request.state == RequestState.RECEIVED
    assert request.messages.count() == 1


@pytest.mark.django_db
def test_a_button_that_is_pressed_twice_sends_once(carol: User) -> None:
    request = opened()
    tickets.reply(request, carol, "Here it is.")
    with pytest.raises(Refused, match="just been sent"):
        tickets.reply(DataRequest.objects.get(), carol, "Here it is.")
    assert len(mail.outbox) == 2


@pytest.mark.django_db
def test_a_mail_that_left_is_recorded_although_somebody_else_was_faster(carol: User, dana: User) -> None:
    request, theirs = opened(), DataRequest.objects.get()

    def closed_meanwhile(*_: Any, **__: Any) -> bool:
        tickets.post.to_person = real
        tickets.close(theirs, dana, "answered", "Done.")
        return True

    real = tickets.post.to_person
    with mock.patch.object(tickets.post, "to_person", closed_meanwhile):
        tickets.reply(request, carol, "One more thing.", wait=True)
    said = [sealed.text_of(message) for message in request.messages.all()]
    assert said == [BODY, "Done.", "One more thing."]
    request.refresh_from_db()
    assert request.state == RequestState.CLOSED


@pytest.mark.django_db
def test_a_neutral_subject_still_finds_its_way_back(alice: User, carol: User) -> None:
    alice.discreet = True
    alice.save()
    request = opened(user=alice)
    assert mail.outbox[0].subject == f"A message for you [{request.reference}]"


@pytest.mark.django_db
def test_it_is_extended_once_within_the_deadline_and_the_person_is_told_why(carol: User) -> None:
    with time_machine.travel(NOON, tick=False):
        request = opened()
        tickets.extend(request, carol, "There are very many letters.")
        assert request.due_at == datetime(2027, 4, 30, 12, tzinfo=UTC)
        assert "There are very many letters." in str(mail.outbox[-1].body)
        assert "28 February 2027" in str(mail.outbox[-1].body)
        with pytest.raises(Refused, match="once"):
            tickets.extend(request, carol, "Again.")
        late = opened()
    with time_machine.travel(NOON + timedelta(days=40), tick=False), pytest.raises(Refused, match="within"):
        tickets.extend(late, carol, "Too late.")


@pytest.mark.django_db
def test_a_refusal_says_why_and_where_to_complain(carol: User) -> None:
    request = opened()
    tickets.reply(request, carol, "We look at it.")
    with pytest.raises(Refused):
        tickets.close(request, carol, "refused")
    tickets.close(request, carol, "refused", "It is about somebody else.")
    body = " ".join(str(mail.outbox[-1].body).split())
    assert "It is about somebody else." in body and "data protection authority" in body
    assert request.state == RequestState.CLOSED


@pytest.mark.django_db
def test_nobody_is_closed_without_an_answer(carol: User) -> None:
    with pytest.raises(Refused):
        tickets.close(opened(), carol, "answered")


@pytest.mark.django_db
def test_a_message_opens_a_closed_request_again_with_new_clocks(carol: User) -> None:
    with time_machine.travel(NOON, tick=False):
        request = opened()
        tickets.close(request, carol, "answered", "Here you are.")
    with time_machine.travel(NOON + timedelta(days=60), tick=False):
        tickets.take_message(request, "Something is missing.")
        assert request.state == RequestState.IN_PROGRESS
        assert request.answered_at is None and request.closed_at is None
        assert request.answer_due_at == timezone.now() + timedelta(hours=48)


@pytest.mark.django_db
def test_a_report_without_an_address_can_be_closed_but_not_answered(carol: User) -> None:
    request = tickets.open_ticket("misuse", email="", body="Somebody misuses it.")
    assert not mail.outbox
    with pytest.raises(Refused):
        tickets.reply(request, carol, "Thank you.")
    tickets.close(request, carol, "done")
    assert request.state == RequestState.CLOSED and not mail.outbox


# --- Pages -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_promise_37_anybody_asks_without_an_account() -> None:
    client = Client()
    asked = {"kind": "erasure", "email": "erin@example.org", "body": "Please delete everything.", "region": "US-CA"}
    page = client.post("/ask/", asked, follow=True)
    request = DataRequest.objects.get()
    assert request.reference in page.content.decode()
    assert request.user is None and request.kind == "erasure"
    assert tickets.law_of(request).code == "ccpa"
    # Another browser does not see it.
    assert request.reference not in Client().get("/ask/sent/", follow=True).content.decode()


@pytest.mark.django_db
def test_promise_37_who_is_signed_in_proves_nothing_more(alice: User, client_for: Any) -> None:
    page = client_for(alice).get("/ask/?kind=access").content.decode()
    assert 'name="email"' not in page and alice.email in page
    client_for(alice).post("/ask/", {"kind": "access", "body": BODY, "email": "other@example.org"})
    request = DataRequest.objects.get()
    assert request.user == alice and tickets.address_of(request) == alice.email


@pytest.mark.django_db
def test_promise_58_misuse_is_reported_without_a_name() -> None:
    Client().post("/misuse/", {"body": "Somebody looks for his former wife."})
    assert DataRequest.objects.get().kind == "misuse"
    assert not mail.outbox


@pytest.mark.django_db
def test_errors_keep_what_was_typed() -> None:
    page = Client().post("/ask/", {"kind": "", "email": "nobody", "body": "Some words that I typed."})
    text = page.content.decode()
    assert page.status_code == 422 and not DataRequest.objects.exists()
    assert "Some words that I typed." in text and "Choose what you want." in text and "data-error-summary" in text


@pytest.mark.django_db
def test_nobody_s_mailbox_is_filled_with_receipts() -> None:
    for number in range(8):
        asked = {"kind": "question", "email": "victim@example.org", "body": "Some words that are long enough."}
        Client().post("/ask/", asked, REMOTE_ADDR=f"192.0.2.{number}")
    assert len(mail.outbox) == 3


@pytest.mark.django_db
def test_a_person_sees_their_own_and_no_note(alice: User, carol: User, client_for: Any) -> None:
    request = opened(user=alice)
    tickets.note(request, carol, "She sounds worried.")
    tickets.reply(request, carol, "Here it is.")
    assert request.reference in client_for(alice).get("/requests/").content.decode()
    page = client_for(alice).get(f"/requests/{request.pk}/").content.decode()
    assert BODY in page and "Here it is." in page
    assert "worried" not in page and carol.email not in page


@pytest.mark.django_db
def test_bob_sees_nothing_of_it(alice: User, bob: User, client_for: Any) -> None:
    request = opened(user=alice)
    assert request.reference not in client_for(bob).get("/requests/").content.decode()
    assert client_for(bob).get(f"/requests/{request.pk}/").status_code == 404
    assert client_for(bob).post(f"/requests/{request.pk}/add/", {"body": "Mine."}).status_code == 404
    assert request.messages.count() == 1


@pytest.mark.django_db
def test_a_person_adds_a_message(alice: User, client_for: Any) -> None:
    request = opened(user=alice)
    client_for(alice).post(f"/requests/{request.pk}/add/", {"body": "And my letters, please."})
    assert [sealed.text_of(message) for message in request.messages.all()] == [BODY, "And my letters, please."]

"""Requests in the staff console: late ones on top, every act on a page, and that somebody read it is recorded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from accounts.models import AuditEvent, DataRequest, User
from accounts.states import RequestState
from accounts.tickets import sealed, tickets

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def opened(days_ago: float = 0, **also: Any) -> DataRequest:
    with time_machine.travel(NOON - timedelta(days=days_ago), tick=False):
        return tickets.open_ticket("access", email="erin@example.org", body="What do you hold about me?", **also)


def test_what_is_due_first_stands_first_and_late_ones_have_a_view(carol: User, client_for: Any) -> None:
    new, late, answered = opened(0), opened(5), opened(10)
    with time_machine.travel(NOON, tick=False):
        tickets.reply(answered, carol, "Here.")
        client = client_for(carol)
        page = client.get("/console/requests/").content.decode()
        order = [page.index(f"{one.pk}/") for one in (late, new, answered)]
        assert order == sorted(order)
        only = client.get("/console/requests/?tab=late").content.decode()
    assert late.reference in only and new.reference not in only and answered.reference not in only


@pytest.mark.parametrize("tab", ["mine", "waiting", "closed", "nonsense"])
def test_every_view_can_be_opened_empty_and_full(carol: User, client_for: Any, tab: str) -> None:
    client = client_for(carol)
    assert client.get(f"/console/requests/?tab={tab}").status_code == 200
    waiting, closed = opened(), opened()
    tickets.assign(waiting, carol)
    tickets.reply(waiting, carol, "Who are you?", wait=True)
    tickets.close(closed, carol, "answered", "Here.")
    assert client.get(f"/console/requests/?tab={tab}&kind=access&q=rq").status_code == 200


def test_one_is_worked_on_from_its_page(carol: User, client_for: Any) -> None:
    request = opened()
    here = f"/console/requests/{request.pk}/"
    with time_machine.travel(NOON, tick=False):
        client = client_for(carol)
        client.post(f"{here}assign/")
        client.post(f"{here}kind/", {"kind": "erasure"})
        client.post(f"{here}note/", {"body": "Looks genuine."})
        client.post(f"{here}extend/", {"reason": "Very many letters."})
        client.post(f"{here}reply/", {"body": "Which letters?", "wait": "on"})
        page = client.get(here).content.decode()
        assert "Looks genuine." in page and "Which letters?" in page and "Waiting for the person" in page
        client.post(f"{here}close/", {"outcome": "done", "body": "It is deleted."})
    client = client_for(carol)
    request.refresh_from_db()
    assert request.state == RequestState.CLOSED and request.kind == "erasure" and request.assigned_to == carol
    assert [message.subject.split(" [")[0] for message in mail.outbox] == [
        "We have your message",
        "We need more time for your request",
        "Your message to us",
        "Your request is closed",
    ]
    client.post(f"{here}reopen/")
    request.refresh_from_db()
    assert request.state == RequestState.IN_PROGRESS


def test_an_act_that_is_refused_says_so_and_keeps_what_was_typed(carol: User, client_for: Any) -> None:
    request = opened()
    answer = client_for(carol).post(f"/console/requests/{request.pk}/close/", {"outcome": "refused", "body": " "})
    page = answer.content.decode()
    assert answer.status_code == 422 and "Write the person an answer" in page
    assert '<option value="refused" selected>' in page


def test_who_came_second_is_told_so(carol: User, client_for: Any) -> None:
    request = opened()
    tickets.close(request, carol, "answered", "Here.")
    tickets.reopen(request, carol)
    page = client_for(carol).post(f"/console/requests/{request.pk}/reopen/", follow=True).content.decode()
    assert "Somebody else was faster" in page


def test_promise_28_that_somebody_read_it_is_recorded_once_an_hour(alice: User, carol: User, client_for: Any) -> None:
    request = opened(user=alice)
    for _ in range(3):
        client_for(carol).get(f"/console/requests/{request.pk}/")
    read = AuditEvent.objects.get(action="request.read")
    assert read.actor == carol.pk and read.about == alice.pk and read.detail == {}


def test_staff_see_how_sure_it_is_who_asks(alice: User, carol: User, client_for: Any) -> None:
    signed_in = opened(user=alice)
    unknown = opened()
    claims = tickets.open_ticket("erasure", email="ALICE@example.org", body="Delete my account.")
    pages = [
        client_for(carol).get(f"/console/requests/{one.pk}/").content.decode() for one in (signed_in, unknown, claims)
    ]
    assert "nothing more to prove" in pages[0]
    assert "no account has this address" in pages[1]
    assert "ask them to sign in" in pages[2]


def test_a_request_that_came_by_letter_is_written_down(carol: User, client_for: Any) -> None:
    asked = {"kind": "objection", "email": "", "region": "GB", "body": "A letter came: she objects."}
    client_for(carol).post("/console/requests/new/", asked)
    request = DataRequest.objects.get()
    assert request.channel == "staff" and tickets.law_of(request).code == "uk_gdpr"
    assert sealed.text_of(request.messages.get()) == "A letter came: she objects."
    assert AuditEvent.objects.get(action="request.opened").actor == carol.pk


def test_subscribers_see_nothing_of_the_console(alice: User, client_for: Any) -> None:
    request = opened(user=alice)
    assert client_for(alice).get("/console/requests/").status_code == 404
    assert client_for(alice).get(f"/console/requests/{request.pk}/").status_code == 404
    assert client_for(alice).post(f"/console/requests/{request.pk}/reply/", {"body": "x"}).status_code == 404

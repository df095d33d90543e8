"""The staff's page about opt-outs: a decision without a picture."""

from typing import Any

from django.core import mail

from accounts.models import AuditEvent, User
from search import optout
from search.models import Enrolment, OptOut
from search.states import OptOutState
from tests import photos
from tests.optouts import active_optout, confirmed_optout


def assisted(photo: photos.Rgb) -> OptOut:
    made = confirmed_optout("grace@example.org")
    optout.ask_person(made, [photos.jpeg(photo)])
    return made


def test_staff_decide_without_a_picture(client_for: Any, carol: User) -> None:
    made = assisted(photos.hopper())
    browser = client_for(carol)
    queue = browser.get("/console/opt-outs/").content.decode()
    assert made.reference in queue
    assert "grace@example.org" not in queue
    page = browser.get(f"/console/opt-outs/{made.pk}/").content.decode()
    assert "grace@example.org" in page
    assert "<img" not in page
    assert AuditEvent.objects.filter(action="opt_out.address_shown", actor=carol.pk).count() == 1
    browser.post(f"/console/opt-outs/{made.pk}/", {"verdict": "approve", "reason": "Spoke with her."})
    made.refresh_from_db()
    assert made.state == OptOutState.ACTIVE


def test_a_reason_is_required(client_for: Any, carol: User) -> None:
    made = assisted(photos.hopper())
    answer = client_for(carol).post(f"/console/opt-outs/{made.pk}/", {"verdict": "refuse", "reason": ""})
    assert answer.status_code == 422
    assert "Say how you checked" in answer.content.decode()
    made.refresh_from_db()
    assert made.state == OptOutState.ASSISTED


def test_contested_ones_are_for_senior_staff(
    client_for: Any, carol: User, dana: User, enrolled_alice: Enrolment
) -> None:
    held = active_optout("mallory@example.org", photos.jpeg(photos.astronaut()))
    url = f"/console/opt-outs/{held.pk}/"
    assert client_for(carol).get(url).status_code == 404
    assert held.reference not in client_for(carol).get("/console/opt-outs/").content.decode()
    page = client_for(dana).get(url).content.decode()
    assert "alice" not in page.lower()
    client_for(dana).post(url, {"verdict": "refuse", "reason": "Not her."})
    held.refresh_from_db()
    assert held.state == OptOutState.REFUSED
    assert mail.outbox[-1].to == ["mallory@example.org"]


def test_the_slower_of_two_is_told(client_for: Any, carol: User, dana: User) -> None:
    made = assisted(photos.hopper())
    optout.refuse(made, dana, "Not theirs.")
    answer = client_for(carol).post(f"/console/opt-outs/{made.pk}/", {"verdict": "approve", "reason": "Theirs."})
    assert answer.status_code == 404

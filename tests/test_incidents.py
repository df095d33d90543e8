"""The register of incidents: what is written stays, the clock is the law's, and nothing is closed half-way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction

from accounts.models import Incident, IncidentEntry, User
from accounts.states import IncidentState
from accounts.tickets import incidents
from accounts.tickets.refusal import Refused

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=10)

pytestmark = pytest.mark.django_db


def opened(dana: User, **also: Any) -> Incident:
    with time_machine.travel(NOON, tick=False):
        return incidents.open_incident(dana, title="A lost laptop", text="It was encrypted.", aware_at=NOON, **also)


def texts(found: Incident) -> list[str]:
    return [entry.text for entry in found.entries.all()]


def test_promise_30_the_authority_has_to_hear_of_it_within_72_hours(dana: User) -> None:
    assert opened(dana).authority_due_at == NOON + timedelta(hours=72)


def test_nobody_becomes_aware_in_the_future(dana: User) -> None:
    with time_machine.travel(NOON, tick=False), pytest.raises(Refused):
        incidents.open_incident(dana, title="x", text="x", aware_at=NOON + timedelta(hours=1))


def test_promise_30_an_entry_cannot_be_changed_or_deleted(dana: User) -> None:
    entry = opened(dana).entries.get()
    for act in (lambda: IncidentEntry.objects.filter(pk=entry.pk).update(text="Nothing."), entry.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert IncidentEntry.objects.get().text == "It was encrypted."


def test_a_late_notice_says_why(dana: User) -> None:
    found = opened(dana)
    late = NOON + timedelta(hours=80)
    with time_machine.travel(late, tick=False):
        with pytest.raises(Refused, match="72 hours"):
            incidents.authority_told(found, dana, late, "")
        incidents.authority_told(found, dana, late, "It was a long weekend.")
    assert found.authority_told_at == late
    assert "long weekend" in texts(found)[-1]


@pytest.mark.parametrize("at", [NOON - timedelta(hours=1), NOON + timedelta(days=9)])
def test_the_authority_is_told_neither_before_we_knew_nor_in_the_future(dana: User, at: datetime) -> None:
    found = opened(dana)
    with time_machine.travel(LATER, tick=False), pytest.raises(Refused):
        incidents.authority_told(found, dana, at, "")


def test_it_is_closed_only_when_the_authority_knows_or_need_not_and_the_people_are_counted(dana: User) -> None:
    found = opened(dana)
    with time_machine.travel(LATER, tick=False):
        with pytest.raises(Refused, match="authority"):
            incidents.close(found, dana, "Found again.")
        incidents.no_notice(found, dana, "Nobody can read it.")
        with pytest.raises(Refused, match="how many"):
            incidents.close(found, dana, "Found again.")
        incidents.add_entry(found, dana, "Counted.", people_affected=0)
        incidents.close(found, dana, "Found again.")
    assert found.state == IncidentState.CLOSED
    assert texts(found)[-1] == "Closed. Found again."
    incidents.reopen(found, dana, "There was a second one.")
    found.refresh_from_db()
    assert found.state == IncidentState.OPEN and found.closed_at is None


def test_the_register_is_kept_on_pages(dana: User, client_for: Any) -> None:
    client = client_for(dana)
    asked = {"title": "A lost laptop", "aware_at": "2026-01-02T10:30", "text": "It was encrypted."}
    made = client.post("/console/incidents/new/", asked, follow=True)
    found = Incident.objects.get()
    assert found.aware_at == datetime(2026, 1, 2, 10, 30, tzinfo=UTC)
    page = made.content.decode()
    assert "It was encrypted." in page and "Tell the authority:" in page and "late" in page
    # The texts to start from hold what is known and what is missing.
    assert "Art. 33 GDPR" in page and found.reference in page and "Why this comes later than 72 hours" in page
    refused = client.post(f"/console/incidents/{found.pk}/close/", {"text": "Done."})
    assert refused.status_code == 422 and "Tell the authority first" in refused.content.decode()
    assert found.reference in client.get("/console/incidents/").content.decode()


def test_only_senior_staff_see_it(dana: User, carol: User, alice: User, client_for: Any) -> None:
    found = opened(dana)
    for user in (carol, alice):
        assert client_for(user).get("/console/incidents/").status_code == 404
        assert client_for(user).get(f"/console/incidents/{found.pk}/").status_code == 404

"""The audit trail cannot be changed, and shows it where somebody tried behind the database's back."""

import itertools

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import audit
from accounts.models import AuditEvent, User


@pytest.fixture
def three_events(alice: User) -> list[AuditEvent]:
    return [audit.record("test.event", alice, actor=alice, about=alice, number=number) for number in range(3)]


def test_every_event_carries_the_hash_of_the_one_before(three_events: list[AuditEvent]) -> None:
    for before, after in itertools.pairwise(three_events):
        assert after.previous_hash == before.hash
    assert audit.first_broken() is None


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_refuses_to_change_an_event(three_events: list[AuditEvent], verb: str) -> None:
    rows = AuditEvent.objects.filter(pk=three_events[1].pk)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(action="something.else") if verb == "update" else rows.delete()
    assert audit.first_broken() is None


def test_a_change_behind_the_triggers_is_found(three_events: list[AuditEvent]) -> None:
    table = "accounts_auditevent"
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {table}_no_UPDATE{on}")
    AuditEvent.objects.filter(pk=three_events[1].pk).update(action="something.else")
    assert audit.first_broken() == three_events[1]

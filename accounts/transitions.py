"""The one way in which a record changes state, shared by every state machine of the project.

A machine is a `TextChoices` and a table from each state to the states that may follow it. A change is a
claim: an update filtered on the old state. If no row changed, somebody else was first.
"""

from collections.abc import Mapping
from typing import Any

from django.db import models

Transitions = Mapping[str, frozenset[str]]


class IllegalTransition(Exception):
    """The table does not lead from the present state to the wanted one."""


class StaleState(Exception):
    """Somebody else changed the record first; load it again and look."""


def allowed(transitions: Transitions, old: str, new: str) -> bool:
    """Whether the table leads from `old` to `new`."""
    return new in transitions.get(old, frozenset())


def change_state(record: models.Model, transitions: Transitions, new: str, **also: Any) -> str:
    """Move `record.state` to `new` with a compare-and-set update, setting the fields in `also` with it.

    Returns the old state. Call it inside the transaction that writes the event.

    Raises:
        IllegalTransition: the table has no such step.
        StaleState: the row is no longer in the state this object was loaded with.
    """
    old = str(getattr(record, "state"))  # noqa: B009 - every machine's field has this name
    if not allowed(transitions, old, new):
        raise IllegalTransition(f"{type(record).__name__} cannot go from {old} to {new}")
    rows = type(record)._default_manager.filter(pk=record.pk, state=old).update(state=new, **also)
    if not rows:
        raise StaleState(f"{type(record).__name__} {record.pk} is no longer {old}")
    for field, value in {"state": new, **also}.items():
        setattr(record, field, value)
    return old

"""The console's pages ask the database as often with five hundred cases as with fifty, and not often."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import keys
from accounts.models import User
from bench import console as bench
from bench import console_world
from takedowns.models import AbuseContact, Case, CaseMessage, Communication
from takedowns.states import CaseState

QUEUE, CASE = 14, 46


def asked(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200, path
    return len(queries)


def test_a_page_takes_as_many_queries_with_ten_times_the_cases(db: None, client: Client) -> None:
    staff = console_world.seed(50)[2]
    client.force_login(staff)
    few = {name: asked(client, path) for name, path in console_world.pages(staff).items()}
    assert {name for name, count in few.items() if count > (QUEUE if name.startswith("queue") else CASE)} == set()
    console_world.add(450)
    many = {name: asked(client, path) for name, path in console_world.pages(staff).items()}
    assert {name: (few[name], many[name]) for name in few if many[name] > few[name]} == {}


@pytest.fixture
def full(db: None, client: Client) -> Case:
    """A case in the middle of its work, and somebody who is signed in."""
    client.force_login(console_world.seed(50)[2])
    return Case.objects.filter(state=CaseState.AWAITING_PROVIDER).earliest("created_at")


def test_a_case_takes_as_many_queries_with_ten_times_as_much_in_it(client: Client, full: Case) -> None:
    path = f"/console/cases/{full.pk}/"
    _write(full, 2)
    before = asked(client, path)
    _write(full, 20)
    assert asked(client, path) <= before


def _write(case: Case, count: int) -> None:
    """Letters in, messages, contacts, checks and notes."""
    owner, notice = case.subject.user, case.notices.earliest("drafted_at")
    sealed = keys.seal(owner, "communication", b"We will look at it.")
    for _ in range(count):
        number = case.communications.count()
        Communication.objects.create(
            case=case,
            notice=notice,
            direction=Communication.Direction.IN,
            kind=Communication.Kind.REPLY,
            sender="desk@elsewhere.example",
            recipient="us@faceward.example",
            title="Re: your notice",
            sealed_body=sealed,
            message_id=f"<{case.pk}.{number}@elsewhere.example>",
            at=timezone.now(),
        )
        CaseMessage.objects.create(
            case=case, kind="message", author=owner, sealed_body=keys.seal(owner, "case-message", b"Thank you.")
        )
        AbuseContact.objects.create(
            operator=notice.operator, email=f"d{number}@x.example", role="abuse", source="guess", confidence=0.2
        )
        case.urls.earliest("pk").verifications.create(outcome="still_live")


def test_the_bench_measures_every_page_of_the_console(db: None, capsys: Any) -> None:
    console_world.main(["50"])
    figures = json.loads(capsys.readouterr().out)
    staff = User.objects.get(email=console_world.MEASURED)
    assert set(figures) == set(console_world.pages(staff))
    made = bench.as_table(50, figures)
    assert len(made.rows) == len(figures)

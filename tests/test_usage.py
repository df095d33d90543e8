"""First-party counters: of everybody together, and of nobody who asks not to be counted."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import UsageCount
from accounts.policies import usage

pytestmark = pytest.mark.django_db


def counted() -> dict[str, int]:
    today = timezone.now().date()
    return usage.totals(today, today + timedelta(days=1))


def test_promise_32_a_visit_adds_one_and_leaves_nothing_else(client: Client) -> None:
    client.get("/")
    client.get("/")
    assert counted() == {"landing": 2}
    assert {field.name for field in UsageCount._meta.fields} == {"id", "day", "name", "count"}


@pytest.mark.parametrize("header", ["HTTP_SEC_GPC", "HTTP_DNT"])
def test_promise_33_who_asks_not_to_be_counted_is_not(client: Client, header: str) -> None:
    client.get("/", **{header: "1"})
    assert counted() == {}


def test_that_gpc_is_honoured_is_said_where_programs_look(client: Client) -> None:
    assert client.get("/.well-known/gpc.json").json()["gpc"] is True

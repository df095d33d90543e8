"""The transparency report: whole half-years, once, and no number that could tell of one person."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client

from accounts import audit
from accounts.models import PublishedReport, User
from portal import transparency
from portal.transparency import Half


def test_half_years_follow_each_other() -> None:
    half = Half.of(datetime(2026, 11, 22, tzinfo=UTC).date())
    assert half.name == "2026-H2"
    assert half.span == (datetime(2026, 7, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert Half(*half.following).span[0] == half.span[1]


def test_small_counts_are_left_out_and_none_is_said() -> None:
    rows = transparency.suppressed({"none": 0, "one": 1, "four": 4, "five": 5})
    assert [row.value for row in rows] == [0, "fewer than 5", "fewer than 5", 5]
    assert transparency.rate(3, 19) == "too few to say"
    assert transparency.rate(5, 20) == "25 % of 20"


@pytest.fixture
def _published(alice: User) -> None:
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC)):
        User.objects.filter(pk=alice.pk).update(date_joined=datetime(2026, 3, 1, tzinfo=UTC))
        for action, times in (("enrolment.active", 7), ("opt_out.active", 2)):
            for _ in range(times):
                audit.record(action, alice)
    with time_machine.travel(datetime(2026, 11, 22, tzinfo=UTC)):
        assert [row.period for row in transparency.publish_due()] == ["2026-H1"]


@pytest.mark.usefixtures("_published")
def test_safeguard_20_a_finished_half_is_published_once_and_never_changed() -> None:
    with time_machine.travel(datetime(2026, 11, 22, tzinfo=UTC)):
        assert transparency.publish_due() == [], "the present half is not finished"
    with time_machine.travel(datetime(2027, 7, 2, tzinfo=UTC)):
        assert [row.period for row in transparency.publish_due()] == ["2026-H2", "2027-H1"]
    with pytest.raises(DatabaseError), transaction.atomic():
        PublishedReport.objects.update(body={})


@pytest.mark.usefixtures("_published")
def test_page_and_json_say_the_same_and_hide_the_same(client: Client) -> None:
    document = client.get("/transparency/2026-H1.json").json()
    values = {row["label"]: row["value"] for section in document["sections"] for row in section["rows"]}
    assert values["Enrolments that became active"] == 7
    assert values["Came into effect"] == "fewer than 5"
    page = client.get("/transparency/").content.decode()
    assert "Enrolments that became active" in page and "fewer than 5" in page
    assert client.get("/transparency/reports.json").json() == {"reports": {"2026-H1": "/transparency/2026-H1.json"}}


def test_before_the_first_report_the_page_says_when_it_comes(client: Client, db: None) -> None:
    with time_machine.travel(datetime(2026, 11, 22, tzinfo=UTC)):
        assert "1 January 2027" in client.get("/transparency/").content.decode()

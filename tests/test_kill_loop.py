"""A process that is killed anywhere around sending: never two letters, and never one lost without a person knowing.

The process kills itself at a chosen step among all the calls by which it talks to the database and to the mail server,
from the first check to the last commit. Then another process sweeps up, and sends what is to be sent.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from search.models import Enrolment
from takedowns import delivery
from tests import cases
from tests.dying import Nursery, nursery
from tests.letters_out import mail_sink

# How many deaths, spread evenly over all the steps. More with KILLS=… by hand.
KILLS = int(os.environ.get("KILLS", "24"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="copies an SQLite database"),
]

_WORK = """
from takedowns import annex, delivery
from takedowns.models import Notice

# It is the same each time, and takes longer than all the rest.
MADE = annex.pdf(Notice.objects.get())
annex.pdf = lambda notice: MADE

def live():
    delivery.send_approved()

def sweep():
    for _ in range(2):
        delivery.sweep_stuck_sends(timedelta(0))
        delivery.send_approved()
"""


@pytest.fixture
def running(enrolled_alice: Enrolment, carol: User, settings: Any, tmp_path: Path) -> Iterator[Nursery]:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        cases.approved(cases.open_case(cases.astronaut_match(enrolled_alice.subject, site)), carol)
    with mail_sink(settings) as sink, nursery(tmp_path, sink, _WORK) as made:
        yield made


def test_killed_anywhere_it_is_one_letter_or_a_person_s_to_find_out(running: Nursery) -> None:
    whole = running.live(None)
    assert not whole["killed"]
    steps = int(whole["told"])
    assert steps > 50
    assert len(running.sink.deliveries) == 1
    seen = set()
    for number in range(KILLS):
        step = 1 + number * (steps - 1) // (KILLS - 1)
        before = len(running.sink.deliveries)
        assert running.live(step)["killed"], step
        at_death = running.rows("SELECT state FROM takedowns_notice")[0]
        assert not running.order("sweep")["killed"]
        letters = len(running.sink.deliveries) - before
        (state,) = running.rows("SELECT state FROM takedowns_notice")
        desk = running.rows("SELECT kind FROM takedowns_workitem WHERE done_at IS NULL")
        seen.add((at_death, letters, state))
        if state == "sent":
            assert (letters, desk) == (1, []), f"step {step}"
        else:
            assert (state, desk) == ("sending", [delivery.STUCK]), f"step {step}"
            assert letters <= 1, f"step {step}"
    # The deaths came before the claim, between claim and letter, between letter and record, and after it.
    assert seen == {
        ("approved", 1, "sent"),
        ("sending", 0, "sending"),
        ("sending", 1, "sending"),
        ("sent", 1, "sent"),
    }

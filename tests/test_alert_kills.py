"""A sender that is killed anywhere between a match and the record of its mail: told at least once, and visibly once.

It is killed at chosen steps among all the calls by which it talks to the database and to the mail server. Then, when
its lease is over, another one comes.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from alerts.models import AlertRule
from search.models import Enrolment
from tests.dying import Nursery, nursery
from tests.letters_out import mail_sink
from tests.matches import make_match

# How many deaths, spread evenly over all the steps.
KILLS = int(os.environ.get("KILLS", "100"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="copies an SQLite database"),
]

_WORK = """
import time_machine
from django.utils import timezone
from django.db import transaction
from alerts import dispatch, letter, raising, sending
from alerts.models import Digest

# What takes the longest, templates and languages, is read once.
with transaction.atomic():
    raising.raise_matches()
    dispatch.gather()
    letter.of(Digest.objects.get()).message()
    transaction.set_rollback(True)

def live():
    dispatch.deliver()

def sweep():
    with time_machine.travel(timezone.now() + sending.LEASE + timedelta(seconds=1)):
        for _ in range(2):
            dispatch.deliver()
"""


@pytest.fixture
def running(enrolled_alice: Enrolment, settings: Any, tmp_path: Path) -> Iterator[Nursery]:
    AlertRule.objects.create(user=enrolled_alice.subject.user, quiet_from=0, quiet_until=0)
    AlertRule.objects.update(mail_since=enrolled_alice.created_at)
    make_match(enrolled_alice.subject)
    with mail_sink(settings) as sink, nursery(tmp_path, sink, _WORK) as made:
        yield made


def test_killed_anywhere_it_is_told_and_shown_once(running: Nursery) -> None:
    whole = running.live(None)
    assert not whole["killed"]
    steps = int(whole["told"])
    assert steps > 50
    assert len(running.sink.deliveries) == 1
    seen, deaths = set(), sorted({1 + number * (steps - 1) // (KILLS - 1) for number in range(KILLS)})
    for step in deaths:
        before = len(running.sink.deliveries)
        assert running.live(step)["killed"], step
        at_death = (*running.rows("SELECT state FROM alerts_digest"), len(running.sink.deliveries) - before)
        claimed = running.rows("SELECT 1 FROM search_match WHERE alerted_at IS NOT NULL")
        assert len(claimed) == len(running.rows("SELECT id FROM alerts_alert")), f"step {step}"
        assert not running.order("sweep")["killed"]
        mails = running.sink.deliveries[before:]
        # It may come twice; a mail program shows it once.
        assert 1 <= len(mails) <= 2, f"step {step}"
        (message_id,) = {mail.message["Message-ID"] for mail in mails}
        assert running.rows("SELECT message_id FROM alerts_digest") == [message_id], f"step {step}"
        assert running.rows("SELECT state FROM alerts_digest") == ["sent"], f"step {step}"
        assert len(running.rows("SELECT id FROM alerts_alert")) == 1, f"step {step}"
        seen.add((*at_death, len(mails)))
    # Before there was a mail, before it left, after it left and before that was written down, and after that.
    whenever = {(0, 1), ("waiting", 0, 1), ("waiting", 1, 2), ("sent", 1, 1)}
    assert seen == whenever if len(deaths) >= 50 else seen <= whenever

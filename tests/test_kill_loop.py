"""A process that is killed anywhere around sending: never two letters, and never one lost without a person knowing.

The process is forked from one that has the application loaded, so that many deaths take little time. It kills itself
(SIGKILL: no handler, no clean-up) at a chosen step among all the calls by which it talks to the database and to the
mail server, from the first check to the last commit. Then another process sweeps up, and sends what is to be sent.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection

from accounts.models import User
from demo.mail import MailSink
from search.models import Enrolment
from takedowns import delivery
from tests import cases
from tests.letters_out import mail_sink

# How many deaths, spread evenly over all the steps. More with KILLS=… by hand.
KILLS = int(os.environ.get("KILLS", "24"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="copies an SQLite database"),
]

_NURSERY = """
import json, os, signal, sys
from datetime import timedelta
import django
django.setup()
from django.db import connections
from takedowns import annex, delivery
from takedowns.models import Notice

# What leaves a mark outside of the process.
STEPS = {"execute", "executemany", "commit", "rollback", "send", "sendall", "connect"}
# It is the same each time, and takes longer than all the rest.
MADE = annex.pdf(Notice.objects.get())
connections.close_all()
annex.pdf = lambda notice: MADE

class Counter:
    def __init__(self, last=None):
        self.count, self.last = 0, last

    def __call__(self, frame, event, function):
        if event in ("c_call", "c_return") and function.__name__ in STEPS:
            self.count += 1
            if self.count == self.last:
                os.kill(os.getpid(), signal.SIGKILL)

def deliver(last):
    counter = Counter(last)
    sys.setprofile(counter)
    delivery.send_approved()
    sys.setprofile(None)
    return counter.count

def sweep():
    for _ in range(2):
        delivery.sweep_stuck_sends(timedelta(0))
        delivery.send_approved()

def in_child(work):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.write(writing, str(work()).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    told = os.read(reading, 100)
    os.close(reading)
    return os.waitpid(child, 0)[1], told.decode()

for line in sys.stdin:
    order = json.loads(line)
    status, told = in_child(sweep if order == "sweep" else lambda: deliver(order))
    print(json.dumps({"killed": os.WIFSIGNALED(status), "told": told}), flush=True)
"""


class Nursery:
    """The process that forks. The database's file is put there anew before each life."""

    def __init__(self, pristine: bytes, path: Path, sink: MailSink) -> None:
        self.sink, self._pristine, self._path = sink, pristine, path
        self._process = subprocess.Popen(
            [sys.executable, "-c", _NURSERY],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": f"sqlite:///{path}",
                "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
                "LOG_LEVEL": "ERROR",
            },
            cwd=configured.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, what: object) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def live(self, last: int | None) -> dict[str, Any]:
        """A new life, from a database in which one letter is approved; it ends at step `last`."""
        for rest in ("-wal", "-shm"):
            self._path.with_name(self._path.name + rest).unlink(missing_ok=True)
        self._path.write_bytes(self._pristine)
        return self.order(last)

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self._path)) as database:
            return [row[0] for row in database.execute(query)]

    def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)


@pytest.fixture
def nursery(enrolled_alice: Enrolment, carol: User, settings: Any, tmp_path: Path) -> Iterator[Nursery]:
    with cases.registry() as url, cases.blog() as site:
        settings.RDAP_BOOTSTRAP_URL = url
        cases.approved(cases.open_case(cases.astronaut_match(enrolled_alice.subject, site)), carol)
    path = tmp_path / "copy.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as target:
        target.executescript("\n".join(connection.connection.iterdump()))
    with mail_sink(settings) as sink:
        running = Nursery(path.read_bytes(), path, sink)
        yield running
        running.end()


def test_killed_anywhere_it_is_one_letter_or_a_person_s_to_find_out(nursery: Nursery) -> None:
    whole = nursery.live(None)
    assert not whole["killed"]
    steps = int(whole["told"])
    assert steps > 50
    assert len(nursery.sink.deliveries) == 1
    seen = set()
    for number in range(KILLS):
        step = 1 + number * (steps - 1) // (KILLS - 1)
        before = len(nursery.sink.deliveries)
        assert nursery.live(step)["killed"], step
        at_death = nursery.rows("SELECT state FROM takedowns_notice")[0]
        assert not nursery.order("sweep")["killed"]
        letters = len(nursery.sink.deliveries) - before
        (state,) = nursery.rows("SELECT state FROM takedowns_notice")
        desk = nursery.rows("SELECT kind FROM takedowns_workitem WHERE done_at IS NULL")
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

"""Processes that are killed at a chosen step (SIGKILL: no handler, no clean-up), and those that come after them.

They are forked from one that has the application loaded, so that many deaths take little time.
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings as configured
from django.db import connection

from demo.mail import MailSink

_NURSERY = """
import json, os, signal, sys
from datetime import timedelta
import django
django.setup()
from django.db import connections

# What leaves a mark outside of the process.
STEPS = {{"execute", "executemany", "commit", "rollback", "send", "sendall", "connect"}}

{work}

connections.close_all()

class Counter:
    def __init__(self, last=None):
        self.count, self.last = 0, last

    def __call__(self, frame, event, function):
        if event in ("c_call", "c_return") and function.__name__ in STEPS:
            self.count += 1
            if self.count == self.last:
                os.kill(os.getpid(), signal.SIGKILL)

def counted(last):
    counter = Counter(last)
    sys.setprofile(counter)
    live()
    sys.setprofile(None)
    return counter.count

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
    status, told = in_child(sweep if order == "sweep" else lambda: counted(order))
    print(json.dumps({{"killed": os.WIFSIGNALED(status), "told": told}}), flush=True)
"""


class Nursery:
    """The process that forks. `work` is Python that defines `live()`, which may be killed, and `sweep()`, which comes
    after it. The database's file is put there anew before each life.
    """

    def __init__(self, pristine: bytes, path: Path, sink: MailSink, work: str) -> None:
        self.sink, self._pristine, self._path = sink, pristine, path
        self._process = subprocess.Popen(
            [sys.executable, "-c", _NURSERY.format(work=work)],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": f"sqlite:///{path}",
                "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
                "LOG_LEVEL": "ERROR",
                # As in every test.
                "ALERT_SETTLE_SECONDS": "0",
                "DEFAULT_PLAN": "protect",
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
        """A new life, from the database as it was; it ends at step `last`. Told: how many steps there are."""
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


@contextmanager
def nursery(folder: Path, sink: MailSink, work: str) -> Iterator[Nursery]:
    """One with the test's database as it is now."""
    path = folder / "copy.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as target:
        target.executescript("\n".join(connection.connection.iterdump()))
    running = Nursery(path.read_bytes(), path, sink, work)
    try:
        yield running
    finally:
        running.end()

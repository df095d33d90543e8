"""`manage.py evidence verify` finds whatever was done to a capture, in one line each."""

import gzip
import hashlib
import itertools
import json
import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import AuditEvent
from crawler import archive, evidence
from crawler.models import Evidence
from crawler.policy import FetchPolicy
from tests.sites import page, picture, serve

pytestmark = pytest.mark.django_db
OPEN = FetchPolicy(allow_private=True, timeout_seconds=5)


@pytest.fixture
def capture() -> Evidence:
    with serve({"/": page('<img src="/a.jpg">'), "/a.jpg": picture(3)}) as site:
        return evidence.capture(site.url(), site.url("/a.jpg"), OPEN)


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("evidence", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def file_of(capture: Evidence, settings: Any) -> Path:
    return Path(settings.EVIDENCE_DIR) / capture.warc_name


def rewrite(capture: Evidence, **fields: object) -> None:
    """As somebody with the database's password would: behind the triggers."""
    on = " ON crawler_evidence" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER crawler_evidence_no_UPDATE{on}")
    Evidence.objects.filter(pk=capture.pk).update(**fields)


def test_what_is_as_it_was_has_no_problem(capture: Evidence) -> None:
    assert run("verify") == (0, "1 capture checked, no problems.\n")
    code, text = run("verify", "--json", str(capture.pk))
    assert (code, json.loads(text)["damages"], json.loads(text)["checked"]) == (0, [], 1)


def truncate(path: Path, _capture: Evidence) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def replace_with_row(path: Path, capture: Evidence) -> None:
    """File and row are changed together, so that they agree."""
    other = archive.Archive("x")
    other.fields(capture.page_url, {"nothing": "here"})
    path.write_bytes(other.data())
    rewrite(capture, sha256=hashlib.sha256(other.data()).hexdigest(), size=len(other.data()))


def change_time(_path: Path, capture: Evidence) -> None:
    rewrite(capture, page_url="http://elsewhere.example/")


def lead_out(_path: Path, capture: Evidence) -> None:
    rewrite(capture, warc_name="../../../etc/passwd")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda path, _: path.unlink(), "the archive: the file is missing"),
        (truncate, "the archive: the file was changed"),
        (replace_with_row, "the row is not what the audit trail says was captured"),
        (change_time, "the row is not what the audit trail says was captured"),
        (lead_out, "leads out of the store"),
    ],
)
def test_harm_is_found(capture: Evidence, settings: Any, harm: Callable[[Path, Evidence], None], words: str) -> None:
    harm(file_of(capture, settings), capture)
    code, text = run("verify", str(capture.pk))
    assert code == 1
    assert any(line.startswith(str(capture.pk)) and words in line for line in text.splitlines()), text


def test_a_broken_audit_trail_is_found(capture: Evidence) -> None:
    on = " ON accounts_auditevent" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER accounts_auditevent_no_UPDATE{on}")
    event = AuditEvent.objects.get()
    AuditEvent.objects.update(detail={"capture": {**event.detail["capture"], "sha256": "0" * 64}})
    code, text = run("verify")
    assert code == 1
    assert "audit trail: the chain is broken at entry" in text and "2 problems" in text


def test_a_file_of_nobody_is_found_once_it_is_old(capture: Evidence, settings: Any) -> None:
    stray = Path(settings.EVIDENCE_DIR) / "zz" / "stray.warc.gz"
    stray.parent.mkdir()
    stray.write_bytes(b"x")
    assert run("verify")[0] == 0, "it may belong to a capture that is going on"
    os.utime(stray, (0, 0))
    os.utime(file_of(capture, settings), (0, 0))
    assert run("verify") == (1, "zz/stray.warc.gz: this file belongs to no capture\n1 capture checked, 1 problem.\n")


def test_an_unknown_capture_is_a_problem_and_not_nothing() -> None:
    unknown = str(uuid4())
    assert run("verify", unknown) == (1, f"{unknown}: there is no such capture\n0 captures checked, 1 problem.\n")
    with pytest.raises(CommandError, match="There is no capture"):
        run("show", unknown)


def test_archives_that_are_not_whole_are_told_from_those_that_are(capture: Evidence, settings: Any) -> None:
    whole = file_of(capture, settings).read_bytes()
    assert archive.damage(whole) == ""
    records = [b"WARC/1.0\r\n" + rest for rest in gzip.decompress(whole).split(b"WARC/1.0\r\n")[1:]]
    changed = [record.replace(b'a.jpg">', b'b.jpg">') for record in records]
    assert archive.damage(b"".join(map(gzip.compress, records))) == ""
    assert "digest" in archive.damage(b"".join(map(gzip.compress, changed)))
    ends = set(itertools.accumulate(len(gzip.compress(record)) for record in records))
    again = b"".join(map(gzip.compress, records))
    for end in range(1, len(again)):
        assert end in ends or archive.damage(again[:end]) != "", "only a cut between records leaves whole ones"
    for data in (b"", b"no archive", b"WARC/1.0\r\n", gzip.compress(b"no archive")):
        assert archive.damage(data) != ""


def test_captures_can_be_listed_and_shown(capture: Evidence) -> None:
    assert capture.page_url in run("list")[1]
    listed = json.loads(run("list", "--json")[1])["evidence"]
    shown = json.loads(run("show", str(capture.pk), "--json")[1])
    assert listed == [shown]
    assert shown["sha256"] == capture.sha256 and shown["page_status"] == 200
    assert "SHA" in run("show", str(capture.pk))[1].upper()

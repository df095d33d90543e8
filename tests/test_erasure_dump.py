"""A dump of the database that was made before an erasure is unreadable after it (promise 4, safeguard 15).

With everything an attacker, or we ourselves, would have: the dump, the master key and the folder of halves as it is.
"""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.test_services import a_database

MAKE = """
from accounts import keys
from accounts.models import User
from search.models import Enrolment, FaceTemplate, Subject
from takedowns import mandates
from django.utils import timezone
alice = User.objects.create_user("alice@example.org", full_name="Alice Example")
mandates.sign(alice, full_name="Alice Example", address="12 Secret Road", signature="Alice Example")
enrolment = Enrolment.objects.create(subject=alice.subject, model_id="m", adult_declared_at=timezone.now())
FaceTemplate.objects.create(enrolment=enrolment, model_id="m", quality_length=11, photo_fingerprint="f",
    sealed=keys.seal(alice, "face-template", b"0" * 512))
"""
READ = """
from accounts import keys
from accounts.models import DataKey
from search.models import FaceTemplate
from takedowns import mandates
from takedowns.models import Mandate
def read(what):
    try:
        what()
        return "readable"
    except keys.Unreadable:
        return "unreadable"
mandate, template = Mandate.objects.get(), FaceTemplate.objects.get()
alice = mandate.subject.user
print("RESULT", DataKey.objects.count(), read(lambda: mandates.read(mandate)),
    read(lambda: keys.unseal(alice, "face-template", template.sealed)))
"""
ERASE = """
from accounts.models import User
from accounts.rights import erasure
print("RECEIPT", erasure.erase(User.objects.get(email="alice@example.org")).reference)
"""


def shell(installation: Installation, script: str) -> str:
    done = installation.run("shell", "--no-imports", "-c", script)
    assert done.returncode == 0, done.stderr
    return done.stdout


def result(installation: Installation) -> list[str]:
    """How many wrapped keys there are, and what a mandate and a face template say."""
    line = next(line for line in shell(installation, READ).splitlines() if line.startswith("RESULT"))
    return line.split()[1:]


def restored_on(installation: Installation, database: str) -> Installation:
    """The same installation, master key and files, over a restored database."""
    return Installation(installation.folder, DATABASE_URL=database)


@pytest.mark.slow
def test_promise_04_a_restored_dump_is_unreadable(tmp_path: Path) -> None:
    installation, dump = Installation(tmp_path / "data"), tmp_path / "dump.sqlite3"
    assert installation.run("migrate", "--no-input").returncode == 0
    shell(installation, MAKE)
    live = installation.folder / "faceward.sqlite3"
    with closing(sqlite3.connect(live)) as source, closing(sqlite3.connect(dump)) as target:
        source.backup(target)
    copy = tmp_path / "copy.sqlite3"
    shutil.copy(dump, copy)
    assert result(restored_on(installation, f"sqlite:///{copy}")) == ["1", "readable", "readable"]
    assert "RECEIPT ER-" in shell(installation, ERASE)
    # The wrapped key is in the dump, and the master key is the same.
    assert result(restored_on(installation, f"sqlite:///{dump}")) == ["1", "unreadable", "unreadable"]
    # Nor do the live files hold what was deleted: no free page and no write-ahead log.
    for file in installation.folder.glob("faceward.sqlite3*"):
        data = file.read_bytes()
        assert b"alice@example.org" not in data, file.name
        assert b"Alice Example" not in data, file.name


@pytest.fixture
def database() -> Iterator[str]:
    with a_database() as url:
        yield url


@pytest.mark.slow
@pytest.mark.services
def test_promise_04_so_is_one_of_postgresql(tmp_path: Path, database: str) -> None:
    pg_dump = shutil.which("pg_dump")
    if pg_dump is None:
        pytest.skip("there is no pg_dump here")
    dump = tmp_path / "dump.sql"
    installation = Installation(tmp_path / "data", DATABASE_URL=database)
    assert installation.run("migrate", "--no-input").returncode == 0
    shell(installation, MAKE)
    subprocess.run([pg_dump, "--no-owner", "--file", str(dump), database], check=True, timeout=60)
    assert result(installation) == ["1", "readable", "readable"]
    assert "RECEIPT ER-" in shell(installation, ERASE)
    psql = shutil.which("psql") or "psql"
    for arguments in (["-c", "DROP SCHEMA public CASCADE; CREATE SCHEMA public"], ["-f", str(dump)]):
        subprocess.run([psql, database, "-q", *arguments], check=True, timeout=60, capture_output=True)
    assert result(installation) == ["1", "unreadable", "unreadable"]

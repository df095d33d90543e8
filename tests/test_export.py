"""The archive has everything of a person and nothing of anybody else, and its manifest is signed (promises 17, 19)."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from accounts import keys
from accounts.models import AuditEvent, DataKey, User
from accounts.rights import archive, signing
from crawler.models import Evidence
from search.models import Enrolment, FaceTemplate, Match
from takedowns import workflow
from takedowns.models import Case
from tests import cases
from tests.matches import make_match
from tests.rights import just_signed_in
from tests.sites import Site

pytestmark = pytest.mark.usefixtures("rdap_registry")


@pytest.fixture
def case(enrolled_alice: Enrolment, site: Site) -> Case:
    """Alice's case, with evidence and a letter, and a match with a preview beside it."""
    make_match(enrolled_alice.subject, with_preview=True)
    return cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))


def opened(user: User) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(archive.begin(user))))


def content(user: User, name: str) -> Any:
    return json.loads(opened(user).read(name))


def test_promise_17_the_archive_is_complete(case: Case, alice: User) -> None:
    names = set(opened(alice).namelist())
    assert {
        "README.txt",
        "account.json",
        "alerts.json",
        "cases.json",
        "consents.json",
        "enrolments.json",
        "evidence/captures.json",
        "face-templates.json",
        "held.json",
        "letters/notices.json",
        "mandates.json",
        "manifest.json",
        "matches.json",
        "who-looked.json",
    } <= names
    shown = content(alice, "cases.json")[0]
    assert shown["reference"] == case.reference
    assert shown["places"][0]["page_url"] == case.urls.get().page_url
    assert content(alice, "account.json")["email"] == "alice@example.org"
    assert content(alice, "mandates.json")[0]["address"] == "12 Secret Road"
    assert len(content(alice, "face-templates.json")) == FaceTemplate.objects.count() > 0


def test_promise_19_pictures_come_in_standard_formats(case: Case, alice: User) -> None:
    with opened(alice) as made:
        preview = Match.objects.exclude(sealed_preview=None).get()
        assert made.read(f"matches/{preview.pk}.jpg").startswith(b"\xff\xd8\xff")
        capture = Evidence.objects.get()
        assert hashlib.sha256(made.read(f"evidence/{capture.pk}.warc.gz")).hexdigest() == capture.sha256


def test_the_manifest_lists_every_file_with_its_hash_and_is_signed(case: Case, alice: User) -> None:
    with opened(alice) as made:
        manifest = json.loads(made.read("manifest.json"))
        listed = {one["path"]: one["sha256"] for one in manifest["files"]}
        assert set(listed) == set(made.namelist()) - {"manifest.json"}
        assert made.namelist()[-1] == "manifest.json"
        for path, digest in listed.items():
            assert hashlib.sha256(made.read(path)).hexdigest() == digest, path
    signature = manifest.pop("signature")
    manifest.pop("public_key")
    assert signing.holds(manifest, signature)
    assert not signing.holds({**manifest, "files": []}, signature)


def test_nothing_of_anybody_else_is_in_it(case: Case, alice: User, bob: User, carol: User) -> None:
    """Neither staff, nor another person, nor what staff noted among themselves."""
    workflow.note(case, carol, "Ask a colleague about this one.")
    with opened(alice) as made:
        text = b"\n".join(made.read(name) for name in made.namelist()).decode("latin-1")
    for secret in (carol.email, str(carol.pk), bob.email, "Ask a colleague"):
        assert secret not in text, secret
    with opened(bob) as made:
        text = b"\n".join(made.read(name) for name in made.namelist()).decode("latin-1")
    assert "alice" not in text.lower()


def test_who_looked_is_told_by_role_and_in_words(case: Case, alice: User, carol: User) -> None:
    cases.approved(case, carol)
    lines = {(one["by"], one["what"]) for one in content(alice, "who-looked.json")}
    assert ("You", "Gave a consent") in lines
    assert ("A member of our staff", "Confirmed your enrolment") in lines
    assert ("You", "Made an archive of your data") in lines


def test_what_cannot_be_read_any_more_is_said(case: Case, alice: User) -> None:
    DataKey.objects.filter(user=alice).update(wrapped=DataKey(wrapped=b"x" * 93).wrapped)
    manifest = content(alice, "manifest.json")
    assert any("Mandate" in problem for problem in manifest["problems"])
    with pytest.raises(keys.Unreadable):
        keys.seal(alice, "anything", b"")


def test_the_download_takes_a_recent_sign_in_and_leaves_a_trace(case: Case, alice: User, client_for: Any) -> None:
    assert "reauthenticate" in client_for(alice).post("/my-data/archive/").headers["Location"]
    browser = just_signed_in(alice)
    assert "Face templates" in browser.get("/my-data/archive/").content.decode()
    answer = browser.post("/my-data/archive/")
    assert answer.headers["Content-Type"] == "application/zip"
    assert "no-store" in answer.headers["Cache-Control"]
    made = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[arg-type]
    assert made.testzip() is None
    assert AuditEvent.objects.filter(action="archive.made", about=alice.pk).count() == 1


def test_it_is_made_ten_times_a_day_at_most(alice: User) -> None:
    browser = just_signed_in(alice)
    for _ in range(10):
        assert browser.post("/my-data/archive/").status_code == 200
    assert browser.post("/my-data/archive/").status_code == 302

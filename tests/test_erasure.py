"""Erasing an account: rows, files, index, sessions and key go, and a signed receipt says so (promises 3, 4, 37)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import audit, keys
from accounts.models import AuditEvent, DataKey, ErasureReceipt, LegalHold, User
from accounts.rights import erasure, holds
from accounts.rights.holds import Order
from accounts.tickets import tickets
from crawler import sources
from crawler.models import Evidence
from search import gallery
from search.models import Enrolment, Face, Match, Subject
from takedowns.models import Case, Mandate, Notice
from tests import cases
from tests.rights import just_signed_in
from tests.sites import Site

pytestmark = pytest.mark.usefixtures("rdap_registry")
NAMES = ("alice@example.org", "Alice Example", "12 Secret Road")


@pytest.fixture
def case(enrolled_alice: Enrolment, site: Site) -> Case:
    """Alice's case with evidence and a letter; beside it all else that she may have."""
    alice = enrolled_alice.subject.user
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    made = cases.open_case(cases.astronaut_match(enrolled_alice.subject, site))
    sources.report_page(alice, "https://forum.example/thread")
    tickets.open_ticket("question", email=alice.email, body="Where is my data?", user=alice)
    return made


def evidence_files(settings: Any) -> list[Path]:
    return [path for path in Path(settings.EVIDENCE_DIR).rglob("*") if path.is_file()]


def key_files(settings: Any, user: User) -> list[Path]:
    return [Path(settings.KEYS_DIR) / half.hex()[:2] / half.hex() for half in keys.halves_of(user)]


def rows_with(text: str) -> Iterator[str]:
    """Every place in the database where a text stands."""
    for model in apps.get_models():
        for row in model._default_manager.all():
            for field in model._meta.concrete_fields:
                value = getattr(row, field.attname)
                shown = bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)
                if text in shown:
                    yield f"{model._meta.label}.{field.name}"


def test_promise_03_nothing_of_the_person_is_left(case: Case, alice: User, settings: Any) -> None:
    account = str(alice.pk)
    assert Evidence.objects.exists()
    erasure.erase(alice, alice)
    for name in NAMES:
        assert not list(rows_with(name)), name
    # By number it is in the trail and on the receipt, which name nobody.
    assert set(rows_with(account)) <= {
        "accounts.AuditEvent.actor",
        "accounts.AuditEvent.about",
        "accounts.AuditEvent.object_id",
        "accounts.ErasureReceipt.account",
    }
    for model in (Subject, Match, Case, Notice, Mandate, Evidence, DataKey):
        assert not model.objects.exists(), model
    assert audit.first_broken() is None


def test_promise_03_files_go_with_the_rows(case: Case, alice: User, settings: Any) -> None:
    kept = key_files(settings, alice)
    assert evidence_files(settings)
    assert all(path.exists() for path in kept)
    erasure.erase(alice, alice)
    assert not evidence_files(settings)
    assert not any(path.exists() for path in kept)


def test_the_persons_own_face_goes_from_the_gallery_and_its_index(
    case: Case, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    gallery.sync()
    assert gallery.stats().count == 1
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(alice, alice)
    assert not Face.objects.exists()
    assert gallery.stats().count == 0


def test_a_match_of_somebody_else_keeps_its_face(case: Case, alice: User, bob: User) -> None:
    """Two people who look alike: Bob's answer about his picture is his."""
    subject = Subject.objects.create(user=bob)
    Match.objects.create(
        subject=subject,
        image=case.match.image,
        face=case.match.face,
        box=case.match.box,
        score=0.8,
        quality_length=11.0,
        model_id=case.match.model_id,
        band="possible",
        gallery_size=10,
    )
    erasure.erase(alice, alice)
    bobs = Match.objects.get()
    assert bobs.face is not None
    assert bobs.image.sightings.exists()


def test_what_is_not_erased_stays_as_it_was_when_a_step_fails(
    case: Case, alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [*evidence_files(settings), *key_files(settings, alice)]

    def fail(*args: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("accounts.rights.receipts.issue", fail)
    with pytest.raises(RuntimeError):
        erasure.erase(alice, alice)
    assert User.objects.filter(pk=alice.pk, email="alice@example.org").exists()
    assert all(path.exists() for path in kept)
    assert Case.objects.exists()
    assert not ErasureReceipt.objects.exists()


def test_after_a_restore_who_was_erased_is_erased_again(alice: User, bob: User, settings: Any) -> None:
    """The rows came back with the backup, the half of the key did not."""
    for user in (alice, bob):
        keys.seal(user, "letter", b"private")
    keys.shred(keys.halves_of(alice))
    call_command("erasures", "redo", stdout=StringIO())
    assert User.objects.count() == 2
    call_command("erasures", "redo", "--yes", stdout=StringIO())
    assert list(User.objects.all()) == [bob]
    # A folder that is not there is no wave of erasures.
    keys.seal(User.objects.create_user("erin@example.org"), "letter", b"private")
    settings.KEYS_DIR = "/nowhere"
    with pytest.raises(CommandError, match="KEYS_DIR"):
        call_command("erasures", "redo", "--yes", stdout=StringIO())
    assert User.objects.count() == 2


def test_staff_accounts_are_not_erased_this_way(carol: User) -> None:
    with pytest.raises(erasure.NotErasable):
        erasure.erase(carol, carol)


def test_an_open_request_goes_on_without_the_account(case: Case, alice: User) -> None:
    request = alice.data_requests.get()
    erasure.erase(alice, alice)
    request.refresh_from_db()
    assert request.user is None
    assert request.sealed_contact
    assert request.messages.exists()


# --- Legal holds -------------------------------------------------------------------------------------------


@pytest.fixture
def hold(case: Case, alice: User, dana: User) -> LegalHold:
    return holds.place(alice, Order("Cases", str(case.pk), "A lawsuit about it", "Regional Court"), dana)


def test_a_held_case_stays_whole_and_all_else_goes(
    hold: LegalHold, case: Case, alice: User, dana: User, settings: Any
) -> None:
    receipt = erasure.erase(alice, alice)
    assert receipt.counts["kept"] == {"Cases": 1}
    case.refresh_from_db()
    assert case.notices.exists()
    assert case.urls.exclude(evidence=None).exists()
    assert evidence_files(settings)
    assert Mandate.objects.exists()
    shell = User.objects.get(pk=alice.pk)
    assert not shell.is_active
    assert "alice" not in f"{shell.email} {shell.full_name}".lower()
    assert not Enrolment.objects.exists()
    assert not EmailAddress.objects.exists()


def test_what_was_held_goes_by_itself_when_the_hold_ends(
    hold: LegalHold, alice: User, dana: User, settings: Any
) -> None:
    erasure.erase(alice, alice)
    assert erasure.finish() == 0
    holds.release(hold, dana)
    assert erasure.finish() == 1
    assert not User.objects.filter(pk=alice.pk).exists()
    assert not evidence_files(settings)
    assert [row.counts["kept"] for row in ErasureReceipt.objects.order_by("pk")] == [{"Cases": 1}, {}]
    assert erasure.finish() == 0


def test_the_person_sees_a_hold_unless_a_court_forbids_it(
    case: Case, alice: User, dana: User, time_machine: Any
) -> None:
    time_machine.move_to("2030-01-01T12:00:00Z", tick=False)
    until = datetime(2030, 2, 1, tzinfo=UTC)
    holds.place(alice, Order("Cases", "", "A secret order", hidden_until=until), dana)
    page = just_signed_in(alice).get("/my-data/").content.decode()
    assert "A secret order" not in page
    assert "hold" not in page.split('id="looked"')[1]
    time_machine.move_to("2030-02-02T12:00:00Z", tick=False)
    assert "A secret order" in just_signed_in(alice).get("/my-data/").content.decode()


def test_only_senior_staff_place_and_release_holds(case: Case, alice: User, carol: User, dana: User) -> None:
    with pytest.raises(holds.HoldRefused):
        holds.place(alice, Order("Cases", "", "Because"), carol)
    with pytest.raises(holds.HoldRefused):
        holds.place(alice, Order("Face templates", "", "Because"), dana)
    placed = holds.place(alice, Order("Cases", "", "Because"), dana)
    with pytest.raises(holds.HoldRefused):
        holds.release(placed, carol)
    holds.release(placed, dana)
    with pytest.raises(holds.HoldRefused):
        holds.release(placed, dana)


# --- In the browser ----------------------------------------------------------------------------------------


def test_erasing_takes_a_recent_sign_in_and_the_word(case: Case, alice: User, client_for: Any) -> None:
    """An old session leads to signing in again, and a wrong word says what is wrong."""
    for method in ("get", "post"):
        answer = getattr(client_for(alice), method)("/my-data/erase/", {"word": "ERASE"})
        assert answer.status_code == 302
        assert "reauthenticate" in answer.headers["Location"]
    browser = just_signed_in(alice)
    page = browser.get("/my-data/erase/").content.decode()
    assert "Cases" in page
    answer = browser.post("/my-data/erase/", {"word": "erased"})
    assert answer.status_code == 422
    assert "Please type the word ERASE." in answer.content.decode()
    assert User.objects.filter(pk=alice.pk).exists()


def test_after_erasing_every_browser_is_signed_out_and_the_receipt_is_shown_and_mailed(
    case: Case, alice: User, client_for: Any
) -> None:
    other = client_for(alice)
    browser = just_signed_in(alice)
    answer = browser.post("/my-data/erase/", {"word": "erase"})
    receipt = ErasureReceipt.objects.get()
    assert answer.headers["Location"] == f"/receipts/{receipt.reference}/"
    page = Client().get(answer.headers["Location"]).content.decode()
    assert receipt.reference in page
    assert not any(name in page for name in NAMES)
    assert not Session.objects.exists()
    for one in (browser, other):
        assert one.get("/dashboard/").headers["Location"].startswith("/account/login/")
    letter = mail.outbox[-1]
    assert letter.to == ["alice@example.org"]
    assert [name for name, _, _ in letter.attachments] == [f"{receipt.reference}.json"]
    assert AuditEvent.objects.filter(action="account.erased", actor=alice.pk).exists()
